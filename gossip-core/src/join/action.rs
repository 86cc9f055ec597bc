//! Actions of joining.

use alloc::vec::Vec;

use crate::NodeId;
use crate::{JoinError, JoinId};

/// An action of joining. It can carry addresses, and the node runs it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action<A> {
    /// Send a join to a seed.
    Join { to: A, nonce: u32 },
    /// Catch up with the cluster that admitted this node.
    CatchUp,
    /// Report the outcome of a join to the application.
    Finished { id: JoinId, outcomes: Vec<(A, Result<NodeId, JoinError>)> },
}
