//! Inputs: what arrives.

use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use super::encode::{Body, QUESTION};
use super::repair::Findings;
use super::{Node, Shared};
use crate::id::ShortId;
use crate::wire::{self, Ack, Advert, Message, Payload, Ping, PingRequest, Record, Writer};
use crate::{Address, Event, Instant, MessageEvent, NodeId, Reject, RequestId};

/// Without proof that somebody is where it claims to be, it gets at most this many times the
/// bytes that it sent: a forged source address makes us no amplifier.
const AMPLIFICATION: usize = 3;

/// The most records and prefixes, and the most messages, with which one datagram or frame is
/// answered.
const MOST_ITEMS: usize = 4_096;
const MOST_ANSWERS: usize = 256;

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Datagram,
    /// In a request; what we answer goes into the reply.
    Request,
    /// In the reply to a request of ours.
    Reply,
}

/// Where a message comes from.
pub(super) struct Origin<'a, A> {
    pub(super) from: &'a A,
    /// The member that it says it is from, if that is known.
    pub(super) sender: Option<NodeId>,
    pub(super) via: Via,
    /// Whether it has proven that it is where this comes from.
    proven: bool,
    /// How many bytes may be sent back; `None` if it is proven that the sender is there.
    pub(super) most: Option<usize>,
    /// How many more records and prefixes it may get in answer.
    pub(super) items: usize,
    /// Whether it has just answered a question of ours.
    pub(super) answers: bool,
    /// What is found to differ.
    pub(super) findings: Findings,
}

impl<A: Address> Node<A> {
    /// A datagram came from `from`.
    ///
    /// # Errors
    ///
    /// The datagram was not for us or not well-formed. Nothing changed but a counter; there is
    /// nothing to do about it.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: &A,
        datagram: &mut [u8],
    ) -> Result<(), Reject> {
        self.advance(now);
        let (sender, body, known) = self.open(datagram, 65_535)?;
        self.count_known(known);
        self.shared.stats.traffic.datagrams_received += 1;
        self.shared.stats.traffic.datagram_bytes_received += datagram.len() as u64;
        let from = from.clone().canonical();
        let mut origin = self.origin(&from, sender, Via::Datagram);
        if let Some(id) = origin.sender {
            self.detector.on_heard(self.shared.now, id);
        }
        origin.most = (!origin.proven).then_some(AMPLIFICATION * datagram.len());
        for message in wire::messages(body, known) {
            self.dispatch(message, &mut origin, sender);
        }
        self.answer_findings(&mut origin);
        self.run_actions();
        Ok(())
    }

    /// A request came from `from`; the frame to answer with, never an empty one, is written to
    /// `reply`, whatever that held before.
    ///
    /// # Errors
    ///
    /// As for [`handle_datagram`](Self::handle_datagram); there is no answer then.
    pub fn handle_request(
        &mut self,
        now: Instant,
        from: &A,
        frame: &mut [u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Reject> {
        self.advance(now);
        reply.clear();
        let (sender, body, known) = self.open(frame, self.shared.config.requests.max_frame)?;
        self.count_known(known);
        self.shared.stats.traffic.requests_received += 1;
        self.shared.stats.traffic.frame_bytes_received += frame.len() as u64;
        let from = from.clone().canonical();
        let mut origin = self.origin(&from, sender, Via::Request);
        if let Some(id) = origin.sender {
            self.detector.on_heard(self.shared.now, id);
        }
        for message in wire::messages(body, known) {
            self.dispatch(message, &mut origin, sender);
        }
        self.answer_findings(&mut origin);
        let limit = self.shared.config.requests.max_frame;
        let mut writer = Writer::frame(reply, limit, self.shared.tag, self.own_short());
        for mut answer in core::mem::take(&mut self.answers) {
            self.encode(&mut writer, origin.sender, &mut answer);
        }
        let (len, sent) = writer.finish();
        self.shared.stats.traffic.frame_bytes_sent += len as u64;
        self.count_sent(sent);
        self.run_actions();
        Ok(())
    }

    /// The reply to request `id` came.
    ///
    /// # Errors
    ///
    /// As for [`handle_datagram`](Self::handle_datagram); [`Reject::Unexpected`] if the request
    /// has timed out or was answered before. A malformed reply leaves the request open until it
    /// times out.
    pub fn handle_reply(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: &mut [u8],
    ) -> Result<(), Reject> {
        self.advance(now);
        let (sender, body, known) = self.open(frame, self.shared.config.requests.max_frame)?;
        let Some(open) = self.requests.close(id) else {
            self.shared.stats.rejected.unexpected += 1;
            return Err(Reject::Unexpected);
        };
        self.count_known(known);
        self.shared.stats.traffic.frame_bytes_received += frame.len() as u64;
        let slot = self.shared.table.get(&open.to);
        let from = slot.unwrap_or(self.shared.table.own()).member.claim.address.clone();
        let mut origin = self.origin(&from, sender, Via::Reply);
        origin.sender = Some(open.to);
        if slot.is_some_and(|slot| slot.short == sender) {
            self.detector.on_heard(self.shared.now, open.to);
        }
        let learned = self.shared.stats.members.records_learned;
        let mut end = None;
        let mut taken = false;
        for message in wire::messages(body, known) {
            match message {
                Message::SyncEnd(message) => end = Some(message),
                Message::Ack(ack) if open.takes(ack.nonce) => taken = true,
                message => self.dispatch(message, &mut origin, sender),
            }
        }
        self.answer_findings(&mut origin);
        let progress = self.shared.stats.members.records_learned > learned;
        self.on_replied(open, taken, end.filter(|end| progress || !end.more));
        self.run_actions();
        Ok(())
    }

    /// Request `id` failed: nobody answered, or the carrier broke. A request that is not open is
    /// ignored.
    pub fn handle_request_failed(&mut self, now: Instant, id: RequestId) {
        self.advance(now);
        if let Some(open) = self.requests.close(id) {
            self.on_request_failed(open);
        }
        self.run_actions();
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) asked for has come. A call too early or
    /// too many changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        if self.stopped {
            return;
        }
        self.expire();
        if self.is_blocked() {
            self.detector.hold();
        }
        self.detector.on_timeout(&mut self.shared.cx());
        if !self.detector.is_held() {
            self.rumors.on_timeout(&mut self.shared.cx());
        }
        self.reconciler.on_timeout(&mut self.shared.cx());
        self.on_own_timeout();
        self.on_seeds_timeout();
        self.bulk.on_timeout(self.shared.now);
        while let Some(open) = self.requests.expire(self.shared.now) {
            self.on_request_failed(open);
        }
        self.run_actions();
    }

    /// Opens an envelope and reads everything in it once, so that what is refused has changed
    /// nothing: who sent it, the messages, and which of them are known already, to be skipped.
    fn open<'b>(
        &mut self,
        bytes: &'b [u8],
        longest: usize,
    ) -> Result<(ShortId, &'b [u8], u128), Reject> {
        let table = &self.shared.table;
        let known = |record: &Record<A, &[u8]>| {
            record.accusation.is_none() && table.knows(&record.id, &record.claim)
        };
        let checked = if self.stopped {
            Err(Reject::Stopped)
        } else if bytes.len() > longest {
            Err(Reject::TooLong)
        } else {
            wire::open(bytes, self.shared.tag)
                .and_then(|(sender, body)| Ok((sender, body, wire::check(body, known)?)))
        };
        let stats = &mut self.shared.stats;
        match &checked {
            Err(Reject::TooShort) => stats.rejected.too_short += 1,
            Err(Reject::TooLong) => stats.rejected.too_long += 1,
            Err(Reject::Version(_) | Reject::Flags(_)) => stats.rejected.version += 1,
            Err(Reject::Cluster) => stats.rejected.cluster += 1,
            Err(Reject::Malformed { .. }) => stats.rejected.malformed += 1,
            Ok(_) | Err(Reject::Unexpected | Reject::Stopped) => {}
        }
        checked
    }

    /// Where something comes from that says it is from `sender`.
    fn origin<'a>(&self, from: &'a A, sender: ShortId, via: Via) -> Origin<'a, A> {
        let slot = self.shared.table.sender(sender, from).filter(|_| sender != self.own_short());
        let proven = slot.is_some_and(|slot| slot.verified && slot.member.claim.address == *from);
        let sender = slot.map(|slot| slot.member.id);
        let (items, findings) = (MOST_ITEMS, Findings::default());
        Origin { from, sender, via, proven, most: None, items, answers: false, findings }
    }

    /// Counts the records that are skipped because they are known.
    fn count_known(&mut self, known: u128) {
        if known == 0 {
            return;
        }
        let known = u64::from(known.count_ones());
        self.shared.stats.members.records_known += known;
        self.shared.stats.received.member.record += known;
    }

    fn dispatch(&mut self, message: Message<'_, A>, origin: &mut Origin<'_, A>, sender: ShortId) {
        *self.shared.stats.received.counter(message.kind()) += 1;
        if self.stopped {
            return;
        }
        match message {
            Message::Ping(ping) => self.on_ping(ping, origin),
            Message::Ack(ack) => self.on_ack(ack, origin),
            Message::PingRequest(request) => self.on_ping_request(request, origin),
            Message::IndirectAck(ack) => {
                self.detector.on_ack(&mut self.shared.cx(), ack.nonce, false, None);
            }
            Message::Nack(nack) => self.detector.on_nack(nack.nonce),
            Message::Record(record) => {
                self.learn(&record, origin);
                if origin.sender.is_none() && sender != self.own_short() {
                    // The sender has just introduced itself.
                    origin.sender = self.origin(origin.from, sender, origin.via).sender;
                }
            }
            Message::Adverts(items) => self.on_adverts(items, origin),
            Message::Want(want) => {
                let items = want.items.iter().map(|item| ShortId(u32::from_le_bytes(item)));
                let items: SmallVec<_> = items.take(origin.items).collect();
                origin.items -= items.len();
                self.respond(origin, Body::Records(items));
            }
            Message::Join(join) => self.on_join(join.nonce, sender, origin),
            Message::Welcome(welcome) => self.on_welcome(welcome),
            Message::Sync(sync) => self.on_sync(sync, origin),
            Message::Roots(roots) => self.on_roots(roots, origin),
            Message::Folds(folds) => self.on_folds(folds, origin),
            Message::Payload(payload) => self.on_payload(payload, origin),
            Message::SyncEnd(_) | Message::Padding(_) | Message::Unknown => {}
        }
    }

    fn on_ping(&mut self, ping: Ping, origin: &mut Origin<'_, A>) {
        if !self.shared.table.is_for_us(ping.check) {
            // For somebody who was here before us: say who is here now.
            self.shared.stats.detector.pings_misdirected += 1;
            let own = self.own_short();
            return self.respond(origin, Body::Records(SmallVec::from_slice(&[own])));
        }
        let differs = ping.fold != self.shared.table.fold();
        let mut ack = Body::Ack {
            nonce: ping.nonce,
            acquainted: false,
            attach: None,
            ping_back: None,
            differs: false,
            appointment: None,
        };
        if let Some(id) = origin.sender {
            let appointment = self.appoint(ping.ring);
            let slot = self.shared.table.get(&id);
            let live = slot.is_some_and(|slot| slot.member.status().is_live());
            let here = slot.filter(|slot| slot.member.claim.address == *origin.from);
            // Who differs from us will soon want more of us than we may send to a stranger.
            let unproven = here.filter(|slot| !slot.verified && differs);
            let ping_back = unproven.map(|slot| {
                let check = self.shared.cluster.check(&id, slot.member.incarnation());
                (self.cookie(&id, 0), check)
            });
            // Who lives but is dead to us should hear of it, to refute.
            let attach = (!live).then_some(id);
            let nonce = ping.nonce;
            ack = Body::Ack { nonce, acquainted: true, attach, ping_back, differs, appointment };
            let proven = here.is_some_and(|slot| slot.verified);
            if live && proven && origin.via == Via::Datagram {
                self.on_contact(id, ping.fold);
            }
        }
        self.respond(origin, ack);
    }

    /// Somebody advertises records: asks it for what is lacking, now, or later if others do not
    /// answer. What may be sent to it later is set aside.
    fn on_adverts(&mut self, items: wire::Items<'_, { Advert::SIZE }>, origin: &mut Origin<'_, A>) {
        let from = origin.sender.filter(|_| origin.most.is_none_or(|most| most >= QUESTION));
        let adverts = items.iter().map(Advert::from_bytes);
        let wanted = self.rumors.on_advert(&mut self.shared.cx(), from, adverts);
        if !wanted.is_empty() {
            self.respond(origin, Body::Want { items: wanted, padded: true });
        } else if let Some(left) = &mut origin.most {
            *left = left.saturating_sub(QUESTION);
        }
    }

    /// When somebody who watches us in this ring should come again, in milliseconds.
    fn appoint(&mut self, ring: u8) -> Option<u16> {
        let Shared { now, config, .. } = &self.shared;
        let wait = self.detector.appointment(*now, config, ring)?;
        Some(u16::try_from(wait.as_millis()).unwrap_or(u16::MAX).max(1))
    }

    fn on_ack(&mut self, ack: Ack, origin: &mut Origin<'_, A>) {
        let by_request = origin.via == Via::Reply;
        let appointment = (ack.appointment != Ack::NO_APPOINTMENT)
            .then(|| Duration::from_millis(u64::from(ack.appointment)));
        let cx = &mut self.shared.cx();
        let probed = self.detector.on_ack(cx, ack.nonce, by_request, appointment);
        let pinged = || origin.sender.filter(|id| ack.nonce == self.cookie(id, 0));
        let Some(id) = probed.or_else(pinged) else {
            if !self.on_rival_ack(ack.nonce)
                && let Some(id) = origin.sender
            {
                self.on_farewell_ack(id, ack.nonce);
            }
            return;
        };
        if !by_request && self.shared.table.verify(&id, origin.from) {
            origin.most = None;
            origin.answers = origin.sender == Some(id);
        }
        self.on_contact(id, ack.fold);
        if !ack.acquainted {
            let own = self.own_short();
            self.respond(origin, Body::Records(SmallVec::from_slice(&[own])));
        }
    }

    fn on_ping_request(&mut self, request: PingRequest, origin: &Origin<'_, A>) {
        let table = &self.shared.table;
        let asked = origin.sender.and_then(|id| table.get(&id));
        let here = asked.filter(|slot| slot.member.claim.address == *origin.from);
        if let Some(slot) = here.filter(|_| table.shown(&request.target).is_some()) {
            let id = slot.member.id;
            let cx = &mut self.shared.cx();
            self.detector.on_ping_request(cx, id, request.target, request.nonce);
        }
    }

    /// Somebody sends something to the application: for us, if it is for this life of ours.
    fn on_payload(&mut self, payload: Payload<'_>, origin: &mut Origin<'_, A>) {
        if !self.shared.table.is_for_us(payload.check) {
            self.shared.stats.local.payloads_refused += 1;
            return;
        }
        self.emit(Event::Message(MessageEvent::Received {
            from: payload.from,
            payload: payload.bytes.into(),
        }));
        if origin.via == Via::Request {
            self.respond(origin, Body::Taken { nonce: payload.check });
        }
    }

    /// Sends something back on the way by which the question came.
    pub(super) fn respond(&mut self, origin: &mut Origin<'_, A>, body: Body) {
        match (origin.via, body) {
            (Via::Datagram, body) => {
                let most = origin.most.map_or(usize::MAX, |most| most.min(body.enough()));
                if let Some(left) = &mut origin.most {
                    *left -= most;
                }
                self.enqueue_within(origin.from.clone(), origin.sender, body, most);
            }
            (Via::Request, body) => {
                if self.answers.len() < MOST_ANSWERS {
                    self.answers.push(body);
                }
            }
            (Via::Reply, Body::Records(items)) => {
                if let Some(to) = origin.sender {
                    self.ask(to, super::requests::Ask::Records(items));
                }
            }
            (Via::Reply, _) => {}
        }
    }
}
