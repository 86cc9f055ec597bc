//! Waits with a time limit.

use std::time::Duration;

use gossip_core::{NodeId, Status};
use gossip_driver::{Event, Events, Gossip, MessageEvent, Node, Pending, Update};

/// Time limit of a wait, far longer than a busy machine needs.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Waits for an operation and returns its result.
#[track_caller]
pub(crate) fn done<T>(pending: Pending<T>) -> T {
    pending.wait_timeout(LONG).expect("it takes too long")
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn until(node: &Gossip, condition: impl Fn(&Node) -> bool + Send + 'static) {
    assert!(done(node.until(condition)), "the node has stopped");
}

/// Waits until `node` sees `member` in this state.
#[track_caller]
pub(crate) fn sees(node: &Gossip, member: NodeId, status: Status) {
    until(node, move |node| node.member(&member).is_some_and(|m| m.status() == status));
}

/// Joins through `seed`, which must answer.
#[track_caller]
pub(crate) fn joins(node: &Gossip, seed: &Gossip) {
    let outcomes = done(node.join([*seed.local().address()]));
    let result = outcomes[0].result.as_ref();
    assert_eq!(*result.expect("the seed answers"), seed.id());
}

/// Waits for the next update.
#[track_caller]
pub(crate) fn update(events: &mut Events) -> Update {
    events.wait_timeout(LONG).expect("there is one")
}

/// Waits for the first event that `pick` accepts.
#[track_caller]
pub(crate) fn event<T>(events: &mut Events, pick: impl Fn(Event) -> Option<T>) -> T {
    loop {
        match update(events) {
            Update::Event(event) => {
                if let Some(picked) = pick(event) {
                    return picked;
                }
            }
            Update::Snapshot(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Waits for the next message. Returns its sender and payload.
#[track_caller]
pub(crate) fn message(events: &mut Events) -> (NodeId, Vec<u8>) {
    event(events, |event| match event {
        Event::Message(MessageEvent::Received { from, payload }) => Some((from, payload)),
        _ => None,
    })
}

/// Waits until the subscription ends.
#[track_caller]
pub(crate) fn ended(events: &mut Events) {
    let more = std::iter::from_fn(|| events.wait_timeout(LONG));
    assert!(more.count() < Gossip::EVENTS);
}
