//! The ground floor of the wire: an envelope around messages. This module knows no message;
//! `docs/protocol.md` lists every byte.

mod envelope;
mod items;
mod reader;
mod writer;

pub(crate) use envelope::{frames, open};
pub(crate) use items::Items;
pub(crate) use reader::{Reader, Unread, take};
pub(crate) use writer::{Sent, Writer};

/// Major version of the wire.
pub(crate) const VERSION: u8 = 1;

/// Bytes of an envelope: version and flags, the cluster's tag, the sender's short id.
pub(crate) const ENVELOPE: usize = 9;

/// Bytes reserved for a seal in every datagram and frame: a key id, a nonce and a tag.
pub(crate) const SEAL: usize = 44;

/// Bytes of a kind and of the longest length of a message in a datagram.
pub(crate) const HEADER: usize = 4;

/// Upper four bits of a kind: the module that owns the message. The lower four bits number the
/// message within its module.
pub(crate) const ROOM_MASK: u8 = 0xf0;

/// Kind of a message that only adds length, so that a request is at least a third of its reply.
pub(crate) const PADDING: u8 = 0;

/// Round of a record that is not a rumour: a reply, or repair.
pub(crate) const NOT_A_RUMOR: u8 = u8::MAX;
