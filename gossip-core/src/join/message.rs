//! Messages of joining.

use serde::{Deserialize, Serialize};

use crate::NodeId;
use crate::wire::{Unread, take};

/// Kinds of the messages of joining.
pub(crate) const ROOM: u8 = 0x50;
pub(crate) const JOIN: u8 = ROOM;
pub(crate) const WELCOME: u8 = ROOM | 1;

/// A message of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Join(Join),
    Welcome(Welcome),
}

impl Message {
    pub(crate) fn read(kind: u8, body: &[u8]) -> Result<Self, Unread> {
        match kind {
            JOIN => take(body).map(Self::Join),
            WELCOME => take(body).map(Self::Welcome),
            _ => Err(Unread::Unknown),
        }
    }
}

/// A request to be admitted and told about some members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Join {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}

/// The answer to a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    /// The nonce of the join.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// The id of the sender.
    pub(crate) id: NodeId,
    /// Whether the sender admitted the joiner. It refuses if its table is full.
    pub(crate) admitted: bool,
}
