//! The source of a message, and the reply to it.

use alloc::vec::Vec;

use super::outbox::Draft;
use crate::NodeId;
use crate::repair::Difference;

/// A node sends at most this many times the bytes that it received to an address that is not
/// verified, so that a forged source address cannot use it as an amplifier.
const AMPLIFICATION: usize = 3;

/// Number of records and prefixes with which a node answers one datagram or frame.
const MAX_ITEMS: usize = 4_096;

/// Number of messages in the reply to a request.
const MAX_REPLY_DRAFTS: usize = 256;

/// The way by which a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Datagram,
    /// A request of another node. Answers go into the reply.
    Request,
    /// The reply to a request of this node.
    Reply,
}

/// The source of a message.
#[derive(Debug)]
pub(super) struct Source<'a, A> {
    pub(super) address: &'a A,
    pub(super) via: Via,
    /// The member that the sender says it is, if this node knows it.
    pub(super) member: Option<NodeId>,
    /// Whether the member was verified at this address before.
    pub(super) is_verified: bool,
    /// Whether the sender has just answered a ping of this node.
    pub(super) has_answered: bool,
}

/// The reply to one datagram or frame, and its budgets.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// Bytes that may still go to the source; `None` if its address is verified.
    pub(super) bytes: Option<usize>,
    /// Records and prefixes that may still be sent.
    pub(super) items: usize,
    /// The messages of a reply frame.
    pub(super) drafts: Vec<Draft>,
    /// The differences found, to be answered last.
    pub(super) difference: Difference,
    /// Whether the source should receive this node's own record.
    pub(super) own_record: bool,
}

impl Reply {
    /// Begins the reply to `len` bytes from a source.
    pub(super) fn new<A>(source: &Source<'_, A>, len: usize, drafts: Vec<Draft>) -> Self {
        let limited = source.via == Via::Datagram && !source.is_verified;
        Self {
            bytes: limited.then_some(AMPLIFICATION * len),
            items: MAX_ITEMS,
            drafts,
            ..Self::default()
        }
    }

    /// Takes up to `count` items from the budget. Returns how many it took.
    pub(super) fn take_items(&mut self, count: usize) -> usize {
        let taken = count.min(self.items);
        self.items -= taken;
        taken
    }

    /// Takes what a datagram may use of the budget: `reserve` bytes, or all. Returns its limit.
    pub(super) fn take_bytes(&mut self, reserve: Option<usize>) -> usize {
        let Some(left) = &mut self.bytes else { return usize::MAX };
        let taken = reserve.unwrap_or(usize::MAX).min(*left);
        *left -= taken;
        taken
    }

    /// Adds a message to a reply frame, if it has room.
    pub(super) fn push(&mut self, draft: Draft) {
        if self.drafts.len() < MAX_REPLY_DRAFTS {
            self.drafts.push(draft);
        }
    }
}
