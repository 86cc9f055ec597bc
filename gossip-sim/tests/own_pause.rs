//! A node that was paused does not hold the pause against the others.

use std::time::Duration;

use gossip_core::{Config, Event, MemberEvent};
use gossip_sim::{Sim, SimConfig};

#[test]
fn a_node_that_slept_accuses_nobody_when_it_wakes() {
    for (seed, backlog) in [(17, 1_024), (18, 0)] {
        let set_up = SimConfig { backlog, ..SimConfig::new(seed) };
        let mut sim = Sim::formed_cluster(20, set_up, &Config::lan());
        sim.run_for(Duration::from_secs(5));
        sim.pause(6);
        sim.run_for(Duration::from_secs(30));
        sim.record(|told| {
            told.node == 6
                && matches!(
                    told.event,
                    Event::Member(MemberEvent::Suspected { .. })
                        | Event::Member(MemberEvent::Failed { .. })
                )
        });
        let raised = sim.node(6).stats().detector.suspicions_raised;
        sim.resume(6);
        let returned = sim.run_until_all_know_all(Duration::from_secs(20));
        assert!(returned <= Duration::from_secs(5), "{returned:?}");
        sim.run_for(Duration::from_secs(60));

        assert!(sim.log().is_empty(), "backlog {backlog}: {:?}", sim.log());
        assert_eq!(sim.node(6).stats().detector.suspicions_raised, raised);
        assert!(sim.node(6).stats().traffic.pauses > 0);
        assert_eq!(sim.false_deaths(), 0);
        sim.assert_converged();
    }
}

#[test]
fn when_all_have_slept_nobody_is_dead() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(19), &Config::lan());
    sim.run_for(Duration::from_secs(5));
    sim.record(|told| matches!(told.event, Event::Member(MemberEvent::Failed { .. })));
    (0..20).for_each(|index| sim.pause(index));
    sim.run_for(Duration::from_secs(600));
    (0..20).for_each(|index| sim.resume(index));
    sim.run_for(Duration::from_secs(60));
    assert!(sim.log().is_empty(), "{:?}", sim.log());
    assert!(sim.all_know_all());
    sim.assert_converged();
}
