//! The node's knowledge of the members: the lattice of records and the table that holds them.

mod advert;
pub(crate) mod event;
mod merge;
pub(crate) mod message;
mod record;
#[cfg(feature = "serde")]
mod serialize;
mod slot;
pub(crate) mod stats;
mod table;
#[cfg(test)]
mod tests;
mod trie;

pub(crate) use advert::Advert;
pub(crate) use merge::{Change, Merge};
pub(crate) use record::{Accusation, Accusers, Claim, Level, Meta, Phase, VERSIONS};
pub use record::{Member, Status};
pub(crate) use slot::Slot;
pub(crate) use table::{Table, fits};
pub(crate) use trie::{Prefix, Prefixes};
