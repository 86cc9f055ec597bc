//! Clusters of both kinds, on loopback in this process.

mod foca;
mod gossip;

pub(crate) use foca::FocaCluster;
pub(crate) use gossip::GossipCluster;

use crate::Error;

/// The nodes of one system.
pub(crate) trait Cluster: Sized {
    /// Binds and starts `size` nodes; none of them knows another yet.
    async fn start(size: usize) -> Result<Self, Error>;

    /// Lets a node join through the first; that one's turn comes before all others.
    fn join(&mut self, index: usize);

    /// How many others each node takes to be live.
    fn known(&self) -> impl Iterator<Item = usize>;

    /// What all nodes did since they started.
    fn counts(&self) -> Counts;
}

/// What nodes did, in total.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Datagrams sent.
    pub(crate) packets: u64,
    /// Bytes sent in datagrams and in the frames of requests, without the headers of UDP, TCP and
    /// IP.
    pub(crate) bytes: u64,
    /// Requests made over TCP.
    pub(crate) requests: u64,
    /// Inputs that were refused.
    pub(crate) errors: u64,
}
