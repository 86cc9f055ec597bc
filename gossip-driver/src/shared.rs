//! The node behind one mutex, and the conditions to wait on.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_listener::Event as Signal;
use gossip_core::{Address, Config, NodeId, Request, Transmit};

use crate::clock::Clock;
use crate::events::Hub;
use crate::joins::Joins;
use crate::seeds::Seeds;
use crate::wait::until;
use crate::{Event, Member, Node, Pending, Update, trace};

/// Whether the adapter's driver runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// It is to stop, without leaving.
    Stopping,
    /// It has stopped and given its sockets back.
    Over,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) node: Node,
    pub(crate) phase: Phase,
    pub(crate) joins: Joins,
    pub(crate) seeds: Seeds,
    hub: Hub,
}

impl State {
    /// Hands on what happened; whether there was anything.
    fn drain_events(&mut self, id: NodeId) -> bool {
        let mut any = false;
        while let Some(event) = self.node.poll_event() {
            any = true;
            trace::event(id, &event);
            match &event {
                Event::Lagged { lost } => self.hub.lost(*lost),
                Event::JoinFinished { id, outcomes } => {
                    self.joins.finished(*id, outcomes);
                    self.hub.publish(&event);
                }
                _ => self.hub.publish(&event),
            }
        }
        any
    }
}

/// Everybody known.
pub(crate) fn members(node: &Node) -> Vec<Member> {
    node.members().cloned().collect()
}

/// A node behind one mutex: what handles command, subscribers hear and an adapter drives.
///
/// The adapter moves packets: what its sockets receive goes to [`datagram`](Self::datagram),
/// [`serve`](Self::serve) and [`reply`](Self::reply). After each of these, and when
/// [`woken`](Self::woken), it drains [`transmit`](Self::transmit) and [`request`](Self::request),
/// and sleeps until [`deadline`](Self::deadline), then calls [`timeout`](Self::timeout). It goes on
/// until it [`is_ending`](Self::is_ending), whatever its sockets say. Every call takes the lock for
/// itself alone.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    /// Something may have changed.
    pub(crate) changed: Arc<Signal>,
    /// Something happened that subscribers are told.
    published: Signal,
    /// There is something to send, or an end to come to.
    wake: Signal,
    woken: AtomicBool,
    clock: Clock,
    config: Config,
    id: NodeId,
    local_addr: SocketAddr,
}

/// For adapters.
impl Shared {
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
    pub fn datagram(&self, from: SocketAddr, datagram: &mut [u8]) {
        let from = from.canonical();
        let result = self.with(|state, now| state.node.handle_datagram(now, &from, datagram));
        trace::received(self.id, from, datagram.len(), result);
    }

    /// The next datagram to send, encoded into `buf`, which must hold at least
    /// [`Config::datagram_budget`] bytes.
    pub fn transmit<'b>(&self, buf: &'b mut [u8]) -> Option<Transmit<'b, SocketAddr>> {
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
    pub fn request(&self, frame: &mut Vec<u8>) -> Option<Request<SocketAddr>> {
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
    pub fn reply(&self, request: &Request<SocketAddr>, frame: &mut [u8]) {
        let result = self.command(|state, now| state.node.handle_reply(now, request.id, frame));
        if let Err(reject) = result {
            self.request_failed(request, &reject);
        }
    }

    /// A request of ours came to nothing. Wakes the driver.
    pub fn request_failed(&self, request: &Request<SocketAddr>, error: &dyn Display) {
        trace::request_failed(self.id, request.to, error);
        self.command(|state, now| state.node.handle_request_failed(now, request.id));
    }

    /// Serves the request of another node: whether there is an answer, which is then in `reply`.
    /// Wakes the driver.
    pub fn serve(&self, from: SocketAddr, frame: &mut [u8], reply: &mut Vec<u8>) -> bool {
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
    pub fn deadline(&self) -> Instant {
        let state = self.lock();
        let deadlines = [state.node.poll_timeout(), state.joins.deadline(), state.seeds.due()];
        let never = gossip_core::Instant::from_micros(u64::MAX);
        self.clock.at(deadlines.into_iter().flatten().min().unwrap_or(never))
    }

    /// Does what is due. Nothing, if nothing is.
    pub fn timeout(self: &Arc<Self>) {
        let names = self.with(|state, now| {
            state.node.handle_timeout(now);
            state.joins.expire(now);
            state.seeds.take_due(now, &state.node)
        });
        if !names.is_empty() {
            self.resolve_seeds(names);
        }
    }

    /// Completes when there may be something to send, or an end to come to.
    pub fn woken(&self) -> impl Future<Output = ()> + Unpin {
        until(&self.wake, || self.woken.swap(false, Ordering::AcqRel).then_some(()))
    }

    /// Whether the driver is to stop, once it has sent what there is to send.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        let state = self.lock();
        state.phase != Phase::Running || state.node.is_stopped()
    }
}

impl Shared {
    pub(crate) fn new(
        clock: Clock,
        node: Node,
        local_addr: SocketAddr,
        seeds: Vec<String>,
    ) -> Self {
        let (id, config) = (node.local().id(), node.config().clone());
        let state = State {
            node,
            phase: Phase::Running,
            joins: Joins::new(config.join_timeout),
            hub: Hub::default(),
            seeds: Seeds::new(clock.now(), seeds),
        };
        let shared = Self {
            state: Mutex::new(state),
            changed: Arc::default(),
            published: Signal::new(),
            wake: Signal::new(),
            woken: AtomicBool::new(false),
            clock,
            config,
            id,
            local_addr,
        };
        shared.command(|state, now| {
            let known: Vec<_> = state.seeds.addresses().collect();
            state.contact(now, known);
        });
        shared
    }

    pub(crate) fn id(&self) -> NodeId {
        self.id
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What was true when a user's closure panicked under the lock is still true: closures only
    /// read.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<R>(&self, f: impl FnOnce(&Node) -> R) -> R {
        f(&self.lock().node)
    }

    /// Gives an input to the node, hands on what happened, and tells who waits.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State, gossip_core::Instant) -> R) -> R {
        let mut state = self.lock();
        let result = f(&mut state, self.clock.now());
        let published = state.drain_events(self.id);
        drop(state);
        self.changed.notify(usize::MAX);
        if published {
            self.published.notify(usize::MAX);
        }
        result
    }

    /// The same, and wakes the driver.
    pub(crate) fn command<R>(&self, f: impl FnOnce(&mut State, gossip_core::Instant) -> R) -> R {
        let result = self.with(f);
        self.woken.store(true, Ordering::Release);
        self.wake.notify(1);
        result
    }

    /// Waits until `condition` holds, or the node has stopped, which is `false`.
    pub(crate) fn until(
        self: &Arc<Self>,
        condition: impl Fn(&Node) -> bool + Send + 'static,
    ) -> Pending<bool> {
        let shared = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            let state = shared.lock();
            match condition(&state.node) {
                false if state.phase != Phase::Over => None,
                holds => Some(holds),
            }
        })
    }

    /// Waits until the driver has stopped.
    pub(crate) fn over(self: &Arc<Self>) -> Pending<()> {
        let shared = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            (shared.lock().phase == Phase::Over).then_some(())
        })
    }

    /// Tells the driver to stop.
    pub(crate) fn stop(&self) {
        self.command(|state, _| {
            if state.phase == Phase::Running {
                state.phase = Phase::Stopping;
            }
        });
    }

    /// The driver has stopped: nobody is to wait any longer.
    pub(crate) fn finish(&self) {
        self.with(|state, _| {
            state.phase = Phase::Over;
            state.joins.stop();
        });
        self.published.notify(usize::MAX);
    }

    pub(crate) fn published(&self) -> &Signal {
        &self.published
    }

    pub(crate) fn subscribe(&self, capacity: usize) -> u64 {
        let State { node, hub, .. } = &mut *self.lock();
        hub.subscribe(capacity, members(node))
    }

    pub(crate) fn unsubscribe(&self, key: u64) {
        self.lock().hub.unsubscribe(key);
    }

    /// `None`: nothing yet. `Some(None)`: never again.
    pub(crate) fn pop_update(&self, key: u64) -> Option<Option<Update>> {
        let State { node, hub, phase, .. } = &mut *self.lock();
        match hub.pop(key, || members(node)) {
            None if *phase == Phase::Over => Some(None),
            None => None,
            update => Some(update),
        }
    }
}
