//! What the node has to tell its owner, and the bounded queue it waits in.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{Member, NodeId, Why, queue};

/// Names one call of [`Node::join`](crate::Node::join).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JoinId(pub(crate) u64);

/// Names one call of [`Node::send`](crate::Node::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub(crate) u64);

/// Why a seed did not let us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinError {
    /// It did not answer in time: nobody there, another cluster's name, or another version.
    NoAnswer,
    /// It did not take us in: it knows as many members as it may, or still remembers that we are
    /// dead.
    Refused,
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "no answer in time",
            Self::Refused => "it did not take us in",
        })
    }
}

impl core::error::Error for JoinError {}

/// What happened. Events are history; what is so now, [`Node::member`](crate::Node::member) tells.
///
/// A member that comes with an event is as it was at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<A> {
    /// A member is there that was not: new, back from the dead, or back after leaving.
    MemberUp(Member<A>),
    /// A live member's metadata or address changed, or it restarted, or it began to leave.
    MemberUpdated(Member<A>),
    /// Somebody could not reach this member (SWIM's suspicion). It may still refute.
    MemberSuspected(Member<A>),
    /// A suspected member has refuted: it lives.
    MemberRefuted(Member<A>),
    /// A member was declared dead, and why.
    MemberFailed(Member<A>, Why),
    /// A member has left by its own will. Perhaps in a life of which [`MemberUp`](Self::MemberUp)
    /// was never told, because it was first heard of when it was over.
    MemberLeft(Member<A>),
    /// A dead member, or one that left, has been dropped after its grace or by
    /// [`Node::forget`](crate::Node::forget).
    MemberForgotten(NodeId),
    /// No member answers us any more: it is probably we who are cut off. Until
    /// [`Reconnected`](Self::Reconnected) we accuse nobody.
    Isolated,
    /// A member has answered while we were isolated.
    Reconnected,
    /// A member that we watch has answered requests twice in a row, but no datagrams: half a
    /// network is broken, a firewall perhaps. Told once until a datagram is answered.
    DatagramsFail(NodeId),
    /// A join is over: what came of each seed, in the order given. An address that is our own
    /// answers with our own id.
    JoinFinished {
        /// Which join.
        id: JoinId,
        /// The seeds, and who answered there.
        outcomes: Vec<(A, Result<NodeId, JoinError>)>,
    },
    /// A member sent us this with [`Node::send`](crate::Node::send).
    Message {
        /// Who sent it, by its own word.
        from: NodeId,
        /// What it sent.
        payload: Vec<u8>,
    },
    /// A payload sent by request was taken by its receiver.
    SendDelivered {
        /// Which.
        id: SendId,
    },
    /// A payload sent by request was not acknowledged in time. It may have arrived all the same.
    SendFailed {
        /// Which.
        id: SendId,
    },
    /// The member table is full: newcomers are being refused. Said once until there is room.
    TableFull,
    /// Another process, at `address`, runs with our id and the better claim to it. This node has
    /// fallen silent for good.
    Conflict {
        /// Where the other one is.
        address: A,
    },
    /// Our own leaving is complete: enough peers have heard, or the time was up. This node is
    /// silent from here on.
    Left,
    /// The event queue was full, and this many events after the ones before are lost. What is so
    /// now can be read from the node.
    Lagged {
        /// How many.
        lost: u64,
    },
}

/// Events that wait for [`Node::poll_event`](crate::Node::poll_event). When it is full the newest
/// are dropped and counted: those who read late are told that they do.
#[derive(Debug)]
pub(crate) struct EventQueue<A> {
    events: VecDeque<Event<A>>,
    capacity: usize,
    /// How many bytes of payloads wait, and how many may.
    bytes: usize,
    most_bytes: usize,
    lost: u64,
}

impl<A> EventQueue<A> {
    pub(crate) fn new(capacity: usize, most_bytes: usize) -> Self {
        Self { events: VecDeque::new(), capacity, bytes: 0, most_bytes, lost: 0 }
    }

    /// Whether the event was kept.
    pub(crate) fn push(&mut self, event: Event<A>) -> bool {
        let bytes = self.bytes + payload(&event);
        let room = self.events.len() < self.capacity && bytes <= self.most_bytes;
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
        self.bytes -= event.as_ref().map_or(0, payload);
        event
    }
}

/// How many bytes of a payload an event holds.
fn payload<A>(event: &Event<A>) -> usize {
    match event {
        Event::Message { payload, .. } => payload.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_how_much_it_lost_after_what_it_kept() {
        let mut queue = EventQueue::<u16>::new(2, 10);
        for id in 0..5 {
            queue.push(Event::MemberForgotten(NodeId::from_u128(id)));
        }
        let drained: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            drained,
            [
                Event::MemberForgotten(NodeId::from_u128(0)),
                Event::MemberForgotten(NodeId::from_u128(1)),
                Event::Lagged { lost: 3 },
            ]
        );
        assert!(queue.push(Event::Left));
    }

    #[test]
    fn payloads_are_bounded_by_their_bytes() {
        let mut queue = EventQueue::<u16>::new(100, 10);
        let message = || Event::Message { from: NodeId::from_u128(0), payload: [7; 6].into() };
        assert_eq!([queue.push(message()), queue.push(message())], [true, false]);
        assert_eq!((queue.pop(), queue.pop()), (Some(message()), Some(Event::Lagged { lost: 1 })));
        assert!(queue.push(message()));
    }
}
