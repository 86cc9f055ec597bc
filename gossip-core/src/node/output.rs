//! Outputs: datagrams, events, and the next deadline.

use super::outbox::{Draft, Outgoing};
use super::{Node, tolerated};
use crate::wire::{Sent, Writer};
use crate::{Address, Event, Instant, NodeId, queue, time};

/// A datagram to send.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a datagram that is not sent is lost"]
pub struct Transmit<'b, A> {
    /// The destination.
    pub to: A,
    /// The datagram: the beginning of the buffer given to [`Node::poll_transmit`].
    pub bytes: &'b [u8],
}

impl<A: Address> Node<A> {
    /// Returns the next datagram to send, encoded into `buf`.
    ///
    /// Returns `None` if no datagram waits, or if `buf` is shorter than
    /// [`Config::datagram_budget`](crate::Config::datagram_budget).
    #[must_use = "a datagram that is not sent is lost"]
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        buf: &'b mut [u8],
    ) -> Option<Transmit<'b, A>> {
        self.advance(now);
        if buf.len() < self.state.config.datagram_budget {
            return None;
        }
        let paced = self.pacer.next_timeout();
        let sent = self.send_next(buf);
        let held = self.detector.is_held();
        if held {
            let blocked = self.state.now.saturating_duration_since(self.last_drained);
            self.detector.release(blocked);
        }
        self.last_drained = self.state.now;
        if held || self.pacer.next_timeout() != paced {
            self.next_deadline = self.compute_deadline();
        }
        sent.map(|(to, len)| Transmit { to, bytes: &buf[..len] })
    }

    /// Returns the next event, oldest first.
    #[must_use = "an event is returned once"]
    pub fn poll_event(&mut self) -> Option<Event<A>> {
        self.events.pop()
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout) if no other input comes first.
    ///
    /// Returns `None` once the node has stopped, or while progress is blocked on draining
    /// [`poll_transmit`](Self::poll_transmit). A command or a datagram can move the deadline to
    /// the present. Once the outputs are drained after `handle_timeout`, it is in the future.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        debug_assert_eq!(self.next_deadline, self.compute_deadline());
        self.next_deadline
    }

    /// Returns whether the driver cannot send: all queued datagrams have waited for long.
    pub(super) fn is_blocked(&self) -> bool {
        let since = self.state.now.saturating_duration_since(self.last_drained);
        !self.outbox.is_empty() && since >= tolerated(&self.state.config)
    }

    /// Encodes the next datagram. Returns its destination and length.
    fn send_next(&mut self, buf: &mut [u8]) -> Option<(A, usize)> {
        while let Some(mut out) = self.next_outgoing() {
            let bulk = out.draft.is_bulk(self.own_id);
            let budget = self.state.config.datagram_budget;
            let mut writer = Writer::datagram(buf, budget, self.tag, self.own_id);
            writer.limit(out.max_len);
            let more = self.encode(&mut writer, out.member, &mut out.draft);
            if writer.is_empty() {
                // The draft is outdated, or the byte limit leaves it too little room.
                self.state.stats.traffic.replies_limited += u64::from(writer.is_limited());
                continue;
            }
            let (len, sent) = writer.finish();
            self.count_sent(&sent);
            self.state.stats.traffic.datagrams_sent += 1;
            self.state.stats.traffic.datagram_bytes_sent += len as u64;
            if bulk {
                self.pacer.spend(self.state.now, len);
            }
            let to = out.to.clone();
            if more {
                out.max_len = out.max_len.saturating_sub(len);
                self.outbox.push_front(out);
            }
            return Some((to, len));
        }
        None
    }

    /// Takes the next datagram to encode. Bulk beyond its pace waits, and all else overtakes it.
    fn next_outgoing(&mut self) -> Option<Outgoing<A>> {
        let now = self.state.now;
        while let Some(out) = queue::pop(&mut self.outbox) {
            if !out.draft.is_bulk(self.own_id) || self.pacer.is_free(now) {
                return Some(out);
            }
            self.state.stats.repair.deferred += self.pacer.wait(out) as u64;
        }
        self.pacer.next(now)
    }

    /// Computes the earliest of all deadlines. The node keeps the result, since drivers ask for it
    /// several times per datagram and it changes at most once.
    pub(super) fn compute_deadline(&self) -> Option<Instant> {
        if self.stopped {
            return None;
        }
        time::earliest([
            self.detector.next_timeout(),
            self.rumors.next_timeout().filter(|_| !self.detector.is_held()),
            self.reconciler.next_timeout(),
            self.claim.next_timeout(),
            self.seeds.next_timeout(&self.state.table),
            self.requests.next_timeout(),
            self.state.table.next_expiry(),
            self.pacer.next_timeout(),
        ])
    }

    /// Queues a datagram to a member.
    pub(super) fn enqueue_to(&mut self, to: NodeId, draft: Draft) -> bool {
        let Some(slot) = self.state.table.get(&to) else { return false };
        let address = slot.member.claim.address.clone();
        self.enqueue(address, Some(to), draft)
    }

    /// Queues a datagram. Returns `false` if the queue is full.
    pub(super) fn enqueue(&mut self, to: A, member: Option<NodeId>, draft: Draft) -> bool {
        self.enqueue_within(to, member, draft, usize::MAX)
    }

    /// Queues one or several datagrams of at most `max_len` bytes in all. Returns `false` if the
    /// queue is full.
    pub(super) fn enqueue_within(
        &mut self,
        to: A,
        member: Option<NodeId>,
        draft: Draft,
        max_len: usize,
    ) -> bool {
        let has_room = !self.stopped && self.outbox.len() < self.state.config.queues.max_transmits;
        if has_room {
            if self.outbox.is_empty() {
                self.last_drained = self.state.now;
            }
            self.outbox.push_back(Outgoing { to, member, max_len, draft });
        } else {
            self.state.stats.traffic.transmits_dropped += 1;
        }
        has_room
    }

    pub(super) fn count_sent(&mut self, sent: &Sent) {
        for &(kind, count) in sent {
            self.state.stats.sent.count(kind, u64::from(count));
        }
    }
}
