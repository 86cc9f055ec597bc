use gossip_core::{CommandError, Delivery};
use gossip_driver::{Event, MessageEvent};

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{done, event, message};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(2);
    let mut events = [nodes[0].events(), nodes[1].events()];
    let large = vec![5; 100_000];
    for (from, to) in [(0, 1), (1, 0)] {
        let (sender, receiver) = (&nodes[from], nodes[to].id());
        sender.send(receiver, b"small", Delivery::Datagram).unwrap();
        assert_eq!(message(&mut events[to]), (sender.id(), b"small".to_vec()));

        let sent = sender.send(receiver, &large, Delivery::Request).unwrap();
        assert_eq!(message(&mut events[to]), (sender.id(), large.clone()));
        let outcome = event(&mut events[from], |event| match event {
            Event::Message(MessageEvent::Delivered { id }) => Some((id, true)),
            Event::Message(MessageEvent::Failed { id }) => Some((id, false)),
            _ => None,
        });
        assert_eq!(outcome, (sent, true));
    }

    let too_large = nodes[0].send(id(2), &large, Delivery::Datagram);
    assert!(matches!(too_large, Err(CommandError::TooLarge { .. })));
    assert_eq!(nodes[0].send(id(9), b"who?", Delivery::Datagram), Err(CommandError::UnknownMember));
    done(nodes[0].shutdown());
    assert_eq!(nodes[0].send(id(2), b"late", Delivery::Datagram), Err(CommandError::Stopped));
}
