//! Suspicion: how long a suspect has to refute, and what it takes to declare it dead.
//!
//! With [`DetectorKind::Swim`] the end of the time is the verdict, whoever's time it is. With
//! [`DetectorKind::Rings`] it takes an *accuser*, one whose own probe has failed: it goes on to ping
//! the suspect, tells everybody a while later, begins a probe that ends with the time, and declares
//! only if that has failed too, it has heard from others meanwhile, and another has accused the
//! suspect as well. All others are bystanders; if nobody has decided when the
//! longest time is over, they probe as well.

use core::time::Duration;

use super::FailureDetector;
use super::action::Action;
use super::probe::Probe;
use super::quorum::WITNESSES;
use super::schedule::Turn;
use super::verdict::{FailedProbe, KnownVerdict};
use crate::context::Context;
use crate::member::{Accusation, Accusers, Level};
use crate::{Address, Config, DetectorKind, Incarnation, Instant, NodeId};

/// How many must have accused a suspect for a verdict, if there are as many who could. An accuser that
/// nobody confirms is not heard by the suspect, which would refute, nor by those who reach it.
const ACCUSERS_NEEDED: usize = 2;

/// A suspicion under way.
#[derive(Debug)]
pub(crate) struct Suspicion {
    turn: Turn,
    /// Since when we know of it.
    pub(super) known: Instant,
    /// From when on its time counts: sooner than others told us, for they kept it to themselves;
    /// later than now where we are lenient.
    started: Instant,
    pub(super) incarnation: Incarnation,
    /// When its time is over.
    pub(super) over: Instant,
    /// The last probe of the suspect that was begun for it.
    probe: Option<u32>,
    /// How our own last probe of it failed, if it did: that makes us an accuser.
    pub(super) evidence: Option<FailedProbe>,
    /// Until when we keep it to ourselves, if nobody else knows of it.
    secret: Option<Instant>,
    /// The era of the last probe or ping that failed.
    era: u32,
}

impl Suspicion {
    fn new(now: Instant, turn: Turn, incarnation: Incarnation, era: u32) -> Self {
        let (probe, evidence, secret) = (None, None, None);
        Self {
            turn,
            known: now,
            started: now,
            incarnation,
            over: now,
            probe,
            evidence,
            secret,
            era,
        }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        self.known = self.known + pause;
        self.started = self.started + pause;
        self.over = self.over + pause;
        self.secret = self.secret.map(|until| until + pause);
    }
}

impl FailureDetector {
    /// A member is accused: begins a suspicion, or shortens it if there are more accusers now.
    pub(super) fn suspect<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        accusation: &Accusation,
    ) {
        let incarnation = accusation.incarnation;
        // Of what is doubtful we have nothing to say: we hear of it as others do.
        let known = self.suspicions.remove(&id);
        let known =
            known.filter(|known| known.incarnation == incarnation && !self.is_doubtful(known));
        let fresh = known.is_none();
        let turn = self.schedule.turn(id);
        let mut suspicion = known.unwrap_or_else(|| {
            let mut suspicion = Suspicion::new(cx.now, turn, incarnation, self.quorum.era());
            suspicion.started = cx.now.saturating_sub(discretion(cx));
            suspicion
        });
        // Others know of it, so from now on its time counts.
        suspicion.started = suspicion.started.min(cx.now);
        // A bystander gives the accusers the longest time there is.
        let judges = suspicion.evidence.is_some() || cx.config.detector.kind == DetectorKind::Swim;
        let accusers = if judges { accusation.accusers.as_slice().len() } else { 1 };
        suspicion.over = suspicion.started + time(cx, accusers);
        if suspicion.secret.take().is_some() {
            // We have known for a while.
            raise(cx, id, incarnation);
        }
        let late = suspicion.evidence.is_some() && suspicion.over <= cx.now;
        if fresh && turn.ring.is_some() {
            // Another of its watchers is asked for a second opinion.
            suspicion.probe = self.probe(cx, turn);
        } else if cx.config.detector.kind == DetectorKind::Rings
            && late
            && !self.is_probing(&suspicion)
        {
            // Confirmed at last: the probe that decides is overdue.
            suspicion.probe = self.probe(cx, Turn { ring: None, ..turn });
        }
        self.await_end(cx, suspicion);
    }

    /// A whole probe of ours has failed.
    pub(super) fn on_failure<A: Address>(&mut self, cx: &mut Context<'_, A>, probe: &Probe) {
        let Probe { turn, incarnation, era, .. } = *probe;
        let target = turn.target;
        let watchers = cx.config.detector.kind == DetectorKind::Rings;
        // What began before somebody answered again neither isolates us nor decides.
        let present = era == self.quorum.era();
        if watchers && present && self.quorum.on_silence(target, cx.table.live().len()) {
            cx.push(Action::Isolated);
        }
        if watchers && self.quorum.is_isolated() {
            // Who reaches nobody accuses nobody.
            cx.stats.detector.accusations_withheld += 1;
            return self.pursue(cx, &target, era);
        }
        let known = self.suspicions.remove(&target);
        let known = known.filter(|known| known.incarnation == incarnation);
        let mut suspicion = known.unwrap_or_else(|| {
            let mut suspicion = Suspicion::new(cx.now, turn, incarnation, era);
            suspicion.started = cx.now + leniency(cx, &target);
            suspicion.over = suspicion.started + time(cx, 1);
            let secret = suspicion.started + discretion(cx);
            suspicion.secret = (secret > cx.now).then_some(secret);
            suspicion
        });
        let over = watchers && suspicion.over <= cx.now;
        let first = suspicion.evidence.replace(probe.evidence(cx)).is_none();
        let told = watchers && (!first || suspicion.secret.is_some());
        let well = cx
            .table
            .live()
            .map(|slot| &slot.member)
            .filter(|member| member.status().is_healthy() && member.id != target);
        let (well, peers) = (well.take(WITNESSES).count(), cx.table.live().len());
        let heard = present && self.quorum.is_met(suspicion.known, target, well, peers);
        let confirmed = accusers(cx, &target, incarnation) >= ACCUSERS_NEEDED.min(well + 1);
        self.await_end(cx, suspicion);
        if !told {
            // A bystander does not judge at its first failure; it confirms.
            raise(cx, target, incarnation);
        } else if over && heard && confirmed {
            return declare(cx, target, incarnation);
        } else if over && heard {
            // Who could confirm it may not have heard.
            cx.push(Action::SpreadAgain { id: target });
        }
        if watchers {
            self.pursue(cx, &target, era);
        }
    }

    /// A ping or probe of this era has failed: an accuser goes on to ping its suspect, and in the
    /// end probes it once more.
    pub(super) fn pursue<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        target: &NodeId,
        era: u32,
    ) {
        let Some(mut suspicion) = self.suspicions.remove(target) else { return };
        suspicion.era = era;
        // While it is doubtful we keep it to ourselves.
        let doubtful = self.is_doubtful(&suspicion);
        if !doubtful && suspicion.secret.take_if(|until| *until <= cx.now).is_some() {
            // Who is told late has time to refute all the same.
            suspicion.started = suspicion.started.max(cx.now.saturating_sub(discretion(cx)));
            suspicion.over = suspicion.over.max(suspicion.started + time(cx, 1));
            raise(cx, *target, suspicion.incarnation);
        }
        if suspicion.evidence.is_some() && !self.is_probing(&suspicion) {
            let turn = Turn { ring: None, ..suspicion.turn };
            let left = suspicion.over.saturating_duration_since(cx.now);
            let spare = left.saturating_sub(self.patience(cx, turn).1);
            suspicion.probe = if left.is_zero() {
                // It could not judge; it tries again later.
                None
            } else if spare < Duration::from_millis(1) {
                self.probe(cx, turn)
            } else {
                let secret = suspicion.secret.map(|until| until.saturating_duration_since(cx.now));
                let secret = secret.filter(|left| !left.is_zero());
                let length = spare.min(cx.config.detector.probe_timeout);
                self.ping_again(cx, turn, secret.map_or(length, |left| length.min(left)))
            };
        }
        self.await_end(cx, suspicion);
    }

    /// The time of a suspicion is over.
    pub(super) fn on_suspicion_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        mut suspicion: Suspicion,
    ) {
        if cx.config.detector.kind == DetectorKind::Swim {
            let incarnation = suspicion.incarnation;
            self.await_end(cx, suspicion);
            return declare(cx, id, incarnation);
        }
        if !self.is_probing(&suspicion) {
            suspicion.probe = self.probe(cx, Turn { ring: None, ..suspicion.turn });
        }
        self.await_end(cx, suspicion);
    }

    /// The suspect has answered us: it is for others to accuse it, if there are any.
    pub(super) fn exonerate<A: Address>(&mut self, cx: &Context<'_, A>, id: &NodeId) {
        if cx.config.detector.kind == DetectorKind::Swim {
            // As in memberlist, where only a refutation counts.
            return;
        }
        let known = self.suspicions.remove(id).filter(|suspicion| suspicion.secret.is_none());
        let Some(mut suspicion) = known else { return };
        if suspicion.evidence.take().is_some() {
            suspicion.over = suspicion.started + time(cx, 1);
        }
        self.await_end(cx, suspicion);
    }

    /// Whether it is a secret of ours that rests on what may have failed because we were cut off.
    fn is_doubtful(&self, suspicion: &Suspicion) -> bool {
        let cut_off = self.quorum.is_isolated() || suspicion.era != self.quorum.era();
        cut_off && suspicion.secret.is_some()
    }

    fn is_probing(&self, suspicion: &Suspicion) -> bool {
        suspicion.probe.is_some_and(|nonce| self.probes.get(&nonce).is_some())
    }

    /// Waits for the end of a suspicion; one that is over is looked at again some time later.
    fn await_end<A: Address>(&mut self, cx: &Context<'_, A>, suspicion: Suspicion) {
        let again = cx.config.detector.probe_interval * 4;
        let swim = cx.config.detector.kind == DetectorKind::Swim;
        let end = if suspicion.over > cx.now {
            suspicion.over
        } else if swim {
            cx.now + Duration::from_micros(1)
        } else {
            cx.now + again
        };
        self.suspicions.set(suspicion.turn.target, end, suspicion);
    }

    /// Somebody is dead: what is known of how it came to that is kept for a while.
    pub(super) fn conclude<A>(&mut self, cx: &Context<'_, A>, id: NodeId) {
        let suspicion = self.suspicions.remove(&id);
        let verdict = KnownVerdict {
            suspected: suspicion.as_ref().map_or(cx.now, |suspicion| suspicion.known),
            declared: cx.now,
            probe: suspicion.and_then(|suspicion| suspicion.evidence),
        };
        self.verdicts.insert(id, verdict, cx.config.members.retention);
    }
}

/// How many accuse a member of having ended at this point of its life.
fn accusers<A: Address>(cx: &Context<'_, A>, id: &NodeId, incarnation: Incarnation) -> usize {
    let accusation = cx.table.get(id).and_then(|slot| slot.member.accusation.as_deref());
    let accusation = accusation.filter(|accusation| accusation.incarnation == incarnation);
    accusation.map_or(0, |accusation| accusation.accusers.as_slice().len())
}

fn raise<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation) {
    cx.stats.detector.suspicions_raised += 1;
    accuse(cx, id, incarnation, Level::Suspect);
}

fn accuse<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation, level: Level) {
    let accusation = Accusation::new(incarnation, level, cx.table.own().short);
    cx.push(Action::Accuse { id, accusation });
}

fn declare<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation) {
    cx.stats.detector.deaths_declared += 1;
    accuse(cx, id, incarnation, Level::Dead);
}

/// How long an accuser keeps a suspicion to itself, pinging on: who was only slow has answered by
/// then, and the others have time enough left to confirm it.
pub(super) fn discretion<A: Address>(cx: &Context<'_, A>) -> Duration {
    match cx.config.detector.kind {
        DetectorKind::Swim => Duration::ZERO,
        DetectorKind::Rings => {
            let least = time(cx, Accusers::MOST);
            // The probes of those who are told, and our last one, need their time as well.
            least.saturating_sub(cx.config.detector.probe_timeout * 4).min(least / 3)
        }
    }
}

/// How much longer a suspicion is kept secret, and how much later its time begins, if the suspect
/// has refuted lately: it may lose packets or be slow at times, and a suspicion and its refutation,
/// which go to everybody, cost more than some pings.
fn leniency<A: Address>(cx: &Context<'_, A>, id: &NodeId) -> Duration {
    let slot = cx.table.get(id).filter(|_| cx.config.detector.kind == DetectorKind::Rings);
    let refutations = slot.map_or(0, |slot| slot.refutations(cx.now));
    // Nothing, then about as long as a probe takes, then three times that.
    let step = discretion(cx).max(cx.config.detector.probe_timeout * 2);
    step * ((1 << refutations) - 1)
}

fn time<A: Address>(cx: &Context<'_, A>, accusers: usize) -> Duration {
    timeout(cx.config, cx.table.live().len() + 1, accusers)
}

/// Lifeguard's LHA-Suspicion: from its maximum down to its minimum with the logarithm of the
/// number of independent accusers.
fn timeout(config: &Config, cluster: usize, accusers: usize) -> Duration {
    // log10(n) = log2(n) * 0.301; at least one, as in memberlist.
    let log10 = (log2(cluster) * 77 / 256).max(256);
    let least = config.detector.suspicion_timeout * log10 / 256;
    let most = least * u32::from(config.detector.suspicion_max_mult);
    // As many confirmations as should be had for a verdict at the earliest moment: Lifeguard's K
    // of three, which is what a record can name, and not more than the cluster can give.
    let wanted = (Accusers::MOST - 1).min(cluster.saturating_sub(2));
    let confirmations = accusers.saturating_sub(1).min(wanted);
    if wanted == 0 {
        return least;
    }
    most - (most - least) * log2(confirmations + 1) / log2(wanted + 1)
}

/// The logarithm to base 2 in 256ths, linear between powers of two; 0 for 0. Integers, so that
/// every target agrees.
fn log2(n: usize) -> u32 {
    let Some(whole) = n.checked_ilog2() else { return 0 };
    let fraction = ((n as u64) << 8 >> whole) as u32 & 0xff;
    whole * 256 + fraction
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn shrinks_from_most_to_least_as_others_confirm() {
        let config = Config::lan().lifeguard();
        let seconds: Vec<_> =
            (1..=4).map(|accusers| timeout(&config, 100, accusers).as_millis()).collect();
        // log10(100) is 505/256 here, 1.4 % below the truth: five times that is the least.
        assert_eq!(seconds, [59_179, 34_521, 22_192, 9_863]);
    }

    #[test]
    fn two_nodes_cannot_confirm_each_other() {
        assert_eq!(timeout(&Config::lan(), 2, 1), Duration::from_millis(1_500));
    }

    #[test]
    fn logarithms() {
        assert_eq!([0, 1, 2, 3, 4, 1024].map(log2), [0, 0, 256, 384, 512, 2560]);
    }
}
