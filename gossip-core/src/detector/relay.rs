//! Probes on behalf of other members.

use super::action::Action;
use super::{FailureDetector, MAX_RELAYS};
use crate::context::Context;
use crate::{Address, NodeId};

/// A ping that this node sent on behalf of another member.
#[derive(Debug)]
pub(crate) struct Relay {
    /// The member that requested the ping, and the nonce of its request.
    pub(super) origin: NodeId,
    pub(super) nonce: u32,
    pub(super) target: NodeId,
    /// Whether this node has sent a nack to the origin.
    nacked: bool,
}

impl FailureDetector {
    pub(crate) fn on_ping_request<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        origin: NodeId,
        target: NodeId,
        nonce: u32,
    ) {
        if self.relays.len() >= MAX_RELAYS {
            cx.stats.detector.relays_dropped += 1;
            return;
        }
        let ours = self.rng.next_u32();
        let relay = Relay { origin, nonce, target, nacked: false };
        self.relays.set(ours, cx.now + cx.rules.nack_after, relay);
        cx.push(Action::Ping { to: target, nonce: ours, attach: None, ring: None });
    }

    pub(super) fn on_relay_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        ours: u32,
        relay: Relay,
    ) {
        if relay.nacked {
            return;
        }
        cx.push(Action::Nack { to: relay.origin, nonce: relay.nonce });
        // An ack that comes after all is still passed on.
        let at = cx.now + cx.config.detector.probe_timeout;
        self.relays.set(ours, at, Relay { nacked: true, ..relay });
    }
}
