//! Conflicts: earlier lives of this node, and other processes that claim its id.

use super::action::Action;
use super::{OwnClaim, own_id, own_incarnation};
use crate::context::State;
use crate::{Address, Incarnation, Instant};

/// Number of pings to another bearer of this node's id.
const MAX_PINGS: u8 = 4;

/// Another process that claims this node's id and may be live.
#[derive(Debug)]
pub(super) struct Rival<A> {
    incarnation: Incarnation,
    address: A,
    nonce: u32,
    pings: u8,
    pub(super) next: Instant,
}

impl<A: Address> OwnClaim<A> {
    /// Moves on to an epoch that is larger than that of another life of this node.
    pub(super) fn outlive(&mut self, state: &mut State<A>, other: Incarnation) {
        let ours = own_incarnation(state);
        let epoch = ours.epoch.max(other.epoch).next();
        let next = epoch.map(|epoch| Incarnation { epoch, number: 0, ..ours });
        self.advance(state, next, |_| ());
    }

    /// Begins to ping another bearer of this node's id that has a better claim.
    pub(super) fn question(&mut self, state: &State<A>, incarnation: Incarnation, address: A) {
        let known = self.rival.as_ref();
        if known.is_none_or(|rival| rival.incarnation.life() < incarnation.life()) {
            let nonce = self.rng.next_u32();
            self.rival = Some(Rival { incarnation, address, nonce, pings: 0, next: state.now });
        }
    }

    /// Handles an ack for which no probe waits. Returns whether it came from the other bearer of
    /// this node's id, which then lives.
    pub(crate) fn on_rival_ack(&mut self, nonce: u32) -> bool {
        let Some(rival) = self.rival.take_if(|rival| rival.nonce == nonce) else {
            return false;
        };
        self.actions.push_back(Action::Conflict { address: rival.address });
        true
    }

    pub(super) fn on_rival_timeout(&mut self, state: &mut State<A>) {
        let Some(rival) = self.rival.as_mut().filter(|rival| rival.next <= state.now) else {
            return;
        };
        let incarnation = rival.incarnation;
        if rival.pings < MAX_PINGS {
            rival.pings += 1;
            rival.next = state.now + state.config.detector.probe_timeout;
            let (to, nonce) = (rival.address.clone(), rival.nonce);
            let target_tag = state.table.target_tag(&own_id(state), incarnation);
            self.actions.push_back(Action::PingRival { to, nonce, target_tag });
        } else {
            self.rival = None;
            self.outlive(state, incarnation);
        }
    }
}
