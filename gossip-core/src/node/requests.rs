//! Requests: bulk, and messages that must not get lost, over the driver's reliable carrier.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use super::Node;
use super::outbox::Draft;
use crate::deadline::Deadlines;
use crate::detector::draft::Draft as DetectorDraft;
use crate::direct::draft::Draft as DirectDraft;
use crate::hash::Key;
use crate::id::{ShortId, ShortIds};
use crate::repair::draft::Draft as RepairDraft;
use crate::repair::message::SyncEnd;
use crate::rumor::draft::Draft as RumorDraft;
use crate::wire::Writer;
use crate::{Address, Event, Instant, NodeId};
use crate::{MessageEvent, SendId};

/// Number of further requests for one page whose reply did not fit into a frame.
const MAX_RETRIES: u8 = u8::MAX;

/// Identifier of one request of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// A request to make. Its frame is in the buffer given to [`Node::poll_request`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request that is not made fails at its deadline"]
pub struct Request<A> {
    /// The identifier for [`Node::handle_reply`] and [`Node::handle_request_failed`].
    pub id: RequestId,
    /// The destination.
    pub to: A,
    /// When the node gives up waiting for the reply.
    pub deadline: Instant,
}

/// The purpose of a request.
#[derive(Debug)]
pub(super) enum RequestKind {
    /// A ping.
    Ping { nonce: u32 },
    /// A comparison of the page of versions from `first` on, followed by the one from `next` on.
    Sync { first: ShortId, next: Option<ShortId>, retries_left: u8 },
    /// Delivery of these records.
    Records(ShortIds),
    /// Delivery of a payload.
    Payload { id: SendId, target_tag: u32, bytes: Vec<u8> },
}

/// A request that waits for its reply.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) to: NodeId,
    kind: RequestKind,
    deadline: Instant,
}

impl InFlight {
    /// Returns whether an ack with this nonce acknowledges the payload of this request.
    pub(super) fn is_taken_by(&self, nonce: u32) -> bool {
        matches!(self.kind, RequestKind::Payload { target_tag, .. } if target_tag == nonce)
    }
}

/// The requests of one node.
#[derive(Debug)]
pub(super) struct Requests {
    in_flight: Deadlines<RequestId, InFlight>,
    /// Requests that the driver has not taken yet.
    waiting: VecDeque<RequestId>,
    count: u64,
    send_count: u64,
}

impl Requests {
    pub(super) fn new(secret: Key) -> Self {
        Self {
            in_flight: Deadlines::new(secret),
            waiting: VecDeque::new(),
            count: 0,
            send_count: 0,
        }
    }

    pub(super) fn next_send(&mut self) -> SendId {
        self.send_count += 1;
        SendId(self.send_count)
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.in_flight.next()
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        self.in_flight.postpone(pause, |request| request.deadline = request.deadline + pause);
    }

    /// Takes a request out of flight.
    pub(super) fn close(&mut self, id: RequestId) -> Option<InFlight> {
        self.cancel(id);
        self.in_flight.remove(&id)
    }

    fn cancel(&mut self, id: RequestId) {
        self.waiting.retain(|waiting| *waiting != id);
    }

    /// Takes a request that has timed out.
    pub(super) fn expire(&mut self, now: Instant) -> Option<InFlight> {
        let (id, request) = self.in_flight.pop(now)?;
        self.cancel(id);
        Some(request)
    }

    /// Drops all requests. Returns the ids of their payloads.
    pub(super) fn clear(&mut self) -> SmallVec<[SendId; 4]> {
        self.waiting.clear();
        let end = Instant::from_micros(u64::MAX);
        let dropped = core::iter::from_fn(|| self.in_flight.pop(end));
        let payload = |(_, request): (RequestId, InFlight)| match request.kind {
            RequestKind::Payload { id, .. } => Some(id),
            _ => None,
        };
        dropped.filter_map(payload).collect()
    }

    /// Returns whether a comparison of versions is in flight.
    fn is_syncing(&self) -> bool {
        self.in_flight.values().any(|request| matches!(request.kind, RequestKind::Sync { .. }))
    }
}

impl<A: Address> Node<A> {
    /// Starts a request. Returns `false` if requests are disabled or too many are in flight.
    pub(super) fn request(&mut self, to: NodeId, kind: RequestKind) -> bool {
        let config = &self.state.config;
        if !config.requests.enabled {
            return false;
        }
        if self.requests.in_flight.len() >= config.requests.max_in_flight {
            self.state.stats.traffic.requests_dropped += 1;
            return false;
        }
        let timeout = match kind {
            RequestKind::Ping { .. } => config.detector.probe_interval,
            _ => config.requests.timeout,
        };
        let deadline = self.state.now + timeout;
        self.requests.count += 1;
        let id = RequestId(self.requests.count);
        self.requests.in_flight.set(id, deadline, InFlight { to, kind, deadline });
        self.requests.waiting.push_back(id);
        true
    }

    /// Begins to exchange all records that differ with a member: by datagrams if they fit into one
    /// page or another exchange is in flight, by request otherwise.
    pub(super) fn begin_sync(&mut self, with: NodeId) {
        let first = ShortId(0);
        let small = 8 * self.state.table.len() < self.state.config.datagram_budget / 2;
        let by_request = !small && !self.requests.is_syncing();
        let sync = RequestKind::Sync { first, next: None, retries_left: MAX_RETRIES };
        let requested = by_request && self.request(with, sync);
        // A slow request means a slow carrier: datagrams may be sooner.
        let begun = requested || self.sync_by_datagram(with, first);
        self.state.stats.repair.syncs += u64::from(begun);
    }

    /// Begins an exchange by datagrams. Returns whether it begins.
    fn sync_by_datagram(&mut self, with: NodeId, first: ShortId) -> bool {
        // The reply to a page can have a hundred times its bytes, so the receiver must have
        // verified this node.
        let slot = self.state.table.get(&with).filter(|slot| slot.verified);
        // One at a time: a page that waits for its pace should include what came in between.
        if slot.is_none() || self.pacer.is_syncing() {
            return false;
        }
        self.enqueue_to(with, Draft::Repair(RepairDraft::Sync { first }))
    }

    /// Returns the next request to make, and writes its frame to `buf`, whose former content is
    /// lost.
    #[must_use = "a request that is not made fails at its deadline"]
    pub fn poll_request(&mut self, now: Instant, buf: &mut Vec<u8>) -> Option<Request<A>> {
        self.advance(now);
        while let Some(id) = self.requests.waiting.pop_front() {
            let Some(request) = self.requests.in_flight.get_mut(&id) else { continue };
            let (receiver, deadline) = (request.to, request.deadline);
            let Some(slot) = self.state.table.get(&receiver) else { continue };
            let to = slot.member.claim.address.clone();
            let incarnation = slot.member.incarnation();
            let mut draft = match &mut request.kind {
                RequestKind::Ping { nonce } => {
                    let target_tag = self.state.table.target_tag(&receiver, incarnation);
                    let nonce = *nonce;
                    let ping = DetectorDraft::Ping { nonce, target_tag, attach: None, ring: None };
                    Draft::Detector(ping)
                }
                RequestKind::Sync { first, .. } => {
                    Draft::Repair(RepairDraft::Sync { first: *first })
                }
                RequestKind::Records(items) => {
                    Draft::Rumor(RumorDraft::Records(core::mem::take(items)))
                }
                RequestKind::Payload { target_tag, bytes, .. } => {
                    let (target_tag, bytes) = (*target_tag, core::mem::take(bytes));
                    Draft::Direct(DirectDraft::Payload { target_tag, bytes })
                }
            };
            let max_frame = self.state.config.requests.max_frame;
            let mut writer = Writer::frame(buf, max_frame, self.tag, self.own_id);
            let more = self.encode(&mut writer, Some(receiver), &mut draft);
            let (len, sent) = writer.finish();
            self.state.stats.traffic.requests_sent += 1;
            self.state.stats.traffic.frame_bytes_sent += len as u64;
            self.count_sent(&sent);
            if more {
                self.note_rest(&id, receiver, draft);
                self.run_actions();
            }
            return Some(Request { id, to, deadline });
        }
        None
    }

    /// Keeps the rest of a draft that did not fit into a frame for another request.
    fn note_rest(&mut self, id: &RequestId, to: NodeId, rest: Draft) {
        match (rest, self.requests.in_flight.get_mut(id).map(|request| &mut request.kind)) {
            (Draft::Repair(RepairDraft::Sync { first }), Some(RequestKind::Sync { next, .. })) => {
                *next = Some(first);
            }
            (Draft::Rumor(RumorDraft::Records(items)), _) => {
                self.request(to, RequestKind::Records(items));
            }
            _ => {}
        }
    }

    /// Handles the end of a reply: whether it acknowledged the payload, and the end of the page.
    pub(super) fn on_replied(&mut self, request: InFlight, taken: bool, end: Option<SyncEnd>) {
        match (request.kind, end) {
            (RequestKind::Payload { id, .. }, _) if taken => {
                self.emit(Event::Message(MessageEvent::Delivered { id }));
            }
            (RequestKind::Payload { id, .. }, _) => {
                self.emit(Event::Message(MessageEvent::Failed { id }));
            }
            (RequestKind::Sync { first, next, retries_left }, Some(end)) => {
                self.on_contact(request.to, end.digest);
                if end.more && retries_left > 0 {
                    let retries_left = retries_left - 1;
                    self.request(request.to, RequestKind::Sync { first, next: None, retries_left });
                } else if let Some(first) = next {
                    let retries_left = MAX_RETRIES;
                    self.request(request.to, RequestKind::Sync { first, next: None, retries_left });
                }
            }
            _ => {}
        }
    }

    /// Handles the failure of a request.
    pub(super) fn on_request_failed(&mut self, request: InFlight) {
        self.state.stats.traffic.requests_failed += 1;
        match request.kind {
            RequestKind::Payload { id, .. } => {
                self.emit(Event::Message(MessageEvent::Failed { id }));
            }
            RequestKind::Sync { first, .. } => _ = self.sync_by_datagram(request.to, first),
            RequestKind::Ping { .. } | RequestKind::Records(_) => {}
        }
    }
}
