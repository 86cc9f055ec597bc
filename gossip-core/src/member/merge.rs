//! Merging records into the table: the changes, the retention of departed members, and the
//! fingerprint.

use core::time::Duration;

use super::record::Merged;
use super::slot::signed;
use super::{Accusation, Advert, Claim, Level, Member, Meta, Phase, Status, Table};
use crate::hash::Key;
use crate::{Address, Incarnation, Instant, NodeId};

/// Maximum number of members with the same short id. By chance not even three members share one.
const MAX_SAME_SHORT: usize = 8;

/// The outcome of merging a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// The table already held all of it.
    Known,
    /// The member is unknown, and the table refused it: it is full, or the member departed longer
    /// ago than the retention.
    Refused { full: bool },
    /// The table changed.
    Changed(Change),
}

/// The change of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The status before, if the member was visible.
    pub(crate) before: Option<Status>,
    pub(crate) after: Status,
    /// Set if the claim changed in more than the number of its incarnation: an application can see
    /// that.
    pub(crate) visible: bool,
    /// Set if this node should spread the change. It does not spread a further accuser of a dead
    /// member, or of a suspect with a full list of accusers. Lifeguard likewise passes on only
    /// the first three confirmations.
    pub(crate) news: bool,
}

impl<A: Address> Table<A> {
    /// Merges a record. `age` is the time since the member departed, if it did.
    pub(crate) fn merge<M: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        id: NodeId,
        claim: &Claim<A, M>,
        accusation: Option<&Accusation>,
        age: Duration,
    ) -> Merge {
        let Some(slot) = self.find(&id) else {
            return self.admit(now, id, claim, accusation, age);
        };
        let entry = self.slot_mut(slot);
        let (before, was_visible) = (entry.member.status(), !entry.expired);
        let (settled, known) = (entry.member.settled_accusation(), entry.member.incarnation());
        let Merged { claimed, visible, moved, accused } = entry.member.merge(claim, accusation);
        entry.verified &= !moved;
        if claimed {
            entry.on_claim(now, before, known);
        }
        let changed = claimed || accused;
        if !changed && before.is_live() {
            return Merge::Known;
        }
        let aged = self.settle(now, slot, before, claimed, age);
        if changed || aged {
            self.recount(slot);
            let member = &self.slot(slot).member;
            let news = claimed || aged || is_news(settled, member);
            let (before, after) = (was_visible.then_some(before), member.status());
            Merge::Changed(Change { before, after, visible, news })
        } else {
            Merge::Known
        }
    }

    /// Merges an accusation without a claim.
    pub(crate) fn accuse(&mut self, now: Instant, id: &NodeId, accusation: &Accusation) -> Merge {
        let Some(slot) = self.find(id) else { return Merge::Refused { full: false } };
        let entry = self.slot_mut(slot);
        let (before, settled) = (entry.member.status(), entry.member.settled_accusation());
        if !entry.member.accuse(accusation) {
            return Merge::Known;
        }
        let was_visible = !entry.expired;
        self.settle(now, slot, before, false, Duration::ZERO);
        self.recount(slot);
        let member = &self.slot(slot).member;
        let news = is_news(settled, member);
        let (before, after) = (was_visible.then_some(before), member.status());
        Merge::Changed(Change { before, after, visible: false, news })
    }

    /// Ends the retention of a departed member.
    pub(crate) fn end_retention(&mut self, now: Instant, id: &NodeId) {
        if let Some(slot) = self.find(id) {
            let before = self.slot(slot).member.status();
            self.settle(now, slot, before, false, self.retention);
        }
    }

    /// Returns the time of the next expiry.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.next()
    }

    /// Takes the next member after the end of its retention. It becomes invisible now, and the table
    /// forgets it a little later.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<NodeId> {
        while let Some((id, ())) = self.expiry.pop(now) {
            let Some(slot) = self.find(&id) else { continue };
            if self.slot(slot).expired {
                self.remove(slot);
            } else {
                self.slot_mut(slot).expired = true;
                self.recount(slot);
                self.expiry.set(id, now + self.linger, ());
                return Some(id);
            }
        }
        None
    }

    /// Adds an unknown member.
    fn admit<M: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        id: NodeId,
        claim: &Claim<A, M>,
        accusation: Option<&Accusation>,
        age: Duration,
    ) -> Merge {
        let short = self.cluster.short(&id);
        let hash = self.secret.table_hash(short);
        let same = self.index.iter_hash(hash).filter(|&&slot| self.slot(slot).short == short);
        let full = self.is_full();
        if full || same.count() >= MAX_SAME_SHORT {
            self.overflowing |= full;
            return Merge::Refused { full };
        }
        let mut stored = Claim {
            incarnation: Incarnation::default(),
            phase: claim.phase,
            versions: claim.versions,
            address: claim.address.clone(),
            meta: Meta::new(),
        };
        stored.assign(claim);
        let mut member = Member { id, claim: stored, accusation: None };
        if let Some(accusation) = accusation {
            member.accuse(accusation);
        }
        let after = member.status();
        if !after.is_live() && age >= self.retention {
            return Merge::Refused { full: false };
        }
        let slot = self.insert(member);
        self.list(slot);
        if !after.is_live() {
            self.set_departed(now, slot, age);
        }
        self.recount(slot);
        Merge::Changed(Change { before: None, after, visible: true, news: true })
    }

    /// Completes a merge: moves the member to the list of its new status and updates its age. The
    /// age of a new claim or status replaces the known age; otherwise the greater of the two
    /// counts. Returns whether the age has just ended the retention.
    fn settle(
        &mut self,
        now: Instant,
        slot: u32,
        before: Status,
        claimed: bool,
        age: Duration,
    ) -> bool {
        let entry = self.slot(slot);
        let after = entry.member.status();
        let known_age = entry.age(now);
        if before.is_live() != after.is_live() {
            self.unlist(slot, before.is_live());
            self.list(slot);
        }
        if after.is_live() {
            if !before.is_live() {
                let entry = self.slot_mut(slot);
                entry.expired = false;
                let id = entry.member.id;
                self.expiry.remove(&id);
            }
            false
        } else if claimed || before != after {
            self.set_departed(now, slot, age);
            false
        } else if age > known_age && !self.slot(slot).expired {
            self.set_departed(now, slot, age);
            age >= self.retention && known_age < self.retention
        } else {
            false
        }
    }

    /// Sets when the member departed, and when its retention ends.
    fn set_departed(&mut self, now: Instant, slot: u32, age: Duration) {
        let left = self.retention.saturating_sub(age);
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let entry = self.slot_mut(slot);
        entry.departed_at = signed(now).saturating_sub(age);
        entry.expired = false;
        let id = entry.member.id;
        self.expiry.set(id, now + left, ());
    }

    /// Updates the member's share of the fingerprint and its advert.
    pub(super) fn recount(&mut self, slot: u32) {
        let entry = self.slot(slot);
        let share = if entry.expired { 0 } else { share(self.cluster, &entry.member) };
        let short = entry.short;
        let version = || version(self.cluster, &entry.member);
        let advert = (!entry.expired).then(|| Advert { short, version: version() });
        self.adverts[slot as usize] = advert.map(Advert::to_bytes);
        let before = core::mem::replace(&mut self.slot_mut(slot).share, share);
        self.trie.change(short, before, share);
    }
}

/// Returns the hash of the parts of a record that become equal on all nodes: the claim, and whether
/// an accusation ended it. Other nodes may not know an accusation that has no effect here. The hash
/// is never zero, because zero means that the member has no share.
fn share<A: Address>(cluster: Key, member: &Member<A>) -> u64 {
    let status = member.status();
    let dead =
        status == Status::Dead || (status == Status::Left && member.claim.phase != Phase::Left);
    let counted = (member.id, &member.claim, dead);
    let mut bytes = [0; 704];
    let bytes = postcard::to_slice(&counted, &mut bytes).expect("claims are of bounded size");
    cluster.hash(bytes).max(1)
}

/// Returns whether this node should spread the accusation of a member. `before` is the settled
/// accusation before the change.
fn is_news<A: Address>(before: Option<(Incarnation, Level)>, member: &Member<A>) -> bool {
    before.is_none() || before != member.settled_accusation()
}

/// Returns the version in an advert: 16 bits that change with the record, except with the accusers.
pub(super) fn version<A>(cluster: Key, member: &Member<A>) -> u16 {
    let current = |accusation: &&Accusation| accusation.incarnation == member.claim.incarnation;
    let level = member.accusation.as_deref().filter(current).map(|accusation| accusation.level);
    let news = (member.claim.incarnation, member.claim.phase, level);
    let mut bytes = [0; 32];
    let bytes = postcard::to_slice(&news, &mut bytes).expect("these are at most 22 bytes");
    cluster.hash(bytes) as u16
}
