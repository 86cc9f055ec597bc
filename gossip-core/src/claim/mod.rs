//! The own claim: how it grows, and how this node defends it and gives it up.

pub(crate) mod action;
mod conflict;
pub(crate) mod event;
mod leave;
pub(crate) mod message;
mod refute;
pub(crate) mod stats;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use core::time::Duration;

use action::Action;
use conflict::Rival;
use leave::Farewell;
use message::{Message, Standing};
use refute::Absence;

use crate::context::State;
use crate::id::ShortId;
use crate::member::{Accusation, Claim, Meta, Phase};
use crate::rng::Rng;
use crate::{Address, Incarnation, Instant, NodeId, queue, time};

/// The state of a node's defence of its own claim.
#[derive(Debug)]
pub(crate) struct OwnClaim<A> {
    rng: Rng,
    farewell: Option<Farewell>,
    rival: Option<Rival<A>>,
    absence: Absence,
    actions: VecDeque<Action<A>>,
}

impl<A: Address> OwnClaim<A> {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "own"),
            farewell: None,
            rival: None,
            absence: Absence::default(),
            actions: VecDeque::new(),
        }
    }

    /// Takes the next action. The node runs them before it goes on.
    pub(crate) fn poll_action(&mut self) -> Option<Action<A>> {
        queue::pop(&mut self.actions)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let farewell = self.farewell.as_ref().map(Farewell::next_timeout);
        let rival = self.rival.as_ref().map(|rival| rival.next);
        time::earliest([farewell, rival, self.absence.next_timeout()])
    }

    pub(crate) fn on_timeout(&mut self, state: &mut State<A>, is_joining: bool) {
        self.on_absence_timeout(state);
        self.on_farewell_timeout(state, is_joining);
        self.on_rival_timeout(state);
    }

    /// Extends the deadlines by a pause of this node, except that of an absence.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        if let Some(farewell) = &mut self.farewell {
            farewell.end = farewell.end + pause;
        }
        if let Some(rival) = &mut self.rival {
            rival.next = rival.next + pause;
        }
    }

    /// Makes a claim of the next incarnation, with a change.
    pub(crate) fn change(
        &mut self,
        state: &mut State<A>,
        change: impl FnOnce(&mut Claim<A, Meta>),
    ) {
        let own = own_incarnation(state);
        self.outbid(state, own, change);
    }

    /// Handles this node's own record as another member knows it. Returns whether the sender should
    /// receive the present one.
    pub(crate) fn on_record(
        &mut self,
        state: &mut State<A>,
        claim: &Claim<A, &[u8]>,
        accusation: Option<&Accusation>,
        is_joining: bool,
    ) -> bool {
        let ours = &state.table.local().member.claim;
        let theirs = claim.incarnation;
        if claim.order(ours).is_le() {
            return accusation
                .is_some_and(|accusation| self.on_accusation(state, accusation, is_joining));
        }
        if theirs.life() == ours.incarnation.life() {
            self.outbid(state, theirs, |_| ());
        } else if claim.address == ours.address || claim.phase == Phase::Left {
            // An earlier life of this node: its clock went back.
            self.outlive(state, theirs);
        } else {
            self.question(state, theirs, claim.address.clone());
            return false;
        }
        true
    }

    /// Handles a message about this node's claim. Returns whether the sender should receive this
    /// node's record.
    pub(crate) fn on_message(
        &mut self,
        state: &mut State<A>,
        message: Message,
        is_joining: bool,
    ) -> bool {
        let Message::Standing(Standing { incarnation, left, accused }) = message;
        let ours = own_incarnation(state);
        if incarnation > ours && incarnation.life() == ours.life() {
            self.outbid(state, incarnation, |_| ());
        } else if incarnation > ours && left {
            self.outlive(state, incarnation);
        } else {
            // The sender's record tells more about another life: its address.
            return incarnation == ours
                && accused.is_some_and(|level| {
                    let accusation = Accusation::new(incarnation, level, ShortId::default());
                    self.on_accusation(state, &accusation, is_joining)
                });
        }
        true
    }

    /// Makes a claim that is larger than `than`, with a change.
    fn outbid(
        &mut self,
        state: &mut State<A>,
        than: Incarnation,
        change: impl FnOnce(&mut Claim<A, Meta>),
    ) {
        let next = own_incarnation(state).max(than).next();
        self.advance(state, next, change);
    }

    /// Moves the claim to `next`. `None` means that the incarnations are exhausted: another process
    /// holds this node's id.
    fn advance(
        &mut self,
        state: &mut State<A>,
        next: Option<Incarnation>,
        change: impl FnOnce(&mut Claim<A, Meta>),
    ) {
        let Some(next) = next else {
            let address = state.table.local().member.claim.address.clone();
            self.actions.push_back(Action::Conflict { address });
            return;
        };
        let now = state.now;
        state.table.claim(now, |claim| {
            claim.incarnation = next;
            change(claim);
        });
        self.actions.push_back(Action::Spread);
    }
}

fn own_id<A: Address>(state: &State<A>) -> NodeId {
    state.table.local().member.id
}

fn own_incarnation<A: Address>(state: &State<A>) -> Incarnation {
    state.table.local().member.incarnation()
}
