//! A node's packets wait in both directions while its timers run.

use std::time::Duration;

use gossip_core::{Config, Event, MemberEvent};
use gossip_sim::{Sim, SimConfig};

#[test]
fn however_long_it_lasts_all_are_together_again_soon() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(20), &Config::lan());
    for seconds in [1, 5, 20, 60] {
        sim.run_for(Duration::from_secs(30));
        sim.stall(6);
        sim.run_for(Duration::from_secs(seconds));
        sim.resume(6);
        sim.run_for(Duration::from_millis(100));
        let took = sim.run_until_all_know_all(Duration::from_secs(60));
        assert!(took <= Duration::from_secs(15), "{seconds} s: {took:?}");
        sim.run_until_converged(Duration::from_secs(30));
    }
}

#[test]
fn a_second_is_forgiven_by_all() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(21), &Config::lan());
    sim.record(|told| matches!(told.event, Event::Member(MemberEvent::Failed { .. })));
    for round in 0..10 {
        sim.stall(round);
        sim.run_for(Duration::from_secs(1));
        sim.resume(round);
        sim.run_for(Duration::from_secs(5));
    }
    assert!(sim.log().is_empty(), "{:?}", sim.log());
}
