//! The evidence for suspicions and verdicts.

use alloc::vec::Vec;
use core::time::Duration;

use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::{Instant, NodeId};

/// Number of verdicts whose evidence a node remembers.
const MAX_VERDICTS: usize = 256;

/// The evidence for a suspicion or a death, as far as this node knows; see
/// [`Node::why`](crate::Node::why).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Verdict {
    /// The members that could not reach it: up to four, as far as this node knows them.
    pub accusers: Vec<NodeId>,
    /// When this node first heard of the suspicion. For a member that was dead when this node first
    /// heard of it, that moment.
    pub suspected: Instant,
    /// When this node declared it dead, or heard that another member did.
    pub declared: Option<Instant>,
    /// This node's own last probe of the member, if it failed.
    pub probe: Option<FailedProbe>,
}

/// A failed probe: the ways in which it tried to reach the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FailedProbe {
    /// When it ended.
    pub ended: Instant,
    /// Number of direct pings without an ack.
    pub pings: u8,
    /// Number of relays that were asked to ping the member.
    pub relays: u8,
    /// Number of those relays that reported no answer.
    pub nacks: u8,
    /// Whether a request was tried as well.
    pub by_request: bool,
    /// The smoothed round-trip time until then, if this node watched the member and measured one.
    pub rtt: Option<Duration>,
}

/// The remembered part of a verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownVerdict {
    pub(super) suspected: Instant,
    pub(super) declared: Instant,
    pub(super) probe: Option<FailedProbe>,
}

/// The last verdicts, each kept for the retention of departed members.
#[derive(Debug)]
pub(super) struct Verdicts(Deadlines<NodeId, KnownVerdict>);

impl Verdicts {
    pub(super) fn new(secret: Key) -> Self {
        Self(Deadlines::new(secret))
    }

    pub(super) fn get(&self, id: &NodeId) -> Option<&KnownVerdict> {
        self.0.get(id)
    }

    pub(super) fn remove(&mut self, id: &NodeId) {
        self.0.remove(id);
    }

    /// Remembers a verdict for `retention`. The oldest one gives way to it.
    pub(super) fn insert(&mut self, id: NodeId, verdict: KnownVerdict, retention: Duration) {
        while self.0.pop(verdict.declared).is_some() {}
        if self.0.len() >= MAX_VERDICTS
            && let Some(oldest) = self.0.next()
        {
            self.0.pop(oldest);
        }
        self.0.set(id, verdict.declared + retention, verdict);
    }
}
