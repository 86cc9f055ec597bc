//! Events of joining.

use alloc::vec::Vec;

use crate::NodeId;

/// Identifier of one call of [`Node::join`](crate::Node::join).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct JoinId(pub(crate) u64);

/// Reason why a seed did not admit this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum JoinError {
    /// The seed did not answer in time: the address is unused, or its node belongs to another
    /// cluster or speaks another version.
    NoAnswer,
    /// The seed refused: its member table is full, or it still remembers this node as dead.
    Refused,
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "no answer in time",
            Self::Refused => "the seed refused",
        })
    }
}

impl core::error::Error for JoinError {}

/// The outcome of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum JoinEvent<A> {
    /// A join is over.
    Finished {
        /// The join, as returned by [`Node::join`](crate::Node::join).
        id: JoinId,
        /// The seeds in the order given, each with the id of the node that answered there. A seed
        /// that is this node's own address answers with its own id.
        outcomes: Vec<(A, Result<NodeId, JoinError>)>,
    },
}
