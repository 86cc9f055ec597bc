//! Waiting for what must come to pass.

use std::time::Duration;

use gossip_core::{NodeId, Status};
use gossip_driver::{Event, Events, Gossip, MessageEvent, Node, Pending, Update};

/// Long before this a machine that is merely busy has done it.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// What is waited for.
#[track_caller]
pub(crate) fn done<T>(pending: Pending<T>) -> T {
    pending.wait_timeout(LONG).expect("it takes too long")
}

/// Until this is so.
#[track_caller]
pub(crate) fn until(node: &Gossip, condition: impl Fn(&Node) -> bool + Send + 'static) {
    assert!(done(node.until(condition)), "the node has stopped");
}

/// Until `node` sees `member` in this state.
#[track_caller]
pub(crate) fn sees(node: &Gossip, member: NodeId, status: Status) {
    until(node, move |node| node.member(&member).is_some_and(|m| m.status() == status));
}

/// Joins through `seed`, which answers.
#[track_caller]
pub(crate) fn joins(node: &Gossip, seed: &Gossip) {
    let outcomes = done(node.join([seed.read(|node| *node.local().address())]));
    let result = outcomes[0].result.as_ref();
    assert_eq!(*result.expect("the seed answers"), seed.id());
}

/// The next update, which must come.
#[track_caller]
pub(crate) fn update(events: &mut Events) -> Update {
    events.wait_timeout(LONG).expect("there is one")
}

/// What `pick` picks of the events to come.
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

/// The next message, and from whom.
#[track_caller]
pub(crate) fn message(events: &mut Events) -> (NodeId, Vec<u8>) {
    event(events, |event| match event {
        Event::Message(MessageEvent::Received { from, payload }) => Some((from, payload)),
        _ => None,
    })
}

/// Until nothing more is told.
#[track_caller]
pub(crate) fn ended(events: &mut Events) {
    let more = std::iter::from_fn(|| events.wait_timeout(LONG));
    assert!(more.count() < Gossip::EVENTS);
}
