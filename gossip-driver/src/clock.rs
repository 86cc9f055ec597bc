//! The core's time, from the monotonic clock of the system.

use std::time::{Duration, Instant};

/// A clock that starts at its creation.
#[derive(Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> gossip_core::Instant {
        gossip_core::Instant::ORIGIN + self.0.elapsed()
    }

    /// Converts an instant of the core, at most a day ahead, to one of the system.
    pub(crate) fn at(&self, instant: gossip_core::Instant) -> Instant {
        const DAY: Duration = Duration::from_secs(86_400);
        let latest = self.0.elapsed() + DAY;
        self.0 + Duration::from_micros(instant.as_micros()).min(latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_convert_both_ways_without_overflow() {
        let clock = Clock::new();
        let before = Instant::now();
        let now = clock.now();
        assert!(clock.at(now) <= Instant::now());
        // The core counts whole microseconds.
        assert!(clock.at(now) + Duration::from_micros(1) >= before);
        assert!(clock.at(gossip_core::Instant::from_micros(u64::MAX)) > before);
    }
}
