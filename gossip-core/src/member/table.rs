//! The member table: a slab of slots, an index by id, lists for random samples, and a fingerprint.

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

/// The slot of this node.
const LOCAL: u32 = 0;

/// All members that this node knows, including itself.
#[derive(Debug)]
pub(crate) struct Table<A> {
    slots: Vec<Option<Slot<A>>>,
    /// The adverts of the records in the slots. They are stored apart, because callers read the
    /// adverts of dozens of members at a time and nothing else of each.
    pub(super) adverts: Vec<Option<[u8; Advert::SIZE]>>,
    free: Vec<u32>,
    /// Slots by the secret hash of the short id.
    pub(super) index: HashTable<u32>,
    /// The order of the slots by short id, and the fingerprints of the table and its parts.
    pub(super) trie: Trie,
    /// All live members except this node, unordered.
    live: Vec<u32>,
    /// The members that are dead or have left, unordered.
    departed: Vec<u32>,
    /// When each of those expires, and later when the table forgets it.
    pub(super) expiry: Deadlines<NodeId>,
    pub(super) cluster: Key,
    pub(super) secret: Key,
    /// Target tag of pings for this node.
    local_tag: u32,
    /// Set if the table refused a member since it last had room.
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
            departed: Vec::new(),
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

    /// Changes this node's own claim, which must grow. If the change is to leave, this node
    /// departs at `now`.
    pub(crate) fn claim(&mut self, now: Instant, change: impl FnOnce(&mut Claim<A, Meta>)) {
        let slot = self.slots[LOCAL as usize].as_mut().expect("this node is never removed");
        slot.departed_at = signed(now);
        let member = &mut slot.member;
        let before = member.claim.incarnation;
        change(&mut member.claim);
        debug_assert!(member.claim.incarnation >= before);
        member.normalise();
        self.local_tag = self.cluster.target_tag(&member.id, member.incarnation());
        self.recount(LOCAL);
    }

    /// Returns the number of members in the table, including this node and departed ones.
    pub(crate) fn len(&self) -> usize {
        self.trie.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.capacity
    }

    /// Returns whether the table refused a member for lack of room. It then stays different from
    /// other tables.
    pub(crate) fn is_overflowing(&self) -> bool {
        self.overflowing
    }

    /// Returns whether any member is dead or has left.
    pub(crate) fn has_departed(&self) -> bool {
        !self.departed.is_empty()
    }

    /// Returns the sum of the keyed hashes of all visible records. Equal tables have equal
    /// fingerprints.
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

    /// Returns a member, unless its retention has ended.
    pub(crate) fn visible(&self, id: &NodeId) -> Option<&Slot<A>> {
        self.get(id).filter(|slot| !slot.expired)
    }

    /// Returns the member with this short id: the one at this address, or the only one.
    pub(crate) fn sender(&self, short: ShortId, from: &A) -> Option<&Slot<A>> {
        let mut matches = self.all_by_short(short);
        matches.find(|slot| slot.member.claim.address == *from).or_else(|| self.by_short(short))
    }

    /// Returns the member with this short id, if it is the only one.
    pub(crate) fn by_short(&self, short: ShortId) -> Option<&Slot<A>> {
        only(self.all_by_short(short))
    }

    /// Returns the members with this short id, usually one.
    pub(crate) fn all_by_short(&self, short: ShortId) -> impl Iterator<Item = &Slot<A>> {
        let slots =
            self.index.iter_hash(self.secret.table_hash(short)).map(|&slot| self.slot(slot));
        slots.filter(move |slot| slot.short == short && !slot.expired)
    }

    /// Returns all members, except those after the end of their retention.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot<A>> {
        self.slots.iter().flatten().filter(|slot| !slot.expired)
    }

    /// Returns the visible members from short id `first` on, in the order of short ids.
    pub(crate) fn range(&self, first: ShortId) -> impl Iterator<Item = &Slot<A>> {
        let numbers = self.trie.walk(first, lookup(&self.slots));
        numbers.map(|slot| self.slot(slot)).filter(|slot| !slot.expired)
    }

    /// Returns the digests of the sixteen parts of the table below a prefix of short ids.
    pub(crate) fn digests(&self, prefix: Prefix) -> [u32; 16] {
        self.trie.children(prefix, lookup(&self.slots)).map(digest)
    }

    /// Returns the number of members below a prefix of short ids.
    pub(crate) fn count(&self, prefix: Prefix) -> usize {
        self.trie.count(prefix, lookup(&self.slots))
    }

    /// Returns whether the table already holds this claim, or a newer one, of another live member.
    /// A record with such a claim and no accusation is no news.
    pub(crate) fn knows<M: AsRef<[u8]>>(&self, id: &NodeId, claim: &Claim<A, M>) -> bool {
        let other = self.find(id).filter(|slot| *slot != LOCAL).map(|slot| self.slot(slot));
        other.filter(|slot| !slot.expired).is_some_and(|slot| {
            slot.member.status().is_live() && slot.member.claim.order(claim).is_ge()
        })
    }

    /// Returns the advert of the record in a slot, unless its retention has ended.
    pub(crate) fn advert(&self, slot: u32) -> Option<Advert> {
        self.adverts.get(slot as usize).copied().flatten().map(Advert::from_bytes)
    }

    /// Returns the advert of the member with this short id, if it is the only one.
    pub(crate) fn advert_of(&self, short: ShortId) -> Option<Advert> {
        let slots = self.index.iter_hash(self.secret.table_hash(short));
        let adverts = slots.filter_map(|&slot| self.advert(slot));
        only(adverts.filter(|advert| advert.short == short))
    }

    /// Returns the live members except this node, in an arbitrary but reproducible order.
    pub(crate) fn live(&self) -> impl ExactSizeIterator<Item = &Slot<A>> {
        self.live.iter().map(|&slot| self.slot(slot))
    }

    /// Returns the slots of the live members except this node, in the order of [`live`](Self::live).
    pub(crate) fn live_slots(&self) -> &[u32] {
        &self.live
    }

    /// Returns the present member in a slot. A slot is reused when the table forgets its member.
    pub(crate) fn in_slot(&self, slot: u32) -> Option<&Slot<A>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Draws up to `count` distinct live members that fit at random.
    pub(crate) fn sample(
        &self,
        rng: &mut Rng,
        count: usize,
        fits: impl FnMut(&Slot<A>) -> bool,
    ) -> SmallVec<[NodeId; 8]> {
        self.sample_from(&self.live, rng, count, fits)
    }

    /// Draws a departed member that fits at random.
    pub(crate) fn sample_departed(
        &self,
        rng: &mut Rng,
        fits: impl FnMut(&Slot<A>) -> bool,
    ) -> Option<NodeId> {
        self.sample_from(&self.departed, rng, 1, fits).pop()
    }

    /// Draws members from a list at random. It shuffles a short list, and so misses no member that
    /// fits. From a long list it makes a bounded number of draws.
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

    /// Handles an answer of a member from an address. Returns whether the member claims that
    /// address, which is then verified.
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

    /// Returns the member's slot.
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
        self.trie.insert(slot, lookup(&self.slots));
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.unlist(slot, false);
        let short = self.slot(slot).short;
        let hash = self.secret.table_hash(short);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
        self.trie.remove(slot, lookup(&self.slots));
        self.slots[slot as usize] = None;
        self.free.push(slot);
        self.overflowing = false;
    }

    pub(super) fn list(&mut self, slot: u32) {
        let live = self.slot(slot).member.status().is_live();
        let list = if live { &mut self.live } else { &mut self.departed };
        let position = list.len() as u32;
        grow(list);
        list.push(slot);
        self.slot_mut(slot).position = position;
    }

    pub(super) fn unlist(&mut self, slot: u32, live: bool) {
        let position = self.slot(slot).position;
        let list = if live { &mut self.live } else { &mut self.departed };
        list.swap_remove(position as usize);
        if let Some(&moved) = list.get(position as usize) {
            self.slot_mut(moved).position = position;
        }
    }
}

/// Returns the item of an iterator that has exactly one.
fn only<T>(mut matches: impl Iterator<Item = T>) -> Option<T> {
    matches.next().filter(|_| matches.next().is_none())
}

/// Returns whether the encoded address is within its limit.
pub(crate) fn fits(address: &impl Serialize) -> bool {
    postcard::to_slice(address, &mut [0; MAX_ADDRESS]).is_ok()
}

/// Returns the lookup that the trie needs: the key and the hash of the member in a slot.
fn lookup<A>(slots: &[Option<Slot<A>>]) -> impl Fn(u32) -> (ShortId, u64) {
    |slot| match &slots[slot as usize] {
        Some(slot) => (slot.short, slot.share),
        None => (ShortId(0), 0),
    }
}

/// Reduces a fingerprint to four bytes.
fn digest(fingerprint: u64) -> u32 {
    (fingerprint ^ (fingerprint >> 32)) as u32
}

/// Returns how long the table remembers an expired member: long enough for other nodes to hear that
/// the retention has ended.
fn linger(config: &Config) -> Duration {
    let minute = Duration::from_secs(60);
    (config.members.retention / 8).min(minute).max(10 * config.rumors.interval)
}

/// Reserves room for one more item. It grows by an eighth, because tables are large and live long.
fn grow<T>(vec: &mut Vec<T>) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact((vec.len() / 8).max(8));
    }
}
