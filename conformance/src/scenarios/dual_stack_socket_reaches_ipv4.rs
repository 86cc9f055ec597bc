use gossip_core::Delivery;

use super::ipv6_cluster_works;
use crate::Adapter;
use crate::wait::{done, joins, message, until};

pub(super) fn run(adapter: Adapter) {
    if !ipv6_cluster_works::is_here() {
        return;
    }
    let dual = adapter.bind("[::]:0").advertise("127.0.0.1:0").start().unwrap();
    let other = adapter.node(1).start().unwrap();
    joins(&dual, &other);
    until(&other, |node| node.live_peers() == 1);
    assert!(done(dual.settled()));
    for (from, to) in [(&dual, &other), (&other, &dual)] {
        let mut events = to.events();
        from.send(to.id(), b"by TCP", Delivery::Request).unwrap();
        assert_eq!(message(&mut events), (from.id(), b"by TCP".to_vec()));
    }
}
