//! One probe: direct pings, then indirect ones and a request, all with the same question: does
//! it live?

use core::time::Duration;

use super::action::Action;
use super::schedule::Turn;
use super::verdict::FailedProbe;
use super::{FailureDetector, Schedule};
use crate::context::Context;
use crate::{Address, Config, DetectorKind, Incarnation, Instant, NodeId, Status};

/// A probe under way. It is known by the nonce of its pings.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(super) turn: Turn,
    /// What the target was when the probe began; what it becomes meanwhile is not judged.
    pub(super) incarnation: Incarnation,
    begun: Instant,
    /// In which era.
    pub(super) era: u32,
    /// Between two direct pings.
    gap: Duration,
    /// When it has failed.
    end: Instant,
    /// Whether it is a probe with all that belongs to one, and not just another ping to a suspect.
    full: bool,
    /// What is still to be tried.
    left: Effort,
    pings: u8,
    /// How many relays were asked, and how many of them said that they could not reach it
    /// either: those who said nothing hint that it is we who are cut off.
    pub(super) asked: u8,
    nacks: u8,
    /// How many of them had time to say anything.
    pub(super) due: u8,
}

/// How often a watcher pings at most before it asks others.
const MOST_TRIES: u8 = 5;

/// How hard a probe tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Effort {
    /// Direct pings; a watcher adds to them where there is time.
    tries: u8,
    /// Times that others are asked.
    rounds: u8,
}

impl Effort {
    fn of(config: &Config) -> Self {
        match config.detector.kind {
            DetectorKind::Swim => Self { tries: 1, rounds: 1 },
            DetectorKind::Rings => Self { tries: 3, rounds: 3 },
        }
    }

    const ONE_PING: Self = Self { tries: 1, rounds: 0 };
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
            relays: self.asked,
            nacks: self.nacks,
            by_request: cx.config.requests.enabled,
            rtt: self.turn.rtt.smooth(),
        }
    }
}

impl FailureDetector {
    /// Begins the probe whose turn it is.
    pub(super) fn probe<A: Address>(&mut self, cx: &mut Context<'_, A>, turn: Turn) -> Option<u32> {
        let (patience, length) = self.patience(cx, turn);
        let mut effort = Effort::of(cx.config);
        if let (Schedule::Rings(_), Some(answer)) = (&self.schedule, turn.rtt.timeout()) {
            // Where answers come soon there is time for more pings.
            while effort.tries < MOST_TRIES && answer * u32::from(effort.tries + 1) <= patience {
                effort.tries += 1;
            }
        }
        let gap = patience / u32::from(effort.tries);
        cx.stats.detector.probes += 1;
        self.begin(cx, turn, Some(effort), gap, length)
    }

    /// Begins to ping a suspect once more, for `length`.
    pub(super) fn ping_again<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        turn: Turn,
        length: Duration,
    ) -> Option<u32> {
        self.begin(cx, turn, None, length, length)
    }

    /// For how long a probe pings directly, and how long it is in all.
    pub(super) fn patience<A>(&self, cx: &Context<'_, A>, turn: Turn) -> (Duration, Duration) {
        let longest = cx.config.detector.probe_timeout;
        match &self.schedule {
            Schedule::Shuffled(_) => (
                self.health.stretch(longest),
                self.health.stretch(cx.config.detector.probe_interval),
            ),
            Schedule::Rings(_) => {
                let patience = turn.rtt.timeout().map_or(longest, |timeout| timeout * 3);
                let patience = self.health.stretch(patience.clamp(longest / 2, longest));
                (patience, patience * 2)
            }
        }
    }

    fn begin<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        turn: Turn,
        full: Option<Effort>,
        gap: Duration,
        length: Duration,
    ) -> Option<u32> {
        let member = &cx.table.get(&turn.target)?.member;
        let suspect = member.status() == Status::Suspect;
        let nonce = self.rng.next_u32();
        let probe = Probe {
            turn,
            incarnation: member.incarnation(),
            begun: cx.now,
            era: self.quorum.era(),
            gap,
            end: cx.now + length,
            full: full.is_some(),
            left: full.unwrap_or(Effort::ONE_PING),
            pings: 0,
            asked: 0,
            nacks: 0,
            due: 0,
        };
        if self.held {
            // It begins when something leaves again.
            self.probes.set(nonce, cx.now, probe);
        } else {
            self.ping(cx, nonce, probe, suspect);
        }
        Some(nonce)
    }

    fn ping<A>(&mut self, cx: &mut Context<'_, A>, nonce: u32, mut probe: Probe, suspect: bool) {
        let Turn { target, ring, .. } = probe.turn;
        // Lifeguard's buddy system: who is suspected is the first to know. Whom only watchers ping
        // hears of it from nobody else, if it missed the rumour.
        let told = suspect
            && (cx.config.detector.buddy_system || cx.config.detector.kind == DetectorKind::Rings);
        cx.push(Action::Ping { to: target, nonce, attach: told.then_some(target), ring });
        probe.left.tries -= 1;
        probe.pings += 1;
        self.probes.set(nonce, cx.now + probe.gap, probe);
    }

    pub(super) fn on_probe_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        probe: Probe,
    ) {
        match probe.left {
            // However late it is, nobody is judged of whom not all has been asked.
            Effort { tries: 1.., .. } => {
                let slot = cx.table.get(&probe.turn.target);
                let suspect = slot.is_some_and(|slot| slot.member.status() == Status::Suspect);
                self.ping(cx, nonce, probe, suspect);
            }
            Effort { rounds: 1.., .. } => self.ask_others(cx, nonce, probe),
            _ if probe.end <= cx.now => self.fail(cx, &probe),
            _ => self.probes.set(nonce, probe.end, probe),
        }
    }

    fn ask_others<A: Address>(&mut self, cx: &mut Context<'_, A>, nonce: u32, mut probe: Probe) {
        let target = probe.turn.target;
        let count = usize::from(cx.config.detector.indirect_probes);
        let helpful = |id: NodeId, status| id != target && status == Status::Up;
        let relays = cx
            .table
            .sample(&mut self.rng, count, |slot| helpful(slot.member.id, slot.member.status()));
        for &relay in &relays {
            cx.push(Action::PingRequest { relay, target, nonce });
        }
        if probe.left.rounds == Effort::of(cx.config).rounds {
            cx.push(Action::PingByRequest { to: target, nonce });
        }
        probe.asked += relays.len() as u8;
        // Who is asked last is asked for the answer alone: a denial would come too late.
        if probe.left.rounds > 1 || Effort::of(cx.config).rounds == 1 {
            probe.due += relays.len() as u8;
        }
        let left = probe.end.saturating_duration_since(cx.now);
        let next = cx.now + left / u32::from(probe.left.rounds);
        probe.left.rounds -= 1;
        self.probes.set(nonce, next, probe);
    }

    /// Who answered, if `nonce` is that of a probe under way. An answer that comes late, but
    /// before the verdict of its probe, counts.
    pub(crate) fn on_ack<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        by_request: bool,
        appointment: Option<Duration>,
    ) -> Option<NodeId> {
        // memberlist forgets what it asked when the time is over, though its verdict may wait.
        let swim = cx.config.detector.kind == DetectorKind::Swim;
        let forgotten = |probe: &Probe| swim && probe.end < cx.now;
        if self.probes.get(&nonce).is_some_and(forgotten) {
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
        let target = probe.turn.target;
        if let Schedule::Rings(rings) = &mut self.schedule {
            // Of which of several pings this is the echo, nobody can tell.
            let first = probe.pings == 1 && probe.asked == 0;
            let rtt = first.then(|| cx.now.saturating_duration_since(probe.begun));
            if rings.on_ack(cx, probe.turn, rtt, appointment, by_request) {
                cx.push(Action::DatagramsBlocked { id: target });
            }
        }
        self.exonerate(cx, &target);
        Some(target)
    }

    pub(crate) fn on_nack(&mut self, nonce: u32) {
        if let Some(probe) = self.probes.get_mut(&nonce) {
            probe.nacks = probe.nacks.saturating_add(1).min(probe.asked);
        }
    }

    fn fail<A: Address>(&mut self, cx: &mut Context<'_, A>, probe: &Probe) {
        let slot = cx.table.get(&probe.turn.target);
        let live = slot.filter(|slot| slot.member.status().is_live());
        let same = live.is_some_and(|slot| slot.member.incarnation() == probe.incarnation);
        if probe.full {
            cx.stats.detector.probes_failed += 1;
            // Lifeguard's LHA-Probe: a relay that did not even say no is missed by us as well.
            // Where nobody could be asked there is nothing to compare with, and the failure
            // itself counts.
            let missing =
                probe.due.saturating_sub(probe.nacks).min(cx.config.detector.indirect_probes);
            self.health.worsen(if probe.asked > 0 { missing } else { 1 });
        }
        if same && probe.full {
            self.on_failure(cx, probe);
        } else if same {
            self.pursue(cx, &probe.turn.target, probe.era);
        }
    }
}
