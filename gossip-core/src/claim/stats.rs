//! Counters of the own claim.

use crate::stats::counters;

counters! {
    /// Counters of this node's own claim.
    LocalStats {
        /// Refutations of accusations against this node.
        refutations,
    }
}
