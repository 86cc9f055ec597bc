//! The rules of each [`DetectorKind`](crate::DetectorKind), as data.

use core::time::Duration;

use crate::{DetectorConfig, DetectorKind};

/// The rules of failure detection.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Direct pings of a probe, and their maximum where acks come soon enough for more.
    pub(super) pings: u8,
    pub(super) max_pings: u8,
    /// Rounds of indirect probes.
    pub(super) rounds: u8,
    /// Whether a probe waits as long as the measured round-trip time suggests. If not, it waits
    /// for the probe timeout, and for relays until the probe interval is over.
    pub(super) adapts_to_rtt: bool,
    /// Whether an ack counts that comes after the end of its probe, but before the verdict.
    pub(super) accepts_late_acks: bool,
    /// Whether a ping tells a suspect about the suspicion.
    pub(super) tells_suspects: bool,
    /// Time after which a relay reports that the target has not answered.
    pub(super) nack_after: Duration,
    /// Whether only an accuser, a node whose own probe failed, may declare a suspect dead. If not,
    /// any node does once the suspicion timeout expires.
    pub(super) needs_evidence: bool,
    /// Time between two checks of a suspicion after its timeout.
    pub(super) recheck_after: Duration,
    /// Whether an accuser delays its announcement, and longer if the suspect refuted recently.
    pub(super) announces_late: bool,
    /// Whether a node that reaches no member withholds its accusations.
    pub(super) isolates: bool,
    /// Whether suspicions wait while this node cannot send.
    pub(super) waits_for_outbox: bool,
    /// Whether a node answers an accusation that it has refuted already.
    pub(crate) repeats_refutations: bool,
    /// Whether a node that keeps dying waits before it returns.
    pub(crate) delays_returns: bool,
}

impl Rules {
    pub(crate) fn of(config: &DetectorConfig) -> Self {
        match config.kind {
            DetectorKind::Swim => Self::swim(config),
            DetectorKind::Rings => Self::rings(config),
        }
    }

    /// Returns the rules of SWIM and memberlist. memberlist forgets a probe at its end, ignores
    /// acks for suspicions, and leaves a refutation to the rumour.
    fn swim(config: &DetectorConfig) -> Self {
        Self {
            pings: 1,
            max_pings: 1,
            rounds: 1,
            adapts_to_rtt: false,
            accepts_late_acks: false,
            tells_suspects: config.buddy_system,
            nack_after: config.probe_timeout * 4 / 5,
            needs_evidence: false,
            recheck_after: Duration::from_micros(1),
            announces_late: false,
            isolates: false,
            waits_for_outbox: false,
            repeats_refutations: false,
            delays_returns: false,
        }
    }

    /// Returns the rules of watchers on rings. A suspect that missed the rumour hears of it only
    /// from its watchers, so they always tell it. A relay's nack arrives before the probe ends:
    /// the probe may give relays only half a probe timeout, a third of which has passed in the
    /// second round.
    fn rings(config: &DetectorConfig) -> Self {
        Self {
            pings: 3,
            max_pings: 5,
            rounds: 3,
            adapts_to_rtt: true,
            accepts_late_acks: true,
            tells_suspects: true,
            nack_after: config.probe_timeout / 5,
            needs_evidence: true,
            recheck_after: config.probe_interval * 4,
            announces_late: true,
            isolates: true,
            waits_for_outbox: true,
            repeats_refutations: true,
            delays_returns: true,
        }
    }
}
