//! What is known of one member.

use core::time::Duration;

use super::{Member, Phase, Status};
use crate::id::ShortId;
use crate::{Incarnation, Instant};

/// A member and what only this node knows of it.
#[derive(Debug)]
pub(crate) struct Slot<A> {
    pub(crate) member: Member<A>,
    /// Its share of the fingerprint; zero if it has none.
    pub(super) share: u64,
    /// When it died or left, by the oldest account: microseconds, negative for before our origin.
    pub(super) gone_since: i64,
    pub(crate) short: ShortId,
    /// Its place in `live` or `gone`.
    pub(super) place: u32,
    /// Whether it has answered from the address that it claims.
    pub(crate) verified: bool,
    /// Past its grace: no longer offered, accepted or shown.
    pub(super) expired: bool,
    /// How often it has refuted an accusation, each time soon after the time before.
    refutations: u8,
    /// When it did last, in seconds.
    refuted: u32,
}

/// For how many seconds a refutation is remembered, if no other comes.
const LATELY: u32 = 600;

/// More of them make no difference.
const MOST_REFUTATIONS: u8 = 2;

impl<A> Slot<A> {
    pub(super) fn new(member: Member<A>, short: ShortId) -> Self {
        Self {
            member,
            share: 0,
            gone_since: 0,
            short,
            place: 0,
            verified: false,
            expired: false,
            refutations: 0,
            refuted: 0,
        }
    }

    /// For how long it has been dead or left; zero while it lives.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        if self.member.status().is_live() {
            Duration::ZERO
        } else {
            Duration::from_micros(signed(now).saturating_sub(self.gone_since).max(0) as u64)
        }
    }

    /// What tells the versions of one member's record apart in a synchronisation. Suspicions,
    /// which come and go, do not count.
    pub(crate) fn version(&self) -> u32 {
        self.share as u32
    }

    /// How often it has refuted an accusation lately, two at most.
    pub(crate) fn refutations(&self, now: Instant) -> u8 {
        let lately = seconds(now).wrapping_sub(self.refuted) < LATELY;
        if lately { self.refutations } else { 0 }
    }

    /// It has claimed something new, and was in this state at this point of its life before: refutes
    /// if it was accused. A new life says nothing of that: the old one may have ended.
    pub(super) fn on_claim(&mut self, now: Instant, before: Status, known: Incarnation) {
        let claim = &self.member.claim;
        let accused = matches!(before, Status::Suspect | Status::Dead);
        if claim.incarnation.life() != known.life() {
            self.refutations = 0;
        } else if accused && claim.incarnation > known && claim.phase != Phase::Left {
            self.refutations = MOST_REFUTATIONS.min(self.refutations(now) + 1);
            self.refuted = seconds(now);
        }
    }
}

/// As a time that can be before our origin.
pub(super) fn signed(now: Instant) -> i64 {
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// Whole seconds, of which those of 136 years are told apart.
fn seconds(now: Instant) -> u32 {
    (now.as_micros() / 1_000_000) as u32
}
