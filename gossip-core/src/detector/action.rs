//! Actions of the failure detector.

use crate::NodeId;
use crate::member::Accusation;

/// An action of the failure detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ping `to`, as its watcher in `ring` if there is one, with the record of `attach`.
    Ping {
        to: NodeId,
        nonce: u32,
        attach: Option<NodeId>,
        ring: Option<u8>,
    },
    /// Ask `relay` to ping `target`.
    PingRequest {
        relay: NodeId,
        target: NodeId,
        nonce: u32,
    },
    /// Ping `to` by request, in case that only datagrams fail.
    PingByRequest {
        to: NodeId,
        nonce: u32,
    },
    /// Report to `to` that the target of its ping request answered.
    IndirectAck {
        to: NodeId,
        nonce: u32,
    },
    /// Report to `to` that the target of its ping request has not answered yet.
    Nack {
        to: NodeId,
        nonce: u32,
    },
    /// Report to the application that no member answers, or that one does again.
    Isolated,
    Reconnected,
    /// Report to the application that a member answers requests but no datagrams.
    DatagramsBlocked {
        id: NodeId,
    },
    /// Merge this node's own accusation.
    Accuse {
        id: NodeId,
        accusation: Accusation,
    },
    /// Spread a known record once more, since others may have missed it.
    SpreadAgain {
        id: NodeId,
    },
    /// Remind a member that it is to watch this node.
    CallWatcher {
        watcher: NodeId,
    },
}
