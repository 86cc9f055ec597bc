//! The messages, as they are on the wire.

use core::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::NodeId;
use crate::id::ShortId;
use crate::member::{Accusation, Claim};

/// "Do you live?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ping {
    /// Random, so that an answer cannot be forged.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// Whom it is for: a hash of id, epoch and the nonce of its life.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) check: u32,
    /// The fold of the sender's fingerprint.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) fold: u32,
    /// In which ring the sender watches the receiver, if it does.
    pub(crate) ring: u8,
}

impl Ping {
    pub(crate) const NO_RING: u8 = u8::MAX;
}

/// "I do."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ack {
    /// That of the ping.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// The fold of the sender's fingerprint.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) fold: u32,
    /// Whether the sender knows whom it answers; if not it would like to.
    pub(crate) acquainted: bool,
    /// In how many milliseconds a watcher should come again, if it was one who asked.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) appointment: u16,
}

impl Ack {
    pub(crate) const NO_APPOINTMENT: u16 = 0;
}

/// "Ask for me whether it lives."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PingRequest {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    pub(crate) target: NodeId,
}

/// "The one you asked me about lives."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndirectAck {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}

/// "It has not answered me so far, but I do."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nack {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}

/// What is known of a member. `M` is a slice of the datagram, or the table's own metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record<A, M> {
    /// The age of the rumour, in rounds.
    pub(crate) round: u8,
    /// For how many milliseconds it has been dead or left.
    pub(crate) age: u32,
    pub(crate) id: NodeId,
    pub(crate) claim: Claim<A, M>,
    pub(crate) accusation: Option<Accusation>,
}

/// The name of a record of a certain version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Advert {
    pub(crate) short: ShortId,
    pub(crate) version: u16,
}

impl Advert {
    pub(crate) const SIZE: usize = 6;

    pub(crate) fn to_bytes(self) -> [u8; Self::SIZE] {
        let [a, b, c, d] = self.short.0.to_le_bytes();
        let [e, f] = self.version.to_le_bytes();
        [a, b, c, d, e, f]
    }

    pub(crate) fn from_bytes([a, b, c, d, e, f]: [u8; Self::SIZE]) -> Self {
        Self {
            short: ShortId(u32::from_le_bytes([a, b, c, d])),
            version: u16::from_le_bytes([e, f]),
        }
    }
}

/// A run of items of `N` bytes each; what is over at the end is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Items<'a, const N: usize>(pub(crate) &'a [u8]);

impl<'a, const N: usize> Items<'a, N> {
    pub(crate) fn iter(self) -> impl Iterator<Item = [u8; N]> + 'a {
        self.0.as_chunks::<N>().0.iter().copied()
    }
}

/// "Send me what you know of these."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Want<'a> {
    /// Short ids.
    #[serde(borrow)]
    pub(crate) items: Items<'a, 4>,
}

/// "Let me in, and tell me of some members."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Join {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
}

/// The answer to a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    #[serde(with = "postcard::fixint::le")]
    pub(crate) nonce: u32,
    /// Who answers.
    pub(crate) id: NodeId,
    /// Whether the joiner was taken in; else the table is full.
    pub(crate) admitted: bool,
}

/// "This is what I have of the members whose short ids are in a range."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sync<'a> {
    pub(crate) first: ShortId,
    pub(crate) last: ShortId,
    /// Short id and version of each.
    #[serde(borrow)]
    pub(crate) items: Items<'a, 8>,
}

/// The end of the answer to a [`Sync`] that came by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SyncEnd {
    /// The fold of the sender's fingerprint.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) fold: u32,
    /// Whether there is more in this range than the answer could hold: ask again.
    pub(crate) more: bool,
}

/// "These are the folds of my table below each first digit", two bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roots {
    pub(crate) folds: [[u8; 2]; 16],
}

/// "These are the folds of my table below a prefix and each next digit."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folds {
    pub(crate) first: ShortId,
    pub(crate) digits: u8,
    pub(crate) folds: [[u8; 4]; 16],
}

/// What an application sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload<'a> {
    pub(crate) from: NodeId,
    /// Whom it is for, as in a [`Ping`]. By request it is answered with an [`Ack`] of this nonce.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) check: u32,
    pub(crate) bytes: &'a [u8],
}

/// Any message, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a, A> {
    /// Kind 0: room filled up, so that a question is no shorter than its answer.
    Padding(PhantomData<A>),
    Ping(Ping),
    Ack(Ack),
    PingRequest(PingRequest),
    IndirectAck(IndirectAck),
    Nack(Nack),
    Record(Record<A, &'a [u8]>),
    /// [`Advert`]s.
    Adverts(Items<'a, { Advert::SIZE }>),
    Want(Want<'a>),
    Join(Join),
    Welcome(Welcome),
    Sync(Sync<'a>),
    SyncEnd(SyncEnd),
    Payload(Payload<'a>),
    Roots(Roots),
    Folds(Folds),
    /// Of a kind that this version does not know; skipped.
    Unknown,
}

/// The kind bytes.
pub(crate) mod kind {
    pub(crate) const PADDING: u8 = 0;
    pub(crate) const PING: u8 = 1;
    pub(crate) const ACK: u8 = 2;
    pub(crate) const PING_REQUEST: u8 = 3;
    pub(crate) const INDIRECT_ACK: u8 = 4;
    pub(crate) const NACK: u8 = 5;
    pub(crate) const RECORD: u8 = 6;
    pub(crate) const ADVERTS: u8 = 7;
    pub(crate) const WANT: u8 = 8;
    pub(crate) const JOIN: u8 = 9;
    pub(crate) const WELCOME: u8 = 10;
    pub(crate) const SYNC: u8 = 11;
    pub(crate) const SYNC_END: u8 = 12;
    pub(crate) const PAYLOAD: u8 = 13;
    pub(crate) const ROOTS: u8 = 14;
    pub(crate) const FOLDS: u8 = 15;
    /// Not on the wire: where [`Stats`](crate::Stats) counts what it does not know.
    pub(crate) const UNKNOWN: u8 = 31;
}

impl<A> Message<'_, A> {
    /// The kind byte.
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::Padding(_) => kind::PADDING,
            Self::Ping(_) => kind::PING,
            Self::Ack(_) => kind::ACK,
            Self::PingRequest(_) => kind::PING_REQUEST,
            Self::IndirectAck(_) => kind::INDIRECT_ACK,
            Self::Nack(_) => kind::NACK,
            Self::Record(_) => kind::RECORD,
            Self::Adverts(_) => kind::ADVERTS,
            Self::Want(_) => kind::WANT,
            Self::Join(_) => kind::JOIN,
            Self::Welcome(_) => kind::WELCOME,
            Self::Sync(_) => kind::SYNC,
            Self::SyncEnd(_) => kind::SYNC_END,
            Self::Payload(_) => kind::PAYLOAD,
            Self::Roots(_) => kind::ROOTS,
            Self::Folds(_) => kind::FOLDS,
            Self::Unknown => kind::UNKNOWN,
        }
    }
}
