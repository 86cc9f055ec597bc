//! The engine: the node behind one mutex, and the conditions to wait for.

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

/// State of the adapter's driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriverState {
    Running,
    /// It will stop, without leaving.
    Stopping,
    /// It has stopped and closed its sockets.
    Stopped,
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
    /// Publishes the events of the node. Returns whether there were any.
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

/// Returns all known members.
pub(crate) fn members(node: &Node) -> Vec<Member> {
    node.members().cloned().collect()
}

/// A node behind one mutex. Handles command it, subscribers hear from it, and an adapter drives it
/// with the verbs of the core.
///
/// The adapter passes what its sockets receive to [`handle_datagram`](Self::handle_datagram),
/// [`handle_request`](Self::handle_request) and [`handle_reply`](Self::handle_reply). After each of
/// these, and when [`woken`](Self::woken) completes, it drains
/// [`poll_transmit`](Self::poll_transmit) and [`poll_request`](Self::poll_request). It sleeps until
/// [`poll_timeout`](Self::poll_timeout) and then calls [`handle_timeout`](Self::handle_timeout). It
/// goes on until [`is_ending`](Self::is_ending), whatever errors its sockets return. Each call takes
/// the lock on its own.
#[derive(Debug)]
pub struct Engine {
    state: Mutex<State>,
    /// Notified after each input and command.
    pub(crate) changed: Arc<Signal>,
    /// Notified after each published event.
    published: Signal,
    /// Notified when there may be something to send, or when the driver should stop.
    wake: Signal,
    woken: AtomicBool,
    /// Held while the snapshot is being written.
    saving: Mutex<()>,
    /// The thread of the driver, if it has its own.
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

    /// Locks the state. A closure of the application that panicked under the lock could only read, so
    /// the state is intact.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to write the snapshot.
    pub(crate) fn saving(&self) -> MutexGuard<'_, ()> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<R>(&self, f: impl FnOnce(&Node) -> R) -> R {
        f(&self.lock().node)
    }

    /// Passes an input to the node, publishes its events, and notifies all waiters.
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

    /// Passes a command to the node as [`with`](Self::with) does, and wakes the driver.
    pub(crate) fn command<R>(&self, f: impl FnOnce(&mut State, gossip_core::Instant) -> R) -> R {
        let result = self.with(f);
        self.woken.store(true, Ordering::Release);
        self.wake.notify(1);
        result
    }

    /// Waits until `condition` holds. Completes with `false` if the node has stopped.
    pub(crate) fn until(
        self: &Arc<Self>,
        condition: impl Fn(&Node) -> bool + Send + 'static,
    ) -> Pending<bool> {
        let engine = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            let state = engine.lock();
            match condition(&state.node) {
                false if state.driver != DriverState::Stopped => None,
                holds => Some(holds),
            }
        })
    }

    /// Waits until the driver has stopped.
    pub(crate) fn stopped(self: &Arc<Self>) -> Pending<()> {
        let engine = Arc::clone(self);
        Pending::new(Arc::clone(&self.changed), move || {
            let stopped = engine.lock().driver == DriverState::Stopped;
            stopped.then(|| engine.join_thread())
        })
    }

    /// Joins the driver's thread, which has finished, and logs if it panicked.
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

    /// Ends all waiting once the snapshot is written. The driver has stopped, and its sockets are
    /// closed.
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
            state.driver = DriverState::Stopped;
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

    /// Returns the next update: `None` if it has not come yet, `Some(None)` if no more will come.
    pub(crate) fn pop_update(&self, key: u64) -> Option<Option<Update>> {
        let State { node, subscribers, driver, .. } = &mut *self.lock();
        match subscribers.pop(key, || members(node)) {
            None if *driver == DriverState::Stopped => Some(None),
            None => None,
            update => Some(update),
        }
    }
}
