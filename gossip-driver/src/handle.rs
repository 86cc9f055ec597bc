//! What the application holds.

use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::{CommandError, Delivery, NodeId, SendId, Stats};

use crate::shared::{Phase, State, members};
use crate::{Events, Member, Node, Pending, SeedOutcome, Shared, SnapshotError};

/// A node that runs: clone it, share it between threads and tasks.
///
/// What takes time begins at the call and returns a [`Pending`], to be awaited or waited for;
/// dropping that ends the waiting alone. When the last clone of the handle is dropped the node
/// stops without leaving, as if it had crashed.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Last>);

/// Stops the node when the last handle is gone.
#[derive(Debug)]
struct Last(Arc<Shared>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Handle {
    /// How many updates a subscription of [`events`](Self::events) holds.
    pub const EVENTS: usize = 1_024;

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Last(shared)))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }

    /// Who this node is.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.shared().id()
    }

    /// Where its sockets are bound. Others reach it at the address of its own member.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared().local_addr()
    }

    /// Everybody known, this node and the dead included; see [`Member::status`].
    ///
    /// [`Member::status`]: gossip_core::Member::status
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.read(members)
    }

    /// What `f` reads from the node: `gossip.read(|node| node.live_peers())`.
    ///
    /// The node stands still meanwhile, so be brief, and use no handle of it in there: that would
    /// deadlock.
    pub fn read<R>(&self, f: impl FnOnce(&Node) -> R) -> R {
        self.shared().read(f)
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.read(|node| *node.stats())
    }

    /// Joins a cluster through the seeds, given as `host:port`, all at the same time. The outcomes
    /// come in the order given, and all at once; one seed that answers is enough.
    ///
    /// A name that resolves to several addresses is joined through any of them. Names and seeds
    /// have [`JoinConfig::timeout`](gossip_core::JoinConfig::timeout) each to answer.
    pub fn join<S: ToString>(
        &self,
        seeds: impl IntoIterator<Item = S>,
    ) -> Pending<Vec<SeedOutcome>> {
        self.shared().join(seeds.into_iter().map(|seed| seed.to_string()).collect())
    }

    /// Leaves the cluster, so that others see it leave and not fail, and stops. Done when enough
    /// others have heard, or after [`Config::leave_timeout`](gossip_core::Config::leave_timeout),
    /// and the sockets are closed and the snapshot is written.
    pub fn leave(&self) -> Pending<()> {
        self.shared().command(|state, now| state.node.leave(now));
        self.shared().over()
    }

    /// Stops without leaving: others will find this node dead. Done when the sockets are closed and
    /// the snapshot is written; at once if they are already.
    pub fn shutdown(&self) -> Pending<()> {
        self.shared().stop();
        self.shared().over()
    }

    /// Waits until the cluster has settled as far as this node can see: the last few members it
    /// compared with knew exactly what it knows. `false` if the node stopped before.
    pub fn settled(&self) -> Pending<bool> {
        self.until(Node::is_settled)
    }

    /// Waits until `condition` holds, as in `gossip.until(|node| node.live_peers() == 4)`. `false`
    /// if the node stopped before.
    ///
    /// It is asked after each change while the node stands still: as for [`read`](Self::read).
    pub fn until(&self, condition: impl Fn(&Node) -> bool + Send + 'static) -> Pending<bool> {
        self.shared().until(condition)
    }

    /// What happens, told to a subscriber that may lag by [`EVENTS`](Self::EVENTS) updates.
    #[must_use]
    pub fn events(&self) -> Events {
        self.events_with_capacity(Self::EVENTS)
    }

    /// What happens, told to a subscriber that may lag by `capacity` updates, at least one.
    #[must_use]
    pub fn events_with_capacity(&self, capacity: usize) -> Events {
        Events::new(Arc::clone(self.shared()), capacity.max(1))
    }

    /// Changes what others see with this member.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] with the limit, which is [`MAX_META`](gossip_core::MAX_META) bytes
    /// or what fits in a small [`Config::datagram_budget`](gossip_core::Config::datagram_budget);
    /// [`CommandError::Stopped`].
    pub fn set_meta(&self, meta: &[u8]) -> Result<(), CommandError> {
        self.command(|node, now| node.set_meta(now, meta))
    }

    /// Changes the address under which others reach this node, which is still bound to
    /// [`local_addr`](Self::local_addr): the host has another one now, or the NAT before it.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`].
    pub fn set_address(&self, address: SocketAddr) -> Result<(), CommandError> {
        self.command(|node, now| node.set_address(now, address))
    }

    /// What went wrong last with the file of [`Builder::snapshot`](crate::Builder::snapshot), if
    /// anything did: it was damaged at the start, or cannot be written. The node runs all the same.
    #[must_use]
    pub fn snapshot_error(&self) -> Option<Arc<SnapshotError>> {
        self.shared().lock().keeper.as_ref()?.error.clone()
    }

    /// Sends `payload` to one member, whose subscribers get it as
    /// [`MessageEvent::Received`](gossip_core::MessageEvent::Received). What becomes of one sent by request comes
    /// as [`MessageEvent::Delivered`](gossip_core::MessageEvent::Delivered) or
    /// [`MessageEvent::Failed`](gossip_core::MessageEvent::Failed) with the id returned.
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

    /// Drops a member that is dead or has left, here and as far as the news reach, before its
    /// [`MembersConfig::retention`](gossip_core::MembersConfig::retention) is over.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownMember`], [`Live`](CommandError::Live),
    /// [`Stopped`](CommandError::Stopped).
    pub fn forget(&self, id: NodeId) -> Result<(), CommandError> {
        self.command(|node, now| node.forget(now, id))
    }

    /// A command, unless nobody is there any more to carry it out.
    fn command<R>(
        &self,
        f: impl FnOnce(&mut Node, gossip_core::Instant) -> Result<R, CommandError>,
    ) -> Result<R, CommandError> {
        self.shared().command(|State { node, phase, .. }, now| match phase {
            Phase::Running => f(node, now),
            Phase::Stopping | Phase::Over => Err(CommandError::Stopped),
        })
    }
}
