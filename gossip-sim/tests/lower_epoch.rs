//! A node restarts after its clock went back, with a lower epoch than before.

use std::time::Duration;

use gossip_core::{Config, Epoch, Event, LocalEvent};
use gossip_sim::{Sim, SimConfig, local};

#[test]
fn it_outbids_its_former_self() {
    for (requests, crash) in [(true, 0), (false, 0), (true, 60)] {
        let mut config = Config::lan();
        config.requests.enabled = requests;
        let mut sim = Sim::new(SimConfig::new(26));
        for index in 0..10 {
            let mut local = local(index);
            local.epoch = Epoch::new(1_000).unwrap();
            sim.add(local, config.clone());
        }
        sim.join_all(Duration::ZERO);
        sim.run_for(Duration::from_secs(10));
        sim.record(|told| matches!(told.event, Event::Local(LocalEvent::Conflict { .. })));

        sim.crash(4);
        sim.run_for(Duration::from_secs(crash));
        sim.restart(4, Epoch::new(10).unwrap());
        sim.join(4, [0]);
        let back = sim.run_until(Duration::from_secs(30), |sim| {
            sim.node(4).local().epoch() > Epoch::new(1_000).unwrap() && sim.listed_by(4) == 9
        });
        assert!(back.is_some(), "requests {requests}, dead for {crash} s: it recovers");
        sim.run_until_converged(Duration::from_secs(30));
        assert!(sim.log().is_empty(), "there was only one of it");
    }
}
