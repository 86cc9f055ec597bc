//! Writing of datagrams and frames.

use alloc::vec::Vec;

use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};
use smallvec::SmallVec;

use super::{ENVELOPE, PADDING, SEAL, VERSION};
use crate::id::ShortId;

/// The kinds written, each with the number of its messages.
pub(crate) type Sent = SmallVec<[(u8, u32); 8]>;

/// Destination of a [`Writer`]: a datagram's buffer of fixed length, or a frame that grows.
enum Buffer<'b> {
    Datagram(&'b mut [u8]),
    Frame(&'b mut Vec<u8>),
}

/// Writer of an envelope and of the messages that fit into it.
pub(crate) struct Writer<'b> {
    buffer: Buffer<'b>,
    len: usize,
    /// Bound of `len`, now and at most.
    limit: usize,
    max_limit: usize,
    sent: Sent,
}

impl<'b> Writer<'b> {
    /// Begins a datagram of at most `budget` bytes, the reserve for a seal included.
    pub(crate) fn datagram(buf: &'b mut [u8], budget: usize, tag: [u8; 4], own: ShortId) -> Self {
        let usable = budget.min(buf.len()).saturating_sub(SEAL);
        Self::begin(Buffer::Datagram(buf), usable, tag, own)
    }

    /// Begins a frame of at most `limit` bytes in `bytes`, whose former content is lost.
    pub(crate) fn frame(bytes: &'b mut Vec<u8>, limit: usize, tag: [u8; 4], own: ShortId) -> Self {
        bytes.clear();
        bytes.resize(ENVELOPE, 0);
        Self::begin(Buffer::Frame(bytes), limit - SEAL, tag, own)
    }

    fn begin(buffer: Buffer<'b>, max_limit: usize, tag: [u8; 4], own: ShortId) -> Self {
        let mut writer =
            Self { buffer, len: ENVELOPE, limit: max_limit, max_limit, sent: Sent::new() };
        let space = writer.bytes_mut();
        space[0] = VERSION << 4;
        space[1..5].copy_from_slice(&tag);
        space[5..ENVELOPE].copy_from_slice(&own.0.to_le_bytes());
        writer
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.buffer {
            Buffer::Datagram(bytes) => bytes,
            Buffer::Frame(bytes) => bytes,
        }
    }

    /// Returns the number of bytes written.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns whether no message is written yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == ENVELOPE
    }

    /// Returns the number of bytes that still fit.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.len)
    }

    /// Returns whether the present limit is below that of the buffer or frame.
    pub(crate) fn is_limited(&self) -> bool {
        self.limit < self.max_limit
    }

    /// Sets the limit of the whole length to `limit` bytes, or to what the buffer allows.
    pub(crate) fn limit(&mut self, limit: usize) {
        self.limit = limit.min(self.max_limit).max(self.len);
    }

    /// Appends a message and returns `true`. Writes nothing and returns `false` if it does not fit.
    pub(crate) fn put<T: Serialize>(&mut self, kind: u8, body: &T) -> bool {
        let (start, limit) = (self.len, self.limit);
        loop {
            let bytes = self.bytes_mut();
            let end = limit.min(bytes.len());
            if let Some(written) = encode(&mut bytes[start..end], kind, body) {
                self.len = start + written;
                self.count(kind);
                return true;
            }
            if !self.grow() {
                return false;
            }
        }
    }

    fn count(&mut self, kind: u8) {
        match self.sent.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.sent.push((kind, 1)),
        }
    }

    /// Pads to `len` bytes as far as they fit, or to one byte less: no padding has the size at
    /// which its length begins to take one more byte.
    pub(crate) fn pad(&mut self, len: usize) {
        let missing = len.saturating_sub(self.len).min(self.room());
        let (header, max) = match missing {
            0 | 1 => return,
            2..=130 => (2, 0x7f),
            131..=16_387 => (3, 0x3fff),
            _ => (4, 0x1f_ffff),
        };
        self.put(PADDING, &Zeros((missing - header).min(max)));
    }

    /// Returns the number of bytes written, and the number of messages of each kind.
    pub(crate) fn finish(self) -> (usize, Sent) {
        if let Buffer::Frame(bytes) = self.buffer {
            bytes.truncate(self.len);
        }
        (self.len, self.sent)
    }

    /// Grows the buffer of a frame. Returns `false` if it has its final length.
    fn grow(&mut self) -> bool {
        match &mut self.buffer {
            Buffer::Frame(bytes) if bytes.len() < self.limit => {
                bytes.resize((bytes.len() * 2).max(1_024).min(self.limit), 0);
                true
            }
            _ => false,
        }
    }
}

/// Writes kind, length and body, and returns the number of bytes. The body is written in place if
/// its length takes one byte, and moved if it takes more.
fn encode(space: &mut [u8], kind: u8, body: &impl Serialize) -> Option<usize> {
    let start = 2;
    let len = postcard::to_slice(body, space.get_mut(start..)?).ok()?.len();
    if len < 0x80 {
        (space[0], space[1]) = (kind, len as u8);
        return Some(start + len);
    }
    let mut prefix = [0; 5];
    let prefix = postcard::to_slice(&(len as u32), &mut prefix).ok()?;
    let end = 1 + prefix.len() + len;
    if end > space.len() {
        return None;
    }
    space.copy_within(start..start + len, 1 + prefix.len());
    space[0] = kind;
    space[1..=prefix.len()].copy_from_slice(prefix);
    Some(end)
}

/// Body of a padding of this many bytes.
struct Zeros(usize);

impl Serialize for Zeros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut zeros = serializer.serialize_tuple(self.0)?;
        for _ in 0..self.0 {
            zeros.serialize_element(&0u8)?;
        }
        zeros.end()
    }
}
