//! Messages of repair.

use serde::{Deserialize, Serialize};

use crate::Address;
use crate::id::ShortId;
use crate::member::{Prefix, Table};
use crate::wire::{Items, Unread, take};

/// Kinds of the messages of repair.
pub(crate) const ROOM: u8 = 0x40;
pub(crate) const SYNC: u8 = ROOM;
pub(crate) const SYNC_END: u8 = ROOM | 1;
pub(crate) const ROOTS: u8 = ROOM | 2;
pub(crate) const DIGESTS: u8 = ROOM | 3;

/// A message of repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Sync(Sync<'a>),
    SyncEnd(SyncEnd),
    Roots(Roots),
    Digests(Digests),
}

impl<'a> Message<'a> {
    pub(crate) fn read(kind: u8, body: &'a [u8]) -> Result<Self, Unread> {
        match kind {
            SYNC => take(body).map(Self::Sync),
            SYNC_END => take(body).map(Self::SyncEnd),
            ROOTS => take(body).map(Self::Roots),
            DIGESTS => take(body).map(Self::Digests),
            _ => Err(Unread::Unknown),
        }
    }
}

/// The versions of all records that the sender has in a range of short ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sync<'a> {
    pub(crate) first: ShortId,
    pub(crate) last: ShortId,
    /// Short id and version of each.
    #[serde(borrow)]
    pub(crate) items: Items<'a, 8>,
}

impl<'a> Sync<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = (ShortId, u32)> + 'a {
        self.items.iter().map(|[a, b, c, d, e, f, g, h]| {
            (ShortId(u32::from_le_bytes([a, b, c, d])), u32::from_le_bytes([e, f, g, h]))
        })
    }
}

/// The end of the reply to a [`Sync`] that came by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SyncEnd {
    /// The digest of the sender's table.
    #[serde(with = "postcard::fixint::le")]
    pub(crate) digest: u32,
    /// Whether the reply could not hold everything in this range: the receiver asks again.
    pub(crate) more: bool,
}

/// The digests of the sixteen parts of the sender's table, in two bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roots {
    pub(crate) digests: [[u8; 2]; 16],
}

impl Roots {
    pub(crate) fn of<A: Address>(table: &Table<A>) -> Self {
        let digests = table.digests(Prefix::ROOT);
        Self { digests: digests.map(|digest| (digest as u16).to_le_bytes()) }
    }
}

/// The digests of the sixteen parts of the sender's table below a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Digests {
    pub(crate) first: ShortId,
    /// Length of the prefix in hexadecimal digits.
    pub(crate) digits: u8,
    pub(crate) digests: [[u8; 4]; 16],
}
