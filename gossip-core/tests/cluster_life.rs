//! A small cluster on a perfect network: nodes join, one fails and restarts, and another leaves.

mod common;

use common::{Net, id};
use gossip_core::{Config, Event, LocalEvent, MemberEvent, Status};

#[test]
fn cluster_sees_failure_restart_and_leave() {
    let config = Config::lan();
    let mut net = Net::joined(10, &config);

    net.cut.push(9);
    net.run_until(60, |net| {
        (0..9).all(|node| net.nodes[node].member(&id(9)).unwrap().status() == Status::Dead)
    });
    for events in &net.events[..9] {
        let failed = |event: &&Event<u32>| matches!(event, Event::Member(MemberEvent::Failed { member: m, .. }) if m.id() == id(9));
        assert_eq!(events.iter().filter(failed).count(), 1);
    }

    net.cut.clear();
    net.restart(9, 2, &config);
    net.nodes[9].join(net.now, [3]);
    net.run_until(10, |net| {
        net.nodes.iter().all(|node| node.live_peers() == 9 && node.is_settled())
    });

    net.nodes[4].leave(net.now);
    net.run_until(10, |net| net.nodes[4].is_stopped());
    assert!(net.events[4].contains(&Event::Local(LocalEvent::Left)));
    net.run_until(10, |net| {
        (0..10)
            .filter(|&n| n != 4)
            .all(|n| net.nodes[n].member(&id(4)).unwrap().status() == Status::Left)
    });
}
