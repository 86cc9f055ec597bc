//! Whole clusters, and what is commonly done to them.

use std::time::Duration;

use gossip_core::{Config, Epoch, Local, NodeId};

use crate::{Sim, SimConfig};

/// When a crash was noticed, from the crash on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetectionTimes {
    /// When the first of the others no longer listed the crashed node as live.
    pub first: Option<Duration>,
    /// When the last of them did not.
    pub last: Option<Duration>,
}

impl Sim {
    /// A simulation with so many nodes of one configuration, which know nobody yet. Node `i` has
    /// the id `i + 1`, the address `i` and the epoch 1.
    ///
    /// # Panics
    ///
    /// If the configuration is invalid.
    #[must_use]
    pub fn cluster(nodes: usize, sim: SimConfig, config: &Config) -> Self {
        let mut sim = Self::new(sim);
        for index in 0..nodes {
            sim.add(local(index), config.clone());
        }
        sim
    }

    /// A cluster in which all know all. Joining takes some seconds of virtual time.
    ///
    /// # Panics
    ///
    /// If they have not met after a minute.
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

    /// Lets the time pass until all know all; says how long it took.
    ///
    /// # Panics
    ///
    /// If it takes longer than `limit`.
    pub fn run_until_all_know_all(&mut self, limit: Duration) -> Duration {
        self.run_until(limit, Self::all_know_all).unwrap_or_else(|| {
            let (known, ghosts) = (self.known_pairs(), self.ghosts());
            let nodes = self.present().count();
            panic!("after {limit:?} {nodes} nodes know {known} pairs and list {ghosts} ghosts");
        })
    }

    /// Lets the time pass until all have [converged](Self::converged), to a tenth of a second;
    /// says how long it took.
    ///
    /// # Panics
    ///
    /// If it takes longer than `limit`.
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

    /// Crashes a node and watches, at most for `limit`, how the others notice.
    pub fn crash_and_watch(&mut self, index: usize, limit: Duration) -> DetectionTimes {
        let listed = self.listed_by(index);
        self.crash(index);
        let first = self.run_until(limit, |sim| sim.listed_by(index) < listed);
        let Some(first) = first else { return DetectionTimes::default() };
        let rest = self.run_until(limit.saturating_sub(first), |sim| sim.listed_by(index) == 0);
        DetectionTimes { first: Some(first), last: rest.map(|rest| first + rest) }
    }

    /// The id of a node.
    #[must_use]
    pub fn id(&self, index: usize) -> NodeId {
        self.hosts[index].local.id
    }
}

/// Who node `index` of a [`Sim::cluster`] is; further nodes can be added in the same way.
#[must_use]
pub fn local(index: usize) -> Local<u32> {
    let epoch = Epoch::new(1).unwrap_or_default();
    Local::new(NodeId::from_u128(index as u128 + 1), epoch, index as u32)
}
