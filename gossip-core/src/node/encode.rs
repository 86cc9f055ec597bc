//! What is to be sent, and how it is written.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Node;
use super::learn::OLD_NEWS;
use crate::id::{ShortId, ShortIds};
use crate::member::Prefixes;
use crate::member::{Phase, Slot};
use crate::wire::{
    Ack, ENVELOPE, HEADER, IndirectAck, Items, Join, Nack, Payload, Ping, PingRequest, Sync,
    SyncEnd, Want, Welcome, Writer, kind,
};
use crate::{Address, NodeId};

/// How many members a joiner is told of.
const INTRODUCED: usize = 24;

/// How much a record more makes a padded question longer, and how long one for one record is.
const WANT: usize = 40;
pub(super) const QUESTION: usize = ENVELOPE + WANT;

/// The most items in a page of a synchronisation: the answer to it is some times as long.
const PAGE: usize = 4_096;

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Body {
    Ping {
        nonce: u32,
        check: u32,
        attach: Option<NodeId>,
        /// In which ring we are the watcher of whom we ask.
        ring: Option<u8>,
    },
    /// With a record of `attach`, and a ping of our own (nonce and check) where the other's
    /// address is yet to be verified. If the tables differ, with the roots of ours.
    Ack {
        nonce: u32,
        acquainted: bool,
        attach: Option<NodeId>,
        ping_back: Option<(u32, u32)>,
        differs: bool,
        /// When a watcher should come again, in milliseconds.
        appointment: Option<u16>,
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
    /// What is being pushed, `hops` ages older than it came, from an index on.
    Push {
        hops: u8,
        first: u8,
    },
    /// The names of what is old.
    Adverts,
    Records(ShortIds),
    /// For these records; padded where who is asked may not know yet that we are who we say.
    Want {
        items: ShortIds,
        padded: bool,
    },
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
    /// What there is below each of these prefixes.
    Descend(Prefixes),
    SyncAnswer {
        records: ShortIds,
        wants: ShortIds,
    },
    Payload {
        check: u32,
        bytes: Vec<u8>,
    },
    /// Of a payload.
    Taken {
        nonce: u32,
    },
}

impl Body {
    /// How many bytes of what a stranger may get are set aside for this. What is long takes all.
    pub(super) fn enough(&self) -> usize {
        match self {
            Self::Ack { .. } => 2 * ENVELOPE + 120,
            Self::Want { items, padded } => {
                ENVELOPE + HEADER + 3 + items.len() * if *padded { WANT } else { 4 }
            }
            _ => usize::MAX,
        }
    }

    /// Whether this is repair, which can be megabytes and has no haste. Who we are, `own`, is not.
    pub(super) fn is_bulk(&self, own: ShortId) -> bool {
        match self {
            Self::Records(items) => items[..] != [own],
            Self::Sync { .. } | Self::Descend(_) => true,
            _ => false,
        }
    }
}

impl<A: Address> Node<A> {
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
            &mut Body::Ping { nonce, check, attach, ring } => {
                // Who it is from is known before it is answered.
                self.attach(writer, attach);
                let ring = ring.unwrap_or(Ping::NO_RING);
                writer.put(kind::PING, &Ping { nonce, check, fold, ring });
                self.piggyback(writer, member);
            }
            &mut Body::Ack { nonce, acquainted, attach, ping_back, differs, appointment } => {
                let appointment = appointment.unwrap_or(Ack::NO_APPOINTMENT);
                writer.put(kind::ACK, &Ack { nonce, fold, acquainted, appointment });
                if differs {
                    self.put_roots(writer);
                }
                if let Some((nonce, check)) = ping_back {
                    writer.put(kind::PING, &Ping { nonce, check, fold, ring: Ping::NO_RING });
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
            Body::Push { hops, first } => {
                let cx = &mut self.shared.cx();
                let next = member.and_then(|to| self.rumors.fill(cx, to, *hops, *first, writer));
                *first = next.unwrap_or(*first);
                return next.is_some();
            }
            Body::Adverts => self.rumors.put_adverts(&self.shared.cx(), writer),
            Body::Records(items) => return self.put_records(writer, items),
            Body::Want { items, padded } => {
                // Who asks a stranger gets three times what it sends: enough for the records.
                let most = if *padded { ENVELOPE + WANT * items.len() } else { 0 };
                let more = self.put_want(writer, items);
                writer.pad(most);
                return more;
            }
            &mut Body::Join { nonce } => {
                writer.put_record(self.shared.table.own(), 0, self.shared.now);
                writer.put(kind::JOIN, &Join { nonce });
                // As long as a third of the answer, which may be three times as long.
                writer.pad(self.shared.config.datagram_budget / 3 + 1);
            }
            &mut Body::Welcome { nonce, admitted } => {
                self.put_welcome(writer, member, nonce, admitted);
            }
            Body::Sync { first } => return self.put_page(writer, first),
            Body::Descend(prefixes) => return self.put_descent(writer, prefixes),
            Body::SyncAnswer { records, wants } => {
                self.put_want(writer, wants);
                // The end, of at most eight bytes, must fit behind.
                let whole = writer.len() + writer.room();
                writer.limit(whole.saturating_sub(8));
                let more = self.put_records(writer, records) || !wants.is_empty();
                writer.limit(whole);
                writer.put(kind::SYNC_END, &SyncEnd { fold, more });
            }
            Body::Payload { check, bytes } => {
                let (from, check) = (self.local().id(), *check);
                writer.put(kind::PAYLOAD, &Payload { from, check, bytes });
            }
            &mut Body::Taken { nonce } => {
                writer.put(
                    kind::ACK,
                    &Ack { nonce, fold, acquainted: true, appointment: Ack::NO_APPOINTMENT },
                );
            }
        }
        false
    }

    /// Adds one record to what is sent anyway. That we leave is news, all else is known well.
    fn attach(&mut self, writer: &mut Writer<'_>, id: Option<NodeId>) {
        if let Some(slot) = id.and_then(|id| self.shared.table.get(&id)) {
            let own = slot.member.id == self.local().id();
            let news = own && slot.member.claim.phase != Phase::Up;
            let written = writer.put_record(slot, if news { 0 } else { OLD_NEWS }, self.shared.now);
            self.shared.stats.traffic.replies_limited += u64::from(!written && writer.is_limited());
        }
    }

    /// Adds the names of old rumours to what is sent anyway, to those who have proven that they
    /// are where we send it.
    fn piggyback(&mut self, writer: &mut Writer<'_>, member: Option<NodeId>) {
        if self.rumors.is_quiet() {
            return;
        }
        let slot = member.and_then(|id| self.shared.table.get(&id));
        if slot.is_some_and(|slot| slot.verified) {
            self.rumors.put_adverts(&self.shared.cx(), writer);
        }
    }

    /// Writes the records that fit, the last first; what is left stays in `items`.
    fn put_records(&mut self, writer: &mut Writer<'_>, items: &mut ShortIds) -> bool {
        let peers = self.live_peers();
        while let Some(&short) = items.last() {
            let before = writer.is_empty();
            let mut slots: SmallVec<[_; 2]> = self.shared.table.all_by_short(short).collect();
            slots.sort_by_key(|slot| slot.member.id);
            for slot in slots {
                let age = self.rumors.tell(peers, &slot.member.id).unwrap_or(OLD_NEWS);
                if writer.put_record(slot, age, self.shared.now) {
                    continue;
                }
                if !before {
                    return true;
                }
                // Even alone it does not fit.
                let limited = writer.is_limited();
                self.shared.stats.traffic.replies_limited += u64::from(limited);
                self.shared.stats.members.records_oversize += u64::from(!limited);
            }
            items.pop();
        }
        false
    }

    fn put_want(&mut self, writer: &mut Writer<'_>, items: &mut ShortIds) -> bool {
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
            let known = |slot: &Slot<A>| Some(slot.member.id) != member;
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
