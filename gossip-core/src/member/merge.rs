//! Merging into the table: what a record changes, how long the gone are remembered, and the
//! fingerprint of it all.

use core::time::Duration;

use super::record::Merged;
use super::slot::signed;
use super::{Accusation, Advert, Claim, Level, Member, Meta, Phase, Status, Table};
use crate::hash::Key;
use crate::{Address, Incarnation, Instant, NodeId};

/// How many members may share one short id; by chance not even three do.
const CROWD: usize = 8;

/// What came of a record that was merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It told us nothing.
    Known,
    /// It is of somebody unknown, and there is no room, or no reason, to remember it.
    Refused { full: bool },
    /// The table changed.
    Changed(Change),
}

/// How one member changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What it was, if it was known.
    pub(crate) before: Option<Status>,
    pub(crate) after: Status,
    /// Whether something an application can see of the claim changed: anything but the number of
    /// its incarnation.
    pub(crate) visible: bool,
    /// Whether others should hear of it: not if all that is new is one more who accuses the dead,
    /// or a suspect that as many as are kept accuse. Lifeguard passes on the first three
    /// confirmations and no more.
    pub(crate) news: bool,
}

impl<A: Address> Table<A> {
    /// Merges a record that tells of a member which, if it is dead or left, is so since `age`.
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
        let (before, shown) = (entry.member.status(), !entry.expired);
        let (charge, known) = (entry.member.settled_accusation(), entry.member.incarnation());
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
            let news = claimed || aged || is_news(charge, member);
            let (before, after) = (shown.then_some(before), member.status());
            Merge::Changed(Change { before, after, visible, news })
        } else {
            Merge::Known
        }
    }

    /// Merges an accusation alone.
    pub(crate) fn accuse(&mut self, now: Instant, id: &NodeId, accusation: &Accusation) -> Merge {
        let Some(slot) = self.find(id) else { return Merge::Refused { full: false } };
        let entry = self.slot_mut(slot);
        let (before, charge) = (entry.member.status(), entry.member.settled_accusation());
        if !entry.member.accuse(accusation) {
            return Merge::Known;
        }
        let shown = !entry.expired;
        self.settle(now, slot, before, false, Duration::ZERO);
        self.recount(slot);
        let member = &self.slot(slot).member;
        let news = is_news(charge, member);
        let (before, after) = (shown.then_some(before), member.status());
        Merge::Changed(Change { before, after, visible: false, news })
    }

    /// Ends the grace of a member that is dead or has left.
    pub(crate) fn end_retention(&mut self, now: Instant, id: &NodeId) {
        if let Some(slot) = self.find(id) {
            let before = self.slot(slot).member.status();
            self.settle(now, slot, before, false, self.retention);
        }
    }

    /// When [`expire`](Self::expire) next has something to do.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.next()
    }

    /// Takes the next member whose grace has ended, if there is one; it is no longer shown, and
    /// a little later no longer remembered.
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

    /// Takes in a member that was not known.
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
        let crowd = self.index.iter_hash(hash).filter(|&&slot| self.slot(slot).short == short);
        let full = self.is_full();
        if full || crowd.count() >= CROWD {
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
            self.bury(now, slot, age);
        }
        self.recount(slot);
        Merge::Changed(Change { before: None, after, visible: true, news: true })
    }

    /// After a merge: puts the member into the list of its new status and minds its age, which
    /// is that of the news if there are any, else the greater. Whether its age alone has now
    /// ended its grace.
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
            self.bury(now, slot, age);
            false
        } else if age > known_age && !self.slot(slot).expired {
            self.bury(now, slot, age);
            age >= self.retention && known_age < self.retention
        } else {
            false
        }
    }

    /// Notes since when it is gone, and when that is over.
    fn bury(&mut self, now: Instant, slot: u32, age: Duration) {
        let left = self.retention.saturating_sub(age);
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let entry = self.slot_mut(slot);
        entry.gone_since = signed(now).saturating_sub(age);
        entry.expired = false;
        let id = entry.member.id;
        self.expiry.set(id, now + left, ());
    }

    /// Brings the member's share of the fingerprint up to date, and what it is advertised as.
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

/// The hash of what must be equal everywhere in the end: the claim, and whether an accusation
/// ended it. One that has no effect here may be unknown elsewhere. Never zero, which means no share.
fn share<A: Address>(cluster: Key, member: &Member<A>) -> u64 {
    let status = member.status();
    let dead =
        status == Status::Dead || (status == Status::Left && member.claim.phase != Phase::Left);
    let counted = (member.id, &member.claim, dead);
    let mut bytes = [0; 704];
    let bytes = postcard::to_slice(&counted, &mut bytes).expect("claims are of bounded size");
    cluster.hash(bytes).max(1)
}

/// Whether others should hear of what a member is accused of now, if it had the settled charge
/// `before`.
fn is_news<A: Address>(before: Option<(Incarnation, Level)>, member: &Member<A>) -> bool {
    before.is_none() || before != member.settled_accusation()
}

/// The version in an advert: sixteen bits that change with everything but who accuses.
pub(super) fn version<A>(cluster: Key, member: &Member<A>) -> u16 {
    let current = |accusation: &&Accusation| accusation.incarnation == member.claim.incarnation;
    let level = member.accusation.as_deref().filter(current).map(|accusation| accusation.level);
    let news = (member.claim.incarnation, member.claim.phase, level);
    let mut bytes = [0; 32];
    let bytes = postcard::to_slice(&news, &mut bytes).expect("these are at most 22 bytes");
    cluster.hash(bytes) as u16
}
