//! All counters.

use crate::stats::counters;
use crate::wire::{PADDING, ROOM_MASK};
use crate::{
    ClaimMessages, DetectorMessages, DetectorStats, DirectMessages, DirectStats, JoinMessages,
    LocalStats, MemberMessages, MemberStats, Reject, RepairMessages, RepairStats, RumorMessages,
    RumorStats, claim, detector, direct, join, member, repair, rumor,
};

/// Counters of one node since its start. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Datagrams, frames and their bytes.
    pub traffic: TrafficStats,
    /// Messages sent, by kind.
    pub sent: MessageStats,
    /// Messages received, by kind.
    pub received: MessageStats,
    /// Refused datagrams and frames, by reason.
    pub rejected: RejectStats,
    /// Member table.
    pub members: MemberStats,
    /// Failure detector.
    pub detector: DetectorStats,
    /// Rumours.
    pub rumors: RumorStats,
    /// Repair.
    pub repair: RepairStats,
    /// This node's own claim.
    pub local: LocalStats,
    /// Messages between applications.
    pub direct: DirectStats,
    /// Events dropped because the application did not poll them in time.
    pub events_lost: u64,
}

impl Stats {
    /// Calls `visit` with the group, name and value of each counter, except those of single kinds
    /// of messages ([`MessageStats::each`]).
    pub fn each(&self, mut visit: impl FnMut(&'static str, &'static str, u64)) {
        self.traffic.each(|name, value| visit("traffic", name, value));
        self.rejected.each(|name, value| visit("rejected", name, value));
        self.members.each(|name, value| visit("members", name, value));
        self.detector.each(|name, value| visit("detector", name, value));
        self.rumors.each(|name, value| visit("rumors", name, value));
        self.repair.each(|name, value| visit("repair", name, value));
        self.local.each(|name, value| visit("local", name, value));
        self.direct.each(|name, value| visit("direct", name, value));
        visit("events", "lost", self.events_lost);
    }
}

counters! {
    /// Datagrams, frames and their bytes. Byte counts exclude UDP and IP headers.
    TrafficStats {
        /// Datagrams returned by `poll_transmit`.
        datagrams_sent,
        /// Bytes of these datagrams.
        datagram_bytes_sent,
        /// Datagrams accepted.
        datagrams_received,
        /// Bytes of these datagrams.
        datagram_bytes_received,
        /// Requests returned by `poll_request`.
        requests_sent,
        /// Requests of other nodes answered.
        requests_received,
        /// Own requests that failed or timed out.
        requests_failed,
        /// Bytes of request frames and reply frames written.
        frame_bytes_sent,
        /// Bytes of request frames and reply frames accepted.
        frame_bytes_received,
        /// Datagrams dropped because the queue was full.
        transmits_dropped,
        /// Requests not made because too many were in flight.
        requests_dropped,
        /// Replies cut short because the receiver's address is not verified, so that a forged source
        /// address cannot turn this node into an amplifier.
        replies_limited,
        /// Pauses of this node (suspension, overload) that it noticed and did not hold against other
        /// members.
        pauses,
    }
}

counters! {
    /// Refused datagrams and frames, by reason; see [`Reject`](crate::Reject).
    RejectStats {
        /// Shorter than an envelope.
        too_short,
        /// Longer than the limit.
        too_long,
        /// Datagrams of another major version, or with unknown flags.
        version,
        /// From another cluster.
        cluster,
        /// With a malformed message.
        malformed,
        /// A reply to no request in flight.
        unexpected,
    }
}

impl RejectStats {
    pub(crate) fn count(&mut self, reject: Reject) {
        match reject {
            Reject::TooShort => self.too_short += 1,
            Reject::TooLong => self.too_long += 1,
            Reject::Version(_) | Reject::Flags(_) => self.version += 1,
            Reject::Cluster => self.cluster += 1,
            Reject::Malformed { .. } => self.malformed += 1,
            Reject::Unexpected => self.unexpected += 1,
            Reject::Stopped => {}
        }
    }
}

/// Messages by kind; `docs/protocol.md` describes each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageStats {
    /// Messages of the failure detector.
    pub detector: DetectorMessages,
    /// Records and requests for them.
    pub member: MemberMessages,
    /// Messages of rumours.
    pub rumor: RumorMessages,
    /// Messages of repair.
    pub repair: RepairMessages,
    /// Messages of joining.
    pub join: JoinMessages,
    /// Messages between applications.
    pub direct: DirectMessages,
    /// Messages about the receiver's own claim.
    pub claim: ClaimMessages,
    /// Padding.
    pub padding: u64,
    /// Messages of kinds unknown to this version, which it skips.
    pub unknown: u64,
}

impl MessageStats {
    /// Calls `visit` with the module, name and value of each counter.
    pub fn each(&self, mut visit: impl FnMut(&'static str, &'static str, u64)) {
        self.detector.each(|name, value| visit("detector", name, value));
        self.member.each(|name, value| visit("member", name, value));
        self.rumor.each(|name, value| visit("rumor", name, value));
        self.repair.each(|name, value| visit("repair", name, value));
        self.join.each(|name, value| visit("join", name, value));
        self.direct.each(|name, value| visit("direct", name, value));
        self.claim.each(|name, value| visit("claim", name, value));
        visit("wire", "padding", self.padding);
        visit("wire", "unknown", self.unknown);
    }

    /// Counts messages of one kind.
    pub(crate) fn count(&mut self, kind: u8, count: u64) {
        let known = match kind & ROOM_MASK {
            detector::message::ROOM => self.detector.counter(kind),
            member::message::ROOM => self.member.counter(kind),
            rumor::message::ROOM => self.rumor.counter(kind),
            repair::message::ROOM => self.repair.counter(kind),
            join::message::ROOM => self.join.counter(kind),
            direct::message::ROOM => self.direct.counter(kind),
            claim::message::ROOM => self.claim.counter(kind),
            _ if kind == PADDING => Some(&mut self.padding),
            _ => None,
        };
        *known.unwrap_or(&mut self.unknown) += count;
    }
}
