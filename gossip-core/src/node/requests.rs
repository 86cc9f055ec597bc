//! Requests: bulk and what must not get lost, over whatever reliable carrier the adapter has.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use super::Node;
use super::encode::Body;
use crate::deadline::Deadlines;
use crate::event::SendId;
use crate::hash::Key;
use crate::id::{ShortId, ShortIds};
use crate::wire::{SyncEnd, Writer};
use crate::{Address, Event, Instant, MessageEvent, NodeId};

/// How many times one page is asked for again because there was more than a frame could hold.
const MOST_AGAIN: u8 = u8::MAX;

/// Names one request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// A request to make. Its frame is in the buffer that
/// [`Node::poll_request`] was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<A> {
    /// To be passed to [`Node::handle_reply`] or [`Node::handle_request_failed`].
    pub id: RequestId,
    /// To whom.
    pub to: A,
    /// When the node gives up on it by itself.
    pub deadline: Instant,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum Ask {
    /// Whether it lives.
    Ping { nonce: u32 },
    /// What differs in a page that begins here; once that is settled, in the `next` one.
    Sync { first: ShortId, next: Option<ShortId>, again: u8 },
    /// To take these records.
    Records(ShortIds),
    /// To take this payload.
    Payload { id: SendId, check: u32, bytes: Vec<u8> },
}

/// A request that waits for its reply.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) to: NodeId,
    ask: Ask,
    deadline: Instant,
}

impl Open {
    /// Whether an ack of this nonce says that a payload was taken.
    pub(super) fn takes(&self, nonce: u32) -> bool {
        matches!(self.ask, Ask::Payload { check, .. } if check == nonce)
    }
}

/// The requests of one node.
#[derive(Debug)]
pub(super) struct Requests {
    open: Deadlines<RequestId, Open>,
    waiting: VecDeque<RequestId>,
    count: u64,
    sends: u64,
}

impl Requests {
    pub(super) fn new(secret: Key) -> Self {
        Self { open: Deadlines::new(secret), waiting: VecDeque::new(), count: 0, sends: 0 }
    }

    pub(super) fn next_send(&mut self) -> SendId {
        self.sends += 1;
        SendId(self.sends)
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.open.next()
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        self.open.postpone(pause, |open| open.deadline = open.deadline + pause);
    }

    /// Ends waiting for a reply.
    pub(super) fn close(&mut self, id: RequestId) -> Option<Open> {
        self.forget(id);
        self.open.remove(&id)
    }

    /// What is no longer open need not be made.
    fn forget(&mut self, id: RequestId) {
        self.waiting.retain(|waiting| *waiting != id);
    }

    /// Takes a request whose time is over.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Open> {
        let (id, open) = self.open.pop(now)?;
        self.forget(id);
        Some(open)
    }

    /// Ends waiting for anything; the payloads that were under way.
    pub(super) fn clear(&mut self) -> SmallVec<[SendId; 4]> {
        self.waiting.clear();
        let end = Instant::from_micros(u64::MAX);
        let open = core::iter::from_fn(|| self.open.pop(end)).map(|(_, open)| open);
        let payload = |open: Open| match open.ask {
            Ask::Payload { id, .. } => Some(id),
            _ => None,
        };
        open.filter_map(payload).collect()
    }

    /// Whether a synchronisation is under way by request.
    fn is_syncing(&self) -> bool {
        self.open.values().any(|open| matches!(open.ask, Ask::Sync { .. }))
    }
}

impl<A: Address> Node<A> {
    /// Opens a request; `false` if there may be none, or no more.
    pub(super) fn ask(&mut self, to: NodeId, ask: Ask) -> bool {
        let config = &self.shared.config;
        if !config.requests.enabled {
            return false;
        }
        if self.requests.open.len() >= config.requests.max_in_flight {
            self.shared.stats.traffic.requests_dropped += 1;
            return false;
        }
        let patience = match ask {
            Ask::Ping { .. } => config.detector.probe_interval,
            _ => config.requests.timeout,
        };
        let deadline = self.shared.now + patience;
        self.requests.count += 1;
        let id = RequestId(self.requests.count);
        self.requests.open.set(id, deadline, Open { to, ask, deadline });
        self.requests.waiting.push_back(id);
        true
    }

    /// Begins to exchange what differs with a member: by datagrams if one page holds it all, else
    /// by request; by datagrams as well while one is under way.
    pub(super) fn begin_sync(&mut self, with: NodeId) {
        let first = ShortId(0);
        let small = 8 * self.shared.table.len() < self.shared.config.datagram_budget / 2;
        let asks = !small && !self.requests.is_syncing();
        let asked = asks && self.ask(with, Ask::Sync { first, next: None, again: MOST_AGAIN });
        // Where a request is slow, the carrier is: what it brings may come sooner by datagram.
        let begun = asked || self.sync_by_datagram(with, first);
        self.shared.stats.repair.syncs += u64::from(begun);
    }

    /// Whether it begins.
    fn sync_by_datagram(&mut self, with: NodeId, first: ShortId) -> bool {
        // A page can be answered with a hundred times its bytes; so who asks must be who it says.
        let slot = self.shared.table.get(&with).filter(|slot| slot.verified);
        // One at a time: what cannot leave now had better know all that came meanwhile.
        let slot = slot.filter(|_| !self.bulk.is_syncing());
        let Some(slot) = slot else { return false };
        let address = slot.member.claim.address.clone();
        self.enqueue(address, Some(with), Body::Sync { first })
    }

    /// The next request to make, its frame in `buf`, whatever that held before.
    pub fn poll_request(&mut self, now: Instant, buf: &mut Vec<u8>) -> Option<Request<A>> {
        self.advance(now);
        while let Some(id) = self.requests.waiting.pop_front() {
            let Some(open) = self.requests.open.get_mut(&id) else { continue };
            let (whom, deadline) = (open.to, open.deadline);
            let Some(slot) = self.shared.table.get(&whom) else { continue };
            let to = slot.member.claim.address.clone();
            let mut body = match &mut open.ask {
                Ask::Ping { nonce } => {
                    let check = self.shared.cluster.check(&whom, slot.member.incarnation());
                    Body::Ping { nonce: *nonce, check, attach: None, ring: None }
                }
                Ask::Sync { first, .. } => Body::Sync { first: *first },
                Ask::Records(items) => Body::Records(core::mem::take(items)),
                Ask::Payload { check, bytes, .. } => {
                    Body::Payload { check: *check, bytes: core::mem::take(bytes) }
                }
            };
            let limit = self.shared.config.requests.max_frame;
            let mut writer = Writer::frame(buf, limit, self.shared.tag, self.own_short());
            let more = self.encode(&mut writer, Some(whom), &mut body);
            let (len, sent) = writer.finish();
            self.shared.stats.traffic.requests_sent += 1;
            self.shared.stats.traffic.frame_bytes_sent += len as u64;
            self.count_sent(sent);
            if more {
                self.note_rest(&id, whom, body);
                self.run_actions();
            }
            return Some(Request { id, to, deadline });
        }
        None
    }

    /// A frame could not hold it all: what is left is for another one.
    fn note_rest(&mut self, id: &RequestId, to: NodeId, rest: Body) {
        match (rest, self.requests.open.get_mut(id).map(|open| &mut open.ask)) {
            (Body::Sync { first }, Some(Ask::Sync { next, .. })) => *next = Some(first),
            (Body::Records(items), _) => {
                self.ask(to, Ask::Records(items));
            }
            _ => {}
        }
    }

    /// The reply to a request was read; whether the payload was taken, or where the
    /// synchronisation stands.
    pub(super) fn on_replied(&mut self, open: Open, taken: bool, end: Option<SyncEnd>) {
        match (open.ask, end) {
            (Ask::Payload { id, .. }, _) if taken => {
                self.emit(Event::Message(MessageEvent::Delivered { id }));
            }
            (Ask::Payload { id, .. }, _) => self.emit(Event::Message(MessageEvent::Failed { id })),
            (Ask::Sync { first, next, again }, Some(end)) => {
                self.on_contact(open.to, end.fold);
                if end.more && again > 0 {
                    self.ask(open.to, Ask::Sync { first, next: None, again: again - 1 });
                } else if let Some(first) = next {
                    self.ask(open.to, Ask::Sync { first, next: None, again: MOST_AGAIN });
                }
            }
            _ => {}
        }
    }

    /// A request was not answered.
    pub(super) fn on_request_failed(&mut self, open: Open) {
        self.shared.stats.traffic.requests_failed += 1;
        match open.ask {
            Ask::Payload { id, .. } => self.emit(Event::Message(MessageEvent::Failed { id })),
            Ask::Sync { first, .. } => _ = self.sync_by_datagram(open.to, first),
            Ask::Ping { .. } | Ask::Records(_) => {}
        }
    }
}
