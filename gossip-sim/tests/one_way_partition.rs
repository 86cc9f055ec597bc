//! A node hears all others, but its packets reach none of them.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Sim, SimConfig};

#[test]
fn the_mute_one_harms_no_other_and_returns() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(7), &Config::lan());
    sim.record(|told| {
        matches!(told.event, gossip_core::Event::Member(gossip_core::MemberEvent::Failed { .. }))
    });
    sim.run_for(Duration::from_secs(5));
    sim.cut(|from, _| from == 3);
    sim.run_for(Duration::from_secs(120));
    assert_eq!(sim.listed_by(3), 0, "all have given up the mute one");
    let mute = sim.id(3);
    for told in sim.take_log() {
        let gossip_core::Event::Member(gossip_core::MemberEvent::Failed { member, .. }) =
            told.event
        else {
            unreachable!()
        };
        assert!(member.id() == mute || told.node == 3, "{} lost {}", told.node, member.id());
    }

    sim.heal();
    sim.run_until_all_know_all(Duration::from_secs(60));
    sim.run_until_converged(Duration::from_secs(20));
}

#[test]
fn a_single_link_that_is_broken_one_way_kills_nobody() {
    let mut sim = Sim::formed_cluster(20, SimConfig::new(8), &Config::lan());
    sim.cut(|from, to| (from, to) == (3, 4));
    sim.run_for(Duration::from_secs(300));
    assert_eq!(sim.false_deaths(), 0);
    assert!(sim.all_know_all());
}
