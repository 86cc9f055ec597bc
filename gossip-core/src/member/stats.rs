//! Counters of the member table.

use super::message::{RECORD, WANT};
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of the member table.
    MemberStats {
        /// Received records that changed the table.
        records_learned,
        /// Received records that changed nothing.
        records_known,
        /// Records too large for a datagram of this node's budget.
        records_oversize,
        /// Newcomers refused because the table was full.
        refused,
    }
}

message_counters! {
    /// Records and requests for them.
    MemberMessages {
        /// Records.
        record = RECORD,
        /// Requests for records.
        want = WANT,
    }
}
