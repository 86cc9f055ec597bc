//! Lifeguard's local health: a node that sees all members fail should doubt itself first.

use core::time::Duration;

/// The local health multiplier of Lifeguard (arXiv 1707.00788, section IV-A): a saturating score,
/// 0 when well. Timeouts and the probe interval are stretched by `score + 1`.
#[derive(Debug)]
pub(crate) struct LocalHealth {
    score: u8,
    worst: u8,
}

impl LocalHealth {
    /// Creates a healthy score. `worst` of zero switches it off.
    pub(crate) fn new(worst: u8) -> Self {
        Self { score: 0, worst }
    }

    pub(crate) fn score(&self) -> u8 {
        self.score
    }

    pub(crate) fn improve(&mut self) {
        self.score = self.score.saturating_sub(1);
    }

    pub(crate) fn worsen(&mut self, by: u8) {
        self.score = self.score.saturating_add(by).min(self.worst);
    }

    pub(crate) fn stretch(&self, time: Duration) -> Duration {
        time * (u32::from(self.score) + 1)
    }
}
