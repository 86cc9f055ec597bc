//! Whole clusters, and common operations on them.

use std::time::Duration;

use gossip_core::{Config, Epoch, Local, NodeId};

use crate::{Sim, SimConfig};

/// The times from a crash until other nodes noticed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetectionTimes {
    /// Time until the first node no longer listed the crashed one as live.
    pub first: Option<Duration>,
    /// Time until the last node no longer did.
    pub last: Option<Duration>,
}

impl Sim {
    /// Creates a simulation of `count` nodes with one configuration, which know no other yet. Node
    /// `i` has the id `i + 1`, the address `i` and the epoch 1.
    ///
    /// # Panics
    ///
    /// Panics if the configuration is invalid.
    #[must_use]
    pub fn cluster(nodes: usize, sim: SimConfig, config: &Config) -> Self {
        let mut sim = Self::new(sim);
        for index in 0..nodes {
            sim.add(local(index), config.clone());
        }
        sim
    }

    /// Creates a cluster in which all know all. Joining takes some seconds of virtual time.
    ///
    /// # Panics
    ///
    /// Panics if the nodes have not met after a minute.
    #[must_use]
    pub fn formed_cluster(nodes: usize, sim: SimConfig, config: &Config) -> Self {
        let mut sim = Self::cluster(nodes, sim, config);
        sim.join_all(Duration::ZERO);
        sim.run_until_all_know_all(Duration::from_secs(60));
        sim
    }

    /// Lets all nodes join through node 0, evenly spread over this time.
    pub fn join_all(&mut self, over: Duration) {
        let begin = self.now();
        for index in 1..self.len() {
            self.run_to(begin + over * index as u32 / self.len() as u32);
            self.join(index, [0]);
        }
    }

    /// Runs until all know all. Returns how long it took.
    ///
    /// # Panics
    ///
    /// Panics if it takes longer than `limit`.
    pub fn run_until_all_know_all(&mut self, limit: Duration) -> Duration {
        self.run_until(limit, Self::all_know_all).unwrap_or_else(|| {
            let (known, ghosts) = (self.known_pairs(), self.ghosts());
            let nodes = self.present().count();
            panic!("after {limit:?} {nodes} nodes know {known} pairs and list {ghosts} ghosts");
        })
    }

    /// Runs until all have [converged](Self::converged). Returns how long it took, to a tenth of a
    /// second.
    ///
    /// # Panics
    ///
    /// Panics if it takes longer than `limit`.
    pub fn run_until_converged(&mut self, limit: Duration) -> Duration {
        const STEP: Duration = Duration::from_millis(100);
        let mut waited = Duration::ZERO;
        while self.converged().is_err() && waited < limit {
            self.run_for(STEP);
            waited += STEP;
        }
        self.assert_converged();
        waited
    }

    /// Crashes a node, and runs until all others notice, at most for `limit`.
    pub fn crash_and_watch(&mut self, index: usize, limit: Duration) -> DetectionTimes {
        let listed = self.listed_by(index);
        self.crash(index);
        let first = self.run_until(limit, |sim| sim.listed_by(index) < listed);
        let Some(first) = first else { return DetectionTimes::default() };
        let rest = self.run_until(limit.saturating_sub(first), |sim| sim.listed_by(index) == 0);
        DetectionTimes { first: Some(first), last: rest.map(|rest| first + rest) }
    }

    /// Returns the id of a node.
    #[must_use]
    pub fn id(&self, index: usize) -> NodeId {
        self.hosts[index].local.id
    }
}

/// Returns the description of node `index` of a [`Sim::cluster`], to add further nodes in the same
/// way.
#[must_use]
pub fn local(index: usize) -> Local<u32> {
    let epoch = Epoch::new(1).unwrap_or_default();
    Local::new(NodeId::from_u128(index as u128 + 1), epoch, index as u32)
}
