//! The readiness of sockets.

use std::io;
use std::time::Instant;

use gossip_driver::{Backoff, Engine};

/// The readiness of a socket. The system reports it once, so it is kept until the socket would
/// block. After an error the socket rests for a while.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    ready: bool,
    backoff: Backoff,
}

impl Readiness {
    /// Notes that the system reported the socket.
    pub(crate) fn set(&mut self) {
        self.ready = true;
    }

    /// Returns since when the socket is ready, or when it will be after its rest.
    pub(crate) fn since(&self, now: Instant) -> Option<Instant> {
        self.ready.then(|| self.backoff.until().unwrap_or(now))
    }

    /// Calls `attempt` if the socket is ready. Logs an error: `what` failed.
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
