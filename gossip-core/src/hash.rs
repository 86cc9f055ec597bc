//! Keyed hashes: under a key that all nodes of a cluster share, or under a node's secret key.

use core::hash::{BuildHasher, Hasher};

use siphasher::sip::SipHasher13;

use crate::id::ShortId;
use crate::{Incarnation, NodeId};

/// A SipHash-1-3 key.
///
/// Hashes under the *cluster's* key are equal on all its nodes and appear on the wire. Hashes under a
/// *secret* key place ids in hash tables, so that no sender can choose ids that collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u64, u64);

impl Key {
    pub(crate) const fn new(k0: u64, k1: u64) -> Self {
        Self(k0, k1)
    }

    /// Returns the key of the cluster with this name.
    pub(crate) fn of_cluster(name: &str) -> Self {
        Self(Self(0, 0).hash(name.as_bytes()), Self(0, 1).hash(name.as_bytes()))
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.0, self.1).hash(bytes)
    }

    /// Returns the hash of a short id for hash tables.
    pub(crate) fn table_hash(self, short: ShortId) -> u64 {
        self.hash_one(short)
    }

    /// Returns the tag that marks the datagrams of this cluster.
    pub(crate) fn tag(self) -> [u8; 4] {
        (self.hash(b"gossip") as u32).to_le_bytes()
    }

    /// Returns the short id of a node.
    pub(crate) fn short(self, id: &NodeId) -> ShortId {
        ShortId(self.hash(&id.0) as u32)
    }

    /// Returns the tag by which a ping names its target: one life of one node.
    pub(crate) fn target_tag(self, id: &NodeId, incarnation: Incarnation) -> u32 {
        let (epoch, nonce) = incarnation.life();
        let mut bytes = [0; 28];
        bytes[..16].copy_from_slice(&id.0);
        bytes[16..24].copy_from_slice(&epoch.get().to_le_bytes());
        bytes[24..].copy_from_slice(&nonce.to_le_bytes());
        self.hash(&bytes) as u32
    }
}

impl BuildHasher for Key {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded { state: self.0, factor: self.1 | 1 }
    }
}

/// A hasher for hash tables: one folded multiplication per word. With a secret key this prevents
/// chosen collisions by anyone who cannot observe bucket positions.
pub(crate) struct Folded {
    state: u64,
    factor: u64,
}

impl Hasher for Folded {
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
