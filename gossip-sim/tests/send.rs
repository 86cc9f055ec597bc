//! One member sends bytes to another.

use std::time::Duration;

use gossip_core::{CommandError, Config, Delivery, Event, MessageEvent, NodeId};
use gossip_sim::{Network, Sim, SimConfig};

fn wanted(event: &Event<u32>) -> bool {
    matches!(
        event,
        Event::Message(MessageEvent::Received { .. })
            | Event::Message(MessageEvent::Delivered { .. })
            | Event::Message(MessageEvent::Failed { .. })
    )
}

#[test]
fn requests_arrive_through_loss_and_are_acknowledged() {
    let set_up = SimConfig::new(30).network(Network::lan().loss(0.2));
    let mut sim = Sim::formed_cluster(5, set_up, &Config::lan());
    sim.record(|told| wanted(&told.event));
    let (to, from) = (sim.id(3), sim.id(1));
    let payload = vec![7; 100_000];
    let sent = sim.command(1, |node, now| node.send(now, to, &payload, Delivery::Request)).unwrap();
    sim.run_for(Duration::from_secs(10));

    let log = sim.take_log();
    assert_eq!(log.len(), 2, "{:?}", log.iter().map(|told| told.node).collect::<Vec<_>>());
    assert_eq!(
        (log[0].node, &log[0].event),
        (3, &Event::Message(MessageEvent::Received { from, payload }))
    );
    assert_eq!(
        (log[1].node, &log[1].event),
        (1, &Event::Message(MessageEvent::Delivered { id: sent }))
    );
}

#[test]
fn datagrams_arrive_and_nobody_is_told() {
    let mut sim = Sim::formed_cluster(5, SimConfig::new(31), &Config::lan());
    sim.record(|told| wanted(&told.event));
    let (to, from) = (sim.id(3), sim.id(1));
    sim.command(1, |node, now| node.send(now, to, b"hello", Delivery::Datagram)).unwrap();
    sim.run_for(Duration::from_secs(1));
    assert_eq!(sim.log().len(), 1);
    assert_eq!(
        sim.log()[0].event,
        Event::Message(MessageEvent::Received { from, payload: b"hello".to_vec() })
    );
}

#[test]
fn what_cannot_arrive_is_said_at_the_call_or_at_the_deadline() {
    let mut sim = Sim::formed_cluster(5, SimConfig::new(32), &Config::lan());
    sim.record(|told| wanted(&told.event));
    let to = sim.id(3);
    let stranger = NodeId::from_u128(99);
    let refused = sim.command(1, |node, now| node.send(now, stranger, b"", Delivery::Request));
    assert_eq!(refused, Err(CommandError::UnknownMember));
    let large = vec![0; 2_000];
    let refused = sim.command(1, |node, now| node.send(now, to, &large, Delivery::Datagram));
    assert!(matches!(refused, Err(CommandError::TooLarge { limit }) if limit < 1_200));

    sim.crash(3);
    let sent = sim.command(1, |node, now| node.send(now, to, b"hello", Delivery::Request)).unwrap();
    let limit = Config::lan().requests.timeout + Duration::from_secs(1);
    sim.run_until(limit, |sim| !sim.log().is_empty()).expect("an answer by the deadline");
    assert_eq!(sim.log()[0].event, Event::Message(MessageEvent::Failed { id: sent }));
}
