//! All messages, and the reading of a datagram's or frame's content.

use crate::member::message::{RECORD, Record};
use crate::wire::{PADDING, ROOM_MASK, Unread, frames};
use crate::{Address, Reject, claim, detector, direct, join, member, repair, rumor};

/// A message of any module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a, A> {
    Padding,
    Detector(detector::message::Message),
    Member(member::message::Message<'a, A>),
    Rumor(rumor::message::Message<'a>),
    Repair(repair::message::Message<'a>),
    Join(join::message::Message),
    Direct(direct::message::Message<'a>),
    Claim(claim::message::Message),
    /// A message of a kind that this version skips.
    Unknown,
}

impl<'a, A: Address> Message<'a, A> {
    /// Reads one body. Bytes behind the known fields belong to a later version.
    fn read(kind: u8, body: &'a [u8]) -> Result<Self, Reject> {
        let read = match kind & ROOM_MASK {
            detector::message::ROOM => {
                detector::message::Message::read(kind, body).map(Self::Detector)
            }
            member::message::ROOM => member::message::Message::read(kind, body).map(Self::Member),
            rumor::message::ROOM => rumor::message::Message::read(kind, body).map(Self::Rumor),
            repair::message::ROOM => repair::message::Message::read(kind, body).map(Self::Repair),
            join::message::ROOM => join::message::Message::read(kind, body).map(Self::Join),
            direct::message::ROOM => direct::message::Message::read(kind, body).map(Self::Direct),
            claim::message::ROOM => claim::message::Message::read(kind, body).map(Self::Claim),
            _ if kind == PADDING => Ok(Self::Padding),
            _ => Err(Unread::Unknown),
        };
        match read {
            Ok(message) => Ok(message),
            Err(Unread::Unknown) => Ok(Self::Unknown),
            Err(Unread::Malformed) => Err(Reject::Malformed { kind }),
        }
    }
}

/// Checks that all messages can be read. Returns one bit for each of the first 128 messages: set
/// if it is a record that `known` accepts.
pub(crate) fn check<A: Address>(
    bytes: &[u8],
    known: impl Fn(&Record<A, &[u8]>) -> bool,
) -> Result<u128, Reject> {
    let mut bits = 0;
    for (index, frame) in (0..).zip(frames(bytes)) {
        let (kind, body) = frame?;
        // Most messages are records, and most records are known.
        if kind == RECORD {
            let record = Record::read(body).ok_or(Reject::Malformed { kind })?;
            bits |= u128::from(known(&record)).checked_shl(index).unwrap_or(0);
        } else {
            Message::<A>::read(kind, body)?;
        }
    }
    Ok(bits)
}

/// Reads the messages with their kinds, up to the first malformed one, except those whose bits are
/// set in `known`.
pub(crate) fn messages<A: Address>(
    bytes: &[u8],
    known: u128,
) -> impl Iterator<Item = (u8, Message<'_, A>)> {
    let is_news = move |index| known.checked_shr(index).unwrap_or(0) & 1 == 0;
    let frames = (0..).zip(frames(bytes)).filter(move |(index, _)| is_news(*index));
    frames.map_while(|(_, frame)| {
        let (kind, body) = frame.ok()?;
        Some((kind, Message::read(kind, body).ok()?))
    })
}

#[cfg(test)]
mod tests;
