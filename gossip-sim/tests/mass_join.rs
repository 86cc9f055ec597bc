//! All nodes join at once, through one seed, from empty tables.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Network, Sim, SimConfig};

fn join(nodes: usize, loss: f64, requests: bool) -> Duration {
    let mut config = Config::lan();
    config.requests.enabled = requests;
    let mut sim =
        Sim::cluster(nodes, SimConfig::new(1).network(Network::lan().loss(loss)), &config);
    sim.join_all(Duration::ZERO);
    let took = sim.run_until_all_know_all(Duration::from_secs(20));
    assert_eq!(sim.false_deaths(), 0);
    sim.run_until_converged(Duration::from_secs(20));
    took
}

#[test]
fn a_thousand_know_each_other_within_five_seconds() {
    let took = join(1_000, 0.0, true);
    assert!(took <= Duration::from_secs(5), "{took:?}");
}

#[test]
fn it_works_by_datagrams_alone() {
    let took = join(250, 0.0, false);
    assert!(took <= Duration::from_secs(5), "{took:?}");
}

#[test]
fn it_works_with_loss() {
    for requests in [true, false] {
        let took = join(250, 0.1, requests);
        assert!(took <= Duration::from_secs(10), "requests {requests}: {took:?}");
    }
}
