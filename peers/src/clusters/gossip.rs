//! Our own nodes, as any application would start them.

use gossip_tokio::{Config, Gossip, Stats};

use super::{Cluster, Counts};
use crate::Error;

pub(crate) struct GossipCluster(Vec<Gossip>);

impl Cluster for GossipCluster {
    async fn start(size: usize) -> Result<Self, Error> {
        let mut nodes = Vec::with_capacity(size);
        for _ in 0..size {
            nodes.push(Gossip::bind("127.0.0.1:0").config(Config::lan()).start().await?);
        }
        Ok(Self(nodes))
    }

    fn join(&mut self, index: usize) {
        if index > 0 {
            // Goes on by itself; what comes of it is seen in `known`.
            drop(self.0[index].join([self.0[0].local_addr()]));
        }
    }

    fn known(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|node| node.read(|node| node.live_peers()))
    }

    fn counts(&self) -> Counts {
        self.0.iter().map(|node| node.stats()).fold(Counts::default(), |sum, stats| Counts {
            packets: sum.packets + stats.datagrams_sent,
            bytes: sum.bytes + stats.datagram_bytes_sent + stats.frame_bytes_sent,
            requests: sum.requests + stats.requests_sent,
            errors: sum.errors + errors(&stats),
        })
    }
}

fn errors(stats: &Stats) -> u64 {
    stats.rejected_too_short
        + stats.rejected_too_long
        + stats.rejected_version
        + stats.rejected_cluster
        + stats.rejected_malformed
        + stats.rejected_unexpected
        + stats.requests_failed
}
