//! Which sockets are worth a try.

use std::io;
use std::time::Instant;

use gossip_driver::{Backoff, Engine};

/// Whether a socket is worth a try. The system says so once, so it is remembered until the socket
/// would block; after an error the socket rests a while.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    ready: bool,
    backoff: Backoff,
}

impl Readiness {
    /// The system says that it is.
    pub(crate) fn set(&mut self) {
        self.ready = true;
    }

    /// Since when it is, or from when on it will be if the system says nothing more.
    pub(crate) fn since(&self, now: Instant) -> Option<Instant> {
        self.ready.then(|| self.backoff.until().unwrap_or(now))
    }

    /// Makes a try, if it is worth one. An error is told: `what` failed.
    pub(crate) fn attempt<T>(
        &mut self,
        engine: &Engine,
        what: &'static str,
        attempt: impl FnOnce() -> io::Result<T>,
    ) -> Option<T> {
        let now = Instant::now();
        if self.since(now).is_none_or(|since| since > now) {
            return None;
        }
        match attempt() {
            Ok(value) => {
                self.backoff.worked();
                Some(value)
            }
            Err(error) => {
                self.ready = error.kind() != io::ErrorKind::WouldBlock;
                if self.ready {
                    self.backoff.failed();
                    engine.socket_error(what, &error);
                }
                None
            }
        }
    }
}
