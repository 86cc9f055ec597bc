//! Probes on behalf of others.

use super::action::Action;
use super::{FailureDetector, MAX_RELAYS};
use crate::context::Context;
use crate::{Address, DetectorKind, NodeId};

/// A ping of ours that somebody else asked for.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Who asked, and the nonce of its question.
    pub(super) origin: NodeId,
    pub(super) nonce: u32,
    pub(super) target: NodeId,
    /// Whether it has been told that there was no answer so far.
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
        // Early enough for the nack to arrive before the origin's probe ends: that of a watcher may
        // ask for half a probe timeout only, a third of which has passed in the second round.
        let patience = match cx.config.detector.kind {
            DetectorKind::Swim => cx.config.detector.probe_timeout * 4 / 5,
            DetectorKind::Rings => cx.config.detector.probe_timeout / 5,
        };
        self.relays.set(ours, cx.now + patience, Relay { origin, nonce, target, nacked: false });
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
        // An answer that comes after all is still passed on.
        let at = cx.now + cx.config.detector.probe_timeout;
        self.relays.set(ours, at, Relay { nacked: true, ..relay });
    }
}
