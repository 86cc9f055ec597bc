//! Inputs: datagrams, requests, replies and timeouts.

use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use super::Node;
use super::message::{Message, check, messages};
use super::outbox::Draft;
use super::requests::RequestKind;
use super::source::{Reply, Source, Via};
use crate::MessageEvent;
use crate::detector::draft::Draft as DetectorDraft;
use crate::detector::message::{Ack, Message as DetectorMessage, Ping, PingRequest};
use crate::direct::draft::Draft as DirectDraft;
use crate::direct::message::{Message as DirectMessage, Payload};
use crate::id::ShortId;
use crate::join::draft::Draft as JoinDraft;
use crate::join::message::Message as JoinMessage;
use crate::member::Advert;
use crate::member::message::{Message as MemberMessage, Record};
use crate::repair::draft::Draft as RepairDraft;
use crate::repair::message::{Message as RepairMessage, Roots, Sync, SyncEnd};
use crate::repair::{Difference, differing_digits};
use crate::rumor::draft::{Draft as RumorDraft, PADDED_WANT};
use crate::rumor::message::Message as RumorMessage;
use crate::wire::{self, Items, Writer};
use crate::{Address, Event, Instant, NodeId, Reject, RequestId};

/// Length of the longest datagram that any network carries.
const MAX_DATAGRAM: usize = 65_535;

/// An accepted datagram or frame.
struct Opened<'b> {
    sender: ShortId,
    messages: &'b [u8],
    /// One bit for each of the first 128 messages: set if it is a record that the table knows.
    known: u128,
}

impl<A: Address> Node<A> {
    /// Handles a datagram that arrived from `from`.
    ///
    /// # Errors
    ///
    /// The datagram is not for this node or not well-formed. Only a counter changed, and the
    /// driver need not react.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: &A,
        datagram: &mut [u8],
    ) -> Result<(), Reject> {
        self.advance(now);
        let opened = self.open(datagram, MAX_DATAGRAM)?;
        self.state.stats.traffic.datagrams_received += 1;
        self.state.stats.traffic.datagram_bytes_received += datagram.len() as u64;
        let from = from.clone().canonical();
        let mut source = self.source(&from, opened.sender, Via::Datagram);
        let reply = Reply::new(&source, datagram.len(), Vec::new());
        self.receive(&opened, &mut source, reply);
        self.run_actions();
        Ok(())
    }

    /// Handles a request that arrived from `from`, and writes the reply frame to `reply`. The frame
    /// is never empty, and the former content of `reply` is lost.
    ///
    /// # Errors
    ///
    /// As for [`handle_datagram`](Self::handle_datagram); there is no reply then.
    pub fn handle_request(
        &mut self,
        now: Instant,
        from: &A,
        frame: &mut [u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Reject> {
        self.advance(now);
        reply.clear();
        let max_frame = self.state.config.requests.max_frame;
        let opened = self.open(frame, max_frame)?;
        self.state.stats.traffic.requests_received += 1;
        self.state.stats.traffic.frame_bytes_received += frame.len() as u64;
        let from = from.clone().canonical();
        let mut source = self.source(&from, opened.sender, Via::Request);
        let drafts = core::mem::take(&mut self.reply_drafts);
        let answer = Reply::new(&source, 0, drafts);
        let mut drafts = self.receive(&opened, &mut source, answer);
        let mut writer = Writer::frame(reply, max_frame, self.tag, self.own_id);
        for mut draft in drafts.drain(..) {
            self.encode(&mut writer, source.member, &mut draft);
        }
        self.reply_drafts = drafts;
        let (len, sent) = writer.finish();
        self.state.stats.traffic.frame_bytes_sent += len as u64;
        self.count_sent(&sent);
        self.run_actions();
        Ok(())
    }

    /// Handles the reply to request `id`.
    ///
    /// # Errors
    ///
    /// As for [`handle_datagram`](Self::handle_datagram); [`Reject::Unexpected`] if the request
    /// has timed out or was answered before. After a malformed reply the request stays in flight
    /// until it times out.
    pub fn handle_reply(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: &mut [u8],
    ) -> Result<(), Reject> {
        self.advance(now);
        let opened = self.open_uncounted(frame, self.state.config.requests.max_frame)?;
        let Some(request) = self.requests.close(id) else {
            self.state.stats.rejected.unexpected += 1;
            return Err(Reject::Unexpected);
        };
        self.count_known(opened.known);
        self.state.stats.traffic.frame_bytes_received += frame.len() as u64;
        let slot = self.state.table.get(&request.to);
        let from = slot.unwrap_or(self.state.table.local()).member.claim.address.clone();
        let is_sender = slot.is_some_and(|slot| slot.short == opened.sender);
        let mut source = self.source(&from, opened.sender, Via::Reply);
        source.member = Some(request.to);
        if is_sender {
            self.detector.on_heard(&self.state.cx(), request.to);
        }
        let learned = self.state.stats.members.records_learned;
        let mut reply = Reply::new(&source, 0, Vec::new());
        let (mut end, mut taken) = (None, false);
        for (kind, message) in messages(opened.messages, opened.known) {
            match message {
                Message::Repair(RepairMessage::SyncEnd(message)) => end = Some(message),
                Message::Detector(DetectorMessage::Ack(ack)) if request.is_taken_by(ack.nonce) => {
                    taken = true;
                }
                message => self.dispatch(kind, message, &mut source, &mut reply, opened.sender),
            }
        }
        self.finish_reply(&source, reply);
        let progress = self.state.stats.members.records_learned > learned;
        let end = end.filter(|end: &SyncEnd| progress || !end.more);
        self.on_replied(request, taken, end);
        self.run_actions();
        Ok(())
    }

    /// Handles the failure of request `id`: the receiver did not answer, or the carrier broke. A
    /// request that is not in flight is ignored.
    pub fn handle_request_failed(&mut self, now: Instant, id: RequestId) {
        self.advance(now);
        if let Some(request) = self.requests.close(id) {
            self.on_request_failed(request);
        }
        self.run_actions();
    }

    /// Handles the deadline that [`poll_timeout`](Self::poll_timeout) returned. A call before the
    /// deadline changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        if self.stopped {
            return;
        }
        self.expire_members();
        if self.is_blocked() {
            self.detector.hold();
        }
        self.detector.on_timeout(&mut self.state.cx());
        if !self.detector.is_held() {
            self.rumors.on_timeout(&mut self.state.cx());
        }
        self.reconciler.on_timeout(&mut self.state.cx());
        self.with_claim(|claim, state, is_joining| claim.on_timeout(state, is_joining));
        self.seeds.on_timeout(&mut self.state.cx());
        self.run_join_actions();
        self.pacer.on_timeout(self.state.now);
        while let Some(request) = self.requests.expire(self.state.now) {
            self.on_request_failed(request);
        }
        self.run_actions();
    }

    /// Opens an envelope and reads all of its content once, so that a refused datagram or frame
    /// changes nothing. Counts the records that are known.
    fn open<'b>(&mut self, bytes: &'b [u8], max_len: usize) -> Result<Opened<'b>, Reject> {
        let opened = self.open_uncounted(bytes, max_len)?;
        self.count_known(opened.known);
        Ok(opened)
    }

    fn open_uncounted<'b>(
        &mut self,
        bytes: &'b [u8],
        max_len: usize,
    ) -> Result<Opened<'b>, Reject> {
        let table = &self.state.table;
        let known = |record: &Record<A, &[u8]>| {
            record.accusation.is_none() && table.knows(&record.id, &record.claim)
        };
        let opened = if self.stopped {
            Err(Reject::Stopped)
        } else if bytes.len() > max_len {
            Err(Reject::TooLong)
        } else {
            wire::open(bytes, self.tag).and_then(|(sender, messages)| {
                Ok(Opened { sender, messages, known: check(messages, known)? })
            })
        };
        if let Err(reject) = &opened {
            self.state.stats.rejected.count(*reject);
        }
        opened
    }

    /// Counts the records that are skipped because they are known.
    fn count_known(&mut self, known: u128) {
        let known = u64::from(known.count_ones());
        self.state.stats.members.records_known += known;
        self.state.stats.received.member.record += known;
    }

    /// Returns the source of bytes from `address` with an envelope that names `sender`.
    fn source<'a>(&self, address: &'a A, sender: ShortId, via: Via) -> Source<'a, A> {
        let slot = self.state.table.sender(sender, address).filter(|_| sender != self.own_id);
        let is_verified =
            slot.is_some_and(|slot| slot.verified && slot.member.claim.address == *address);
        let member = slot.map(|slot| slot.member.id);
        Source { address, via, member, is_verified, has_answered: false }
    }

    /// Handles all messages of a datagram or request. Returns the drafts of the reply frame.
    fn receive(
        &mut self,
        opened: &Opened<'_>,
        source: &mut Source<'_, A>,
        mut reply: Reply,
    ) -> Vec<Draft> {
        if let Some(id) = source.member {
            self.detector.on_heard(&self.state.cx(), id);
        }
        for (kind, message) in messages(opened.messages, opened.known) {
            self.dispatch(kind, message, source, &mut reply, opened.sender);
        }
        self.finish_reply(source, reply)
    }

    fn dispatch(
        &mut self,
        kind: u8,
        message: Message<'_, A>,
        source: &mut Source<'_, A>,
        reply: &mut Reply,
        sender: ShortId,
    ) {
        self.state.stats.received.count(kind, 1);
        if self.stopped {
            return;
        }
        match message {
            Message::Detector(message) => self.on_detector_message(message, source, reply),
            Message::Member(message) => self.on_member_message(message, source, reply, sender),
            Message::Rumor(RumorMessage::Adverts(items)) => self.on_adverts(items, source, reply),
            Message::Repair(message) => self.on_repair_message(message, source, reply),
            Message::Join(message) => self.on_join_message(message, source, reply, sender),
            Message::Direct(DirectMessage::Payload(payload)) => {
                self.on_payload(payload, source, reply);
            }
            Message::Claim(message) => {
                reply.own_record |= self.with_claim(|claim, state, is_joining| {
                    claim.on_message(state, message, is_joining)
                });
            }
            Message::Padding | Message::Unknown => {}
        }
    }

    fn on_detector_message(
        &mut self,
        message: DetectorMessage,
        source: &mut Source<'_, A>,
        reply: &mut Reply,
    ) {
        match message {
            DetectorMessage::Ping(ping) => self.on_ping(ping, source, reply),
            DetectorMessage::Ack(ack) => self.on_ack(ack, source, reply),
            DetectorMessage::PingRequest(request) => self.on_ping_request(request, source),
            DetectorMessage::IndirectAck(ack) => {
                self.detector.on_ack(&mut self.state.cx(), ack.nonce, false, None);
            }
            DetectorMessage::Nack(nack) => self.detector.on_nack(nack.nonce),
        }
    }

    fn on_member_message(
        &mut self,
        message: MemberMessage<'_, A>,
        source: &mut Source<'_, A>,
        reply: &mut Reply,
        sender: ShortId,
    ) {
        match message {
            MemberMessage::Record(record) => {
                reply.own_record |= self.apply_record(&record, source);
                if source.member.is_none() && sender != self.own_id {
                    // The sender may have just introduced itself.
                    source.member = self.source(source.address, sender, source.via).member;
                }
            }
            MemberMessage::Want(want) => {
                let items: SmallVec<_> = want.iter().take(reply.items).collect();
                reply.take_items(items.len());
                self.respond(source, reply, Draft::Rumor(RumorDraft::Records(items)));
            }
        }
    }

    fn on_repair_message(
        &mut self,
        message: RepairMessage<'_>,
        source: &Source<'_, A>,
        reply: &mut Reply,
    ) {
        match message {
            RepairMessage::Sync(sync) => self.on_sync(sync, source, reply),
            RepairMessage::Roots(roots) => self.on_roots(&roots, source),
            RepairMessage::Digests(digests) => {
                let table = &self.state.table;
                let (found, left_out) = reply.difference.on_digests(table, &digests, reply.items);
                reply.take_items(found);
                self.state.stats.repair.deferred += left_out as u64;
            }
            // The end of a reply is handled with its request.
            RepairMessage::SyncEnd(_) => {}
        }
    }

    fn on_join_message(
        &mut self,
        message: JoinMessage,
        source: &Source<'_, A>,
        reply: &mut Reply,
        sender: ShortId,
    ) {
        match message {
            JoinMessage::Join(join) => {
                // The joiner's record came with the same datagram. The joiner may also be this
                // node itself, at another of its addresses.
                let admitted = source.member.is_some() || sender == self.own_id;
                let welcome = JoinDraft::Welcome { nonce: join.nonce, admitted };
                self.respond(source, reply, Draft::Join(welcome));
            }
            JoinMessage::Welcome(welcome) => {
                self.seeds.on_welcome(&mut self.state.cx(), welcome);
                self.run_join_actions();
            }
        }
    }

    fn on_ping(&mut self, ping: Ping, source: &Source<'_, A>, reply: &mut Reply) {
        if !self.state.table.is_for_this_node(ping.target_tag) {
            // The sender means an earlier node at this address: introduce the present one.
            self.state.stats.detector.pings_misdirected += 1;
            return self.respond(source, reply, Draft::record(self.own_id));
        }
        let nonce = ping.nonce;
        let differs = ping.digest != self.state.table.digest();
        let mut ack = DetectorDraft::Ack {
            nonce,
            acquainted: false,
            attach: None,
            ping_back: None,
            differs: false,
            appointment: None,
        };
        if let Some(id) = source.member {
            let appointment = self.appoint(ping.ring);
            let slot = self.state.table.get(&id);
            let live = slot.is_some_and(|slot| slot.member.status().is_live());
            let here = slot.filter(|slot| slot.member.claim.address == *source.address);
            // A sender that differs will soon need more bytes than an unverified one may get.
            let unverified = here.filter(|slot| !slot.verified && differs);
            let ping_back = unverified.map(|slot| {
                let tag = self.state.table.target_tag(&id, slot.member.incarnation());
                (self.state.table.cookie(&id, 0), tag)
            });
            // A live sender that this node believes to be dead should hear of it, to refute.
            let attach = (!live).then_some(id);
            ack = DetectorDraft::Ack {
                nonce,
                acquainted: true,
                attach,
                ping_back,
                differs,
                appointment,
            };
            let verified = here.is_some_and(|slot| slot.verified);
            if live && verified && source.via == Via::Datagram {
                self.on_contact(id, ping.digest);
            }
        }
        self.respond(source, reply, Draft::Detector(ack));
    }

    /// Returns the milliseconds until a watcher in this ring should come again.
    fn appoint(&mut self, ring: u8) -> Option<u16> {
        let wait = self.detector.appointment(&self.state.cx(), ring)?;
        Some(u16::try_from(wait.as_millis()).unwrap_or(u16::MAX).max(1))
    }

    fn on_ack(&mut self, ack: Ack, source: &mut Source<'_, A>, reply: &mut Reply) {
        let by_request = source.via == Via::Reply;
        let appointment = (ack.appointment != Ack::NO_APPOINTMENT)
            .then(|| Duration::from_millis(u64::from(ack.appointment)));
        let cx = &mut self.state.cx();
        let probed = self.detector.on_ack(cx, ack.nonce, by_request, appointment);
        let table = &self.state.table;
        let pinged = || source.member.filter(|id| ack.nonce == table.cookie(id, 0));
        let Some(id) = probed.or_else(pinged) else {
            let from = source.member;
            return self.with_claim(|claim, state, is_joining| {
                if !claim.on_rival_ack(ack.nonce)
                    && let Some(from) = from
                {
                    claim.on_farewell_ack(state, from, ack.nonce, is_joining);
                }
            });
        };
        if !by_request && self.state.table.verify(&id, source.address) {
            reply.bytes = None;
            source.has_answered = source.member == Some(id);
        }
        self.on_contact(id, ack.digest);
        if !ack.acquainted {
            self.respond(source, reply, Draft::record(self.own_id));
        }
    }

    fn on_ping_request(&mut self, request: PingRequest, source: &Source<'_, A>) {
        let table = &self.state.table;
        let origin = source.member.and_then(|id| table.get(&id));
        let here = origin.filter(|slot| slot.member.claim.address == *source.address);
        if let Some(slot) = here.filter(|_| table.visible(&request.target).is_some()) {
            let id = slot.member.id;
            let cx = &mut self.state.cx();
            self.detector.on_ping_request(cx, id, request.target, request.nonce);
        }
    }

    /// Requests the advertised records that this node lacks: at once, or later if another member
    /// does not answer. Sets aside the bytes that the later request may take.
    fn on_adverts(
        &mut self,
        items: Items<'_, { Advert::SIZE }>,
        source: &Source<'_, A>,
        reply: &mut Reply,
    ) {
        let from = source.member.filter(|_| reply.bytes.is_none_or(|left| left >= PADDED_WANT));
        let adverts = items.iter().map(Advert::from_bytes);
        let items = self.rumors.on_advert(&mut self.state.cx(), from, adverts);
        if items.is_empty() {
            reply.take_bytes(Some(PADDED_WANT));
        } else {
            self.respond(source, reply, Draft::Rumor(RumorDraft::Want { items, padded: true }));
        }
    }

    fn on_roots(&mut self, roots: &Roots, source: &Source<'_, A>) {
        let Some(with) = source.member.filter(|_| source.has_answered) else { return };
        let differing = differing_digits(&self.state.table, roots);
        let hot = self.rumors.hot_digits(&self.state.table);
        self.reconciler.on_roots(&mut self.state.cx(), with, differing, hot);
    }

    fn on_sync(&mut self, sync: Sync<'_>, source: &Source<'_, A>, reply: &mut Reply) {
        let found = reply.difference.on_sync(&self.state.table, sync, reply.items);
        reply.take_items(found);
        if source.via == Via::Request {
            let records = core::mem::take(&mut reply.difference.records);
            let wants = core::mem::take(&mut reply.difference.wants);
            self.respond(source, reply, Draft::Repair(RepairDraft::Answer { records, wants }));
        }
    }

    /// Reports a payload to the application, if it is for this life of this node.
    fn on_payload(&mut self, payload: Payload<'_>, source: &Source<'_, A>, reply: &mut Reply) {
        if !self.state.table.is_for_this_node(payload.target_tag) {
            self.state.stats.direct.payloads_refused += 1;
            return;
        }
        let Payload { from, bytes, .. } = payload;
        self.emit(Event::Message(MessageEvent::Received { from, payload: bytes.into() }));
        if source.via == Via::Request {
            let nonce = payload.target_tag;
            self.respond(source, reply, Draft::Direct(DirectDraft::Taken { nonce }));
        }
    }

    /// Notes the digest of a member's table.
    pub(super) fn on_contact(&mut self, with: NodeId, digest: u32) {
        let hot = !self.rumors.is_idle();
        self.reconciler.on_contact(&self.state.cx(), with, digest, hot);
    }

    /// Answers the differences found in a datagram or frame. Returns the drafts of a reply frame.
    fn finish_reply(&mut self, source: &Source<'_, A>, mut reply: Reply) -> Vec<Draft> {
        let Difference { prefixes, records, wants } = core::mem::take(&mut reply.difference);
        if !prefixes.is_empty() {
            self.respond(source, &mut reply, Draft::Repair(RepairDraft::Descend(prefixes)));
        }
        if !wants.is_empty() {
            // A sender that came this far has usually verified this node. If it has not, the next
            // comparison repairs the difference.
            let want = RumorDraft::Want { items: wants, padded: false };
            self.respond(source, &mut reply, Draft::Rumor(want));
        }
        if !records.is_empty() {
            self.respond(source, &mut reply, Draft::Rumor(RumorDraft::Records(records)));
        }
        if reply.own_record {
            // After all else, since an ack to an unverified address comes first. Other members
            // hear by rumour. To tell all accusers at once changed nothing, even at 50 % loss.
            self.respond(source, &mut reply, Draft::record(self.own_id));
        }
        reply.drafts
    }

    /// Sends a message back on the way by which the question came.
    fn respond(&mut self, source: &Source<'_, A>, reply: &mut Reply, draft: Draft) {
        match source.via {
            Via::Datagram => {
                let max_len = reply.take_bytes(draft.reserve());
                self.enqueue_within(source.address.clone(), source.member, draft, max_len);
            }
            Via::Request => reply.push(draft),
            // A reply can only be followed by another request.
            Via::Reply => {
                if let (Draft::Rumor(RumorDraft::Records(items)), Some(to)) = (draft, source.member)
                {
                    self.request(to, RequestKind::Records(items));
                }
            }
        }
    }
}
