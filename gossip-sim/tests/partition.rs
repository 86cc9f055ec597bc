//! A network that breaks into halves, and heals.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Sim, SimConfig};

#[test]
fn halves_apart_for_ten_minutes_are_whole_within_a_minute_of_healing() {
    for requests in [true, false] {
        let mut config = Config::lan();
        config.requests.enabled = requests;
        let mut sim = Sim::formed_cluster(40, SimConfig::new(6), &config);
        sim.run_for(Duration::from_secs(5));
        sim.cut(|from, to| (from < 20) != (to < 20));
        sim.run_for(Duration::from_secs(600));
        for index in 0..40 {
            assert_eq!(sim.node(index).live_peers(), 19, "node {index} lists its half");
        }

        sim.heal();
        let took = sim.run_until_all_know_all(Duration::from_secs(120));
        assert!(took <= Duration::from_secs(60), "requests {requests}: {took:?}");
        sim.run_until_converged(Duration::from_secs(20));
    }
}
