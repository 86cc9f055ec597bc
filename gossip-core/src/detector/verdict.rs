//! Why a member is suspected or dead: what a verdict rests on.

use alloc::vec::Vec;
use core::time::Duration;

use crate::deadline::Deadlines;
use crate::hash::Key;
use crate::{Instant, NodeId};

/// The most verdicts whose reasons are remembered.
const MAX_VERDICTS: usize = 256;

/// Why a member is suspected or was declared dead, as far as this node knows: see
/// [`Node::why`](crate::Node::why).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who could not reach it: up to four of them, those that we know ourselves.
    pub accusers: Vec<NodeId>,
    /// When we heard first that it is suspected; of one that was dead when we first heard of it,
    /// that moment.
    pub suspected: Instant,
    /// When we declared it dead, or heard that somebody did.
    pub declared: Option<Instant>,
    /// What our own last probe of it tried, if we could not reach it ourselves.
    pub probe: Option<FailedProbe>,
}

/// By which ways a probe tried to reach a member, in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedProbe {
    /// When it was given up.
    pub ended: Instant,
    /// How many direct pings were not answered.
    pub pings: u8,
    /// How many others were asked to ping it.
    pub relays: u8,
    /// How many of those answered that they could not reach it either.
    pub nacks: u8,
    /// Whether a request was tried too.
    pub by_request: bool,
    /// The smoothed round-trip time until then, if we watched it and measured one.
    pub rtt: Option<Duration>,
}

/// What is remembered of a verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownVerdict {
    pub(super) suspected: Instant,
    pub(super) declared: Instant,
    pub(super) probe: Option<FailedProbe>,
}

/// The last verdicts, each for as long as the dead are remembered.
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

    /// Remembers a verdict for `grace`; the oldest give way.
    pub(super) fn insert(&mut self, id: NodeId, verdict: KnownVerdict, grace: Duration) {
        while self.0.pop(verdict.declared).is_some() {}
        if self.0.len() >= MAX_VERDICTS
            && let Some(oldest) = self.0.next()
        {
            self.0.pop(oldest);
        }
        self.0.set(id, verdict.declared + grace, verdict);
    }
}
