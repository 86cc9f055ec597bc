//! placeholder
use crate::*;
use alloc::{string::String, vec::Vec};

/// What a node knows of itself when it starts.
#[derive(Clone, Debug)]
pub struct Local<A> {
    /// Who it is.
    pub id: NodeId,
    /// Which life it lives: larger after each restart.
    pub epoch: Epoch,
    /// Where others can reach it.
    pub address: A,
    /// The name of the cluster. Nodes of different names ignore each other.
    pub cluster: String,
    /// At most [`MAX_META`] bytes that others see with this member.
    pub meta: Vec<u8>,
}
impl<A> Local<A> {
    /// A node of the cluster with the empty name, without metadata.
    pub fn new(id: NodeId, epoch: Epoch, address: A) -> Self {
        Self { id, epoch, address, cluster: String::new(), meta: Vec::new() }
    }
    /// In the cluster of this name.
    #[must_use]
    pub fn cluster(self, name: impl Into<String>) -> Self {
        Self { cluster: name.into(), ..self }
    }
    /// With this metadata.
    #[must_use]
    pub fn meta(self, meta: impl Into<Vec<u8>>) -> Self {
        Self { meta: meta.into(), ..self }
    }
}

/// A datagram to send.
#[derive(Debug, PartialEq, Eq)]
pub struct Transmit<'b, A> {
    /// To whom.
    pub to: A,
    /// What.
    pub bytes: &'b [u8],
}
/// Names one request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);
/// A request to make; its frame is in the buffer given to `poll_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<A> {
    /// Pass it to `handle_reply` or `handle_request_failed`.
    pub id: RequestId,
    /// To whom.
    pub to: A,
    /// When the node gives up on it by itself.
    pub deadline: Instant,
}
/// How a payload travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// In one datagram: may be lost, and nobody is told.
    Datagram,
    /// As a request: acknowledged, or `SendFailed`.
    Request,
}
/// The node.
#[derive(Debug)]
pub struct Node<A> {
    _a: A,
}
#[allow(unused_variables, missing_docs, clippy::all)]
impl<A: Address> Node<A> {
    pub fn new(
        now: Instant,
        local: Local<A>,
        config: Config,
        seed: [u8; 32],
    ) -> Result<Self, ConfigError> {
        todo!()
    }
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: &A,
        datagram: &mut [u8],
    ) -> Result<(), Reject> {
        todo!()
    }
    pub fn handle_request(
        &mut self,
        now: Instant,
        from: &A,
        frame: &mut [u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Reject> {
        todo!()
    }
    pub fn handle_reply(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: &mut [u8],
    ) -> Result<(), Reject> {
        todo!()
    }
    pub fn handle_request_failed(&mut self, now: Instant, id: RequestId) {
        todo!()
    }
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }
    pub fn join(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) -> JoinId {
        todo!()
    }
    /// Known seeds: tried now and then as long as no live member has their address.
    pub fn set_seeds(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) {
        todo!()
    }
    pub fn leave(&mut self, now: Instant) {
        todo!()
    }
    pub fn set_meta(&mut self, now: Instant, meta: &[u8]) -> Result<(), CommandError> {
        todo!()
    }
    pub fn set_address(&mut self, now: Instant, address: A) -> Result<(), CommandError> {
        todo!()
    }
    pub fn send(
        &mut self,
        now: Instant,
        to: NodeId,
        payload: &[u8],
        delivery: Delivery,
    ) -> Result<SendId, CommandError> {
        todo!()
    }
    pub fn forget(&mut self, now: Instant, id: NodeId) -> Result<(), CommandError> {
        todo!()
    }
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        buf: &'b mut [u8],
    ) -> Option<Transmit<'b, A>> {
        todo!()
    }
    pub fn poll_request(&mut self, now: Instant, buf: &mut Vec<u8>) -> Option<Request<A>> {
        todo!()
    }
    pub fn poll_event(&mut self) -> Option<Event<A>> {
        todo!()
    }
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    /// Everybody known, the dead and ourselves included, in no particular but a reproducible order.
    pub fn members(&self) -> impl Iterator<Item = &Member<A>> {
        core::iter::empty()
    }
    pub fn member(&self, id: &NodeId) -> Option<&Member<A>> {
        todo!()
    }
    /// Ourselves, as others see us.
    pub fn local(&self) -> &Member<A> {
        todo!()
    }
    /// How many other members are live (neither dead nor left).
    pub fn live_peers(&self) -> usize {
        todo!()
    }
    pub fn stats(&self) -> &Stats {
        todo!()
    }
    pub fn config(&self) -> &Config {
        todo!()
    }
    /// Whether the last few members we compared with knew exactly what we know, and nothing is under way.
    pub fn is_settled(&self) -> bool {
        todo!()
    }
    /// A hash of the whole member table: equal tables, equal fingerprints.
    pub fn fingerprint(&self) -> u64 {
        todo!()
    }
    /// After leaving or a conflict: nothing will ever come out again.
    pub fn is_stopped(&self) -> bool {
        todo!()
    }
}
