//! The target of a probe.

use super::rtt::Rtt;
use crate::NodeId;

/// The target of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProbeTarget {
    pub(super) id: NodeId,
    /// The ring in which this node watches the target.
    pub(super) ring: Option<u8>,
    /// The round-trip time to the target.
    pub(super) rtt: Rtt,
}

impl ProbeTarget {
    /// Returns a target that this node does not watch.
    pub(super) fn unwatched(id: NodeId) -> Self {
        Self { id, ring: None, rtt: Rtt::UNKNOWN }
    }
}
