use gossip_core::{CommandError, MAX_META};

use crate::Adapter;
use crate::wait::{joins, until};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(4);
    // More than one datagram holds.
    let meta = [7; MAX_META];
    for node in &nodes {
        node.set_meta(&meta).unwrap();
    }
    let late = adapter.node(5).meta("late").start().unwrap();
    joins(&late, &nodes[2]);
    until(&late, move |node| {
        node.members().filter(|member| member.meta() == meta.as_slice()).count() == 4
    });
    let id = late.id();
    for node in &nodes {
        until(node, move |node| node.member(&id).is_some_and(|member| member.meta() == b"late"));
    }
    let too_large = late.set_meta(&[0; MAX_META + 1]);
    assert_eq!(too_large, Err(CommandError::TooLarge { limit: MAX_META }));
}
