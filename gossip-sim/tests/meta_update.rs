//! New metadata reaches all members.

use std::time::Duration;

use gossip_core::{CommandError, Config, Event, MAX_META, MemberEvent};
use gossip_sim::{Network, Sim, SimConfig};

#[test]
fn all_see_the_last_of_many_updates() {
    for (loss, requests) in [(0.0, true), (0.2, false)] {
        let mut config = Config::lan();
        config.requests.enabled = requests;
        let set_up = SimConfig::new(22).network(Network::lan().loss(loss));
        let mut sim = Sim::formed_cluster(40, set_up, &config);
        let subject = sim.id(3);
        sim.record(move |told| match &told.event {
            Event::Member(MemberEvent::Updated { member }) => member.id() == subject,
            _ => false,
        });
        for version in 0..10 {
            let meta = [version; MAX_META];
            sim.command(3, |node, now| node.set_meta(now, &meta)).unwrap();
            sim.run_for(Duration::from_millis(50));
        }
        let everywhere = |sim: &Sim| {
            let mut tables = (0..40).map(|index| sim.node(index).member(&subject));
            tables.all(|member| member.is_some_and(|member| member.meta() == [9; MAX_META]))
        };
        let took = sim.run_until(Duration::from_secs(20), everywhere);
        assert!(took.is_some_and(|took| took < Duration::from_secs(5)), "{took:?}");
        assert!(sim.log().len() >= 39, "each of the others told it at least once");
        sim.run_until_converged(Duration::from_secs(20));
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_limit() {
    let mut sim = Sim::cluster(1, SimConfig::new(23), &Config::lan());
    let refused = sim.command(0, |node, now| node.set_meta(now, &[0; MAX_META + 1]));
    assert_eq!(refused, Err(CommandError::TooLarge { limit: MAX_META }));
}
