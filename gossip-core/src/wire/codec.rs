//! Reading and writing datagrams and frames.

use alloc::vec::Vec;
use core::time::Duration;

use serde::ser::SerializeTuple;
use serde::{Deserialize, Serialize, Serializer};

use super::message::{Ack, Advert, Message, Ping, Record, kind};
use super::{ENVELOPE, HEADER, SEAL, VERSION};
use crate::id::ShortId;
use crate::member::Slot;
use crate::{Address, Instant, Reject};

/// How many kinds are counted.
pub(crate) const KINDS: usize = 32;

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

/// Checks that all messages can be read, and which of the first 128 are records that are `known`:
/// a bit for each.
pub(crate) fn check<A: Address>(
    bytes: &[u8],
    known: impl Fn(&Record<A, &[u8]>) -> bool,
) -> Result<u128, Reject> {
    let mut bits = 0;
    for (place, frame) in (0..).zip(frames(bytes)) {
        let (kind, body) = frame?;
        // Most of what comes are records, and most records are known.
        if kind == kind::RECORD {
            let record = Record::read(body).ok_or(Reject::Malformed { kind })?;
            bits |= u128::from(known(&record)).checked_shl(place).unwrap_or(0);
        } else {
            decode::<A>(kind, body).ok_or(Reject::Malformed { kind })?;
        }
    }
    Ok(bits)
}

/// Reads the messages one by one, up to the first that is none, but those that are `known`.
pub(crate) fn messages<A: Address>(
    bytes: &[u8],
    known: u128,
) -> impl Iterator<Item = Message<'_, A>> {
    let news = move |place| known.checked_shr(place).unwrap_or(0) & 1 == 0;
    let frames = (0..).zip(frames(bytes)).filter(move |(place, _)| news(*place));
    frames.map_while(|(_, frame)| frame.ok().and_then(|(kind, body)| decode(kind, body)))
}

/// Kinds and bodies. After an error there are no more.
fn frames(mut rest: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Reject>> {
    core::iter::from_fn(move || {
        let (&kind, after) = core::mem::take(&mut rest).split_first()?;
        let body = match after {
            [len, after @ ..] if *len < 0x80 => after.split_at_checked(usize::from(*len)),
            _ => postcard::take_from_bytes::<u32>(after)
                .ok()
                .and_then(|(len, after)| after.split_at_checked(len as usize)),
        };
        let Some((body, after)) = body else { return Some(Err(FRAMING)) };
        rest = after;
        Some(Ok((kind, body)))
    })
}

/// Reads one body. Bytes after what this version knows of it are a later version's.
fn decode<A: Address>(byte: u8, body: &[u8]) -> Option<Message<'_, A>> {
    Some(match byte {
        kind::PADDING => Message::Padding(core::marker::PhantomData),
        kind::PING => Message::Ping(Ping::read(body)?),
        kind::ACK => Message::Ack(Ack::read(body)?),
        kind::PING_REQUEST => Message::PingRequest(take(body)?),
        kind::INDIRECT_ACK => Message::IndirectAck(take(body)?),
        kind::NACK => Message::Nack(take(body)?),
        kind::RECORD => Message::Record(Record::read(body)?),
        kind::ADVERTS => Message::Adverts(take(body)?),
        kind::WANT => Message::Want(take(body)?),
        kind::JOIN => Message::Join(take(body)?),
        kind::WELCOME => Message::Welcome(take(body)?),
        kind::SYNC => Message::Sync(take(body)?),
        kind::SYNC_END => Message::SyncEnd(take(body)?),
        kind::PAYLOAD => Message::Payload(take(body)?),
        kind::ROOTS => Message::Roots(take(body)?),
        kind::FOLDS => Message::Folds(take(body)?),
        _ => Message::Unknown,
    })
}

fn take<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    postcard::take_from_bytes(body).map(|(value, _)| value).ok()
}

/// Where a [`Writer`] writes: a datagram's buffer, or a frame that grows.
enum Buffer<'b> {
    Datagram(&'b mut [u8]),
    Frame(&'b mut Vec<u8>),
}

/// Writes an envelope and messages as long as they fit.
pub(crate) struct Writer<'b> {
    buffer: Buffer<'b>,
    len: usize,
    /// How long it may become, now and at all.
    limit: usize,
    most: usize,
    sent: [u8; KINDS],
}

impl<'b> Writer<'b> {
    /// A datagram of at most `budget` bytes, of which the seal's are not used.
    pub(crate) fn datagram(buf: &'b mut [u8], budget: usize, tag: [u8; 4], own: ShortId) -> Self {
        let usable = budget.min(buf.len()).saturating_sub(SEAL);
        Self::begin(Buffer::Datagram(buf), usable, tag, own)
    }

    /// A frame of at most `limit` bytes; what `bytes` held before is overwritten.
    pub(crate) fn frame(bytes: &'b mut Vec<u8>, limit: usize, tag: [u8; 4], own: ShortId) -> Self {
        bytes.clear();
        bytes.resize(ENVELOPE, 0);
        Self::begin(Buffer::Frame(bytes), limit - SEAL, tag, own)
    }

    fn begin(buffer: Buffer<'b>, most: usize, tag: [u8; 4], own: ShortId) -> Self {
        let mut writer = Self { buffer, len: ENVELOPE, limit: most, most, sent: [0; KINDS] };
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
        self.limit.saturating_sub(self.len)
    }

    /// Whether there may be less than buffer or frame could hold.
    pub(crate) fn is_limited(&self) -> bool {
        self.limit < self.most
    }

    /// From here on it may become `limit` bytes long, as far as its buffer allows.
    pub(crate) fn limit(&mut self, limit: usize) {
        self.limit = limit.min(self.most).max(self.len);
    }

    /// Appends a message. `false`, and nothing is written, if it does not fit.
    pub(crate) fn put<T: Serialize>(&mut self, kind: u8, body: &T) -> bool {
        let (start, limit) = (self.len, self.limit);
        loop {
            let bytes = self.bytes_mut();
            let end = limit.min(bytes.len());
            if let Some(written) = encode(&mut bytes[start..end], kind, body) {
                self.len = start + written;
                let sent = &mut self.sent[usize::from(kind) % KINDS];
                *sent = sent.saturating_add(1);
                return true;
            }
            if !self.grow() {
                return false;
            }
        }
    }

    /// Appends a member's record.
    pub(crate) fn put_record<A: Address>(
        &mut self,
        slot: &Slot<A>,
        round: u8,
        now: Instant,
    ) -> bool {
        let member = &slot.member;
        let age = millis(slot.age(now));
        self.put(
            kind::RECORD,
            &(round, age, &member.id, &member.claim, member.accusation.as_deref()),
        )
    }

    /// Appends as many adverts, given as bytes, as fit.
    pub(crate) fn put_adverts(&mut self, names: &[u8]) {
        let room = self.room().saturating_sub(HEADER + 2) / Advert::SIZE * Advert::SIZE;
        let fitting = &names[..names.len().min(room)];
        if !fitting.is_empty() {
            self.put(kind::ADVERTS, &fitting);
        }
    }

    /// Pads to `len` bytes, as far as there is room, or to one byte less: where the length of the
    /// padding begins to take a byte more, one size of it cannot be had.
    pub(crate) fn pad(&mut self, len: usize) {
        let missing = len.saturating_sub(self.len).min(self.room());
        let (header, most) = match missing {
            0 | 1 => return,
            2..=130 => (2, 0x7f),
            131..=16_387 => (3, 0x3fff),
            _ => (4, 0x1f_ffff),
        };
        self.put(kind::PADDING, &Zeros((missing - header).min(most)));
    }

    /// How many bytes were written, and how many messages of each kind.
    pub(crate) fn finish(self) -> (usize, [u8; KINDS]) {
        if let Buffer::Frame(bytes) = self.buffer {
            bytes.truncate(self.len);
        }
        (self.len, self.sent)
    }

    /// Makes a frame's buffer longer; a datagram's is what it is.
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

/// Kind, length, body; how many bytes in all. The body is written where it belongs if its length
/// takes one byte, and moved if it takes more.
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

/// The body of a padding.
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

/// Whole milliseconds, for ages on the wire.
fn millis(age: Duration) -> u32 {
    u32::try_from(age.as_millis()).unwrap_or(u32::MAX)
}
