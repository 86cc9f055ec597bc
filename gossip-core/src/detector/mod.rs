//! Failure detection: the schedule of probes, suspicions and verdicts.
//!
//! Each interval a node probes a member: directly, then through relays and by request. A member that
//! does not answer is suspected. All members hear of it, and the suspect is dead unless it refutes
//! in time.

pub(crate) mod action;
pub(crate) mod draft;
pub(crate) mod event;
mod health;
pub(crate) mod message;
mod probe;
mod quorum;
mod relay;
mod rings;
mod rtt;
pub(crate) mod rules;
mod schedule;
pub(crate) mod stats;
mod suspicion;
mod target;
mod verdict;

use core::time::Duration;

use health::LocalHealth;
use probe::Probe;
use quorum::Quorum;
use relay::Relay;
pub(crate) use rings::RINGS;
use rules::Rules;
use schedule::Schedule;
use suspicion::Suspicion;
use target::ProbeTarget;
use verdict::Verdicts;
pub use verdict::{FailedProbe, Verdict};

use crate::context::Context;
use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::member::Table;
use crate::rng::Rng;
use crate::{Address, Config, Instant, NodeId, Status, time};
use action::Action;

/// Number of pings in progress on behalf of other members.
const MAX_RELAYS: usize = 512;

/// The detector of one node.
#[derive(Debug)]
pub(crate) struct FailureDetector {
    rng: Rng,
    schedule: Schedule,
    probes: Deadlines<u32, Probe>,
    relays: Deadlines<u32, Relay>,
    suspicions: Deadlines<NodeId, Suspicion>,
    verdicts: Verdicts,
    quorum: Quorum,
    health: LocalHealth,
    /// Whether this node cannot send: no probe goes on, and none begins.
    held: bool,
    /// Whether suspicions wait while this node cannot send.
    waits_for_outbox: bool,
}

impl FailureDetector {
    pub(crate) fn new(now: Instant, config: &Config, entropy: &[u8; 32], secret: Key) -> Self {
        let mut rng = Rng::new(entropy, "detector");
        Self {
            schedule: Schedule::new(now, config, &mut rng),
            rng,
            probes: Deadlines::new(secret),
            relays: Deadlines::new(secret),
            suspicions: Deadlines::new(secret),
            verdicts: Verdicts::new(secret),
            quorum: Quorum::default(),
            health: LocalHealth::new(config.detector.max_local_health),
            held: false,
            waits_for_outbox: Rules::of(&config.detector).waits_for_outbox,
        }
    }

    /// Returns Lifeguard's local health score: 0 is healthy.
    pub(crate) fn health(&self) -> u8 {
        self.health.score()
    }

    /// Returns whether no member answers this node.
    pub(crate) fn is_isolated(&self) -> bool {
        self.quorum.is_isolated()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let probing = [self.probes.next(), Some(self.schedule.next_timeout())];
        let [probes, scheduled] = probing.map(|deadline| deadline.filter(|_| !self.held));
        let suspicions = self.suspicions.next().filter(|_| !self.judges_later());
        time::earliest([probes, self.relays.next(), suspicions, scheduled])
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        while !self.held
            && let Some((nonce, probe)) = self.probes.pop(cx.now)
        {
            self.on_probe_timeout(cx, nonce, probe);
        }
        while let Some((nonce, relay)) = self.relays.pop(cx.now) {
            self.on_relay_timeout(cx, nonce, relay);
        }
        while !self.judges_later()
            && let Some((id, suspicion)) = self.suspicions.pop(cx.now)
        {
            self.on_suspicion_timeout(cx, id, suspicion);
        }
        let interval = self.health.stretch(cx.config.detector.probe_interval);
        while !self.held
            && let Some(target) = self.schedule.take(cx, &mut self.rng, interval)
        {
            let target = self.random_target(cx).unwrap_or(target);
            self.probe(cx, target);
        }
    }

    /// Returns a random target while isolated: the watched members may all be dead.
    fn random_target<A: Address>(&mut self, cx: &Context<'_, A>) -> Option<ProbeTarget> {
        let isolated = self.quorum.is_isolated();
        let target = isolated.then(|| cx.table.sample(&mut self.rng, 1, |_| true).pop()).flatten();
        target.map(ProbeTarget::unwatched)
    }

    /// Suspends all probes: this node cannot send.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Returns whether suspicions wait as well, since their last probe cannot leave.
    fn judges_later(&self) -> bool {
        self.held && self.waits_for_outbox
    }

    /// Resumes the probes after a `pause` in which this node could not send.
    pub(crate) fn release(&mut self, pause: Duration) {
        self.held = false;
        if self.waits_for_outbox {
            self.postpone(pause);
        }
    }

    /// Extends all deadlines by a pause of this node.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        self.probes.postpone(pause, |probe| probe.postpone(pause));
        self.relays.postpone(pause, |_| ());
        self.suspicions.postpone(pause, |suspicion| suspicion.postpone(pause));
        self.schedule.postpone(pause);
    }

    /// Handles a change of a member's status or of the accusation against it. `came_up` if it is
    /// live now and was not before.
    pub(crate) fn on_change<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        came_up: bool,
    ) {
        let Some(slot) = cx.table.get(&id) else { return };
        match (slot.member.status(), slot.member.accusation.as_deref()) {
            (Status::Suspect, Some(accusation)) => self.suspect(cx, id, accusation),
            (Status::Dead, _) => self.record_verdict(cx, id),
            _ => {
                self.suspicions.remove(&id);
                self.verdicts.remove(&id);
            }
        }
        self.schedule.on_change(cx, &mut self.rng, id, came_up);
    }

    /// Notes a datagram or frame from a member.
    pub(crate) fn on_heard<A>(&mut self, cx: &Context<'_, A>, id: NodeId) {
        self.quorum.on_heard(cx.now, id);
    }

    #[cfg(test)]
    pub(crate) fn has_heard(&self, id: NodeId) -> bool {
        self.quorum.has_heard(id)
    }

    /// Notes that a member answered a ping of this node.
    fn on_contact<A>(&mut self, cx: &mut Context<'_, A>) {
        if self.quorum.on_ack() {
            cx.push(Action::Reconnected);
        }
    }

    /// Lowers the local health: this node was accused.
    pub(crate) fn on_accused(&mut self) {
        self.health.worsen(1);
    }

    /// Notes the visit of a watcher in this ring. Returns the time until it should come again.
    pub(crate) fn appointment<A>(&mut self, cx: &Context<'_, A>, ring: u8) -> Option<Duration> {
        match &mut self.schedule {
            Schedule::Rings(rings) if ring < RINGS => {
                Some(rings.appointment(cx.now, cx.config.detector.probe_interval, ring))
            }
            _ => None,
        }
    }

    /// Returns why a member is suspected or dead.
    pub(crate) fn why<A: Address>(&self, table: &Table<A>, id: &NodeId) -> Option<Verdict> {
        let member = &table.get(id)?.member;
        let accusation = member.accusation.as_deref()?;
        let (suspected, declared, probe) = match (self.verdicts.get(id), self.suspicions.get(id)) {
            (Some(verdict), _) => (verdict.suspected, Some(verdict.declared), verdict.probe),
            (_, Some(suspicion)) => (suspicion.heard_at, None, suspicion.evidence),
            (None, None) => return None,
        };
        let accusers = accusation.accusers.as_slice().iter();
        let known = accusers.filter_map(|&short| table.by_short(short));
        let accusers = known.map(|slot| slot.member.id).collect();
        Some(Verdict { accusers, suspected, declared, probe })
    }
}

#[cfg(test)]
mod tests;
