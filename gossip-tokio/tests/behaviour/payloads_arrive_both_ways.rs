use gossip_tokio::{CommandError, Delivery, Event, Events, NodeId};

use crate::cluster::{cluster, event, id, within};

async fn message(events: &mut Events) -> (NodeId, Vec<u8>) {
    let message = |event| match event {
        Event::Message { from, payload } => Some((from, payload)),
        _ => None,
    };
    event(events, message).await
}

#[tokio::test]
async fn payloads_arrive_both_ways() {
    let nodes = cluster(2).await;
    let mut events = [nodes[0].events(), nodes[1].events()];
    let large = vec![5; 100_000];
    for (from, to) in [(0, 1), (1, 0)] {
        let (sender, receiver) = (&nodes[from], nodes[to].id());
        sender.send(receiver, b"small", Delivery::Datagram).unwrap();
        assert_eq!(message(&mut events[to]).await, (sender.id(), b"small".to_vec()));

        let sent = sender.send(receiver, &large, Delivery::Request).unwrap();
        assert_eq!(message(&mut events[to]).await, (sender.id(), large.clone()));
        let outcome = |event| match event {
            Event::SendDelivered { id } => Some((id, true)),
            Event::SendFailed { id } => Some((id, false)),
            _ => None,
        };
        assert_eq!(event(&mut events[from], outcome).await, (sent, true));
    }

    let too_large = nodes[0].send(id(2), &large, Delivery::Datagram);
    assert!(matches!(too_large, Err(CommandError::TooLarge { .. })));
    assert_eq!(nodes[0].send(id(9), b"who?", Delivery::Datagram), Err(CommandError::UnknownMember));
    within(nodes[0].shutdown()).await;
    assert_eq!(nodes[0].send(id(2), b"late", Delivery::Datagram), Err(CommandError::Stopped));
}
