//! What machines want done: the only way in which they act on each other and on the network.

use alloc::collections::VecDeque;

use crate::id::ShortId;
use crate::member::{Accusation, Table};
use crate::{Config, Instant, NodeId, Stats};

/// What a machine may look at, and where it leaves what it wants.
pub(crate) struct Context<'a, A> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) table: &'a Table<A>,
    pub(crate) stats: &'a mut Stats,
    pub(crate) actions: &'a mut VecDeque<Action>,
}

/// One thing that a machine wants done. Machines know members, not addresses or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask `to` whether it lives, as its watcher in a ring if it is one; bring along the record of
    /// `attach`.
    Ping {
        to: NodeId,
        nonce: u32,
        attach: Option<NodeId>,
        ring: Option<u8>,
    },
    /// Ask `relay` to ask `target`.
    PingRequest {
        relay: NodeId,
        target: NodeId,
        nonce: u32,
    },
    /// Ask by request, in case that only datagrams fail.
    PingByRequest {
        to: NodeId,
        nonce: u32,
    },
    /// Tell `to` that its target lives.
    IndirectAck {
        to: NodeId,
        nonce: u32,
    },
    /// Tell `to` that its target has not answered so far.
    Nack {
        to: NodeId,
        nonce: u32,
    },
    /// Tell the owner that we reach nobody, or somebody again.
    Isolated,
    Reconnected,
    /// Tell the owner that a member answers requests but no datagrams.
    DatagramsFail {
        id: NodeId,
    },
    /// Merge our own accusation.
    Accuse {
        id: NodeId,
        accusation: Accusation,
    },
    /// Spread a record that may not have been heard, though it is no news.
    TellAgain {
        id: NodeId,
    },
    /// Send what is being pushed, so many ages later than it came.
    Push {
        to: NodeId,
        later: u8,
    },
    /// Send the names of what is old.
    Advertise {
        to: NodeId,
    },
    /// Ask for a record that `of` advertised.
    Ask {
        of: NodeId,
        short: ShortId,
    },
    /// Compare fingerprints.
    Compare {
        with: NodeId,
    },
    /// Exchange what differs anywhere.
    Sync {
        with: NodeId,
    },
    /// Exchange what differs below these first digits, a bit for each.
    Descend {
        with: NodeId,
        digits: u16,
    },
}
