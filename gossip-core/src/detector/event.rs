//! Events of the failure detector.

use crate::NodeId;

/// A finding of the failure detector about this node's own connectivity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum DetectorEvent {
    /// No member answers any more: this node is probably cut off. It accuses no member before
    /// [`Reconnected`](Self::Reconnected).
    Isolated,
    /// A member answered while this node was isolated.
    Reconnected,
    /// A member that this node watches answered two requests in a row but no datagrams, as behind
    /// a firewall. Reported once until it acknowledges a datagram.
    DatagramsBlocked {
        /// The member's id.
        id: NodeId,
    },
}
