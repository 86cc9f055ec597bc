//! Actions of repair.

use crate::NodeId;

/// An action of repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Compare fingerprints.
    Compare { with: NodeId },
    /// Exchange all records that differ.
    Sync { with: NodeId },
    /// Exchange the records that differ below these first digits, one bit per digit.
    Descend { with: NodeId, digits: u16 },
}
