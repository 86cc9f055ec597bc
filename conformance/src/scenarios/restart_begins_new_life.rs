use gossip_core::Status;

use crate::Adapter;
use crate::adapter::{epoch, id};
use crate::wait::{done, joins, until};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(3);
    done(nodes[1].shutdown());
    let reborn = adapter.node(2).epoch(epoch(2)).start().unwrap();
    joins(&reborn, &nodes[0]);

    let address = reborn.local_addr();
    for node in [&nodes[0], &nodes[2], &reborn] {
        until(node, move |node| {
            node.members().count() == 3
                && node.members().all(|member| member.status() == Status::Up)
                && node.member(&id(2)).is_some_and(|member| {
                    member.epoch() == epoch(2) && *member.address() == address
                })
        });
    }
}
