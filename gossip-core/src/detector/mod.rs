//! Failure detection: SWIM's probes with Lifeguard's local health and suspicion.
//!
//! Each interval one member is probed: directly, then through others and by request. Who did not
//! answer is suspected, everybody is told, and who does not refute in time is dead.

mod health;
mod probe;
mod relay;
mod schedule;
mod suspicion;

use core::time::Duration;

use health::LocalHealth;
use probe::Probe;
use relay::Relay;
use schedule::Schedule;
use suspicion::Suspicion;

use crate::action::{Action, Context};
use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::member::{Accusation, Level};
use crate::rng::Rng;
use crate::{Address, Config, Instant, NodeId, Status};

/// The most indirect probes of others that are under way through us.
const MAX_RELAYS: usize = 512;

/// The detector of one node.
#[derive(Debug)]
pub(crate) struct Detector {
    rng: Rng,
    schedule: Schedule,
    next_probe: Instant,
    probes: Deadlines<u32, Probe>,
    relays: Deadlines<u32, Relay>,
    suspicions: Deadlines<NodeId, Suspicion>,
    health: LocalHealth,
}

impl Detector {
    pub(crate) fn new(now: Instant, config: &Config, entropy: &[u8; 32], secret: Key) -> Self {
        let mut rng = Rng::new(entropy, "detector");
        // Nodes that start together do not probe together.
        let phase = config.probe_interval.as_micros() as usize;
        let next_probe = now + Duration::from_micros(rng.below(phase) as u64);
        Self {
            rng,
            schedule: Schedule::default(),
            next_probe,
            probes: Deadlines::new(secret),
            relays: Deadlines::new(secret),
            suspicions: Deadlines::new(secret),
            health: LocalHealth::new(config.max_local_health),
        }
    }

    /// Lifeguard's local health score: 0 is well.
    pub(crate) fn health(&self) -> u8 {
        self.health.score()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let due = [self.probes.next(), self.relays.next(), self.suspicions.next()];
        due.into_iter().flatten().chain([self.next_probe]).min()
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        while let Some((nonce, probe)) = self.probes.pop(cx.now) {
            self.on_probe_timeout(cx, nonce, probe);
        }
        while let Some((nonce, relay)) = self.relays.pop(cx.now) {
            self.on_relay_timeout(cx, nonce, relay);
        }
        while let Some((id, suspicion)) = self.suspicions.pop(cx.now) {
            cx.stats.deaths_declared += 1;
            let accusation =
                Accusation::new(suspicion.incarnation, Level::Dead, cx.table.own().short);
            cx.actions.push_back(Action::Accuse { id, accusation });
        }
        if self.next_probe <= cx.now {
            self.next_probe = cx.now + self.health.stretch(cx.config.probe_interval);
            self.begin_probe(cx);
        }
    }

    /// Our own pause is nobody's fault.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        self.probes.postpone(pause, |probe| probe.postpone(pause));
        self.relays.postpone(pause, |_| ());
        self.suspicions.postpone(pause, |suspicion| suspicion.postpone(pause));
    }

    /// A member has become live.
    pub(crate) fn on_live<A: Address>(&mut self, cx: &mut Context<'_, A>, id: NodeId) {
        self.schedule.add(cx.table, id);
    }

    /// The status of a member, or the accusation against it, has changed.
    pub(crate) fn on_change<A: Address>(&mut self, cx: &mut Context<'_, A>, id: NodeId) {
        let Some(slot) = cx.table.get(&id) else { return };
        let accusation = slot.member.accusation.as_deref();
        match accusation {
            Some(accusation) if slot.member.status() == Status::Suspect => {
                self.suspect(cx, id, accusation);
            }
            _ => {
                self.suspicions.remove(&id);
            }
        }
    }

    /// We were accused, or began to be slow ourselves.
    pub(crate) fn on_accused(&mut self) {
        self.health.worsen(1);
    }
}

#[cfg(test)]
mod tests;
