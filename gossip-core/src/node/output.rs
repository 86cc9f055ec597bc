//! Outputs: what leaves.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Node;
use super::learn::OLD_NEWS;
use super::requests::Ask;
use crate::action::Action;
use crate::id::ShortId;
use crate::wire::{
    Ack, HEADER, IndirectAck, Items, Join, Nack, Payload, Ping, PingRequest, Sync, SyncEnd, Want,
    Welcome, Writer, kind,
};
use crate::{Address, Event, Instant, NodeId};

/// How many members a joiner is told of.
const INTRODUCED: usize = 24;

/// The most items in a page of a synchronisation: the answer to it is some times as long.
const PAGE: usize = 4_096;

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
    body: Body,
}

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Body {
    Ping {
        nonce: u32,
        check: u32,
        attach: Option<NodeId>,
    },
    /// With a record of `attach`, and a ping of our own (nonce and check) where the other's
    /// address is yet to be verified.
    Ack {
        nonce: u32,
        acquainted: bool,
        attach: Option<NodeId>,
        ping_back: Option<(u32, u32)>,
    },
    PingRequest {
        target: NodeId,
        nonce: u32,
    },
    IndirectAck {
        nonce: u32,
    },
    Nack {
        nonce: u32,
    },
    /// Whatever is hot.
    Gossip,
    Records(SmallVec<[ShortId; 16]>),
    Want(SmallVec<[ShortId; 16]>),
    Join {
        nonce: u32,
    },
    Welcome {
        nonce: u32,
        admitted: bool,
    },
    Sync {
        first: ShortId,
    },
    SyncAnswer {
        records: SmallVec<[ShortId; 16]>,
        wants: SmallVec<[ShortId; 16]>,
    },
    Payload(Vec<u8>),
}

impl<A: Address> Node<A> {
    /// The next datagram to send, encoded into `buf`, which must have room for
    /// [`Config::datagram_budget`](crate::Config::datagram_budget) bytes: with less, messages
    /// that do not fit are lost.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        buf: &'b mut [u8],
    ) -> Option<Transmit<'b, A>> {
        self.advance(now);
        while let Some(mut out) = self.outbox.pop_front() {
            let (budget, tag) = (self.shared.config.datagram_budget, self.shared.tag);
            let mut writer = Writer::datagram(buf, budget, tag, self.own_short());
            let room = writer.room();
            writer.limit(out.most);
            let more = self.encode(&mut writer, out.member, &mut out.body);
            if writer.is_empty() {
                // Nothing to say any more, or not enough room to say it.
                self.shared.stats.answers_limited += u64::from(writer.room() < room);
                continue;
            }
            let (len, sent) = writer.finish();
            self.count_sent(sent);
            self.shared.stats.datagrams_sent += 1;
            self.shared.stats.datagram_bytes_sent += len as u64;
            let to = out.to.clone();
            if more {
                out.most = out.most.saturating_sub(len);
                self.outbox.push_front(out);
            }
            return Some(Transmit { to, bytes: &buf[..len] });
        }
        None
    }

    /// The next thing to tell, oldest first.
    pub fn poll_event(&mut self) -> Option<Event<A>> {
        self.events.pop()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) if no other input comes before;
    /// `None` once the node has stopped. A command or a datagram can make it due at once; after
    /// `handle_timeout` it is later than now.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.stopped {
            return None;
        }
        let due = [
            self.detector.next_timeout(),
            self.rumors.next_timeout(),
            self.reconciler.next_timeout(),
            self.own.next_timeout(),
            self.next_seeds_timeout(),
            self.requests.next_timeout(),
            self.shared.table.next_expiry(),
        ];
        due.into_iter().flatten().min()
    }

    /// Does what the machines want done.
    pub(super) fn act(&mut self) {
        while let Some(action) = self.shared.actions.pop_front() {
            match action {
                Action::Ping { to, nonce, attach } => self.ping(to, nonce, attach),
                Action::PingRequest { relay, target, nonce } => {
                    self.enqueue_to(relay, Body::PingRequest { target, nonce });
                }
                Action::PingByRequest { to, nonce } => {
                    self.ask(to, Ask::Ping { nonce });
                }
                Action::IndirectAck { to, nonce } => {
                    self.enqueue_to(to, Body::IndirectAck { nonce });
                }
                Action::Nack { to, nonce } => self.enqueue_to(to, Body::Nack { nonce }),
                Action::Accuse { id, accusation } => self.accuse(id, &accusation),
                Action::Gossip { to } => self.enqueue_to(to, Body::Gossip),
                Action::Compare { with } => self.ping(with, self.cookie(&with, 0), None),
                Action::Sync { with } => self.begin_sync(with),
            }
        }
    }

    fn ping(&mut self, to: NodeId, nonce: u32, attach: Option<NodeId>) {
        if let Some(slot) = self.shared.table.get(&to) {
            let check = self.shared.cluster.check(&to, slot.member.incarnation());
            self.enqueue_to(to, Body::Ping { nonce, check, attach });
        }
    }

    fn enqueue_to(&mut self, to: NodeId, body: Body) {
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
        let room = !self.stopped && self.outbox.len() < self.shared.config.max_transmits;
        if room {
            self.outbox.push_back(Outgoing { to, member, most, body });
        } else {
            self.shared.stats.transmits_dropped += 1;
        }
        room
    }

    pub(super) fn count_sent(&mut self, sent: [u8; 16]) {
        for (count, sent) in self.shared.stats.messages_sent.iter_mut().zip(sent) {
            *count += u64::from(sent);
        }
    }

    /// Writes as much of `body` as fits; whether there is more for another datagram or frame, of
    /// which `body` is then the rest.
    pub(super) fn encode(
        &mut self,
        writer: &mut Writer<'_>,
        member: Option<NodeId>,
        body: &mut Body,
    ) -> bool {
        let fold = self.shared.table.fold();
        match body {
            &mut Body::Ping { nonce, check, attach } => {
                writer.put(kind::PING, &Ping { nonce, check, fold });
                self.attach(writer, attach);
                self.piggyback(writer, member);
            }
            &mut Body::Ack { nonce, acquainted, attach, ping_back } => {
                writer.put(kind::ACK, &Ack { nonce, fold, acquainted });
                if let Some((nonce, check)) = ping_back {
                    writer.put(kind::PING, &Ping { nonce, check, fold });
                }
                self.attach(writer, attach);
                self.piggyback(writer, member);
            }
            &mut Body::PingRequest { target, nonce } => {
                writer.put(kind::PING_REQUEST, &PingRequest { nonce, target });
            }
            &mut Body::IndirectAck { nonce } => {
                writer.put(kind::INDIRECT_ACK, &IndirectAck { nonce });
            }
            &mut Body::Nack { nonce } => {
                writer.put(kind::NACK, &Nack { nonce });
            }
            Body::Gossip => {
                if let Some(to) = member {
                    self.rumors.fill(&mut self.shared.cx(), to, writer);
                }
            }
            Body::Records(items) => return self.put_records(writer, items),
            Body::Want(items) => return self.put_want(writer, items),
            &mut Body::Join { nonce } => {
                self.attach(writer, Some(self.local().id()));
                writer.put(kind::JOIN, &Join { nonce });
                // As long as a third of the answer, which may be three times as long.
                writer.pad(self.shared.config.datagram_budget / 3 + 1);
            }
            &mut Body::Welcome { nonce, admitted } => {
                self.put_welcome(writer, member, nonce, admitted);
            }
            Body::Sync { first } => return self.put_page(writer, first),
            Body::SyncAnswer { records, wants } => {
                self.put_want(writer, wants);
                // The end, of at most eight bytes, must fit behind.
                let whole = writer.len() + writer.room();
                writer.limit(whole.saturating_sub(8));
                let more = self.put_records(writer, records) || !wants.is_empty();
                writer.limit(whole);
                writer.put(kind::SYNC_END, &SyncEnd { fold, more });
            }
            Body::Payload(bytes) => {
                let from = self.local().id();
                writer.put(kind::PAYLOAD, &Payload { from, bytes });
            }
        }
        false
    }

    /// Adds one record to what is sent anyway. Our own is news, that of others is known well.
    fn attach(&mut self, writer: &mut Writer<'_>, id: Option<NodeId>) {
        if let Some(slot) = id.and_then(|id| self.shared.table.get(&id)) {
            let own = slot.member.id == self.local().id();
            writer.put_record(slot, if own { 0 } else { OLD_NEWS }, self.shared.now);
        }
    }

    /// Adds the names of old rumours to what is sent anyway, to those who have proven that they
    /// are where we send it.
    fn piggyback(&mut self, writer: &mut Writer<'_>, member: Option<NodeId>) {
        let slot = member.and_then(|id| self.shared.table.get(&id));
        if slot.is_some_and(|slot| slot.verified) {
            self.rumors.advertise(&self.shared.cx(), writer);
        }
    }

    /// Writes the records that fit, the last first; what is left stays in `items`.
    fn put_records(
        &mut self,
        writer: &mut Writer<'_>,
        items: &mut SmallVec<[ShortId; 16]>,
    ) -> bool {
        while let Some(&short) = items.last() {
            let before = writer.is_empty();
            for slot in self.shared.table.all_by_short(short) {
                let round = self.rumors.round(&slot.member.id).unwrap_or(OLD_NEWS);
                if writer.put_record(slot, round, self.shared.now) {
                    continue;
                }
                if !before {
                    return true;
                }
                // Even alone it does not fit.
                self.shared.stats.records_oversize += 1;
            }
            items.pop();
        }
        false
    }

    fn put_want(&mut self, writer: &mut Writer<'_>, items: &mut SmallVec<[ShortId; 16]>) -> bool {
        let fitting = items.len().min(writer.room().saturating_sub(HEADER + 3) / 4);
        self.scratch.clear();
        for short in items.drain(items.len() - fitting..) {
            self.scratch.extend_from_slice(&short.0.to_le_bytes());
        }
        if fitting > 0 {
            writer.put(kind::WANT, &Want { items: Items(&self.scratch) });
        }
        fitting > 0 && !items.is_empty()
    }

    /// Answers a joiner: who we are, and some members to begin with.
    fn put_welcome(
        &mut self,
        writer: &mut Writer<'_>,
        member: Option<NodeId>,
        nonce: u32,
        admitted: bool,
    ) {
        let id = self.local().id();
        writer.put(kind::WELCOME, &Welcome { nonce, id, admitted });
        if !admitted {
            return;
        }
        let now = self.shared.now;
        writer.put_record(self.shared.table.own(), OLD_NEWS, now);
        for _ in 0..INTRODUCED.div_ceil(8) {
            let known = |slot: &crate::member::Slot<A>| Some(slot.member.id) != member;
            for id in self.shared.table.draw(&mut self.seeds.rng, 8, known) {
                if let Some(slot) = self.shared.table.get(&id) {
                    writer.put_record(slot, OLD_NEWS, now);
                }
            }
        }
    }

    /// Writes a page of what we have from short id `first` on; `first` becomes where the next one
    /// begins.
    fn put_page(&mut self, writer: &mut Writer<'_>, first: &mut ShortId) -> bool {
        // Short id, version; around them two short ids, two lengths and the kind.
        let room = writer.room().saturating_sub(HEADER + 8 + 3) / 8;
        let mut slots = self.shared.table.range(*first).peekable();
        self.scratch.clear();
        let mut last = *first;
        for slot in slots.by_ref().take(room.min(PAGE)) {
            self.scratch.extend_from_slice(&slot.short.0.to_le_bytes());
            self.scratch.extend_from_slice(&slot.version().to_le_bytes());
            last = slot.short;
        }
        let more = slots.peek().is_some() && last < ShortId(u32::MAX);
        let last = if more { last } else { ShortId(u32::MAX) };
        let items = Items(&self.scratch);
        writer.put(kind::SYNC, &Sync { first: *first, last, items });
        *first = ShortId(last.0.saturating_add(1));
        more
    }
}
