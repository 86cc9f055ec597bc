//! Counters of rumours.

use super::message::ADVERTS;
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of rumours.
    RumorStats {
        /// Rumours dropped because too many were active. Repair delivers their records.
        dropped,
        /// Advertised records not requested because too many requests were open.
        wants_dropped,
    }
}

message_counters! {
    /// Messages of rumours.
    RumorMessages {
        /// Lists of advertised records.
        adverts = ADVERTS,
    }
}
