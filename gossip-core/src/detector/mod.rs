//! Failure detection: who is probed when, whom to suspect, and when that is a verdict.
//!
//! Each interval a member is probed: directly, then through others and by request. Who did not
//! answer is suspected, everybody is told, and who does not refute in time is dead.

pub(crate) mod action;
pub(crate) mod draft;
mod health;
pub(crate) mod message;
mod probe;
mod quorum;
mod relay;
mod rings;
mod rtt;
mod schedule;
mod suspicion;
mod verdict;

use core::time::Duration;

use health::LocalHealth;
use probe::Probe;
use quorum::Quorum;
use relay::Relay;
pub(crate) use rings::RINGS;
use schedule::{Schedule, Turn};
use suspicion::Suspicion;
use verdict::Verdicts;
pub use verdict::{FailedProbe, Verdict};

use crate::context::Context;
use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::member::Table;
use crate::rng::Rng;
use crate::{Address, Config, DetectorKind, Instant, NodeId, Status, time};
use action::Action;

/// The most indirect probes of others that are under way through us.
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
    /// Whether what is to be sent does not leave: no probe goes on, and none begins.
    held: bool,
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
        }
    }

    /// Lifeguard's local health score: 0 is well.
    pub(crate) fn health(&self) -> u8 {
        self.health.score()
    }

    /// Whether we reach nobody.
    pub(crate) fn is_isolated(&self) -> bool {
        self.quorum.is_isolated()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let probing = [self.probes.next(), Some(self.schedule.next_timeout())];
        let [probes, scheduled] = probing.map(|due| due.filter(|_| !self.held));
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
            && let Some(turn) = self.schedule.take(cx, &mut self.rng, interval)
        {
            let turn = self.elsewhere(cx).unwrap_or(turn);
            self.probe(cx, turn);
        }
    }

    /// Who reaches nobody tries others than those whom it watches: they may all be dead.
    fn elsewhere<A: Address>(&mut self, cx: &Context<'_, A>) -> Option<Turn> {
        let isolated = self.quorum.is_isolated();
        let target = isolated.then(|| cx.table.sample(&mut self.rng, 1, |_| true).pop()).flatten();
        target.map(Turn::by_chance)
    }

    /// What is to be sent does not leave.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether suspicions wait, for their last probe cannot leave. With SWIM's rules there is none.
    fn judges_later(&self) -> bool {
        self.held && matches!(self.schedule, Schedule::Rings(_))
    }

    /// What was to be sent leaves, after so long. memberlist forgives nobody for that.
    pub(crate) fn release<A>(&mut self, cx: &Context<'_, A>, pause: Duration) {
        self.held = false;
        if cx.config.detector.kind == DetectorKind::Rings {
            self.postpone(pause);
        }
    }

    /// Our own pause is nobody's fault.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        self.probes.postpone(pause, |probe| probe.postpone(pause));
        self.relays.postpone(pause, |_| ());
        self.suspicions.postpone(pause, |suspicion| suspicion.postpone(pause));
        self.schedule.postpone(pause);
    }

    /// The status of a member, or the accusation against it, has changed; `risen` if it was not
    /// live before, and is now.
    pub(crate) fn on_change<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        risen: bool,
    ) {
        let Some(slot) = cx.table.get(&id) else { return };
        match (slot.member.status(), slot.member.accusation.as_deref()) {
            (Status::Suspect, Some(accusation)) => self.suspect(cx, id, accusation),
            (Status::Dead, _) => self.conclude(cx, id),
            _ => {
                self.suspicions.remove(&id);
                self.verdicts.remove(&id);
            }
        }
        self.schedule.on_change(cx, &mut self.rng, id, risen);
    }

    /// Something came from a member.
    pub(crate) fn on_heard<A>(&mut self, cx: &Context<'_, A>, id: NodeId) {
        self.quorum.on_heard(cx.now, id);
    }

    #[cfg(test)]
    pub(crate) fn has_heard(&self, id: NodeId) -> bool {
        self.quorum.has_heard(id)
    }

    /// Somebody has answered us.
    fn on_contact<A>(&mut self, cx: &mut Context<'_, A>) {
        if self.quorum.on_ack() {
            cx.push(Action::Reconnected);
        }
    }

    /// We were accused, or began to be slow ourselves.
    pub(crate) fn on_accused(&mut self) {
        self.health.worsen(1);
    }

    /// One of our watchers has come, in this ring: how long it is until it should come again.
    pub(crate) fn appointment<A>(&mut self, cx: &Context<'_, A>, ring: u8) -> Option<Duration> {
        match &mut self.schedule {
            Schedule::Rings(rings) if ring < RINGS => {
                Some(rings.appointment(cx.now, cx.config.detector.probe_interval, ring))
            }
            _ => None,
        }
    }

    /// Why a member is suspected or dead.
    pub(crate) fn why<A: Address>(&self, table: &Table<A>, id: &NodeId) -> Option<Verdict> {
        let member = &table.get(id)?.member;
        let accusation = member.accusation.as_deref()?;
        let (suspected, declared, probe) = match (self.verdicts.get(id), self.suspicions.get(id)) {
            (Some(verdict), _) => (verdict.suspected, Some(verdict.declared), verdict.probe),
            (_, Some(suspicion)) => (suspicion.known, None, suspicion.evidence),
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
