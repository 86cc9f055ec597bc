//! The handle of a running node.

use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::{CommandError, Delivery, NodeId, SendId, Stats, Verdict};

use crate::engine::{DriverState, State, members};
use crate::{Engine, Events, Member, Node, Pending, SeedOutcome, SnapshotError};

/// The handle of a running node. Threads and tasks share it by cloning.
///
/// A method that takes time begins at the call and returns a [`Pending`], which async code awaits
/// and a thread waits for. Dropping the `Pending` only ends the waiting. When the last clone of the
/// handle is dropped, the node stops without leaving, as if it had crashed.
#[derive(Clone, Debug)]
#[must_use = "the node stops when its last handle is dropped"]
pub struct Gossip(Arc<StopOnDrop>);

/// Stops the node when the last handle is gone.
#[derive(Debug)]
struct StopOnDrop(Arc<Engine>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Gossip {
    /// Number of updates that a subscription of [`events`](Self::events) holds.
    pub const EVENTS: usize = 1_024;

    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self(Arc::new(StopOnDrop(engine)))
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.0.0
    }

    /// Returns the id of this node.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.engine().id()
    }

    /// Returns the address to which the sockets are bound. Others reach this node at the address of
    /// [`local`](Self::local).
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.engine().local_addr()
    }

    /// Returns all known members, this node and departed ones included; see [`Member::status`].
    ///
    /// [`Member::status`]: gossip_core::Member::status
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.read(members)
    }

    /// Returns one member, if this node knows it.
    #[must_use]
    pub fn member(&self, id: &NodeId) -> Option<Member> {
        self.read(|node| node.member(id).cloned())
    }

    /// Returns this node as the other members see it.
    #[must_use]
    pub fn local(&self) -> Member {
        self.read(|node| node.local().clone())
    }

    /// Returns the number of live members, without this node.
    #[must_use]
    pub fn live_peers(&self) -> usize {
        self.read(Node::live_peers)
    }

    /// Returns why a member is suspected or dead; see [`Node::why`](gossip_core::Node::why).
    #[must_use]
    pub fn why(&self, id: &NodeId) -> Option<Verdict> {
        self.read(|node| node.why(id))
    }

    /// Returns whether the cluster has settled as far as this node can see; see
    /// [`settled`](Self::settled).
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.read(Node::is_settled)
    }

    /// Calls `f` with the node and returns the result: `gossip.read(|node| node.fingerprint())`.
    ///
    /// The node waits for `f`, so `f` should be brief. If `f` uses a handle of the same node, it
    /// deadlocks.
    pub fn read<R>(&self, f: impl FnOnce(&Node) -> R) -> R {
        self.engine().read(f)
    }

    /// Returns the counters of this node since its start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.read(|node| *node.stats())
    }

    /// Joins a cluster through seeds, given as `host:port`, all at the same time. Completes with one
    /// outcome per seed, in the order given. One seed that answers is enough.
    ///
    /// A name may resolve to several addresses; any of them will do. The resolution of names, and
    /// the answers of seeds, each have [`JoinConfig::timeout`](gossip_core::JoinConfig::timeout).
    pub fn join<S: ToString>(
        &self,
        seeds: impl IntoIterator<Item = S>,
    ) -> Pending<Vec<SeedOutcome>> {
        self.engine().join(seeds.into_iter().map(|seed| seed.to_string()).collect())
    }

    /// Leaves the cluster and stops; the other members see this node leave, not fail.
    ///
    /// Completes when enough members know, or after
    /// [`Config::leave_timeout`](gossip_core::Config::leave_timeout), and when the sockets are closed
    /// and the snapshot is written.
    pub fn leave(&self) -> Pending<()> {
        self.engine().command(|state, now| state.node.leave(now));
        self.engine().stopped()
    }

    /// Stops without leaving: the other members will declare this node dead.
    ///
    /// Completes when the sockets are closed and the snapshot is written.
    pub fn shutdown(&self) -> Pending<()> {
        self.engine().stop();
        self.engine().stopped()
    }

    /// Waits until the cluster has settled as far as this node can see: the last few members that it
    /// heard from had the same member table. Completes with `false` if the node stopped before.
    pub fn settled(&self) -> Pending<bool> {
        self.until(Node::is_settled)
    }

    /// Waits until `condition` holds, as in `gossip.until(|node| node.live_peers() == 4)`. Completes
    /// with `false` if the node stopped before.
    ///
    /// The node calls `condition` after each change, under the rules of [`read`](Self::read).
    pub fn until(&self, condition: impl Fn(&Node) -> bool + Send + 'static) -> Pending<bool> {
        self.engine().until(condition)
    }

    /// Subscribes to events. The subscriber may lag by [`EVENTS`](Self::EVENTS) updates.
    #[must_use]
    pub fn events(&self) -> Events {
        self.events_with_capacity(Self::EVENTS)
    }

    /// Subscribes to events. The subscriber may lag by `capacity` updates, at least one.
    #[must_use]
    pub fn events_with_capacity(&self, capacity: usize) -> Events {
        Events::new(Arc::clone(self.engine()), capacity.max(1))
    }

    /// Changes this node's metadata, which all members see.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] with the limit, which is [`MAX_META`](gossip_core::MAX_META) bytes
    /// or what fits in a small [`Config::datagram_budget`](gossip_core::Config::datagram_budget);
    /// [`CommandError::Stopped`].
    pub fn set_meta(&self, meta: &[u8]) -> Result<(), CommandError> {
        self.command(|node, now| node.set_meta(now, meta))
    }

    /// Changes the address at which others reach this node: its host or NAT has another one now. The
    /// sockets stay bound to [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`].
    pub fn set_address(&self, address: SocketAddr) -> Result<(), CommandError> {
        self.command(|node, now| node.set_address(now, address))
    }

    /// Returns the last error of the file of [`Builder::snapshot`](crate::Builder::snapshot), if
    /// there was one: it was damaged at the start, or cannot be written. The node runs all the same.
    #[must_use]
    pub fn snapshot_error(&self) -> Option<Arc<SnapshotError>> {
        self.engine().lock().snapshot_writer.as_ref()?.error.clone()
    }

    /// Sends `payload` to one member, whose subscribers receive it as
    /// [`MessageEvent::Received`](gossip_core::MessageEvent::Received).
    ///
    /// For a payload sent by request, an event with the returned id follows:
    /// [`MessageEvent::Delivered`](gossip_core::MessageEvent::Delivered) or
    /// [`MessageEvent::Failed`](gossip_core::MessageEvent::Failed).
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] with the limit, if it does not fit in a datagram or a frame;
    /// [`CommandError::UnknownMember`], [`NotLive`](CommandError::NotLive),
    /// [`RequestsDisabled`](CommandError::RequestsDisabled), [`Busy`](CommandError::Busy),
    /// [`Stopped`](CommandError::Stopped).
    pub fn send(
        &self,
        to: NodeId,
        payload: &[u8],
        delivery: Delivery,
    ) -> Result<SendId, CommandError> {
        self.command(|node, now| node.send(now, to, payload, delivery))
    }

    /// Removes a departed member before its
    /// [`MembersConfig::retention`](gossip_core::MembersConfig::retention) is over: here, and on all
    /// members that the news reaches.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownMember`], [`Live`](CommandError::Live),
    /// [`Stopped`](CommandError::Stopped).
    pub fn forget(&self, id: NodeId) -> Result<(), CommandError> {
        self.command(|node, now| node.forget(now, id))
    }

    /// Runs a command, unless the driver has stopped.
    fn command<R>(
        &self,
        f: impl FnOnce(&mut Node, gossip_core::Instant) -> Result<R, CommandError>,
    ) -> Result<R, CommandError> {
        self.engine().command(|State { node, driver, .. }, now| match driver {
            DriverState::Running => f(node, now),
            DriverState::Stopping | DriverState::Stopped => Err(CommandError::Stopped),
        })
    }
}
