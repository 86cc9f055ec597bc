//! The wire: an envelope, then messages. `docs/protocol.md` gives every byte.

mod codec;
mod message;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use codec::{Writer, check, messages, open};
pub(crate) use message::{
    Ack, Advert, Folds, IndirectAck, Items, Join, Message, Nack, Payload, Ping, PingRequest,
    Record, Roots, Sync, SyncEnd, Want, Welcome, kind,
};

/// The major version of the wire.
pub(crate) const VERSION: u8 = 1;

/// Version and flags, the cluster's tag, the sender's short id.
pub(crate) const ENVELOPE: usize = 9;

/// What a seal would add, kept free in every datagram and frame: a key id, a nonce and a tag.
pub(crate) const SEAL: usize = 44;

/// Of a kind byte and the longest length of a message in a datagram.
pub(crate) const HEADER: usize = 4;
