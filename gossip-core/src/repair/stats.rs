//! Counters of repair.

use super::message::{DIGESTS, ROOTS, SYNC, SYNC_END};
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of repair.
    RepairStats {
        /// Synchronisations begun with another member.
        syncs,
        /// Records and comparisons dropped because too much repair waited for its pace. The receivers
        /// request them again.
        deferred,
    }
}

message_counters! {
    /// Messages of repair.
    RepairMessages {
        /// Lists of the records in a range.
        sync = SYNC,
        /// Ends of the replies to such lists.
        sync_end = SYNC_END,
        /// Digests of the sixteen parts of the table.
        roots = ROOTS,
        /// Digests of the sixteen parts below a prefix.
        digests = DIGESTS,
    }
}
