//! Half of the nodes restart at once, as the same members in new lives.

use std::time::Duration;

use gossip_core::{Config, Epoch};
use gossip_sim::{Sim, SimConfig};

#[test]
fn the_cluster_settles_and_no_old_self_returns_within_an_hour() {
    // The checks of the simulation panic when a record goes back to an earlier life.
    let mut sim = Sim::formed_cluster(100, SimConfig::new(5), &Config::lan());
    sim.run_for(Duration::from_secs(10));
    for index in 50..100 {
        sim.restart(index, Epoch::new(2).unwrap());
        sim.join(index, [index - 50]);
    }
    let settled =
        sim.run_until(Duration::from_secs(20), |sim| sim.all_know_all() && sim.all_settled());
    let settled = settled.expect("it settles");
    assert!(settled <= Duration::from_secs(10), "{settled:?}");
    sim.assert_converged();

    sim.run_for(Duration::from_secs(3_600));
    sim.assert_converged();
    assert_eq!(sim.false_deaths(), 0);
    for index in 50..100 {
        let epochs = sim.present().map(|other| sim.node(other).member(&sim.id(index)));
        assert!(epochs.flatten().all(|member| member.epoch() == Epoch::new(2).unwrap()));
    }
}
