//! Actions of the rumour mill.

use crate::NodeId;
use crate::id::ShortId;

/// An action of the rumour mill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the records being pushed, `hops` ages older than they came.
    Push { to: NodeId, hops: u8 },
    /// Send the names of the old rumours.
    Advertise { to: NodeId },
    /// Request a record that `from` advertised.
    Want { from: NodeId, short: ShortId },
}
