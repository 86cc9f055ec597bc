//! The measured figures.

use std::time::Duration;

/// Times from a cause until the first and the last node knew.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notice {
    pub(crate) first: Duration,
    pub(crate) last: Duration,
}

/// The traffic of an idle node per second.
pub(crate) struct Idle {
    pub(crate) packets: f64,
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
}
