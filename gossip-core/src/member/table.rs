//! The member table: a slab, an index by id, lists to draw from, and a fingerprint of it all.

use alloc::vec::Vec;
use core::time::Duration;

use hashbrown::HashTable;
use serde::Serialize;
use smallvec::SmallVec;

use super::slot::signed;
use super::trie::{Prefix, Trie};
use super::{Advert, Claim, Member, Meta, Slot};
use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::id::ShortId;
use crate::rng::Rng;
use crate::{Address, Config, Incarnation, Instant, MAX_ADDRESS, NodeId};

/// The slot that is ourselves.
const LOCAL: u32 = 0;

/// All that is known of the members; ourselves among them.
#[derive(Debug)]
pub(crate) struct Table<A> {
    slots: Vec<Option<Slot<A>>>,
    /// What the records in the slots are advertised as. Apart from them, for that is asked for
    /// dozens of members at a time, and then of each nothing else.
    pub(super) adverts: Vec<Option<[u8; Advert::SIZE]>>,
    free: Vec<u32>,
    /// By the secret hash of the short id.
    pub(super) index: HashTable<u32>,
    /// By short id: the order, and the fingerprints of all and of every part.
    pub(super) trie: Trie,
    /// All live members but ourselves, in no order.
    live: Vec<u32>,
    /// The dead and those who left.
    gone: Vec<u32>,
    /// When each of those loses its place, first to others, then here.
    pub(super) expiry: Deadlines<NodeId>,
    pub(super) cluster: Key,
    pub(super) secret: Key,
    /// Target tag of pings for this node.
    local_tag: u32,
    /// Whether somebody was refused since there last was room.
    pub(super) overflowing: bool,
    capacity: usize,
    pub(super) retention: Duration,
    pub(super) linger: Duration,
}

impl<A: Address> Table<A> {
    pub(crate) fn new(own: Member<A>, config: &Config, cluster: Key, secret: Key) -> Self {
        let mut table = Self {
            slots: Vec::new(),
            adverts: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            trie: Trie::new(),
            live: Vec::new(),
            gone: Vec::new(),
            expiry: Deadlines::new(secret),
            cluster,
            secret,
            local_tag: cluster.target_tag(&own.id, own.incarnation()),
            overflowing: false,
            capacity: config.members.max as usize,
            retention: config.members.retention,
            linger: linger(config),
        };
        table.insert(own);
        table.recount(LOCAL);
        table
    }

    pub(crate) fn local(&self) -> &Slot<A> {
        self.slot(LOCAL)
    }

    /// Returns whether a ping or payload with this target tag is for this life of this node.
    pub(crate) fn is_for_this_node(&self, target_tag: u32) -> bool {
        target_tag == self.local_tag
    }

    /// Returns the target tag of a member's life.
    pub(crate) fn target_tag(&self, id: &NodeId, incarnation: Incarnation) -> u32 {
        self.cluster.target_tag(id, incarnation)
    }

    /// Returns the nonce of a ping that needs no memory. A node that answers with it has been
    /// reached at the address that it claims.
    pub(crate) fn cookie(&self, id: &NodeId, salt: u8) -> u32 {
        let mut bytes = [0; 96];
        let address = self.get(id).map(|slot| &slot.member.claim.address);
        match postcard::to_slice(&(salt, id, address), &mut bytes) {
            Ok(bytes) => self.secret.hash(bytes) as u32,
            Err(_) => 0,
        }
    }

    /// Changes our own claim, which must grow by it. If we leave by it, we do so now.
    pub(crate) fn claim(&mut self, now: Instant, change: impl FnOnce(&mut Claim<A, Meta>)) {
        let slot = self.slots[LOCAL as usize].as_mut().expect("we are never removed");
        slot.gone_since = signed(now);
        let member = &mut slot.member;
        let before = member.claim.incarnation;
        change(&mut member.claim);
        debug_assert!(member.claim.incarnation >= before);
        member.normalise();
        self.local_tag = self.cluster.target_tag(&member.id, member.incarnation());
        self.recount(LOCAL);
    }

    /// How many are remembered, ourselves and the dead included.
    pub(crate) fn len(&self) -> usize {
        self.trie.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.capacity
    }

    /// Whether there was no room for somebody: then this table differs from others for ever.
    pub(crate) fn is_overflowing(&self) -> bool {
        self.overflowing
    }

    /// Whether anybody is dead or has left.
    pub(crate) fn has_departed(&self) -> bool {
        !self.gone.is_empty()
    }

    /// The sum of the keyed hashes of all records that count: equal tables, equal fingerprints.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.trie.total()
    }

    /// Returns the fingerprint in four bytes.
    pub(crate) fn digest(&self) -> u32 {
        digest(self.fingerprint())
    }

    pub(crate) fn get(&self, id: &NodeId) -> Option<&Slot<A>> {
        self.find(id).map(|slot| self.slot(slot))
    }

    /// A member that is shown: not past its grace.
    pub(crate) fn visible(&self, id: &NodeId) -> Option<&Slot<A>> {
        self.get(id).filter(|slot| !slot.expired)
    }

    /// The member that this short id stands for: the one at this address, or the only one.
    pub(crate) fn sender(&self, short: ShortId, from: &A) -> Option<&Slot<A>> {
        let mut matches = self.all_by_short(short);
        matches.find(|slot| slot.member.claim.address == *from).or_else(|| self.by_short(short))
    }

    /// The member that this short id stands for, if it is the only one.
    pub(crate) fn by_short(&self, short: ShortId) -> Option<&Slot<A>> {
        only(self.all_by_short(short))
    }

    /// The members, usually one, that this short id stands for.
    pub(crate) fn all_by_short(&self, short: ShortId) -> impl Iterator<Item = &Slot<A>> {
        let slots =
            self.index.iter_hash(self.secret.table_hash(short)).map(|&slot| self.slot(slot));
        slots.filter(move |slot| slot.short == short && !slot.expired)
    }

    /// Everybody who is shown: not those past their grace.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot<A>> {
        self.slots.iter().flatten().filter(|slot| !slot.expired)
    }

    /// Those whose short id is at least `first`, in order of it.
    pub(crate) fn range(&self, first: ShortId) -> impl Iterator<Item = &Slot<A>> {
        let numbers = self.trie.walk(first, look(&self.slots));
        numbers.map(|slot| self.slot(slot)).filter(|slot| !slot.expired)
    }

    /// Returns the digests of the sixteen parts of the table below a prefix of short ids.
    pub(crate) fn digests(&self, prefix: Prefix) -> [u32; 16] {
        self.trie.children(prefix, look(&self.slots)).map(digest)
    }

    /// How many members are below a prefix of short ids.
    pub(crate) fn count(&self, prefix: Prefix) -> usize {
        self.trie.count(prefix, look(&self.slots))
    }

    /// Whether a record, of another who lives and whom it accuses of nothing, tells us nothing.
    pub(crate) fn knows<M: AsRef<[u8]>>(&self, id: &NodeId, claim: &Claim<A, M>) -> bool {
        let other = self.find(id).filter(|slot| *slot != LOCAL).map(|slot| self.slot(slot));
        other.filter(|slot| !slot.expired).is_some_and(|slot| {
            slot.member.status().is_live() && slot.member.claim.order(claim).is_ge()
        })
    }

    /// What the record in a slot is advertised as, unless it is past its grace.
    pub(crate) fn advert(&self, slot: u32) -> Option<Advert> {
        self.adverts.get(slot as usize).copied().flatten().map(Advert::from_bytes)
    }

    /// What the record of the member is advertised as that this short id stands for, if it is the
    /// only one.
    pub(crate) fn advert_of(&self, short: ShortId) -> Option<Advert> {
        let slots = self.index.iter_hash(self.secret.table_hash(short));
        let adverts = slots.filter_map(|&slot| self.advert(slot));
        only(adverts.filter(|advert| advert.short == short))
    }

    /// The live members but ourselves, in no but a reproducible order.
    pub(crate) fn live(&self) -> impl ExactSizeIterator<Item = &Slot<A>> {
        self.live.iter().map(|&slot| self.slot(slot))
    }

    /// The live members' slots, in no but a reproducible order.
    pub(crate) fn live_slots(&self) -> &[u32] {
        &self.live
    }

    /// Who is in a slot now; it may be somebody else than a while ago.
    pub(crate) fn in_slot(&self, slot: u32) -> Option<&Slot<A>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Up to `count` distinct live members that fit, drawn at random.
    pub(crate) fn sample(
        &self,
        rng: &mut Rng,
        count: usize,
        fits: impl FnMut(&Slot<A>) -> bool,
    ) -> SmallVec<[NodeId; 8]> {
        self.sample_from(&self.live, rng, count, fits)
    }

    /// One who is dead or has left, drawn at random from those that fit.
    pub(crate) fn sample_departed(
        &self,
        rng: &mut Rng,
        fits: impl FnMut(&Slot<A>) -> bool,
    ) -> Option<NodeId> {
        self.sample_from(&self.gone, rng, 1, fits).pop()
    }

    /// From a short list by shuffling it, so that nobody who fits is missed; from a long one by
    /// drawing until it is enough or hopeless.
    fn sample_from(
        &self,
        list: &[u32],
        rng: &mut Rng,
        count: usize,
        mut fits: impl FnMut(&Slot<A>) -> bool,
    ) -> SmallVec<[NodeId; 8]> {
        const SHORT: usize = 64;
        let mut drawn = SmallVec::new();
        let mut take = |slot: u32, drawn: &mut SmallVec<[NodeId; 8]>| {
            let slot = self.slot(slot);
            if !drawn.contains(&slot.member.id) && fits(slot) {
                drawn.push(slot.member.id);
            }
        };
        if list.len() <= SHORT {
            let mut order = SmallVec::<[u32; SHORT]>::from_slice(list);
            while drawn.len() < count && !order.is_empty() {
                let slot = order.swap_remove(rng.below(order.len()));
                take(slot, &mut drawn);
            }
        } else {
            for _ in 0..4 * count + 16 {
                if drawn.len() == count {
                    break;
                }
                take(list[rng.below(list.len())], &mut drawn);
            }
        }
        drawn
    }

    /// Notes that the member has answered from this address, if that is the one it claims;
    /// whether it is.
    pub(crate) fn verify(&mut self, id: &NodeId, from: &A) -> bool {
        let Some(slot) = self.find(id).map(|slot| self.slot_mut(slot)) else { return false };
        let here = slot.member.claim.address == *from;
        slot.verified |= here;
        here
    }

    pub(super) fn slot(&self, slot: u32) -> &Slot<A> {
        self.slots[slot as usize].as_ref().expect("indexed slots are taken")
    }

    pub(super) fn slot_mut(&mut self, slot: u32) -> &mut Slot<A> {
        self.slots[slot as usize].as_mut().expect("indexed slots are taken")
    }

    /// The member's slot.
    pub(crate) fn find(&self, id: &NodeId) -> Option<u32> {
        let hash = self.secret.table_hash(self.cluster.short(id));
        self.index.find(hash, |&slot| self.slot(slot).member.id == *id).copied()
    }

    pub(super) fn insert(&mut self, member: Member<A>) -> u32 {
        let short = self.cluster.short(&member.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            grow(&mut self.slots);
            self.slots.push(None);
            grow(&mut self.adverts);
            self.adverts.push(None);
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize] = Some(Slot::new(member, short));
        let hash = self.secret.table_hash(short);
        let Self { index, slots, secret, .. } = self;
        let rehash = |&slot: &u32| match &slots[slot as usize] {
            Some(slot) => secret.table_hash(slot.short),
            None => 0,
        };
        index.insert_unique(hash, slot, rehash);
        self.trie.insert(slot, look(&self.slots));
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.unlist(slot, false);
        let short = self.slot(slot).short;
        let hash = self.secret.table_hash(short);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
        self.trie.remove(slot, look(&self.slots));
        self.slots[slot as usize] = None;
        self.free.push(slot);
        self.overflowing = false;
    }

    pub(super) fn list(&mut self, slot: u32) {
        let live = self.slot(slot).member.status().is_live();
        let list = if live { &mut self.live } else { &mut self.gone };
        let place = list.len() as u32;
        grow(list);
        list.push(slot);
        self.slot_mut(slot).place = place;
    }

    pub(super) fn unlist(&mut self, slot: u32, live: bool) {
        let place = self.slot(slot).place;
        let list = if live { &mut self.live } else { &mut self.gone };
        list.swap_remove(place as usize);
        if let Some(&moved) = list.get(place as usize) {
            self.slot_mut(moved).place = place;
        }
    }
}

/// What there is, if it is the only one.
fn only<T>(mut matches: impl Iterator<Item = T>) -> Option<T> {
    matches.next().filter(|_| matches.next().is_none())
}

/// Whether the address encodes within its limit.
pub(crate) fn fits(address: &impl Serialize) -> bool {
    postcard::to_slice(address, &mut [0; MAX_ADDRESS]).is_ok()
}

/// What the trie needs to know of the member in a slot.
fn look<A>(slots: &[Option<Slot<A>>]) -> impl Fn(u32) -> (ShortId, u64) {
    |slot| match &slots[slot as usize] {
        Some(slot) => (slot.short, slot.share),
        None => (ShortId(0), 0),
    }
}

/// Folds a fingerprint into four bytes.
fn digest(fingerprint: u64) -> u32 {
    (fingerprint ^ (fingerprint >> 32)) as u32
}

/// Long enough for others to hear that a grace has ended.
fn linger(config: &Config) -> Duration {
    let minute = Duration::from_secs(60);
    (config.members.retention / 8).min(minute).max(10 * config.rumors.interval)
}

/// Room for one more, by an eighth at a time: tables are large and live long.
fn grow<T>(vec: &mut Vec<T>) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact((vec.len() / 8).max(8));
    }
}
