//! Counters of joining.

use super::message::{JOIN, WELCOME};
use crate::stats::{counters, message_counters};

message_counters! {
    /// Messages of joining.
    JoinMessages {
        /// Requests to be admitted.
        join = JOIN,
        /// Answers to them.
        welcome = WELCOME,
    }
}
