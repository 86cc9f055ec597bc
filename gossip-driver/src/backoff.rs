//! Pauses between attempts that fail.

use std::time::{Duration, Instant};

/// How long to pause after an error of a socket: 1 ms, doubled with each further error in a row, at
/// most 100 ms. So an error that persists cannot make a loop spin, and one that passes costs
/// nothing worth mentioning.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    until: Option<Instant>,
}

impl Backoff {
    const LEAST: Duration = Duration::from_millis(1);
    const MOST: Duration = Duration::from_millis(100);

    /// As if nothing had ever failed.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: Self::LEAST, until: None }
    }

    /// One more error in a row; how long to pause.
    pub fn failed(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(Self::MOST);
        self.until = Some(Instant::now() + pause);
        pause
    }

    /// Until when to pause, if that is not over.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }

    /// It worked: the next error is a first one.
    pub fn worked(&mut self) {
        *self = Self::new();
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        let millis: Vec<_> = (0..9).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(millis, [1, 2, 4, 8, 16, 32, 64, 100, 100]);
        assert!(backoff.until().is_some());
        backoff.worked();
        assert_eq!(backoff.until(), None);
        assert_eq!(backoff.failed().as_millis(), 1);
    }
}
