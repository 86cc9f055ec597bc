//! What an adapter moves its packets through.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gossip_core::{Address, Config, Request, Transmit};

use super::{DriverState, Engine, State};
use crate::snapshot_writer::SnapshotWriter;
use crate::trace;
use crate::wait::until;

impl Engine {
    /// How many datagrams to read in a row before others have their turn.
    pub const BATCH: usize = 64;

    /// The size of a buffer that any datagram fits in, in bytes.
    pub const MAX_DATAGRAM: usize = 65_535;

    /// How many requests of others to serve at once.
    pub const MAX_SERVED: usize = 64;

    /// The configuration of the node.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a datagram that has arrived.
    pub fn handle_datagram(&self, from: SocketAddr, datagram: &mut [u8]) {
        let from = from.canonical();
        let result = self.with(|state, now| state.node.handle_datagram(now, &from, datagram));
        trace::received(self.id, from, datagram.len(), result);
    }

    /// The next datagram to send, encoded into `buf`, which must hold at least
    /// [`Config::datagram_budget`] bytes.
    pub fn poll_transmit<'b>(&self, buf: &'b mut [u8]) -> Option<Transmit<'b, SocketAddr>> {
        let mut transmit = self.lock().node.poll_transmit(self.clock.now(), buf)?;
        trace::sent(self.id, transmit.to, transmit.bytes.len());
        transmit.to = self.reachable(transmit.to);
        Some(transmit)
    }

    /// An IPv6 socket reaches IPv4 by mapped addresses alone.
    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.local_addr.is_ipv6() => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        }
    }

    /// The next request to make, its frame in `frame`.
    pub fn poll_request(&self, frame: &mut Vec<u8>) -> Option<Request<SocketAddr>> {
        let request = self.lock().node.poll_request(self.clock.now(), frame)?;
        trace::request(self.id, request.to, frame.len());
        Some(request)
    }

    /// The time left until `deadline`, that of a [`Request`].
    #[must_use]
    pub fn time_left(&self, deadline: gossip_core::Instant) -> Duration {
        deadline.saturating_duration_since(self.clock.now())
    }

    /// Takes the reply to a request of ours. Wakes the driver.
    pub fn handle_reply(&self, request: &Request<SocketAddr>, frame: &mut [u8]) {
        let result = self.command(|state, now| state.node.handle_reply(now, request.id, frame));
        if let Err(reject) = result {
            self.handle_request_failed(request, &reject);
        }
    }

    /// A request of ours came to nothing. Wakes the driver.
    pub fn handle_request_failed(&self, request: &Request<SocketAddr>, error: &dyn Display) {
        trace::request_failed(self.id, request.to, error);
        self.command(|state, now| state.node.handle_request_failed(now, request.id));
    }

    /// Serves the request of another node: whether there is an answer, which is then in `reply`.
    /// Wakes the driver.
    pub fn handle_request(&self, from: SocketAddr, frame: &mut [u8], reply: &mut Vec<u8>) -> bool {
        let from = from.canonical();
        let result = self.command(|state, now| state.node.handle_request(now, &from, frame, reply));
        trace::served(self.id, from, frame.len(), result);
        result.is_ok()
    }

    /// An error of a socket, to be traced and nothing else; `what` failed.
    pub fn socket_error(&self, what: &'static str, error: &dyn Display) {
        trace::socket(self.id, what, error);
    }

    /// When to call [`timeout`](Self::timeout): at most a day ahead.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        let state = self.lock();
        let deadlines = [
            state.node.poll_timeout(),
            state.joins.deadline(),
            state.seeds.due(),
            state.snapshot_writer.as_ref().and_then(SnapshotWriter::due),
            #[cfg(feature = "metrics")]
            Some(state.metrics.due()),
        ];
        let never = gossip_core::Instant::from_micros(u64::MAX);
        self.clock.at(deadlines.into_iter().flatten().min().unwrap_or(never))
    }

    /// Does what is due. Nothing, if nothing is.
    pub fn handle_timeout(self: &Arc<Self>) {
        let (names, stale) = self.with(|state, now| {
            state.node.handle_timeout(now);
            state.joins.expire(now);
            #[cfg(feature = "metrics")]
            state.metrics.publish_due(now, &state.node);
            if state.seeds.expire(now, state.node.live_peers() == 0) {
                state.contact(now, Vec::new());
            }
            let State { node, seeds, snapshot_writer, .. } = state;
            let stale =
                snapshot_writer.as_mut().is_some_and(|k| k.take_due(now, node, seeds.restored()));
            (seeds.take_due(now, node), stale)
        });
        if !names.is_empty() {
            self.resolve_seeds(names);
        }
        if stale {
            self.save_snapshot(|_| ());
        }
    }

    /// Completes when there may be something to send, or an end to come to.
    pub fn woken(&self) -> impl Future<Output = ()> + Unpin {
        until(&self.wake, || self.woken.swap(false, Ordering::AcqRel).then_some(()))
    }

    /// The thread that the driver runs on, if it has one of its own: who waits for the end waits for
    /// the end of that, too.
    pub fn set_thread(&self, thread: JoinHandle<()>) {
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    /// Whether the driver is to stop, once it has sent what there is to send.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        let state = self.lock();
        state.driver != DriverState::Running || state.node.is_stopped()
    }
}
