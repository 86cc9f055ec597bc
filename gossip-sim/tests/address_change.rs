//! A node moves to another address and stays the same member.

use std::time::Duration;

use gossip_core::{Config, Event, MemberEvent};
use gossip_sim::{Sim, SimConfig};

#[test]
fn all_learn_the_new_address_and_nobody_loses_the_member() {
    let mut sim = Sim::formed_cluster(30, SimConfig::new(13), &Config::lan());
    sim.run_for(Duration::from_secs(5));
    sim.record(|told| {
        matches!(
            told.event,
            Event::Member(MemberEvent::Failed { .. }) | Event::Member(MemberEvent::Left { .. })
        )
    });
    sim.relocate(6, 500);
    sim.command(6, |node, now| node.set_address(now, 500)).unwrap();
    sim.run_for(Duration::from_secs(60));

    assert!(sim.log().is_empty(), "{:?}", sim.log());
    let id = sim.id(6);
    for index in sim.present() {
        let member = sim.node(index).member(&id).expect("known");
        assert_eq!(*member.address(), 500);
    }
    sim.assert_converged();
}

#[test]
fn a_restart_elsewhere_is_the_same_member() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(14), &Config::lan());
    sim.crash(6);
    sim.relocate(6, 500);
    sim.restart(6, gossip_core::Epoch::new(2).unwrap());
    sim.join(6, [0]);
    sim.run_until_all_know_all(Duration::from_secs(10));
    sim.run_for(Duration::from_secs(20));
    assert_eq!(*sim.node(3).member(&sim.id(6)).unwrap().address(), 500);
    assert_eq!(sim.node(3).live_peers(), 19);
}
