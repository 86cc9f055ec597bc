//! Duplicated, delayed and reordered packets change nothing.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Network, Sim, SimConfig};

#[test]
fn the_cluster_forms_and_stays_as_on_a_tidy_network() {
    let network = Network {
        duplicate: 0.3,
        reorder: 0.3,
        reorder_delay: Duration::from_millis(150),
        ..Network::lan()
    };
    for requests in [true, false] {
        let mut config = Config::lan();
        config.requests.enabled = requests;
        let set_up = SimConfig::new(10).network(network);
        let mut sim = Sim::formed_cluster(50, set_up, &config);
        sim.command(0, |node, now| node.set_meta(now, b"new")).unwrap();
        sim.run_for(Duration::from_secs(120));
        sim.assert_converged();
        assert_eq!(sim.false_deaths(), 0);

        let notices = sim.crash_and_watch(9, Duration::from_secs(40));
        assert!(notices.last.is_some());
        sim.run_until_converged(Duration::from_secs(20));
    }
}
