//! Most nodes crash at the same moment, and the few survivors notice.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Sim, SimConfig};

#[test]
fn who_is_left_of_many_finds_all_others_dead() {
    for (nodes, left) in [(6, 2), (12, 2), (12, 3), (40, 4)] {
        for seed in 0..25 {
            let mut sim = Sim::cluster(nodes, SimConfig::new(seed), &Config::lan());
            sim.join_all(Duration::from_millis(500));
            sim.run_until(Duration::from_secs(60), Sim::all_know_all).expect("they meet");
            sim.run_for(Duration::from_secs(10));
            (left..nodes).for_each(|index| sim.crash(index));
            let found = sim.run_until(Duration::from_secs(150), |sim| {
                (0..left).all(|index| sim.node(index).live_peers() == left - 1)
            });
            assert!(found.is_some(), "{left} of {nodes}, seed {seed}");
        }
    }
}
