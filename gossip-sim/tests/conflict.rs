//! Two processes run with one id. The one with the lesser claim reports it and stops.

use std::time::Duration;

use gossip_core::{Config, Epoch, Event, Local, LocalEvent};
use gossip_sim::{Sim, SimConfig, local};

/// Another process with the id of node 4.
fn twin(epoch: u64) -> Local<u32> {
    let mut twin = local(4);
    twin.epoch = Epoch::new(epoch).unwrap();
    twin.address = 100;
    twin
}

#[test]
fn the_lower_epoch_gives_way() {
    for requests in [true, false] {
        let mut config = Config::lan();
        config.requests.enabled = requests;
        let mut sim = Sim::formed_cluster(10, SimConfig::new(15), &config);
        sim.run_for(Duration::from_secs(5));
        sim.record(|told| matches!(told.event, Event::Local(LocalEvent::Conflict { .. })));

        let twin = twin(2);
        let twin = sim.add(twin, config);
        sim.join(twin, [0]);
        let silent = sim.run_until(Duration::from_secs(30), |sim| sim.node(4).is_stopped());
        assert!(silent.is_some(), "requests {requests}: the lower one falls silent");
        sim.run_for(Duration::from_secs(60));

        assert_eq!(sim.log().len(), 1);
        assert_eq!(sim.log()[0].node, 4);
        assert_eq!(sim.log()[0].event, Event::Local(LocalEvent::Conflict { address: 100 }));
        assert!(!sim.node(twin).is_stopped());
        let before = sim.traffic(4);
        sim.run_for(Duration::from_secs(60));
        assert_eq!(sim.traffic(4), before, "it sends nothing more");
        for index in sim.present() {
            let member = sim.node(index).member(&sim.id(twin)).expect("known");
            assert_eq!((*member.address(), member.status().is_live()), (100, true));
        }
        sim.assert_converged();
    }
}

#[test]
fn the_newcomer_gives_way_if_its_epoch_is_lower() {
    let mut sim = Sim::formed_cluster(10, SimConfig::new(16), &Config::lan());
    sim.run_for(Duration::from_secs(5));
    sim.record(|told| matches!(told.event, Event::Local(LocalEvent::Conflict { .. })));
    let twin = twin(0);
    let twin = sim.add(twin, Config::lan());
    sim.join(twin, [0]);
    let silent = sim.run_until(Duration::from_secs(30), |sim| sim.node(twin).is_stopped());
    assert!(silent.is_some());
    sim.run_for(Duration::from_secs(10));
    assert_eq!(sim.log().len(), 1);
    assert_eq!(sim.log()[0].event, Event::Local(LocalEvent::Conflict { address: sim.address(4) }));
    assert!(!sim.node(4).is_stopped());
}
