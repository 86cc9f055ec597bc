use gossip_core::Status;

use crate::Adapter;
use crate::adapter::{id, own_address, watchful};
use crate::wait::{ended, joins, sees};

pub(super) fn run(adapter: Adapter) {
    let stays = adapter.node(1).config(watchful()).start().unwrap();
    let address = own_address();
    let node = adapter.bind(address).id(id(2)).config(watchful()).start().unwrap();
    joins(&node, &stays);
    sees(&stays, id(2), Status::Up);

    let (clone, mut events) = (node.clone(), node.events());
    drop(node);
    assert!(adapter.bind(address).start().is_err(), "a clone keeps it running");
    drop(clone);
    // A subscription does not keep the node running, and ends.
    ended(&mut events);
    // The next node at that port is of another cluster, so that it is not taken for a third member.
    let next = adapter.bind(address).cluster("another").start();
    drop(next.expect("the port is free again"));
    sees(&stays, id(2), Status::Dead);
}
