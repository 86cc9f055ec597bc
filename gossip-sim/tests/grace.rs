//! Nodes remember departed members for their retention, then forget them, and do not learn them
//! again.

use std::time::Duration;

use gossip_core::{Config, Event, MemberEvent};
use gossip_sim::{Network, Sim, SimConfig};

#[test]
fn the_dead_and_the_left_are_gone_after_grace() {
    let mut config = Config::lan();
    config.members.retention = Duration::from_secs(120);
    let set_up = SimConfig::new(27).network(Network::lan().loss(0.05));
    let mut sim = Sim::formed_cluster(20, set_up, &config);
    sim.run_for(Duration::from_secs(5));
    sim.crash(5);
    sim.leave(6);
    sim.run_for(Duration::from_secs(60));
    let (dead, left) = (sim.id(5), sim.id(6));
    for index in sim.present() {
        assert!(sim.node(index).member(&dead).is_some() && sim.node(index).member(&left).is_some());
    }

    sim.record(move |told| match &told.event {
        Event::Member(MemberEvent::Forgotten { id }) => *id == dead || *id == left,
        _ => false,
    });
    sim.run_for(Duration::from_secs(600));
    for index in sim.present() {
        assert!(sim.node(index).member(&dead).is_none() && sim.node(index).member(&left).is_none());
    }
    assert_eq!(sim.log().len(), 2 * 18, "each forgets each of them once");
    sim.assert_converged();
}

#[test]
fn who_leaves_after_a_long_life_is_remembered_as_well() {
    let mut config = Config::lan();
    config.members.retention = Duration::from_secs(60);
    let mut sim = Sim::formed_cluster(20, SimConfig::new(28), &config);
    sim.run_for(Duration::from_secs(90));
    sim.leave(6);
    sim.run_for(Duration::from_secs(50));
    let left = sim.id(6);
    for index in sim.present() {
        assert!(sim.node(index).member(&left).is_some(), "node {index} has forgotten it");
    }
    sim.run_for(Duration::from_secs(15));
    for index in sim.present() {
        assert!(sim.node(index).member(&left).is_none(), "node {index} remembers it");
    }
}
