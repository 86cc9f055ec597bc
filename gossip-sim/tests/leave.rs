//! All members see a leaver leave, and none declares it dead.

use std::time::Duration;

use gossip_core::{Config, Event, LocalEvent, MemberEvent, Status};
use gossip_sim::{Network, Sim, SimConfig};

fn leave(loss: f64) {
    let set_up = SimConfig::new(11).network(Network::lan().loss(loss));
    let mut sim = Sim::formed_cluster(40, set_up, &Config::lan());
    sim.run_for(Duration::from_secs(5));
    let leaver = sim.id(8);
    sim.record(move |told| match &told.event {
        Event::Local(LocalEvent::Left) => true,
        Event::Member(MemberEvent::Left { member })
        | Event::Member(MemberEvent::Failed { member, .. }) => member.id() == leaver,
        _ => false,
    });
    sim.leave(8);
    let noticed = sim.run_until(Duration::from_secs(10), |sim| {
        sim.listed_by(8) == 0 && sim.node(8).is_stopped()
    });
    assert!(noticed.is_some(), "loss {loss}: {} still list it", sim.listed_by(8));
    sim.run_for(Duration::from_secs(60));

    let log = sim.take_log();
    assert_eq!(log.iter().filter(|told| told.event == Event::Local(LocalEvent::Left)).count(), 1);
    assert_eq!(
        log.iter()
            .filter(|told| matches!(told.event, Event::Member(MemberEvent::Left { .. })))
            .count(),
        39
    );
    assert!(
        !log.iter().any(|told| matches!(told.event, Event::Member(MemberEvent::Failed { .. })))
    );
    for index in sim.present() {
        let member = sim.node(index).member(&leaver).expect("remembered");
        assert_eq!(member.status(), Status::Left);
    }
    sim.assert_converged();

    let silent = sim.traffic(8);
    sim.run_for(Duration::from_secs(60));
    assert_eq!(sim.traffic(8), silent, "it has fallen silent");
}

#[test]
fn everybody_sees_it_leave() {
    leave(0.0);
}

#[test]
fn everybody_sees_it_leave_through_loss() {
    leave(0.2);
}

#[test]
fn who_left_can_come_back_in_a_new_life() {
    let mut sim = Sim::formed_cluster(10, SimConfig::new(12), &Config::lan());
    sim.leave(4);
    sim.run_until(Duration::from_secs(10), |sim| sim.listed_by(4) == 0).expect("seen to leave");
    sim.run_for(Duration::from_secs(10));
    sim.restart(4, gossip_core::Epoch::new(2).unwrap());
    sim.join(4, [0]);
    sim.run_until_all_know_all(Duration::from_secs(10));
}
