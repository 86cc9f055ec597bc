//! Events in the life of this node.

/// A change in the life of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LocalEvent<A> {
    /// Another process runs with this node's id and has the better claim to it. This node has
    /// stopped.
    Conflict {
        /// The address of the other process.
        address: A,
    },
    /// This node left: enough members acknowledged it, or the timeout passed. It has stopped.
    Left,
}
