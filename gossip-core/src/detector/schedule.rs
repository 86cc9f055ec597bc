//! The schedule of probes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::rings::Rings;
use super::target::ProbeTarget;
use crate::context::Context;
use crate::rng::Rng;
use crate::{Address, Config, DetectorKind, Instant, NodeId};

/// The members that are probed, and their order.
#[derive(Debug)]
pub(super) enum Schedule {
    Shuffled(Shuffled),
    Rings(Box<Rings>),
}

impl Schedule {
    pub(super) fn new(now: Instant, config: &Config, rng: &mut Rng) -> Self {
        match config.detector.kind {
            DetectorKind::Swim => Self::Shuffled(Shuffled::new(now, config, rng)),
            DetectorKind::Rings => Self::Rings(Box::new(Rings::new(now, config, rng))),
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        match self {
            Self::Shuffled(shuffled) => shuffled.next,
            Self::Rings(rings) => rings.next_timeout(),
        }
    }

    /// Takes the next target that is due. `stretched` is the probe interval, stretched by local
    /// health.
    pub(super) fn take<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        rng: &mut Rng,
        stretched: Duration,
    ) -> Option<ProbeTarget> {
        match self {
            Self::Shuffled(shuffled) => shuffled.take(cx, rng, stretched),
            Self::Rings(rings) => rings.take(cx),
        }
    }

    /// Handles a change of a member's status. `came_up` if it is live now and was not before.
    pub(super) fn on_change<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        id: NodeId,
        came_up: bool,
    ) {
        match self {
            Self::Shuffled(shuffled) if came_up => shuffled.add(cx, id),
            Self::Shuffled(_) => {}
            Self::Rings(rings) => match cx.table.get(&id) {
                Some(slot) if slot.member.status().is_healthy() => {
                    rings.consider(cx, rng, slot);
                }
                _ => rings.replace(cx, rng, id),
            },
        }
    }

    /// Handles an ack. Returns whether the target now answers requests alone.
    pub(super) fn on_ack<A>(
        &mut self,
        cx: &Context<'_, A>,
        target: ProbeTarget,
        rtt: Option<Duration>,
        appointment: Option<Duration>,
        by_request: bool,
    ) -> bool {
        match self {
            Self::Shuffled(_) => false,
            Self::Rings(rings) => rings.on_ack(cx, target, rtt, appointment, by_request),
        }
    }

    /// Returns a member as a target, outside its turn.
    pub(super) fn target(&self, id: NodeId) -> ProbeTarget {
        match self {
            Self::Shuffled(_) => ProbeTarget::unwatched(id),
            Self::Rings(rings) => rings.target(id),
        }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        match self {
            Self::Shuffled(_) => {}
            Self::Rings(rings) => rings.postpone(pause),
        }
    }
}

/// SWIM's round-robin over a shuffled list: each live member once per round, so that two rounds
/// bound the time to the first probe of a crashed member. Newcomers enter the present round at a
/// random position.
#[derive(Debug)]
pub(super) struct Shuffled {
    next: Instant,
    /// The slots still to be probed in this round, from which targets are drawn at random. Members
    /// that died in between are skipped, and flapping members may come twice.
    rest: Vec<u32>,
}

impl Shuffled {
    fn new(now: Instant, config: &Config, rng: &mut Rng) -> Self {
        // Nodes that start together should not probe together.
        Self { next: now + rng.within(config.detector.probe_interval), rest: Vec::new() }
    }

    fn add<A: Address>(&mut self, cx: &Context<'_, A>, id: NodeId) {
        let slot = cx.table.find(&id).filter(|_| self.rest.len() < 2 * cx.table.live().len());
        self.rest.extend(slot);
    }

    fn take<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        stretched: Duration,
    ) -> Option<ProbeTarget> {
        if self.next > cx.now {
            return None;
        }
        self.next = cx.now + stretched;
        for _ in 0..2 {
            while !self.rest.is_empty() {
                let slot = self.rest.swap_remove(rng.below(self.rest.len()));
                let member = cx.table.in_slot(slot).map(|slot| &slot.member);
                if let Some(member) = member.filter(|member| member.status().is_live()) {
                    return Some(ProbeTarget::unwatched(member.id));
                }
            }
            self.rest.extend_from_slice(cx.table.live_slots());
        }
        None
    }
}
