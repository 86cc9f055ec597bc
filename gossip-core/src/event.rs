//! Events reported to the application, and the bounded queue that holds them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{Member, NodeId, Verdict, queue};

/// Identifier of one call of [`Node::join`](crate::Node::join).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JoinId(pub(crate) u64);

/// Identifier of one call of [`Node::send`](crate::Node::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub(crate) u64);

/// Reason why a seed did not admit this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinError {
    /// The seed did not answer in time: the address is unused, or its node belongs to another
    /// cluster or speaks another version.
    NoAnswer,
    /// The seed refused: its member table is full, or it still remembers this node as dead.
    Refused,
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "no answer in time",
            Self::Refused => "the seed refused",
        })
    }
}

impl core::error::Error for JoinError {}

/// Something that happened, reported by [`Node::poll_event`](crate::Node::poll_event).
///
/// Events are history; [`Node::member`](crate::Node::member) returns the present state. A member
/// in an event is as it was at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A change in the member table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberEvent<A> {
    /// A member appeared: new, back from the dead, or back after leaving.
    Up {
        /// The member.
        member: Member<A>,
    },
    /// A live member changed its metadata or address, restarted, or began to leave.
    Updated {
        /// The member, with its new values.
        member: Member<A>,
    },
    /// Some member could not reach this one (SWIM's suspicion). It may still refute.
    Suspected {
        /// The member.
        member: Member<A>,
    },
    /// A suspected member refuted the suspicion: it is live.
    Refuted {
        /// The member.
        member: Member<A>,
    },
    /// A member was declared dead.
    Failed {
        /// The member.
        member: Member<A>,
        /// The evidence.
        why: Verdict,
    },
    /// A member left voluntarily. There may have been no [`Up`](Self::Up) for it if this node
    /// first heard of it after it had left.
    Left {
        /// The member.
        member: Member<A>,
    },
    /// A departed member was removed, after its retention or by
    /// [`Node::forget`](crate::Node::forget).
    Forgotten {
        /// The member's id.
        id: NodeId,
    },
    /// The member table is full, so this node refuses newcomers. Reported once until there is
    /// room again.
    TableFull,
}

/// A finding of the failure detector about this node's own connectivity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DetectorEvent {
    /// No member answers any more: this node is probably cut off. It accuses no member before
    /// [`Reconnected`](Self::Reconnected).
    Isolated,
    /// A member answered while this node was isolated.
    Reconnected,
    /// A member that this node watches answered two requests in a row but no datagrams, as behind
    /// a firewall. Reported once until it acknowledges a datagram.
    DatagramsBlocked {
        /// The member's id.
        id: NodeId,
    },
}

/// The outcome of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinEvent<A> {
    /// A join is over.
    Finished {
        /// The join, as returned by [`Node::join`](crate::Node::join).
        id: JoinId,
        /// The seeds in the order given, each with the id of the node that answered there. A seed
        /// that is this node's own address answers with its own id.
        outcomes: Vec<(A, Result<NodeId, JoinError>)>,
    },
}

/// A message between two applications, or the outcome of sending one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageEvent {
    /// A member sent a payload with [`Node::send`](crate::Node::send).
    Received {
        /// The sender's id as stated by the sender; not authenticated.
        from: NodeId,
        /// The payload.
        payload: Vec<u8>,
    },
    /// The receiver acknowledged a payload that was sent by request.
    Delivered {
        /// The payload, as returned by [`Node::send`](crate::Node::send).
        id: SendId,
    },
    /// The receiver did not acknowledge a payload in time. It may have arrived all the same.
    Failed {
        /// The payload, as returned by [`Node::send`](crate::Node::send).
        id: SendId,
    },
}

/// A change in the life of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalEvent<A> {
    /// Another process runs with this node's id and has the better claim to it. This node has
    /// stopped.
    Conflict {
        /// The address of the other process.
        address: A,
    },
    /// This node left: enough members acknowledged it, or the timeout passed. It has stopped.
    Left,
}

impl<A> MemberEvent<A> {
    /// Returns the member, if the event carries one.
    #[must_use]
    pub fn member(&self) -> Option<&Member<A>> {
        match self {
            Self::Up { member }
            | Self::Updated { member }
            | Self::Suspected { member }
            | Self::Refuted { member }
            | Self::Failed { member, .. }
            | Self::Left { member } => Some(member),
            Self::Forgotten { .. } | Self::TableFull => None,
        }
    }
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
    use super::*;

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
