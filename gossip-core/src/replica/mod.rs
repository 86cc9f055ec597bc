//! Repair of what rumours missed.

mod reconcile;
mod trie;

pub(crate) use reconcile::Reconciler;
pub(crate) use trie::{Prefix, Prefixes, Trie};
