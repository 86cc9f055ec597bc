use gossip_driver::SeedError;

use crate::Adapter;
use crate::adapter::silent;
use crate::wait::{done, until};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(2);
    let (_socket, nobody) = silent();
    let late = adapter.node(3).start().unwrap();
    let outcomes = done(late.join([nodes[0].local_addr(), nobody, nodes[1].local_addr()]));
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.result.as_ref().ok()).collect();
    assert_eq!(ids, [Some(&nodes[0].id()), None, Some(&nodes[1].id())]);
    assert!(matches!(outcomes[1].result, Err(SeedError::Join(_))));
    until(&late, |node| node.live_peers() == 2);
}
