//! A slot of the table: one member.

use core::time::Duration;

use super::{Member, Phase, Status};
use crate::id::ShortId;
use crate::{Incarnation, Instant};

/// A member, and the facts about it that only this node knows.
#[derive(Debug)]
pub(crate) struct Slot<A> {
    pub(crate) member: Member<A>,
    /// The member's share of the fingerprint, or zero if it has none.
    pub(super) share: u64,
    /// When the member departed, by the oldest record: microseconds, negative before the origin of
    /// this node's clock.
    pub(super) departed_at: i64,
    pub(crate) short: ShortId,
    /// Index in the table's `live` or `departed` list.
    pub(super) position: u32,
    /// Set if the member has answered from the address that it claims.
    pub(crate) verified: bool,
    /// Set when the retention has ended: this node no longer sends, accepts or shows the record.
    pub(super) expired: bool,
    /// Number of refutations, each within [`REFUTATION_MEMORY`] of the last.
    refutations: u8,
    /// Time of the last refutation, in seconds.
    refuted_at: u32,
}

/// Seconds after which a refutation no longer counts, if the member has made no other.
const REFUTATION_MEMORY: u32 = 600;

/// Maximum number of refutations that count.
const MAX_REFUTATIONS: u8 = 2;

impl<A> Slot<A> {
    pub(super) fn new(member: Member<A>, short: ShortId) -> Self {
        Self {
            member,
            share: 0,
            departed_at: 0,
            short,
            position: 0,
            verified: false,
            expired: false,
            refutations: 0,
            refuted_at: 0,
        }
    }

    /// Returns the time since the member departed, or zero while it is live.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        if self.member.status().is_live() {
            Duration::ZERO
        } else {
            Duration::from_micros(signed(now).saturating_sub(self.departed_at).max(0) as u64)
        }
    }

    /// Returns the version of the record in a synchronisation. It does not depend on suspicions,
    /// which come and go.
    pub(crate) fn version(&self) -> u32 {
        self.share as u32
    }

    /// Returns the number of recent refutations, at most [`MAX_REFUTATIONS`].
    pub(crate) fn refutations(&self, now: Instant) -> u8 {
        let is_recent = seconds(now).wrapping_sub(self.refuted_at) < REFUTATION_MEMORY;
        if is_recent { self.refutations } else { 0 }
    }

    /// Handles a new claim of a member that had status `before` at incarnation `known`. The claim
    /// is a refutation if the member was accused. A claim of a new life does not refute, because the old
    /// life may have ended.
    pub(super) fn on_claim(&mut self, now: Instant, before: Status, known: Incarnation) {
        let claim = &self.member.claim;
        let accused = matches!(before, Status::Suspect | Status::Dead);
        if claim.incarnation.life() != known.life() {
            self.refutations = 0;
        } else if accused && claim.incarnation > known && claim.phase != Phase::Left {
            self.refutations = MAX_REFUTATIONS.min(self.refutations(now) + 1);
            self.refuted_at = seconds(now);
        }
    }
}

/// Returns a time as microseconds from the origin. Differences may be negative.
pub(super) fn signed(now: Instant) -> i64 {
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// Returns whole seconds modulo 2^32 (136 years).
fn seconds(now: Instant) -> u32 {
    (now.as_micros() / 1_000_000) as u32
}
