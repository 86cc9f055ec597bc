//! At 50 % loss a cluster raises few suspicions and refutations.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Network, Sim, SimConfig};

#[test]
fn a_member_that_has_refuted_is_given_more_time() {
    const NODES: usize = 10;
    const MINUTES: u64 = 10;
    let config = Config::lan().with(|config| config.requests.enabled = false);
    let mut sim = Sim::formed_cluster(NODES, SimConfig::new(5), &config);
    sim.set_network(Network::lan().loss(0.5));
    sim.run_for(Duration::from_secs(60 * MINUTES));
    let suspicions: u64 =
        (0..NODES).map(|index| sim.node(index).stats().detector.suspicions_raised).sum();
    // The run has 160. Without the memory of refutations it would have 1,134.
    assert!((1..250).contains(&suspicions), "{suspicions} suspicions");
    let deaths: u64 =
        (0..NODES).map(|index| sim.node(index).stats().detector.deaths_declared).sum();
    assert_eq!(deaths, 0);
}
