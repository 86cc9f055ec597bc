//! All events, and the bounded queue that holds them.

use alloc::collections::VecDeque;

use crate::{DetectorEvent, JoinEvent, LocalEvent, MemberEvent, MessageEvent, queue};

/// Something that happened, reported by [`Node::poll_event`](crate::Node::poll_event).
///
/// Events are history; [`Node::member`](crate::Node::member) returns the present state. A member
/// in an event is as it was at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Event<A> {
    /// A change in the member table.
    Member(MemberEvent<A>),
    /// A finding of the failure detector about this node's own connectivity.
    Detector(DetectorEvent),
    /// The outcome of a join.
    Join(JoinEvent<A>),
    /// A message between two applications, or the outcome of sending one.
    Message(MessageEvent),
    /// A change in the life of this node.
    Local(LocalEvent<A>),
    /// The event queue was full, so the node dropped events at this point of the sequence.
    /// The present state can be read from the node.
    Lagged {
        /// Number of events dropped.
        lost: u64,
    },
}

/// Events that wait for [`Node::poll_event`](crate::Node::poll_event). A full queue drops new
/// events and counts them; the reader is then told with [`Event::Lagged`].
#[derive(Debug)]
pub(crate) struct EventQueue<A> {
    events: VecDeque<Event<A>>,
    capacity: usize,
    /// Bytes of the queued payloads, and their bound.
    bytes: usize,
    max_bytes: usize,
    lost: u64,
}

impl<A> EventQueue<A> {
    pub(crate) fn new(capacity: usize, max_bytes: usize) -> Self {
        Self { events: VecDeque::new(), capacity, bytes: 0, max_bytes, lost: 0 }
    }

    /// Queues an event and returns whether it was kept.
    pub(crate) fn push(&mut self, event: Event<A>) -> bool {
        let bytes = self.bytes + payload_len(&event);
        let room = self.events.len() < self.capacity && bytes <= self.max_bytes;
        let kept = self.lost == 0 && room;
        if kept {
            self.bytes = bytes;
            self.events.push_back(event);
        } else {
            self.lost += 1;
        }
        kept
    }

    pub(crate) fn pop(&mut self) -> Option<Event<A>> {
        if self.events.is_empty() && self.lost == 0 {
            return None;
        }
        let event =
            queue::pop(&mut self.events).or_else(|| match core::mem::take(&mut self.lost) {
                0 => None,
                lost => Some(Event::Lagged { lost }),
            });
        self.bytes -= event.as_ref().map_or(0, payload_len);
        event
    }
}

fn payload_len<A>(event: &Event<A>) -> usize {
    match event {
        Event::Message(MessageEvent::Received { payload, .. }) => payload.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::NodeId;

    fn forgotten(id: u128) -> Event<u16> {
        Event::Member(MemberEvent::Forgotten { id: NodeId::from_u128(id) })
    }

    #[test]
    fn full_queue_reports_loss_after_kept_events() {
        let mut queue = EventQueue::new(2, 10);
        for id in 0..5 {
            queue.push(forgotten(id));
        }
        let drained: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(drained, [forgotten(0), forgotten(1), Event::Lagged { lost: 3 }]);
        assert!(queue.push(Event::Local(LocalEvent::Left)));
    }

    #[test]
    fn queue_bounds_bytes_of_payloads() {
        let mut queue = EventQueue::<u16>::new(100, 10);
        let from = NodeId::from_u128(0);
        let message = || Event::Message(MessageEvent::Received { from, payload: [7; 6].into() });
        assert_eq!([queue.push(message()), queue.push(message())], [true, false]);
        assert_eq!((queue.pop(), queue.pop()), (Some(message()), Some(Event::Lagged { lost: 1 })));
        assert!(queue.push(message()));
    }
}
