use gossip_core::Delivery;
use gossip_driver::{Event, MessageEvent};

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{done, event};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(2);
    done(nodes[1].shutdown());
    // No socket listens there any more, which the node does not know yet.
    let mut events = nodes[0].events();
    let sent = nodes[0].send(id(2), b"anybody?", Delivery::Request).unwrap();
    let failed = event(&mut events, |event| match event {
        Event::Message(MessageEvent::Failed { id }) => Some(id),
        _ => None,
    });
    assert_eq!(failed, sent);
}
