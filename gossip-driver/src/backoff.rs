//! Pauses after errors of sockets.

use std::time::{Duration, Instant};

/// The pause after an error of a socket: 1 ms, doubled with each further error in a row, at most
/// 100 ms. A persistent error cannot make a loop spin, and a transient one costs little.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    until: Option<Instant>,
}

impl Backoff {
    const MIN: Duration = Duration::from_millis(1);
    const MAX: Duration = Duration::from_millis(100);

    /// Starts without a pause.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: Self::MIN, until: None }
    }

    /// Notes an error. Returns the length of the pause.
    pub fn failed(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(Self::MAX);
        self.until = Some(Instant::now() + pause);
        pause
    }

    /// Returns the end of the present pause, if there is one.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }

    /// Notes a success, after which the next pause is short again.
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
    fn pauses_double_until_success() {
        let mut backoff = Backoff::new();
        let millis: Vec<_> = (0..9).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(millis, [1, 2, 4, 8, 16, 32, 64, 100, 100]);
        assert!(backoff.until().is_some());
        backoff.worked();
        assert_eq!(backoff.until(), None);
        assert_eq!(backoff.failed().as_millis(), 1);
    }
}
