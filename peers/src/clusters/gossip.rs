//! Our own nodes, started as by any application.

use gossip_tokio::{Config, Gossip, Stats};
use tokio::runtime::Runtime;

use super::{Cluster, Counts, tokio};
use crate::Error;

const BIND: &str = "127.0.0.1:0";

pub(crate) struct GossipCluster {
    nodes: Vec<Gossip>,
    /// The runtime, for nodes on tokio.
    _tokio: Option<Runtime>,
}

impl GossipCluster {
    pub(crate) fn on_tokio(size: usize) -> Result<Self, Error> {
        let tokio = tokio()?;
        let mut cluster = Self::of(size, || {
            let starting = gossip_tokio::bind(BIND).config(Config::lan()).start();
            Ok(tokio.block_on(starting)?)
        })?;
        cluster._tokio = Some(tokio);
        Ok(cluster)
    }

    pub(crate) fn on_smol(size: usize) -> Result<Self, Error> {
        Self::of(size, || {
            let starting = gossip_smol::bind(BIND).config(Config::lan()).start();
            let (node, driver) = smol::block_on(starting)?;
            smol::spawn(driver).detach();
            Ok(node)
        })
    }

    /// The adapter for smol, on the executor of async-std.
    pub(crate) fn on_async_std(size: usize) -> Result<Self, Error> {
        Self::of(size, || {
            let starting = gossip_smol::bind(BIND).config(Config::lan()).start();
            let (node, driver) = async_std::task::block_on(starting)?;
            async_std::task::spawn(driver);
            Ok(node)
        })
    }

    pub(crate) fn on_threads(size: usize) -> Result<Self, Error> {
        Self::of(size, || Ok(gossip_std_threads::bind(BIND).config(Config::lan()).start()?))
    }

    fn of(size: usize, start: impl Fn() -> Result<Gossip, Error>) -> Result<Self, Error> {
        Ok(Self { nodes: (0..size).map(|_| start()).collect::<Result<_, _>>()?, _tokio: None })
    }
}

impl Cluster for GossipCluster {
    fn join(&mut self, index: usize) {
        if index > 0 {
            // The join goes on in the background. `all_know` shows the outcome.
            drop(self.nodes[index].join([self.nodes[0].local_addr()]));
        }
    }

    fn all_know(&self, others: usize) -> bool {
        self.nodes.iter().all(|node| node.read(|node| node.live_peers()) == others)
    }

    fn counts(&self) -> Counts {
        self.nodes.iter().map(|node| node.stats()).fold(Counts::default(), |sum, stats| Counts {
            packets: sum.packets + stats.traffic.datagrams_sent,
            bytes: sum.bytes + stats.traffic.datagram_bytes_sent + stats.traffic.frame_bytes_sent,
            requests: sum.requests + stats.traffic.requests_sent,
            errors: sum.errors + errors(&stats),
        })
    }
}

/// Returns the number of refused inputs and failed requests.
pub(crate) fn errors(stats: &Stats) -> u64 {
    stats.rejected.too_short
        + stats.rejected.too_long
        + stats.rejected.version
        + stats.rejected.cluster
        + stats.rejected.malformed
        + stats.rejected.unexpected
        + stats.traffic.requests_failed
}
