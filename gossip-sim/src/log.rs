//! The records of a run: its fingerprint, counters, and logged events.

use gossip_core::{Event, Instant, Member, MemberEvent};
use twox_hash::XxHash3_64;

use crate::traffic::Traffic;

/// An event of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The time.
    pub at: Instant,
    /// The node that reported it.
    pub node: usize,
    /// The event.
    pub event: Event<u32>,
}

impl LoggedEvent {
    /// Returns the member of a reported death.
    #[must_use]
    pub fn failed(&self) -> Option<&Member<u32>> {
        match &self.event {
            Event::Member(MemberEvent::Failed { member, .. }) => Some(member),
            _ => None,
        }
    }
}

/// An observation of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketTap<'a> {
    /// The time.
    pub at: Instant,
    /// The node that sent or received it.
    pub node: usize,
    /// The stage of its journey.
    pub place: Place,
    /// Its bytes, as in `docs/protocol.md`.
    pub bytes: &'a [u8],
}

/// A stage of a datagram's journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The datagram leaves, and may be lost.
    Departure,
    /// The node reads the datagram.
    Arrival,
    /// The datagram reached a host without a process.
    NobodyThere,
}

/// The tap of all datagrams.
type Tap = Box<dyn FnMut(PacketTap<'_>) + Send>;

/// The filter of logged events.
type Filter = Box<dyn FnMut(&LoggedEvent) -> bool + Send>;

#[derive(Default)]
pub(crate) struct Log {
    filter: Option<Filter>,
    tap: Option<Tap>,
    pub(crate) kept: Vec<LoggedEvent>,
    pub(crate) trace: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) false_deaths: u64,
    pub(crate) total: Traffic,
    pub(crate) seconds: Vec<Traffic>,
}

impl Log {
    pub(crate) fn set_filter(&mut self, filter: Filter) {
        self.filter = Some(filter);
    }

    pub(crate) fn set_tap(&mut self, tap: Option<Tap>) {
        self.tap = tap;
    }

    pub(crate) fn passes(&mut self, at: Instant, node: usize, place: Place, bytes: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap(PacketTap { at, node, place, bytes });
        }
    }

    pub(crate) fn event(&mut self, at: Instant, node: usize, event: Event<u32>) {
        let Some(filter) = &mut self.filter else { return };
        let occurrence = LoggedEvent { at, node, event };
        if filter(&occurrence) {
            self.kept.push(occurrence);
        }
    }

    /// Adds bytes that a node received to the fingerprint.
    pub(crate) fn delivered(&mut self, at: Instant, from: u32, to: usize, bytes: &[u8]) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let ends = u64::from(from) << 32 | to as u64;
        let key = (self.trace ^ at.as_micros()).wrapping_mul(ODD).rotate_left(32) ^ ends;
        self.trace = XxHash3_64::oneshot_with_seed(key, bytes);
        self.delivered += 1;
    }

    pub(crate) fn sent(&mut self, at: Instant, traffic: Traffic) {
        let second = (at.as_micros() / 1_000_000) as usize;
        if self.seconds.len() <= second {
            self.seconds.resize(second + 1, Traffic::default());
        }
        self.seconds[second] += traffic;
        self.total += traffic;
    }
}
