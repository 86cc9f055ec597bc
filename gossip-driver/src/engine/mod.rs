//! The node behind one mutex, and the conditions to wait on.

mod adapter;
mod join;
mod seeds;
mod snapshot;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use event_listener::Event as Signal;
use gossip_core::{Config, NodeId};

use crate::clock::Clock;
use crate::joins::Joins;
use crate::seeds::Seeds;
use crate::snapshot_writer::SnapshotWriter;
use crate::subscribers::Subscribers;
use crate::{Event, JoinEvent, Member, Node, Pending, Update, trace};

/// Whether the adapter's driver runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriverState {
    Running,
    /// It is to stop, without leaving.
    Stopping,
    /// It has stopped and given its sockets back.
    Over,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) node: Node,
    pub(crate) driver: DriverState,
    pub(crate) joins: Joins,
    pub(crate) seeds: Seeds,
    pub(crate) snapshot_writer: Option<SnapshotWriter>,
    #[cfg(feature = "metrics")]
    metrics: crate::metrics::Metrics,
    subscribers: Subscribers,
}

impl State {
    /// Hands on what happened; whether there was anything.
    fn drain_events(&mut self, id: NodeId) -> bool {
        let mut any = false;
        while let Some(event) = self.node.poll_event() {
            any = true;
            trace::event(id, &event);
            match &event {
                Event::Lagged { lost } => self.subscribers.lost(*lost),
                Event::Join(JoinEvent::Finished { id, outcomes }) => {
                    self.joins.finished(*id, outcomes);
                    self.subscribers.publish(&event);
                }
                _ => self.subscribers.publish(&event),
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
pub struct Engine {
    state: Mutex<State>,
    /// Something may have changed.
    pub(crate) changed: Arc<Signal>,
    /// Something happened that subscribers are told.
    published: Signal,
    /// There is something to send, or an end to come to.
    wake: Signal,
    woken: AtomicBool,
    /// Held while the snapshot is being written.
    saving: Mutex<()>,
    /// The driver's own thread, if it has one.
    thread: Mutex<Option<JoinHandle<()>>>,
    clock: Clock,
    config: Config,
    id: NodeId,
    local_addr: SocketAddr,
}

impl Engine {
    pub(crate) fn new(
        clock: Clock,
        node: Node,
        local_addr: SocketAddr,
        seeds: Vec<String>,
        restored: Vec<SocketAddr>,
        snapshot_writer: Option<SnapshotWriter>,
    ) -> Self {
        let (id, config) = (node.local().id(), node.config().clone());
        let state = State {
            node,
            driver: DriverState::Running,
            joins: Joins::new(config.join.timeout),
            subscribers: Subscribers::default(),
            seeds: Seeds::new(clock.now(), seeds, restored, config.members.retention),
            snapshot_writer,
            #[cfg(feature = "metrics")]
            metrics: crate::metrics::Metrics::new(clock.now(), id),
        };
        let engine = Self {
            state: Mutex::new(state),
            changed: Arc::default(),
            published: Signal::new(),
            wake: Signal::new(),
            woken: AtomicBool::new(false),
            saving: Mutex::default(),
            thread: Mutex::default(),
            clock,
            config,
            id,
            local_addr,
        };
        engine.command(|state, now| {
            let known: Vec<_> = state.seeds.addresses().collect();
            state.contact(now, known);
        });
        engine
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

    /// One's turn to write the snapshot.
    pub(crate) fn saving(&self) -> MutexGuard<'_, ()> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
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
        let engine = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            let state = engine.lock();
            match condition(&state.node) {
                false if state.driver != DriverState::Over => None,
                holds => Some(holds),
            }
        })
    }

    /// Waits until the driver has stopped.
    pub(crate) fn stopped(self: &Arc<Self>) -> Pending<()> {
        let engine = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            let over = engine.lock().driver == DriverState::Over;
            over.then(|| engine.join_thread())
        })
    }

    /// Waits for a thread that has nothing left to do. A panic of it has been told already.
    fn join_thread(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(_)) = thread.take().map(JoinHandle::join) {
            trace::panicked(self.id);
        }
    }

    /// Tells the driver to stop.
    pub(crate) fn stop(&self) {
        self.command(|state, _| {
            if state.driver == DriverState::Running {
                state.driver = DriverState::Stopping;
            }
        });
    }

    /// The driver has stopped, and its sockets are closed: nobody is to wait any longer than it
    /// takes to write the snapshot.
    pub(crate) fn finish(self: &Arc<Self>) {
        self.stop();
        if self.lock().snapshot_writer.is_some() {
            self.save_snapshot(Self::end);
        } else {
            self.end();
        }
    }

    fn end(&self) {
        self.with(|state, _| {
            state.driver = DriverState::Over;
            state.joins.stop();
            #[cfg(feature = "metrics")]
            state.metrics.publish(&state.node);
        });
        self.published.notify(usize::MAX);
    }

    pub(crate) fn published(&self) -> &Signal {
        &self.published
    }

    pub(crate) fn subscribe(&self, capacity: usize) -> u64 {
        let State { node, subscribers, .. } = &mut *self.lock();
        subscribers.subscribe(capacity, members(node))
    }

    pub(crate) fn unsubscribe(&self, key: u64) {
        self.lock().subscribers.unsubscribe(key);
    }

    /// `None`: nothing yet. `Some(None)`: never again.
    pub(crate) fn pop_update(&self, key: u64) -> Option<Option<Update>> {
        let State { node, subscribers, driver, .. } = &mut *self.lock();
        match subscribers.pop(key, || members(node)) {
            None if *driver == DriverState::Over => Some(None),
            None => None,
            update => Some(update),
        }
    }
}
