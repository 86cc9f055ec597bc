//! At 10 % loss and without requests, a cluster stays whole.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Network, Sim, SimConfig};

#[test]
fn ten_minutes_of_loss_leave_all_knowing_all() {
    let mut config = Config::lan();
    config.requests.enabled = false;
    let set_up = SimConfig::new(4).network(Network::lan().loss(0.1));
    let mut sim = Sim::formed_cluster(50, set_up, &config);
    sim.run_for(Duration::from_secs(600));
    // Any member that was falsely declared dead has refuted by now.
    sim.set_network(Network::lan());
    sim.run_until_all_know_all(Duration::from_secs(30));
    sim.run_until_converged(Duration::from_secs(20));
}
