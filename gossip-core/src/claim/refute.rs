//! Refutation of accusations, and the absence of a node that keeps dying.

use core::time::Duration;

use smallvec::SmallVec;

use super::action::Action;
use super::{OwnClaim, own_incarnation};
use crate::context::State;
use crate::member::{Accusation, Level, Phase};
use crate::{Address, Incarnation, Instant};

/// Time for which a node remembers its deaths.
const DEATHS_REMEMBERED: Duration = Duration::from_secs(600);

/// Absence after the second death and those that follow: this, times two to the number of deaths.
const ABSENCE: Duration = Duration::from_secs(5);
const MAX_ABSENCE: Duration = Duration::from_secs(300);

/// The deaths of a node, and its absence after them.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// Times at which this node heard of its last deaths, latest first.
    deaths: SmallVec<[Instant; 8]>,
    /// When this node refutes a death, and the incarnation that it refutes.
    returning: Option<(Instant, Incarnation)>,
}

impl Absence {
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.returning.map(|(at, _)| at)
    }

    /// Ends the absence without a refutation: a node that leaves need not return.
    pub(super) fn cancel(&mut self) {
        self.returning = None;
    }
}

impl<A: Address> OwnClaim<A> {
    /// Handles an accusation against this node. Returns whether the sender should receive this
    /// node's record.
    pub(super) fn on_accusation(
        &mut self,
        state: &mut State<A>,
        accusation: &Accusation,
        is_joining: bool,
    ) -> bool {
        let (accused, ours) = (accusation.incarnation, own_incarnation(state));
        let phase = state.table.local().member.claim.phase;
        if accused.life() != ours.life() || phase == Phase::Left {
            return false;
        }
        if accused < ours {
            // The sender missed the refutation.
            return state.rules.repeats_refutations;
        }
        let dead = accusation.level == Level::Dead;
        if phase == Phase::Leaving {
            // A member that is dead while leaving has left. A suspicion is not refuted either: it
            // may be a verdict elsewhere by now, and no member returns from having left.
            if dead {
                self.enter(state, Phase::Left, is_joining);
            }
            return false;
        }
        // A suspicion that is as old as this node's death does not end its absence.
        let absent = self.absence.returning.is_some_and(|(_, last)| accused <= last);
        if (dead || absent) && self.stay_away(state, accused) {
            return false;
        }
        self.refute(state, accused);
        true
    }

    fn refute(&mut self, state: &mut State<A>, accused: Incarnation) {
        state.stats.local.refutations += 1;
        self.actions.push_back(Action::Accused);
        self.outbid(state, accused, |_| ());
    }

    /// Returns whether this node leaves its death unrefuted for now. A node that keeps dying waits
    /// before it returns, so that others do not see it come and go.
    fn stay_away(&mut self, state: &State<A>, accused: Incarnation) -> bool {
        if let Some((_, last)) = &mut self.absence.returning {
            *last = accused.max(*last);
            return true;
        }
        if !state.rules.delays_returns {
            return false;
        }
        let deaths = &mut self.absence.deaths;
        deaths.retain(|at| state.now.saturating_duration_since(*at) < DEATHS_REMEMBERED);
        deaths.truncate(deaths.inline_size() - 1);
        deaths.insert(0, state.now);
        if deaths.len() < 2 {
            return false;
        }
        let absence = (ABSENCE * (1 << deaths.len())).min(MAX_ABSENCE);
        self.absence.returning = Some((state.now + absence, accused));
        true
    }

    pub(super) fn on_absence_timeout(&mut self, state: &mut State<A>) {
        let now = state.now;
        let ours = own_incarnation(state);
        if let Some((_, accused)) = self.absence.returning.take_if(|(at, _)| *at <= now)
            && accused.life() == ours.life()
            && accused >= ours
        {
            self.refute(state, accused);
        }
    }
}
