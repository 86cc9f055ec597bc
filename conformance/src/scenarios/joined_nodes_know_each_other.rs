use gossip_core::Status;

use crate::Adapter;
use crate::adapter::id;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(3);
    for node in &nodes {
        assert!(done(node.settled()));
        let mut members = node.members();
        members.sort_by_key(|member| member.id());
        assert_eq!(members.iter().map(|member| member.id()).collect::<Vec<_>>(), [1, 2, 3].map(id));
        assert!(members.iter().all(|member| member.status() == Status::Up));
        let addresses: Vec<_> = nodes.iter().map(|node| node.local_addr()).collect();
        assert_eq!(members.iter().map(|member| *member.address()).collect::<Vec<_>>(), addresses);
        assert!(node.stats().traffic.datagrams_received > 0);
    }
}
