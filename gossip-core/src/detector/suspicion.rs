//! Suspicion: the time that a suspect has to refute, and the evidence for a verdict.
//!
//! With [`DetectorKind::Swim`](crate::DetectorKind::Swim), any node whose suspicion timeout expires
//! declares the suspect dead.
//!
//! With [`DetectorKind::Rings`](crate::DetectorKind::Rings), only an *accuser* may do so: a node
//! whose own probe failed. An accuser
//!
//! 1. goes on to ping the suspect, and announces its suspicion after a delay;
//! 2. begins a last probe that ends with the suspicion timeout;
//! 3. declares the suspect dead if that probe fails too, if it has heard from other members since
//!    the suspicion began, and if another member has accused the suspect as well.
//!
//! All other nodes are bystanders. They probe the suspect themselves if no accuser has decided when
//! the longest timeout expires.

use core::time::Duration;

use super::FailureDetector;
use super::action::Action;
use super::probe::Probe;
use super::quorum::WITNESSES;
use super::target::ProbeTarget;
use super::verdict::{FailedProbe, KnownVerdict};
use crate::context::Context;
use crate::member::{Accusation, Accusers, Level};
use crate::{Address, Config, Incarnation, Instant, NodeId};

/// Number of accusers that a verdict needs, if as many members could accuse. The suspect does not
/// hear a lone accuser, and could not refute; nor do the members that reach the suspect.
const ACCUSERS_NEEDED: usize = 2;

/// A suspicion in progress.
#[derive(Debug)]
pub(crate) struct Suspicion {
    target: ProbeTarget,
    /// When this node first heard of it.
    pub(super) heard_at: Instant,
    /// The start of the timeout. It is earlier than `heard_at` if others announced late, and later
    /// if the suspect refuted recently.
    counted_from: Instant,
    pub(super) incarnation: Incarnation,
    pub(super) expires_at: Instant,
    /// The last probe of the suspect that this suspicion began.
    probe: Option<u32>,
    /// This node's own last probe of the suspect, if it failed: the node is then an accuser.
    pub(super) evidence: Option<FailedProbe>,
    /// When this node announces the suspicion, if no other member knows of it.
    private_until: Option<Instant>,
    /// The connectivity epoch of the last failed probe or ping.
    connectivity: u32,
}

impl Suspicion {
    fn new(now: Instant, target: ProbeTarget, incarnation: Incarnation, connectivity: u32) -> Self {
        Self {
            target,
            heard_at: now,
            counted_from: now,
            incarnation,
            expires_at: now,
            probe: None,
            evidence: None,
            private_until: None,
            connectivity,
        }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        self.heard_at = self.heard_at + pause;
        self.counted_from = self.counted_from + pause;
        self.expires_at = self.expires_at + pause;
        self.private_until = self.private_until.map(|until| until + pause);
    }
}

impl FailureDetector {
    /// Begins a suspicion of an accused member, or shortens it if there are more accusers now.
    pub(super) fn suspect<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        accusation: &Accusation,
    ) {
        let incarnation = accusation.incarnation;
        // This node drops a doubtful suspicion of its own: it heard of this one as others did.
        let known = self.suspicions.remove(&id);
        let known =
            known.filter(|known| known.incarnation == incarnation && !self.is_doubtful(known));
        let is_new = known.is_none();
        let target = self.schedule.target(id);
        let mut suspicion = known.unwrap_or_else(|| {
            let connectivity = self.quorum.connectivity();
            let mut suspicion = Suspicion::new(cx.now, target, incarnation, connectivity);
            suspicion.counted_from = cx.now.saturating_sub(announce_delay(cx));
            suspicion
        });
        // Others know of it, so its timeout begins now at the latest.
        suspicion.counted_from = suspicion.counted_from.min(cx.now);
        // A bystander gives the accusers the longest timeout.
        let may_judge = suspicion.evidence.is_some() || !cx.rules.needs_evidence;
        let accusers = if may_judge { accusation.accusers.as_slice().len() } else { 1 };
        suspicion.expires_at = suspicion.counted_from + time(cx, accusers);
        if suspicion.private_until.take().is_some() {
            // This node has suspected the member for a while, and confirms.
            raise(cx, id, incarnation);
        }
        let is_overdue = suspicion.evidence.is_some() && suspicion.expires_at <= cx.now;
        if is_new && target.ring.is_some() {
            // The other watchers of a suspect give a second opinion.
            suspicion.probe = self.probe(cx, target);
        } else if cx.rules.needs_evidence && is_overdue && !self.is_probing(&suspicion) {
            // The suspicion has been confirmed after its timeout: the last probe is due.
            suspicion.probe = self.probe(cx, ProbeTarget { ring: None, ..target });
        }
        self.reschedule(cx, suspicion);
    }

    /// Handles the failure of a full probe.
    pub(super) fn on_failure<A: Address>(&mut self, cx: &mut Context<'_, A>, probe: &Probe) {
        let Probe { target, incarnation, connectivity, .. } = *probe;
        let id = target.id;
        // A probe that began before the last isolation ended neither isolates nor decides.
        let is_current = connectivity == self.quorum.connectivity();
        if cx.rules.isolates {
            if is_current && self.quorum.on_silence(id, cx.table.live().len()) {
                cx.push(Action::Isolated);
            }
            if self.quorum.is_isolated() {
                cx.stats.detector.accusations_withheld += 1;
                return self.keep_probing(cx, &id, connectivity);
            }
        }
        let known = self.suspicions.remove(&id);
        let known = known.filter(|known| known.incarnation == incarnation);
        let mut suspicion = known.unwrap_or_else(|| {
            let mut suspicion = Suspicion::new(cx.now, target, incarnation, connectivity);
            suspicion.counted_from = cx.now + flap_delay(cx, &id);
            suspicion.expires_at = suspicion.counted_from + time(cx, 1);
            let announced = suspicion.counted_from + announce_delay(cx);
            suspicion.private_until = (announced > cx.now).then_some(announced);
            suspicion
        });
        let is_over = suspicion.expires_at <= cx.now;
        let is_first = suspicion.evidence.replace(probe.evidence(cx)).is_none();
        let is_private = suspicion.private_until.is_some();
        let judgement = self.judge(cx, &suspicion, is_current);
        self.reschedule(cx, suspicion);
        if !cx.rules.needs_evidence {
            return raise(cx, id, incarnation);
        }
        if is_first && !is_private {
            // A bystander does not judge at its first failure; it confirms.
            raise(cx, id, incarnation);
        } else if is_over && judgement == Judgement::Dead {
            return declare(cx, id, incarnation);
        } else if is_over && judgement == Judgement::Unconfirmed {
            // The members that could confirm may not have heard of the suspicion.
            cx.push(Action::SpreadAgain { id });
        }
        self.keep_probing(cx, &id, connectivity);
    }

    /// Weighs the evidence against a suspect when its timeout may have expired.
    fn judge<A: Address>(
        &self,
        cx: &Context<'_, A>,
        suspicion: &Suspicion,
        is_current: bool,
    ) -> Judgement {
        let (id, incarnation) = (suspicion.target.id, suspicion.incarnation);
        let members = cx.table.live().map(|slot| &slot.member);
        let healthy = members.filter(|member| member.status().is_healthy() && member.id != id);
        let (healthy, peers) = (healthy.take(WITNESSES).count(), cx.table.live().len());
        if !is_current || !self.quorum.is_met(suspicion.heard_at, id, healthy, peers) {
            Judgement::CutOff
        } else if accusers(cx, &id, incarnation) >= ACCUSERS_NEEDED.min(healthy + 1) {
            Judgement::Dead
        } else {
            Judgement::Unconfirmed
        }
    }

    /// Handles the failure of a ping or probe: an accuser pings its suspect again, and in the end
    /// probes it once more.
    pub(super) fn keep_probing<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: &NodeId,
        connectivity: u32,
    ) {
        let Some(mut suspicion) = self.suspicions.remove(id) else { return };
        suspicion.connectivity = connectivity;
        let is_doubtful = self.is_doubtful(&suspicion);
        if !is_doubtful && suspicion.private_until.take_if(|until| *until <= cx.now).is_some() {
            // A late announcement leaves the suspect as much time to refute.
            let counted_from = cx.now.saturating_sub(announce_delay(cx));
            suspicion.counted_from = suspicion.counted_from.max(counted_from);
            suspicion.expires_at = suspicion.expires_at.max(suspicion.counted_from + time(cx, 1));
            raise(cx, *id, suspicion.incarnation);
        }
        if suspicion.evidence.is_some() && !self.is_probing(&suspicion) {
            suspicion.probe = self.next_ping(cx, &suspicion);
        }
        self.reschedule(cx, suspicion);
    }

    /// Begins an accuser's next ping, or its last probe when the timeout leaves time for nothing
    /// else. Returns the nonce.
    fn next_ping<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        suspicion: &Suspicion,
    ) -> Option<u32> {
        let target = ProbeTarget { ring: None, ..suspicion.target };
        let left = suspicion.expires_at.saturating_duration_since(cx.now);
        let spare = left.saturating_sub(self.patience(cx, target).1);
        if left.is_zero() {
            // The last probe could not decide. Another follows when the suspicion is rechecked.
            return None;
        }
        if spare < Duration::from_millis(1) {
            return self.probe(cx, target);
        }
        let private = suspicion.private_until.map(|until| until.saturating_duration_since(cx.now));
        let private = private.filter(|left| !left.is_zero());
        let length = spare.min(cx.config.detector.probe_timeout);
        self.ping_again(cx, target, private.map_or(length, |left| length.min(left)))
    }

    /// Handles the expiry of a suspicion timeout.
    pub(super) fn on_suspicion_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        mut suspicion: Suspicion,
    ) {
        if !cx.rules.needs_evidence {
            let incarnation = suspicion.incarnation;
            self.reschedule(cx, suspicion);
            return declare(cx, id, incarnation);
        }
        if !self.is_probing(&suspicion) {
            let target = ProbeTarget { ring: None, ..suspicion.target };
            suspicion.probe = self.probe(cx, target);
        }
        self.reschedule(cx, suspicion);
    }

    /// Handles an ack from a suspect: this node is no accuser any more. A suspicion that no other
    /// member knows of ends. By SWIM's rules only a refutation counts.
    pub(super) fn clear_evidence<A: Address>(&mut self, cx: &Context<'_, A>, id: &NodeId) {
        if !cx.rules.needs_evidence {
            return;
        }
        let known = self.suspicions.remove(id);
        let Some(mut suspicion) = known.filter(|known| known.private_until.is_none()) else {
            return;
        };
        if suspicion.evidence.take().is_some() {
            suspicion.expires_at = suspicion.counted_from + time(cx, 1);
        }
        self.reschedule(cx, suspicion);
    }

    /// Returns whether a private suspicion rests on probes that may have failed because this node
    /// was cut off.
    fn is_doubtful(&self, suspicion: &Suspicion) -> bool {
        let is_current = suspicion.connectivity == self.quorum.connectivity();
        let cut_off = self.quorum.is_isolated() || !is_current;
        cut_off && suspicion.private_until.is_some()
    }

    fn is_probing(&self, suspicion: &Suspicion) -> bool {
        suspicion.probe.is_some_and(|nonce| self.probes.get(&nonce).is_some())
    }

    /// Keeps a suspicion until its timeout expires. An expired one is checked again later.
    fn reschedule<A: Address>(&mut self, cx: &Context<'_, A>, suspicion: Suspicion) {
        let expired = suspicion.expires_at <= cx.now;
        let next = if expired { cx.now + cx.rules.recheck_after } else { suspicion.expires_at };
        self.suspicions.set(suspicion.target.id, next, suspicion);
    }

    /// Ends the suspicion of a member that was declared dead, and remembers the evidence.
    pub(super) fn record_verdict<A>(&mut self, cx: &Context<'_, A>, id: NodeId) {
        let suspicion = self.suspicions.remove(&id);
        let verdict = KnownVerdict {
            suspected: suspicion.as_ref().map_or(cx.now, |suspicion| suspicion.heard_at),
            declared: cx.now,
            probe: suspicion.and_then(|suspicion| suspicion.evidence),
        };
        self.verdicts.insert(id, verdict, cx.config.members.retention);
    }
}

/// The outcome of weighing the evidence against a suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// This node has not heard from enough other members: it may be cut off itself.
    CutOff,
    /// Too few members accuse the suspect.
    Unconfirmed,
    Dead,
}

/// Returns the number of accusers of this incarnation of a member.
fn accusers<A: Address>(cx: &Context<'_, A>, id: &NodeId, incarnation: Incarnation) -> usize {
    let accusation = cx.table.get(id).and_then(|slot| slot.member.accusation.as_deref());
    let accusation = accusation.filter(|accusation| accusation.incarnation == incarnation);
    accusation.map_or(0, |accusation| accusation.accusers.as_slice().len())
}

fn raise<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation) {
    cx.stats.detector.suspicions_raised += 1;
    accuse(cx, id, incarnation, Level::Suspect);
}

fn declare<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation) {
    cx.stats.detector.deaths_declared += 1;
    accuse(cx, id, incarnation, Level::Dead);
}

fn accuse<A: Address>(cx: &mut Context<'_, A>, id: NodeId, incarnation: Incarnation, level: Level) {
    let accusation = Accusation::new(incarnation, level, cx.table.local().short);
    cx.push(Action::Accuse { id, accusation });
}

/// Returns how long an accuser keeps a suspicion private while it pings on. A suspect that is only
/// slow answers by then, and the other watchers still have time to confirm.
pub(super) fn announce_delay<A: Address>(cx: &Context<'_, A>) -> Duration {
    if !cx.rules.announces_late {
        return Duration::ZERO;
    }
    let minimum = time(cx, Accusers::MAX);
    // The other watchers' probes, and this node's last one, must fit.
    minimum.saturating_sub(cx.config.detector.probe_timeout * 4).min(minimum / 3)
}

/// Returns the additional delay of a suspicion if the suspect refuted recently. Such a member may
/// lose packets or be slow at times, and a few pings cost less than a suspicion and a refutation,
/// which go to all members.
fn flap_delay<A: Address>(cx: &Context<'_, A>, id: &NodeId) -> Duration {
    let slot = cx.table.get(id).filter(|_| cx.rules.announces_late);
    let refutations = slot.map_or(0, |slot| slot.refutations(cx.now));
    // Zero, about the length of a probe, three times that.
    let step = announce_delay(cx).max(cx.config.detector.probe_timeout * 2);
    step * ((1 << refutations) - 1)
}

fn time<A: Address>(cx: &Context<'_, A>, accusers: usize) -> Duration {
    timeout(cx.config, cx.table.live().len() + 1, accusers)
}

/// Returns Lifeguard's LHA-Suspicion: the timeout falls from its maximum to its minimum with the
/// logarithm of the number of independent accusers.
fn timeout(config: &Config, cluster: usize, accusers: usize) -> Duration {
    // log10(n) = log2(n) * 0.301; at least one, as in memberlist.
    let log10 = (log2(cluster) * 77 / 256).max(256);
    let min = config.detector.suspicion_timeout * log10 / 256;
    let max = min * u32::from(config.detector.suspicion_max_mult);
    // Confirmations that give the minimum: Lifeguard's K of three, which a record can name, or as
    // many as the cluster can give.
    let wanted = (Accusers::MAX - 1).min(cluster.saturating_sub(2));
    let confirmations = accusers.saturating_sub(1).min(wanted);
    if wanted == 0 {
        return min;
    }
    max - (max - min) * log2(confirmations + 1) / log2(wanted + 1)
}

/// Returns the logarithm to base 2 in 256ths, linear between powers of two; 0 for 0. Integer
/// arithmetic, so that every target agrees.
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
    fn confirmations_shorten_timeout() {
        let config = Config::lan().lifeguard();
        let seconds: Vec<_> =
            (1..=4).map(|accusers| timeout(&config, 100, accusers).as_millis()).collect();
        // log10(100) is 505/256 here, 1.4 % too low. The minimum is five times that.
        assert_eq!(seconds, [59_179, 34_521, 22_192, 9_863]);
    }

    #[test]
    fn two_nodes_cannot_confirm_each_other() {
        assert_eq!(timeout(&Config::lan(), 2, 1), Duration::from_millis(1_500));
    }

    #[test]
    fn log2_interpolates_linearly() {
        assert_eq!([0, 1, 2, 3, 4, 1024].map(log2), [0, 0, 256, 384, 512, 2560]);
    }
}
