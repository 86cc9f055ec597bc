//! All nodes notice a crash, first one of them, and the crashed node stays dead.

use std::time::Duration;

use gossip_core::{Config, Status};
use gossip_sim::{Sim, SimConfig};

#[test]
fn all_notice_and_nobody_else_is_accused() {
    for seed in 0..5 {
        let mut sim = Sim::formed_cluster(40, SimConfig::new(seed), &Config::lan());
        sim.run_for(Duration::from_secs(5));
        let notices = sim.crash_and_watch(7, Duration::from_secs(40));
        let (first, last) = (notices.first.expect("noticed"), notices.last.expect("by all"));
        assert!(first <= last && last - first < Duration::from_secs(3), "{notices:?}");

        sim.run_until_converged(Duration::from_secs(20));
        assert_eq!(sim.false_deaths(), 0);
        let dead = sim.node(3).member(&sim.id(7)).expect("remembered");
        assert_eq!(dead.status(), Status::Dead);
    }
}

#[test]
fn a_killed_process_on_a_live_host_is_noticed_as_well() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(9), &Config::lan());
    sim.exit(5);
    sim.run_until(Duration::from_secs(40), |sim| sim.listed_by(5) == 0).expect("noticed by all");
    sim.run_until_converged(Duration::from_secs(10));
}
