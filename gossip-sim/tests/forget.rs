//! An operator forgets a dead member before its retention is over.

use std::time::Duration;

use gossip_core::{CommandError, Config, Event, MemberEvent};
use gossip_sim::{Sim, SimConfig};

#[test]
fn only_the_dead_can_be_forgotten() {
    let mut sim = Sim::formed_cluster(10, SimConfig::new(28), &Config::lan());
    let id = sim.id(4);
    assert_eq!(sim.command(0, |node, now| node.forget(now, id)), Err(CommandError::Live));

    sim.crash_and_watch(4, Duration::from_secs(60)).last.expect("noticed");
    sim.run_for(Duration::from_secs(10));
    sim.record(|told| {
        matches!(
            told.event,
            Event::Member(MemberEvent::Forgotten { .. }) | Event::Member(MemberEvent::Up { .. })
        )
    });
    for index in (0..10).filter(|&index| index != 4) {
        sim.command(index, |node, now| node.forget(now, id)).unwrap();
    }
    sim.run_for(Duration::from_secs(120));
    for index in sim.present() {
        assert!(sim.node(index).member(&id).is_none(), "node {index}");
    }
    assert_eq!(sim.log().len(), 9, "{:?}", sim.log());
    sim.assert_converged();
    let unknown = sim.command(0, |node, now| node.forget(now, id));
    assert_eq!(unknown, Err(CommandError::UnknownMember));
}

#[test]
fn who_was_forgotten_can_come_back() {
    let mut sim = Sim::formed_cluster(10, SimConfig::new(29), &Config::lan());
    let id = sim.id(4);
    sim.crash_and_watch(4, Duration::from_secs(60)).last.expect("noticed");
    sim.command(0, |node, now| node.forget(now, id)).unwrap();
    sim.restart(4, gossip_core::Epoch::new(2).unwrap());
    sim.join(4, [0]);
    sim.run_until_all_know_all(Duration::from_secs(10));
}
