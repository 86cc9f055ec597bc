//! Clusters of both systems, on loopback in this process.

mod foca;
mod gossip;

use std::io;

pub(crate) use foca::{ANNOUNCE_AGAIN, FocaCluster};
pub(crate) use gossip::{GossipCluster, errors};
use tokio::runtime::{Builder, Runtime};

/// Worker threads of every runtime. A node is one task, and idle nodes need no more.
pub(crate) const WORKERS: usize = 1;

/// The nodes of one system, which run until it is dropped.
pub(crate) trait Cluster {
    /// Lets a node join through the first, whose turn comes before all others.
    fn join(&mut self, index: usize);

    /// Returns whether each node sees this many live peers.
    fn all_know(&self, others: usize) -> bool;

    /// Returns the counters of all nodes since their start.
    fn counts(&self) -> Counts;
}

/// Total counters of nodes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Datagrams sent.
    pub(crate) packets: u64,
    /// Bytes sent in datagrams and request frames, without the headers of UDP, TCP and IP.
    pub(crate) bytes: u64,
    /// Requests made over TCP.
    pub(crate) requests: u64,
    /// Refused inputs.
    pub(crate) errors: u64,
}

/// Builds a tokio runtime for nodes of either system.
fn tokio() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}
