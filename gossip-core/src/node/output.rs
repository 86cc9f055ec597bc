//! Outputs: what leaves.

use smallvec::SmallVec;

use super::action::Action;
use super::encode::Body;
use super::requests::Ask;
use super::{Node, tolerated};
use crate::detector::action as detector;
use crate::queue;
use crate::repair::action as repair;
use crate::rumor::action as rumor;
use crate::wire::Writer;
use crate::{Address, DetectorEvent, Event, Instant, NodeId, time};

/// A datagram to send.
#[derive(Debug, PartialEq, Eq)]
pub struct Transmit<'b, A> {
    /// To whom.
    pub to: A,
    /// What: the beginning of the buffer that [`Node::poll_transmit`] was given.
    pub bytes: &'b [u8],
}

/// A datagram that waits. It is encoded when it leaves.
#[derive(Debug)]
pub(super) struct Outgoing<A> {
    to: A,
    /// Who is there, as far as we know.
    member: Option<NodeId>,
    /// How many bytes it may take, all its continuations together.
    most: usize,
    pub(super) body: Body,
}

#[cfg(test)]
impl<A> Outgoing<A> {
    pub(super) fn new(to: A, body: Body) -> Self {
        Self { to, member: None, most: usize::MAX, body }
    }
}

impl<A: Address> Node<A> {
    /// The next datagram to send, encoded into `buf`. `None` also if `buf` is shorter than
    /// [`Config::datagram_budget`](crate::Config::datagram_budget).
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        buf: &'b mut [u8],
    ) -> Option<Transmit<'b, A>> {
        self.advance(now);
        if buf.len() < self.shared.config.datagram_budget {
            return None;
        }
        let paced = self.bulk.next_timeout();
        let sent = self.send_next(buf);
        let held = self.detector.is_held();
        if held {
            let blocked = self.shared.now.saturating_duration_since(self.moved);
            self.detector.release(&self.shared.config, blocked);
        }
        self.moved = self.shared.now;
        if held || self.bulk.next_timeout() != paced {
            self.due = self.next_due();
        }
        sent.map(|(to, len)| Transmit { to, bytes: &buf[..len] })
    }

    /// Whether the driver cannot send: what waits has waited for long, all of it.
    pub(super) fn is_blocked(&self) -> bool {
        let since = self.shared.now.saturating_duration_since(self.moved);
        !self.outbox.is_empty() && since >= tolerated(&self.shared.config)
    }

    /// Encodes the next datagram: to whom it goes, and its length.
    fn send_next(&mut self, buf: &mut [u8]) -> Option<(A, usize)> {
        while let Some(mut out) = self.next_outgoing() {
            let bulk = out.body.is_bulk(self.own_short());
            let (budget, tag) = (self.shared.config.datagram_budget, self.shared.tag);
            let mut writer = Writer::datagram(buf, budget, tag, self.own_short());
            writer.limit(out.most);
            let more = self.encode(&mut writer, out.member, &mut out.body);
            if writer.is_empty() {
                // Nothing to say any more, or not enough room to say it.
                self.shared.stats.traffic.replies_limited += u64::from(writer.is_limited());
                continue;
            }
            let (len, sent) = writer.finish();
            self.count_sent(sent);
            self.shared.stats.traffic.datagrams_sent += 1;
            self.shared.stats.traffic.datagram_bytes_sent += len as u64;
            if bulk {
                self.bulk.spend(self.shared.now, len);
            }
            let to = out.to.clone();
            if more {
                out.most = out.most.saturating_sub(len);
                self.outbox.push_front(out);
            }
            return Some((to, len));
        }
        None
    }

    /// What is to leave next. Bulk beyond its pace waits, and all else overtakes it.
    fn next_outgoing(&mut self) -> Option<Outgoing<A>> {
        let now = self.shared.now;
        while let Some(out) = queue::pop(&mut self.outbox) {
            if !out.body.is_bulk(self.own_short()) || self.bulk.is_free(now) {
                return Some(out);
            }
            self.shared.stats.repair.deferred += self.bulk.wait(out) as u64;
        }
        self.bulk.next(now)
    }

    /// The next thing to tell, oldest first.
    pub fn poll_event(&mut self) -> Option<Event<A>> {
        self.events.pop()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) if no other input comes before;
    /// `None` once the node has stopped, or if nothing can be done before what waits to be sent
    /// leaves. A command or a datagram can make it due at once; when the outputs are drained after
    /// `handle_timeout` it is later than now.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        debug_assert_eq!(self.due, self.next_due());
        self.due
    }

    /// The earliest of all deadlines. It is asked for several times per datagram and changes at
    /// most once, so it is kept.
    fn next_due(&self) -> Option<Instant> {
        if self.stopped {
            return None;
        }
        let due = [
            self.detector.next_timeout(),
            self.rumors.next_timeout().filter(|_| !self.detector.is_held()),
            self.reconciler.next_timeout(),
            self.own.next_timeout(),
            self.next_seeds_timeout(),
            self.requests.next_timeout(),
            self.shared.table.next_expiry(),
            self.bulk.next_timeout(),
        ];
        time::earliest(due)
    }

    /// Runs the queued actions of the machines and computes the next deadline. Every input and
    /// command ends with it.
    pub(super) fn run_actions(&mut self) {
        while let Some(action) = queue::pop(&mut self.shared.actions) {
            match action {
                Action::Detector(action) => self.run_for_detector(action),
                Action::Rumor(action) => self.run_for_rumors(action),
                Action::Repair(action) => self.run_for_repair(action),
            }
        }
        self.due = self.next_due();
    }

    fn run_for_detector(&mut self, action: detector::Action) {
        use detector::Action;
        match action {
            Action::Ping { to, nonce, attach, ring } => self.ping(to, nonce, attach, ring),
            Action::PingRequest { relay, target, nonce } => {
                self.enqueue_to(relay, Body::PingRequest { target, nonce });
            }
            Action::PingByRequest { to, nonce } => {
                self.ask(to, Ask::Ping { nonce });
            }
            Action::IndirectAck { to, nonce } => self.enqueue_to(to, Body::IndirectAck { nonce }),
            Action::Nack { to, nonce } => self.enqueue_to(to, Body::Nack { nonce }),
            Action::Isolated => self.emit(Event::Detector(DetectorEvent::Isolated)),
            Action::Reconnected => self.emit(Event::Detector(DetectorEvent::Reconnected)),
            Action::DatagramsBlocked { id } => {
                self.emit(Event::Detector(DetectorEvent::DatagramsBlocked { id }));
            }
            Action::Accuse { id, accusation } => self.accuse(id, &accusation),
            Action::SpreadAgain { id } => self.rumors.heat(&mut self.shared.cx(), id, 0, None),
            Action::CallWatcher { watcher } => self.compare(watcher),
        }
    }

    fn run_for_rumors(&mut self, action: rumor::Action) {
        use rumor::Action;
        match action {
            Action::Push { to, hops } => self.enqueue_to(to, Body::Push { hops, first: 0 }),
            Action::Advertise { to } => self.enqueue_to(to, Body::Adverts),
            Action::Want { from, short } => {
                let items = SmallVec::from_slice(&[short]);
                self.enqueue_to(from, Body::Want { items, padded: true });
            }
        }
    }

    fn run_for_repair(&mut self, action: repair::Action) {
        use repair::Action;
        match action {
            Action::Compare { with } => self.compare(with),
            Action::Sync { with } => self.begin_sync(with),
            Action::Descend { with, digits } => self.begin_descent(with, digits),
        }
    }

    /// Pings a member, so that both see the other's fingerprint. The ping carries this node's own
    /// record, since not every member may know it yet.
    fn compare(&mut self, with: NodeId) {
        let own = self.local().id();
        self.ping(with, self.cookie(&with, 0), Some(own), None);
    }

    fn ping(&mut self, to: NodeId, nonce: u32, attach: Option<NodeId>, ring: Option<u8>) {
        if let Some(slot) = self.shared.table.get(&to) {
            let check = self.shared.cluster.check(&to, slot.member.incarnation());
            let address = slot.member.claim.address.clone();
            self.enqueue(address, Some(to), Body::Ping { nonce, check, attach, ring });
        }
    }

    pub(super) fn enqueue_to(&mut self, to: NodeId, body: Body) {
        if let Some(slot) = self.shared.table.get(&to) {
            let address = slot.member.claim.address.clone();
            self.enqueue(address, Some(to), body);
        }
    }

    pub(super) fn enqueue(&mut self, to: A, member: Option<NodeId>, body: Body) -> bool {
        self.enqueue_within(to, member, body, usize::MAX)
    }

    /// Queues a datagram, or several, of at most `most` bytes; `false` if the queue is full.
    pub(super) fn enqueue_within(
        &mut self,
        to: A,
        member: Option<NodeId>,
        body: Body,
        most: usize,
    ) -> bool {
        let room = !self.stopped && self.outbox.len() < self.shared.config.queues.max_transmits;
        if room {
            if self.outbox.is_empty() {
                self.moved = self.shared.now;
            }
            self.outbox.push_back(Outgoing { to, member, most, body });
        } else {
            self.shared.stats.traffic.transmits_dropped += 1;
        }
        room
    }

    pub(super) fn count_sent(&mut self, sent: [u8; 32]) {
        for (kind, count) in (0..).zip(sent).filter(|(_, count)| *count > 0) {
            *self.shared.stats.sent.counter(kind) += u64::from(count);
        }
    }
}
