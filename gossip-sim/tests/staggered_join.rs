//! Nodes that join one after the other are known to all soon after the last one.

use std::time::Duration;

use gossip_core::{Config, Event, JoinEvent};
use gossip_sim::{Sim, SimConfig};

#[test]
fn each_newcomer_finds_all_and_is_found() {
    let mut sim = Sim::cluster(50, SimConfig::new(2), &Config::lan());
    sim.record(|told| matches!(told.event, Event::Join(JoinEvent::Finished { .. })));
    sim.join_all(Duration::from_secs(20));
    let took = sim.run_until_all_know_all(Duration::from_secs(5));
    assert!(took <= Duration::from_secs(2), "{took:?}");

    let seed = sim.id(0);
    let joins = sim.take_log();
    assert_eq!(joins.len(), 49);
    for join in joins {
        let Event::Join(JoinEvent::Finished { outcomes, .. }) = join.event else { unreachable!() };
        assert_eq!(outcomes, [(sim.address(0), Ok(seed))]);
    }
    sim.run_until(Duration::from_secs(30), Sim::all_settled).expect("the cluster settles");
    sim.assert_converged();
}
