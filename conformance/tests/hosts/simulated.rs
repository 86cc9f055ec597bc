//! The simulated world.

use std::collections::BTreeSet;
use std::time::Duration;

use gossip_core::{Config, Event, MemberEvent, NodeId, Status};
use gossip_sim::{Sim, SimConfig};

use crate::world::{Cut, NODES, Views, World, all_see};

/// Nodes 0 to 4 in virtual time.
pub(crate) struct Simulated {
    sim: Sim,
    cut: Cut,
    down: Vec<usize>,
}

impl Simulated {
    /// Starts the nodes, which join at the same time.
    pub(crate) fn new(seed: u64) -> Self {
        let mut sim = Sim::cluster(NODES, SimConfig::new(seed), &Config::lan());
        sim.record(|told| matches!(told.event, Event::Member(MemberEvent::Failed { .. })));
        sim.join_all(Duration::ZERO);
        Self { sim, cut: |_, _| false, down: Vec::new() }
    }

    fn apply(&mut self) {
        let (cut, down) = (self.cut, self.down.clone());
        self.sim.cut(move |from, to| cut(from, to) || down.contains(&from) || down.contains(&to));
    }

    fn index(&self, id: NodeId) -> usize {
        (0..NODES).find(|&index| self.sim.id(index) == id).expect("it is one of ours")
    }
}

impl World for Simulated {
    fn cut(&mut self, cut: Cut) {
        self.cut = cut;
        self.apply();
    }

    fn set_link(&mut self, node: usize, up: bool) {
        self.down.retain(|&down| down != node);
        self.down.extend((!up).then_some(node));
        self.apply();
    }

    fn sees(&self, observer: usize, subject: usize) -> Option<Status> {
        sees(&self.sim, observer, subject)
    }

    fn verdicts(&self) -> BTreeSet<(usize, usize)> {
        let failed = self.sim.log().iter().filter_map(|told| match &told.event {
            Event::Member(MemberEvent::Failed { member, .. }) => {
                Some((told.node, self.index(member.id())))
            }
            _ => None,
        });
        failed.collect()
    }

    fn run_until(&mut self, limit: Duration, expected: Views<'_>) -> Option<Duration> {
        self.sim.run_until(limit, |sim| all_see(|from, of| sees(sim, from, of), expected))
    }
}

fn sees(sim: &Sim, observer: usize, subject: usize) -> Option<Status> {
    Some(sim.node(observer).member(&sim.id(subject))?.status())
}
