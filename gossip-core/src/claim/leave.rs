//! Leaving: a node tells some members that it is leaving, then that it has left.

use smallvec::SmallVec;

use super::action::Action;
use super::{OwnClaim, own_id};
use crate::context::State;
use crate::detector::action::Action as DetectorAction;
use crate::member::{Phase, Slot};
use crate::{Address, Instant, NodeId};

/// Number of members that must acknowledge each stage of leaving.
const WITNESSES: usize = 3;

/// Salts of the cookies in pings that announce a stage of leaving.
const LEAVING: u8 = 1;
const LEFT: u8 = 2;

/// One stage of leaving.
#[derive(Debug)]
pub(super) struct Farewell {
    /// Members that acknowledged this stage.
    witnesses: SmallVec<[NodeId; WITNESSES]>,
    /// When this stage ends in any case.
    pub(super) end: Instant,
    /// When this node tells more members.
    next: Instant,
}

impl Farewell {
    pub(super) fn next_timeout(&self) -> Instant {
        self.next.min(self.end)
    }
}

impl<A: Address> OwnClaim<A> {
    /// Begins to leave. A second call changes nothing.
    pub(crate) fn leave(&mut self, state: &mut State<A>, is_joining: bool) {
        self.absence.cancel();
        if self.farewell.is_none() {
            self.enter(state, Phase::Leaving, is_joining);
        }
    }

    /// Enters a stage of leaving.
    pub(super) fn enter(&mut self, state: &mut State<A>, phase: Phase, is_joining: bool) {
        let now = state.now;
        state.table.claim(now, |claim| claim.phase = phase);
        self.actions.push_back(Action::Spread);
        let end = now + state.config.leave_timeout / 2;
        self.farewell = Some(Farewell { witnesses: SmallVec::new(), end, next: now });
        self.tell_farewell(state);
        self.check_farewell(state, is_joining);
    }

    /// Handles the ack to a ping that announced the present stage, if the nonce is its cookie.
    pub(crate) fn on_farewell_ack(
        &mut self,
        state: &mut State<A>,
        from: NodeId,
        nonce: u32,
        is_joining: bool,
    ) {
        let Some(farewell) = &mut self.farewell else { return };
        if nonce != state.table.cookie(&from, salt(state)) {
            return;
        }
        if !farewell.witnesses.contains(&from) {
            farewell.witnesses.push(from);
        }
        self.check_farewell(state, is_joining);
    }

    pub(super) fn on_farewell_timeout(&mut self, state: &mut State<A>, is_joining: bool) {
        if self.farewell.as_ref().is_some_and(|farewell| farewell.end <= state.now) {
            self.check_farewell(state, is_joining);
        }
        if self.farewell.as_ref().is_some_and(|farewell| farewell.next <= state.now) {
            self.tell_farewell(state);
        }
    }

    /// Ends the present stage if enough members know of it, or its time is over.
    fn check_farewell(&mut self, state: &mut State<A>, is_joining: bool) {
        let Some(farewell) = &self.farewell else { return };
        let told = farewell.witnesses.len() >= needed(state) && !is_joining;
        if !told && farewell.end > state.now {
            return;
        }
        if state.table.local().member.claim.phase == Phase::Left {
            self.farewell = None;
            self.actions.push_back(Action::Left);
        } else {
            self.enter(state, Phase::Left, is_joining);
        }
    }

    /// Pings some members that have not acknowledged the present stage, with this node's record.
    fn tell_farewell(&mut self, state: &mut State<A>) {
        let Some(farewell) = &mut self.farewell else { return };
        farewell.next = state.now + state.config.rumors.interval;
        let told = &farewell.witnesses;
        let untold = |slot: &Slot<A>| !told.contains(&slot.member.id);
        let peers = state.table.sample(&mut self.rng, 2 * WITNESSES, untold);
        let (own, salt) = (own_id(state), salt(state));
        for to in peers {
            let nonce = state.table.cookie(&to, salt);
            state.cx().push(DetectorAction::Ping { to, nonce, attach: Some(own), ring: None });
        }
    }
}

/// Returns the number of witnesses that a stage needs. A suspected member may never acknowledge
/// anything again; if all are suspected, one of them must.
fn needed<A: Address>(state: &State<A>) -> usize {
    let healthy = |slot: &&Slot<A>| slot.member.status().is_healthy();
    let needed = state.table.live().filter(healthy).take(WITNESSES).count();
    needed.max(state.table.live().len().min(1))
}

fn salt<A: Address>(state: &State<A>) -> u8 {
    if state.table.local().member.claim.phase == Phase::Left { LEFT } else { LEAVING }
}
