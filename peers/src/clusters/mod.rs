//! Clusters of both kinds, on loopback in this process.

mod foca;
mod gossip;

use std::io;

pub(crate) use foca::{ANNOUNCE_AGAIN, FocaCluster};
pub(crate) use gossip::{GossipCluster, errors};
use tokio::runtime::{Builder, Runtime};

/// Worker threads of every runtime: a node is one task, and idle ones have no use for more.
pub(crate) const WORKERS: usize = 1;

/// The nodes of one system. They run while it lives.
pub(crate) trait Cluster {
    /// Lets a node join through the first; that one's turn comes before all others.
    fn join(&mut self, index: usize);

    /// Whether each node takes so many others to be live.
    fn all_know(&self, others: usize) -> bool;

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

/// A tokio for nodes of either kind.
fn tokio() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}
