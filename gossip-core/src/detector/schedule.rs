//! Who is probed when.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::rings::Rings;
use super::rtt::Rtt;
use crate::context::Context;
use crate::rng::Rng;
use crate::{Address, Config, DetectorKind, Instant, NodeId};

/// One probe that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) target: NodeId,
    /// In which ring we watch it.
    pub(super) ring: Option<u8>,
    /// What is known of the way to it.
    pub(super) rtt: Rtt,
}

impl Turn {
    /// Of somebody whom we do not watch.
    pub(super) fn by_chance(target: NodeId) -> Self {
        Self { target, ring: None, rtt: Rtt::UNKNOWN }
    }
}

/// Which members are probed, and in what order.
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

    /// The next probe that is due; `stretched` is the interval as local health sees it.
    pub(super) fn take<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        rng: &mut Rng,
        stretched: Duration,
    ) -> Option<Turn> {
        match self {
            Self::Shuffled(shuffled) => shuffled.take(cx, rng, stretched),
            Self::Rings(rings) => rings.take(cx),
        }
    }

    /// What we think of a member has changed.
    pub(super) fn on_change<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        id: NodeId,
        risen: bool,
    ) {
        match self {
            Self::Shuffled(shuffled) if risen => shuffled.add(cx, id),
            Self::Shuffled(_) => {}
            Self::Rings(rings) => match cx.table.get(&id) {
                Some(slot) if slot.member.status().is_healthy() => {
                    rings.consider(cx, rng, slot);
                }
                _ => rings.move_on(cx, rng, id),
            },
        }
    }

    /// The turn of a member, whenever it would be.
    pub(super) fn turn(&self, id: NodeId) -> Turn {
        match self {
            Self::Shuffled(_) => Turn::by_chance(id),
            Self::Rings(rings) => rings.turn(id),
        }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        match self {
            Self::Shuffled(_) => {}
            Self::Rings(rings) => rings.postpone(pause),
        }
    }
}

/// SWIM's round-robin over a shuffled order: every live member once in each round, so that the
/// time to the first probe of a crashed one is bounded by two rounds. Newcomers enter the round
/// under way at a random place.
#[derive(Debug)]
pub(super) struct Shuffled {
    next: Instant,
    /// The slots still to be probed in this round, in no order: each is drawn at random. Who has
    /// died meanwhile is passed over; who flaps may come twice.
    rest: Vec<u32>,
}

impl Shuffled {
    fn new(now: Instant, config: &Config, rng: &mut Rng) -> Self {
        // Nodes that start together do not probe together.
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
    ) -> Option<Turn> {
        if self.next > cx.now {
            return None;
        }
        self.next = cx.now + stretched;
        for _ in 0..2 {
            while !self.rest.is_empty() {
                let slot = self.rest.swap_remove(rng.below(self.rest.len()));
                let member = cx.table.in_slot(slot).map(|slot| &slot.member);
                if let Some(member) = member.filter(|member| member.status().is_live()) {
                    return Some(Turn::by_chance(member.id));
                }
            }
            self.rest.extend_from_slice(cx.table.live_slots());
        }
        None
    }
}
