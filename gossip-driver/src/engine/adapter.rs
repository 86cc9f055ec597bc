//! The methods with which an adapter drives the engine.

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
    /// Number of datagrams to read in a row before other work has its turn.
    pub const BATCH: usize = 64;

    /// Size of a buffer for any datagram, in bytes.
    pub const MAX_DATAGRAM: usize = 65_535;

    /// Number of requests of other nodes to serve at the same time.
    pub const MAX_SERVED: usize = 64;

    /// Returns the configuration of the node.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Handles a datagram that arrived.
    pub fn handle_datagram(&self, from: SocketAddr, datagram: &mut [u8]) {
        let from = from.canonical();
        let result = self.with(|state, now| state.node.handle_datagram(now, &from, datagram));
        trace::received(self.id, from, datagram.len(), result);
    }

    /// Returns the next datagram to send, encoded into `buf`, which must hold at least
    /// [`Config::datagram_budget`] bytes.
    #[must_use = "the datagram is lost unless it is sent"]
    pub fn poll_transmit<'b>(&self, buf: &'b mut [u8]) -> Option<Transmit<'b, SocketAddr>> {
        let mut transmit = self.lock().node.poll_transmit(self.clock.now(), buf)?;
        trace::sent(self.id, transmit.to, transmit.bytes.len());
        transmit.to = self.reachable(transmit.to);
        Some(transmit)
    }

    /// Returns the form of an address that the socket can reach: an IPv6 socket reaches IPv4 only by
    /// mapped addresses.
    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.local_addr.is_ipv6() => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        }
    }

    /// Returns the next request to make, and writes its frame to `frame`.
    #[must_use = "the request fails unless it is made"]
    pub fn poll_request(&self, frame: &mut Vec<u8>) -> Option<Request<SocketAddr>> {
        let request = self.lock().node.poll_request(self.clock.now(), frame)?;
        trace::request(self.id, request.to, frame.len());
        Some(request)
    }

    /// Returns the time left until the `deadline` of a [`Request`].
    #[must_use]
    pub fn time_left(&self, deadline: gossip_core::Instant) -> Duration {
        deadline.saturating_duration_since(self.clock.now())
    }

    /// Handles the reply to a request of this node. Wakes the driver.
    pub fn handle_reply(&self, request: &Request<SocketAddr>, frame: &mut [u8]) {
        let result = self.command(|state, now| state.node.handle_reply(now, request.id, frame));
        if let Err(reject) = result {
            self.handle_request_failed(request, &reject);
        }
    }

    /// Handles the failure of a request of this node. Wakes the driver.
    pub fn handle_request_failed(&self, request: &Request<SocketAddr>, error: &dyn Display) {
        trace::request_failed(self.id, request.to, error);
        self.command(|state, now| state.node.handle_request_failed(now, request.id));
    }

    /// Handles the request of another node. Returns whether there is a reply, which is then in
    /// `reply`. Wakes the driver.
    #[must_use = "the reply must be sent if there is one"]
    pub fn handle_request(&self, from: SocketAddr, frame: &mut [u8], reply: &mut Vec<u8>) -> bool {
        let from = from.canonical();
        let result = self.command(|state, now| state.node.handle_request(now, &from, frame, reply));
        trace::served(self.id, from, frame.len(), result);
        result.is_ok()
    }

    /// Logs the error of a socket: `what` failed.
    pub fn socket_error(&self, what: &'static str, error: &dyn Display) {
        trace::socket(self.id, what, error);
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout), at most a day ahead.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        let state = self.lock();
        let deadlines = [
            state.node.poll_timeout(),
            state.joins.deadline(),
            state.seeds.deadline(),
            state.snapshot_writer.as_ref().and_then(SnapshotWriter::deadline),
            #[cfg(feature = "metrics")]
            Some(state.metrics.deadline()),
        ];
        let never = gossip_core::Instant::from_micros(u64::MAX);
        self.clock.at(deadlines.into_iter().flatten().min().unwrap_or(never))
    }

    /// Handles all deadlines that have passed.
    pub fn handle_timeout(self: &Arc<Self>) {
        let (names, stale) = self.with(|state, now| {
            state.node.handle_timeout(now);
            state.joins.expire(now);
            #[cfg(feature = "metrics")]
            state.metrics.publish_if_due(now, &state.node);
            if state.seeds.expire(now, state.node.live_peers() == 0) {
                state.contact(now, Vec::new());
            }
            let State { node, seeds, snapshot_writer, .. } = state;
            let stale = snapshot_writer
                .as_mut()
                .is_some_and(|writer| writer.is_stale(now, node, seeds.restored()));
            (seeds.take_names(now, node), stale)
        });
        if !names.is_empty() {
            self.resolve_seeds(names);
        }
        if stale {
            self.save_snapshot(|_| ());
        }
    }

    /// Completes when there may be something to send, or when the driver should stop.
    pub fn woken(&self) -> impl Future<Output = ()> + Unpin {
        until(&self.wake, || self.woken.swap(false, Ordering::AcqRel).then_some(()))
    }

    /// Registers the driver's thread, so that waiting for shutdown also joins it.
    pub fn set_thread(&self, thread: JoinHandle<()>) {
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    /// Returns whether the driver should stop once it has sent all queued datagrams.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        let state = self.lock();
        state.driver != DriverState::Running || state.node.is_stopped()
    }
}
