//! A join through unused addresses ends in time and reports it.

use std::time::Duration;

use gossip_core::{Config, Event, JoinError, JoinEvent, NodeId};
use gossip_sim::{Sim, SimConfig, local};

#[test]
fn absent_seeds_and_another_cluster_do_not_answer_and_an_own_address_does() {
    let mut sim = Sim::cluster(1, SimConfig::new(3), &Config::lan());
    let stranger = sim.add(local(1).cluster("another"), Config::lan());
    sim.record(|told| matches!(told.event, Event::Join(JoinEvent::Finished { .. })));
    let (own, strange) = (sim.address(0), sim.address(stranger));
    let id = sim.command(0, |node, now| node.join(now, [99, own, strange]));
    sim.run_for(Config::lan().join.timeout + Duration::from_secs(1));

    let expected = vec![
        (99, Err(JoinError::NoAnswer)),
        (own, Ok(NodeId::from_u128(1))),
        (strange, Err(JoinError::NoAnswer)),
    ];
    assert_eq!(sim.log().len(), 1);
    assert_eq!(sim.log()[0].event, Event::Join(JoinEvent::Finished { id, outcomes: expected }));
    assert_eq!((sim.node(0).live_peers(), sim.node(stranger).live_peers()), (0, 0));
}
