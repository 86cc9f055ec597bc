//! Messages of the failure detector.

use serde::{Deserialize, Serialize};

use crate::NodeId;
use crate::wire::{Reader, Unread, take};

/// Kinds of the failure detector's messages.
pub(crate) const ROOM: u8 = 0x10;
pub(crate) const PING: u8 = ROOM;
pub(crate) const ACK: u8 = ROOM | 1;
pub(crate) const PING_REQUEST: u8 = ROOM | 2;
pub(crate) const INDIRECT_ACK: u8 = ROOM | 3;
pub(crate) const NACK: u8 = ROOM | 4;

/// A message of the failure detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Ping(Ping),
    Ack(Ack),
    PingRequest(PingRequest),
    IndirectAck(IndirectAck),
    Nack(Nack),
}

impl Message {
    pub(crate) fn read(kind: u8, body: &[u8]) -> Result<Self, Unread> {
        match kind {
            PING => Ping::read(body).map(Self::Ping).ok_or(Unread::Malformed),
            ACK => Ack::read(body).map(Self::Ack).ok_or(Unread::Malformed),
            PING_REQUEST => take(body).map(Self::PingRequest),
            INDIRECT_ACK => take(body).map(Self::IndirectAck),
            NACK => take(body).map(Self::Nack),
            _ => Err(Unread::Unknown),
        }
    }
}

/// A question whether the target is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ping {
    /// A random number, so that only a node that received the ping can answer it.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// A hash of the target's id, epoch and nonce: only this life of this node is meant.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) target_tag: u32,
    /// The digest of the sender's table.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) digest: u32,
    /// The ring in which the sender watches the target, or [`NO_RING`](Self::NO_RING).
    pub(crate) ring: u8,
}

impl Ping {
    pub(crate) const NO_RING: u8 = u8::MAX;

    #[inline(always)]
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            nonce: reader.fixed32()?,
            target_tag: reader.fixed32()?,
            digest: reader.fixed32()?,
            ring: reader.byte()?,
        })
    }
}

/// The answer to a ping, or to a payload that came by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ack {
    /// The nonce of the ping.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// The digest of the sender's table.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) digest: u32,
    /// Whether the sender has the record of the node that it answers. If not, it asks for it by
    /// this flag.
    pub(crate) acquainted: bool,
    /// Milliseconds until the watcher should come again, or
    /// [`NO_APPOINTMENT`](Self::NO_APPOINTMENT).
    #[serde(with = "postcard::fixint::le")]
    pub(crate) appointment: u16,
}

impl Ack {
    pub(crate) const NO_APPOINTMENT: u16 = 0;

    #[inline(always)]
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            nonce: reader.fixed32()?,
            digest: reader.fixed32()?,
            acquainted: reader.flag()?,
            appointment: reader.array().map(u16::from_le_bytes)?,
        })
    }
}

/// A request to ping a target on the sender's behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PingRequest {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    pub(crate) target: NodeId,
}

/// A relay's report that the target answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndirectAck {
    /// The nonce of the ping request.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}

/// A relay's report that the target has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nack {
    /// The nonce of the ping request.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}
