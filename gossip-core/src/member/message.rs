//! Records on the wire, and requests for them.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Accusation, Claim, Phase, Slot};
use crate::id::{Epoch, ShortId, ShortIds};
use crate::wire::{HEADER, Items, Reader, Unread, Writer, take};
use crate::{Address, Incarnation, Instant, MAX_ADDRESS, MAX_META, NodeId};

/// Kinds of the messages about records.
pub(crate) const ROOM: u8 = 0x20;
pub(crate) const RECORD: u8 = ROOM;
pub(crate) const WANT: u8 = ROOM | 1;

/// A message about records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a, A> {
    Record(Record<A, &'a [u8]>),
    Want(Want<'a>),
}

impl<'a, A: Address> Message<'a, A> {
    pub(crate) fn read(kind: u8, body: &'a [u8]) -> Result<Self, Unread> {
        match kind {
            RECORD => Record::read(body).map(Self::Record).ok_or(Unread::Malformed),
            WANT => take(body).map(Self::Want),
            _ => Err(Unread::Unknown),
        }
    }
}

/// The record of a member. `M` is a slice of the datagram, or the table's own metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record<A, M> {
    /// The age of the rumour in rounds, or [`NOT_A_RUMOR`](crate::wire::NOT_A_RUMOR).
    pub(crate) round: u8,
    /// Milliseconds since the member departed.
    pub(crate) age: u32,
    pub(crate) id: NodeId,
    pub(crate) claim: Claim<A, M>,
    pub(crate) accusation: Option<Accusation>,
}

impl<'a, A: Address> Record<A, &'a [u8]> {
    /// Reads a record; `None` if it is malformed. Bytes behind it are ignored.
    #[inline(always)]
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            round: reader.byte()?,
            age: reader.varint32()?,
            id: NodeId(reader.array()?),
            claim: read_claim(&mut reader)?,
            accusation: if reader.flag()? { Some(reader.value()?) } else { None },
        })
    }
}

#[inline(always)]
fn read_claim<'a, A: Address>(reader: &mut Reader<'a>) -> Option<Claim<A, &'a [u8]>> {
    let incarnation = Incarnation {
        epoch: Epoch::new(reader.varint()?)?,
        nonce: reader.fixed32()?,
        number: reader.varint32()?,
    };
    let phase = match reader.byte()? {
        0 => Phase::Up,
        1 => Phase::Leaving,
        2 => Phase::Left,
        _ => return None,
    };
    let versions = reader.array()?;
    let before = reader.0.len();
    let address = reader.value::<A>()?;
    if before - reader.0.len() > MAX_ADDRESS {
        return None;
    }
    let address = address.canonical();
    let len = usize::try_from(reader.varint()?).ok().filter(|&len| len <= MAX_META)?;
    Some(Claim { incarnation, phase, versions, address, meta: reader.slice(len)? })
}

/// Appends a member's record. Returns whether it fits.
pub(crate) fn write_record<A: Address>(
    writer: &mut Writer<'_>,
    slot: &Slot<A>,
    round: u8,
    now: Instant,
) -> bool {
    let member = &slot.member;
    let age = millis(slot.age(now));
    let accusation = member.accusation.as_deref();
    writer.put(RECORD, &(round, age, &member.id, &member.claim, accusation))
}

/// A request for the records of these short ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Want<'a> {
    #[serde(borrow)]
    pub(crate) items: Items<'a, 4>,
}

impl<'a> Want<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = ShortId> + 'a {
        self.items.iter().map(|item| ShortId(u32::from_le_bytes(item)))
    }
}

/// Appends a request for as many of `items` as fit, and removes those. Returns whether another
/// request is needed for the rest.
pub(crate) fn write_want(
    writer: &mut Writer<'_>,
    items: &mut ShortIds,
    scratch: &mut alloc::vec::Vec<u8>,
) -> bool {
    let fitting = items.len().min(writer.room().saturating_sub(HEADER + 3) / 4);
    scratch.clear();
    for short in items.drain(items.len() - fitting..) {
        scratch.extend_from_slice(&short.0.to_le_bytes());
    }
    if fitting > 0 {
        writer.put(WANT, &Want { items: Items(scratch) });
    }
    fitting > 0 && !items.is_empty()
}

fn millis(age: Duration) -> u32 {
    u32::try_from(age.as_millis()).unwrap_or(u32::MAX)
}
