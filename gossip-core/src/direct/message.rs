//! The message that carries a payload from one application to another.

use serde::{Deserialize, Serialize};

use crate::NodeId;
use crate::wire::{Unread, take};

/// Kinds of the messages between applications.
pub(crate) const ROOM: u8 = 0x60;
pub(crate) const PAYLOAD: u8 = ROOM;

/// A message between applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Payload(Payload<'a>),
}

impl<'a> Message<'a> {
    pub(crate) fn read(kind: u8, body: &'a [u8]) -> Result<Self, Unread> {
        match kind {
            PAYLOAD => take(body).map(Self::Payload),
            _ => Err(Unread::Unknown),
        }
    }
}

/// A payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload<'a> {
    pub(crate) from: NodeId,
    /// The receiver, as in a ping. The ack to a payload that came by request has this nonce.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) target_tag: u32,
    pub(crate) bytes: &'a [u8],
}
