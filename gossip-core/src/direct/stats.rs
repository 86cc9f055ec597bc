//! Counters of messages between applications.

use super::message::PAYLOAD;
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of messages between applications.
    DirectStats {
        /// Payloads refused because they were for another node or an earlier life.
        payloads_refused,
    }
}

message_counters! {
    /// Messages between applications.
    DirectMessages {
        /// Payloads.
        payload = PAYLOAD,
    }
}
