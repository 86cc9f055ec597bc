//! A full table refuses newcomers, and reports it.

use std::time::Duration;

use gossip_core::{Config, Event, JoinEvent, MemberEvent};
use gossip_sim::{Sim, SimConfig, local};

#[test]
fn it_says_so_and_takes_newcomers_again_when_there_is_room() {
    let mut config = Config::lan();
    config.members.max = 10;
    let mut sim = Sim::formed_cluster(10, SimConfig::new(24), &config);
    sim.run_for(Duration::from_secs(5));
    sim.record(|told| {
        matches!(
            told.event,
            Event::Member(MemberEvent::TableFull) | Event::Join(JoinEvent::Finished { .. })
        )
    });
    for index in 10..13 {
        sim.add(local(index), config.clone());
        sim.join(index, [0]);
    }
    sim.run_for(Duration::from_secs(30));

    assert!(
        sim.log()
            .iter()
            .any(|told| told.node == 0 && told.event == Event::Member(MemberEvent::TableFull))
    );
    for index in 0..10 {
        assert_eq!(sim.node(index).members().count(), 10);
        assert_eq!(sim.node(index).live_peers(), 9, "node {index} still knows its own");
    }
    assert!(sim.node(0).stats().members.refused > 0);
}
