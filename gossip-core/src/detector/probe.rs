//! Probes: direct pings, then indirect ones and a request, all with one nonce.

use core::time::Duration;

use super::FailureDetector;
use super::action::Action;
use super::target::ProbeTarget;
use super::verdict::FailedProbe;
use crate::context::Context;
use crate::{Address, Incarnation, Instant, NodeId, Status};

/// A probe in progress. The nonce of its pings identifies it.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(super) target: ProbeTarget,
    /// The target's incarnation when the probe began. A failure counts only against this one.
    pub(super) incarnation: Incarnation,
    begun: Instant,
    /// The connectivity epoch in which the probe began.
    pub(super) connectivity: u32,
    /// Time between two direct pings.
    gap: Duration,
    /// When the probe has failed.
    end: Instant,
    /// Whether this is a full probe, and not just another ping to a suspect.
    is_full_probe: bool,
    remaining: Effort,
    pings: u8,
    /// Number of relays asked.
    pub(super) relays: u8,
    /// Number of relays that reported no answer. A silent relay hints that this node is cut off.
    nacks: u8,
    /// Number of relays that had time for a nack.
    pub(super) nacks_expected: u8,
}

/// The steps of a probe that are still to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Effort {
    /// Direct pings.
    pings: u8,
    /// Rounds of indirect pings.
    rounds: u8,
}

impl Effort {
    const ONE_PING: Self = Self { pings: 1, rounds: 0 };
}

impl Probe {
    pub(super) fn postpone(&mut self, pause: Duration) {
        self.begun = self.begun + pause;
        self.end = self.end + pause;
    }

    pub(super) fn evidence<A>(&self, cx: &Context<'_, A>) -> FailedProbe {
        FailedProbe {
            ended: cx.now,
            pings: self.pings,
            relays: self.relays,
            nacks: self.nacks,
            by_request: cx.config.requests.enabled,
            rtt: self.target.rtt.smooth(),
        }
    }
}

impl FailureDetector {
    /// Begins a full probe. Returns its nonce.
    pub(super) fn probe<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        target: ProbeTarget,
    ) -> Option<u32> {
        let (patience, length) = self.patience(cx, target);
        let mut pings = cx.rules.pings;
        if let Some(timeout) = target.rtt.timeout() {
            // Where acks come soon, there is time for more pings.
            while pings < cx.rules.max_pings && timeout * u32::from(pings + 1) <= patience {
                pings += 1;
            }
        }
        let gap = patience / u32::from(pings);
        cx.stats.detector.probes += 1;
        let effort = Effort { pings, rounds: cx.rules.rounds };
        self.begin(cx, target, Some(effort), gap, length)
    }

    /// Begins one more ping to a suspect, which fails after `length`. Returns its nonce.
    pub(super) fn ping_again<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        target: ProbeTarget,
        length: Duration,
    ) -> Option<u32> {
        self.begin(cx, target, None, length, length)
    }

    /// Returns how long a probe sends direct pings, and how long it takes in all.
    pub(super) fn patience<A>(
        &self,
        cx: &Context<'_, A>,
        target: ProbeTarget,
    ) -> (Duration, Duration) {
        let longest = cx.config.detector.probe_timeout;
        if cx.rules.adapts_to_rtt {
            let patience = target.rtt.timeout().map_or(longest, |timeout| timeout * 3);
            let patience = self.health.stretch(patience.clamp(longest / 2, longest));
            (patience, patience * 2)
        } else {
            let interval = cx.config.detector.probe_interval;
            (self.health.stretch(longest), self.health.stretch(interval))
        }
    }

    fn begin<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        target: ProbeTarget,
        full: Option<Effort>,
        gap: Duration,
        length: Duration,
    ) -> Option<u32> {
        let member = &cx.table.get(&target.id)?.member;
        let is_suspect = member.status() == Status::Suspect;
        let nonce = self.rng.next_u32();
        let probe = Probe {
            target,
            incarnation: member.incarnation(),
            begun: cx.now,
            connectivity: self.quorum.connectivity(),
            gap,
            end: cx.now + length,
            is_full_probe: full.is_some(),
            remaining: full.unwrap_or(Effort::ONE_PING),
            pings: 0,
            relays: 0,
            nacks: 0,
            nacks_expected: 0,
        };
        if self.held {
            // The probe begins once the node can send again.
            self.probes.set(nonce, cx.now, probe);
        } else {
            self.ping(cx, nonce, probe, is_suspect);
        }
        Some(nonce)
    }

    fn ping<A>(&mut self, cx: &mut Context<'_, A>, nonce: u32, mut probe: Probe, is_suspect: bool) {
        let ProbeTarget { id: to, ring, .. } = probe.target;
        let attach = (is_suspect && cx.rules.tells_suspects).then_some(to);
        cx.push(Action::Ping { to, nonce, attach, ring });
        probe.remaining.pings -= 1;
        probe.pings += 1;
        self.probes.set(nonce, cx.now + probe.gap, probe);
    }

    pub(super) fn on_probe_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        probe: Probe,
    ) {
        match probe.remaining {
            // A probe takes all its steps, however late they are.
            Effort { pings: 1.., .. } => {
                let slot = cx.table.get(&probe.target.id);
                let is_suspect = slot.is_some_and(|slot| slot.member.status() == Status::Suspect);
                self.ping(cx, nonce, probe, is_suspect);
            }
            Effort { rounds: 1.., .. } => self.ask_relays(cx, nonce, probe),
            _ if probe.end <= cx.now => self.fail(cx, &probe),
            _ => self.probes.set(nonce, probe.end, probe),
        }
    }

    fn ask_relays<A: Address>(&mut self, cx: &mut Context<'_, A>, nonce: u32, mut probe: Probe) {
        let target = probe.target.id;
        let count = usize::from(cx.config.detector.indirect_probes);
        let is_helpful = |id: NodeId, status| id != target && status == Status::Up;
        let relays = cx
            .table
            .sample(&mut self.rng, count, |slot| is_helpful(slot.member.id, slot.member.status()));
        for &relay in &relays {
            cx.push(Action::PingRequest { relay, target, nonce });
        }
        if probe.remaining.rounds == cx.rules.rounds {
            cx.push(Action::PingByRequest { to: target, nonce });
        }
        probe.relays += relays.len() as u8;
        // A nack in the last of several rounds would come too late.
        if probe.remaining.rounds > 1 || cx.rules.rounds == 1 {
            probe.nacks_expected += relays.len() as u8;
        }
        let left = probe.end.saturating_duration_since(cx.now);
        let next = cx.now + left / u32::from(probe.remaining.rounds);
        probe.remaining.rounds -= 1;
        self.probes.set(nonce, next, probe);
    }

    /// Handles an ack. Returns the member that answered, if `nonce` belongs to a probe or relay in
    /// progress.
    pub(crate) fn on_ack<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        by_request: bool,
        appointment: Option<Duration>,
    ) -> Option<NodeId> {
        let is_late = |probe: &Probe| probe.end < cx.now;
        if !cx.rules.accepts_late_acks && self.probes.get(&nonce).is_some_and(is_late) {
            return None;
        }
        if self.relays.get(&nonce).is_some() || self.probes.get(&nonce).is_some() {
            self.on_contact(cx);
        }
        if let Some(relay) = self.relays.remove(&nonce) {
            cx.push(Action::IndirectAck { to: relay.origin, nonce: relay.nonce });
            return Some(relay.target);
        }
        let probe = self.probes.remove(&nonce)?;
        self.health.improve();
        cx.stats.detector.probes_rescued_by_request += u64::from(by_request);
        let id = probe.target.id;
        // After several pings, the ack may answer any of them.
        let is_first = probe.pings == 1 && probe.relays == 0;
        let rtt = is_first.then(|| cx.now.saturating_duration_since(probe.begun));
        if self.schedule.on_ack(cx, probe.target, rtt, appointment, by_request) {
            cx.push(Action::DatagramsBlocked { id });
        }
        self.clear_evidence(cx, &id);
        Some(id)
    }

    pub(crate) fn on_nack(&mut self, nonce: u32) {
        if let Some(probe) = self.probes.get_mut(&nonce) {
            probe.nacks = probe.nacks.saturating_add(1).min(probe.relays);
        }
    }

    fn fail<A: Address>(&mut self, cx: &mut Context<'_, A>, probe: &Probe) {
        let slot = cx.table.get(&probe.target.id);
        let live = slot.filter(|slot| slot.member.status().is_live());
        let is_same = live.is_some_and(|slot| slot.member.incarnation() == probe.incarnation);
        if probe.is_full_probe {
            cx.stats.detector.probes_failed += 1;
            // Lifeguard's LHA-Probe: this node may also have missed relays that sent no nack.
            // Without relays there is no comparison, and the failure itself counts.
            let missing = probe.nacks_expected.saturating_sub(probe.nacks);
            let missing = missing.min(cx.config.detector.indirect_probes);
            self.health.worsen(if probe.relays > 0 { missing } else { 1 });
        }
        if is_same && probe.is_full_probe {
            self.on_failure(cx, probe);
        } else if is_same {
            self.keep_probing(cx, &probe.target.id, probe.connectivity);
        }
    }
}
