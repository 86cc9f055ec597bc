//! Counters of the own claim.

use super::message::STANDING;
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of this node's own claim.
    LocalStats {
        /// Refutations of accusations against this node.
        refutations,
    }
}

message_counters! {
    /// Messages about the receiver's own claim.
    ClaimMessages {
        /// Statements of what the sender believes of the receiver.
        standing = STANDING,
    }
}
