//! Reading and writing datagrams and frames.

use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::message::{Advert, Message, Record, kind};
use super::{ENVELOPE, HEADER, SEAL, VERSION};
use crate::id::ShortId;
use crate::member::Slot;
use crate::{Address, Instant, Reject};

/// The framing of the messages themselves is broken.
const FRAMING: Reject = Reject::Malformed { kind: 0xff };

/// Opens an envelope: who sent it, by its short id, and the messages in it.
pub(crate) fn open(bytes: &[u8], tag: [u8; 4]) -> Result<(ShortId, &[u8]), Reject> {
    let (envelope, messages) = bytes.split_at_checked(ENVELOPE).ok_or(Reject::TooShort)?;
    let [head, a, b, c, d, e, f, g, h] = *envelope else { return Err(Reject::TooShort) };
    if head >> 4 != VERSION {
        return Err(Reject::Version(head >> 4));
    }
    if head & 15 != 0 {
        return Err(Reject::Flags(head & 15));
    }
    if [a, b, c, d] != tag {
        return Err(Reject::Cluster);
    }
    Ok((ShortId(u32::from_le_bytes([e, f, g, h])), messages))
}

/// Reads the messages one by one. After an error there are no more.
pub(crate) fn messages<A: Address>(
    mut rest: &[u8],
) -> impl Iterator<Item = Result<Message<'_, A>, Reject>> {
    core::iter::from_fn(move || {
        let (&kind, after) = rest.split_first()?;
        let body = postcard::take_from_bytes::<u32>(after)
            .ok()
            .and_then(|(len, after)| after.split_at_checked(len as usize));
        let Some((body, after)) = body else {
            rest = &[];
            return Some(Err(FRAMING));
        };
        rest = after;
        let message = decode(kind, body).map_err(|_| Reject::Malformed { kind });
        if message.is_err() {
            rest = &[];
        }
        Some(message)
    })
}

/// Reads one body. Bytes after what this version knows of it are a later version's.
fn decode<A: Address>(byte: u8, body: &[u8]) -> postcard::Result<Message<'_, A>> {
    Ok(match byte {
        kind::PADDING => Message::Padding(core::marker::PhantomData),
        kind::PING => Message::Ping(take(body)?),
        kind::ACK => Message::Ack(take(body)?),
        kind::PING_REQUEST => Message::PingRequest(take(body)?),
        kind::INDIRECT_ACK => Message::IndirectAck(take(body)?),
        kind::NACK => Message::Nack(take(body)?),
        kind::RECORD => {
            let mut record: Record<A, &[u8]> = take(body)?;
            record.claim.address = record.claim.address.canonical();
            Message::Record(record)
        }
        kind::ADVERTS => Message::Adverts(take(body)?),
        kind::WANT => Message::Want(take(body)?),
        kind::JOIN => Message::Join(take(body)?),
        kind::WELCOME => Message::Welcome(take(body)?),
        kind::SYNC => Message::Sync(take(body)?),
        kind::SYNC_END => Message::SyncEnd(take(body)?),
        kind::PAYLOAD => Message::Payload(take(body)?),
        _ => Message::Unknown,
    })
}

fn take<'a, T: Deserialize<'a>>(body: &'a [u8]) -> postcard::Result<T> {
    postcard::take_from_bytes(body).map(|(value, _)| value)
}

/// Where a [`Writer`] writes: a datagram's buffer, or a frame that grows up to a limit.
enum Buffer<'b> {
    Datagram(&'b mut [u8]),
    Frame { bytes: &'b mut Vec<u8>, limit: usize },
}

/// Writes an envelope and messages as long as they fit.
pub(crate) struct Writer<'b> {
    buffer: Buffer<'b>,
    len: usize,
    sent: [u8; 16],
}

impl<'b> Writer<'b> {
    /// A datagram of at most `budget` bytes, of which the seal's are not used.
    pub(crate) fn datagram(buf: &'b mut [u8], budget: usize, tag: [u8; 4], own: ShortId) -> Self {
        let usable = budget.min(buf.len()).saturating_sub(SEAL);
        Self::begin(Buffer::Datagram(&mut buf[..usable]), tag, own)
    }

    /// A frame of at most `limit` bytes; what `bytes` held before is overwritten.
    pub(crate) fn frame(bytes: &'b mut Vec<u8>, limit: usize, tag: [u8; 4], own: ShortId) -> Self {
        bytes.clear();
        bytes.resize(ENVELOPE, 0);
        Self::begin(Buffer::Frame { bytes, limit: limit - SEAL }, tag, own)
    }

    fn begin(buffer: Buffer<'b>, tag: [u8; 4], own: ShortId) -> Self {
        let mut writer = Self { buffer, len: ENVELOPE, sent: [0; 16] };
        let space = writer.bytes_mut();
        space[0] = VERSION << 4;
        space[1..5].copy_from_slice(&tag);
        space[5..ENVELOPE].copy_from_slice(&own.0.to_le_bytes());
        writer
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.buffer {
            Buffer::Datagram(bytes) => bytes,
            Buffer::Frame { bytes, .. } => bytes,
        }
    }

    /// How many bytes are written.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether no message is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == ENVELOPE
    }

    /// How many more bytes there may be.
    pub(crate) fn room(&self) -> usize {
        let most = match &self.buffer {
            Buffer::Datagram(bytes) => bytes.len(),
            Buffer::Frame { limit, .. } => *limit,
        };
        most.saturating_sub(self.len)
    }

    /// Leaves no more room than this for what follows.
    pub(crate) fn limit(&mut self, most: usize) {
        let len = self.len;
        match &mut self.buffer {
            Buffer::Datagram(bytes) => {
                let whole = core::mem::take(bytes);
                let most = most.max(len).min(whole.len());
                *bytes = &mut whole[..most];
            }
            Buffer::Frame { limit, .. } => *limit = most.max(len).min(*limit),
        }
    }

    /// Appends a message. `false`, and nothing is written, if it does not fit.
    pub(crate) fn put<T: Serialize>(&mut self, kind: u8, body: &T) -> bool {
        let start = self.len;
        loop {
            let space = &mut self.bytes_mut()[start..];
            if let Some(written) = encode(space, kind, body) {
                self.len = start + written;
                let sent = &mut self.sent[usize::from(kind & 15)];
                *sent = sent.saturating_add(1);
                return true;
            }
            if !self.grow() {
                return false;
            }
        }
    }

    /// Appends a member's record.
    pub(crate) fn put_record<A: Address>(&mut self, slot: &Slot<A>, round: u8, now: Instant) -> bool {
        let member = &slot.member;
        let age = seconds(slot.age(now));
        self.put(kind::RECORD, &(round, age, &member.id, &member.claim, member.accusation.as_deref()))
    }

    /// Appends as many adverts, given as bytes, as fit.
    pub(crate) fn put_adverts(&mut self, names: &[u8]) {
        let room = self.room().saturating_sub(HEADER + 2) / Advert::SIZE * Advert::SIZE;
        let fitting = &names[..names.len().min(room)];
        if !fitting.is_empty() {
            self.put(kind::ADVERTS, &fitting);
        }
    }

    /// Pads to at least `len` bytes, as far as there is room.
    pub(crate) fn pad(&mut self, len: usize) {
        let missing = len.saturating_sub(self.len).min(self.room());
        if missing < 2 {
            return;
        }
        // The length of the length depends on the length: with a byte to spare it always fits.
        let header = if missing < 130 { 2 } else { 3 };
        let start = self.len;
        let space = &mut self.bytes_mut()[start..];
        space[0] = kind::PADDING;
        let body = missing - header;
        let prefix = postcard::to_slice(&(body as u32), &mut space[1..]).map_or(1, |p| p.len());
        let end = 1 + prefix + body;
        space[1 + prefix..end].fill(0);
        self.len += end;
    }

    /// How many bytes were written, and how many messages of each kind.
    pub(crate) fn finish(self) -> (usize, [u8; 16]) {
        if let Buffer::Frame { bytes, .. } = self.buffer {
            bytes.truncate(self.len);
        }
        (self.len, self.sent)
    }

    /// Makes a frame's buffer longer; a datagram's is what it is.
    fn grow(&mut self) -> bool {
        match &mut self.buffer {
            Buffer::Frame { bytes, limit } if bytes.len() < *limit => {
                bytes.resize((bytes.len() * 2).max(1_024).min(*limit), 0);
                true
            }
            _ => false,
        }
    }
}

/// Kind, length, body; how many bytes in all. The body is written where it belongs if its length
/// takes one byte, and moved if it takes more.
fn encode(space: &mut [u8], kind: u8, body: &impl Serialize) -> Option<usize> {
    let start = 2;
    let len = postcard::to_slice(body, space.get_mut(start..)?).ok()?.len();
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

/// Whole seconds, for ages on the wire.
fn seconds(age: Duration) -> u32 {
    u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
}
