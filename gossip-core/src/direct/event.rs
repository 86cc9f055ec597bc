//! Events of messages between applications.

use alloc::vec::Vec;

use crate::NodeId;

/// Identifier of one call of [`Node::send`](crate::Node::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SendId(pub(crate) u64);

/// A message between two applications, or the outcome of sending one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum MessageEvent {
    /// A member sent a payload with [`Node::send`](crate::Node::send).
    Received {
        /// The sender's id as stated by the sender; not authenticated.
        from: NodeId,
        /// The payload.
        payload: Vec<u8>,
    },
    /// The receiver acknowledged a payload that was sent by request.
    Delivered {
        /// The payload, as returned by [`Node::send`](crate::Node::send).
        id: SendId,
    },
    /// The receiver did not acknowledge a payload in time. It may have arrived all the same.
    Failed {
        /// The payload, as returned by [`Node::send`](crate::Node::send).
        id: SendId,
    },
}
