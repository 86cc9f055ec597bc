//! Drafts of all modules, and the datagrams that wait to be sent.

use smallvec::SmallVec;

use crate::id::ShortId;
use crate::wire::ENVELOPE;
use crate::{NodeId, detector, direct, join, repair, rumor};

/// A message of any module, not yet written. It is encoded when its datagram or frame leaves.
#[derive(Debug)]
pub(super) enum Draft {
    Detector(detector::draft::Draft),
    Rumor(rumor::draft::Draft),
    Repair(repair::draft::Draft),
    Join(join::draft::Draft),
    Direct(direct::draft::Draft),
}

impl Draft {
    /// Returns a draft of one record.
    pub(super) fn record(short: ShortId) -> Self {
        Self::Rumor(rumor::draft::Draft::Records(SmallVec::from_slice(&[short])))
    }

    /// Returns the bytes to set aside for this message of those that may go to an unverified
    /// address; `None` for all of them.
    pub(super) fn reserve(&self) -> Option<usize> {
        match self {
            Self::Detector(detector::draft::Draft::Ack { .. }) => Some(2 * ENVELOPE + 120),
            Self::Rumor(draft) => draft.reserve(),
            _ => None,
        }
    }

    /// Returns whether this is bulk repair traffic: possibly large and not urgent. This node's own
    /// record, `own`, is never bulk.
    pub(super) fn is_bulk(&self, own: ShortId) -> bool {
        match self {
            Self::Rumor(rumor::draft::Draft::Records(items)) => items[..] != [own],
            Self::Repair(repair::draft::Draft::Sync { .. } | repair::draft::Draft::Descend(_)) => {
                true
            }
            _ => false,
        }
    }

    /// Returns the share of the pacer's queue that this takes: about its memory, and the time that
    /// it needs to leave.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Rumor(rumor::draft::Draft::Records(items)) => items.len(),
            Self::Repair(repair::draft::Draft::Descend(prefixes)) => prefixes.len(),
            _ => 1,
        }
    }

    /// Drops the first `count` items that count in [`weight`](Self::weight). Returns `false` if
    /// none would be left.
    pub(super) fn drop_first(&mut self, count: usize) -> bool {
        let some_left = count < self.weight();
        match self {
            Self::Rumor(rumor::draft::Draft::Records(items)) if some_left => {
                items.drain(..count);
            }
            Self::Repair(repair::draft::Draft::Descend(prefixes)) if some_left => {
                prefixes.drain(..count);
            }
            _ => {}
        }
        some_left
    }

    /// Returns whether this asks for a comparison of all versions.
    pub(super) fn is_sync(&self) -> bool {
        matches!(self, Self::Repair(repair::draft::Draft::Sync { .. }))
    }
}

/// A datagram that waits to be sent.
#[derive(Debug)]
pub(super) struct Outgoing<A> {
    pub(super) to: A,
    /// The member at that address, as far as this node knows.
    pub(super) member: Option<NodeId>,
    /// Bytes that it may take, all its continuations together.
    pub(super) max_len: usize,
    pub(super) draft: Draft,
}
