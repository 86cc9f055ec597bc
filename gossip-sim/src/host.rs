//! A place in the network where a node runs, or does not.

use std::collections::VecDeque;

use gossip_core::{Config, Local, Node};

use crate::connection::ConnectionId;
use crate::packets::Slot;
use crate::traffic::Traffic;

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    /// The process is stopped: no timers, and input waits.
    Paused,
    /// The process runs and its timers fire, but input waits, and nothing is taken out of its node.
    Stalled,
    /// The process is gone, the host refuses its connections.
    Exited,
    /// The host is gone.
    Down,
}

impl State {
    /// Whether there is a process.
    pub(crate) fn has_process(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Stalled)
    }
}

/// Input for a node.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    Datagram(Slot),
    Request(ConnectionId),
    Reply(ConnectionId),
    Failed(ConnectionId),
}

/// The time of a wake-up that is not scheduled.
pub(crate) const NEVER: u64 = u64::MAX;

pub(crate) struct Host {
    pub(crate) state: State,
    /// Which life of this host; what belongs to an earlier one finds nobody.
    pub(crate) life: u32,
    /// The earliest entry in the timeline that will wake the node; entries for other times are
    /// out of date.
    pub(crate) wake: u64,
    /// How often this life was paused.
    pub(crate) pauses: u64,
    /// Where it is, which it may have told its node or not.
    pub(crate) address: u32,
    pub(crate) node: Option<Node<u32>>,
    pub(crate) local: Local<u32>,
    pub(crate) config: Config,
    /// What waits to be read.
    pub(crate) inbox: VecDeque<Input>,
    pub(crate) traffic: Traffic,
}

impl Host {
    pub(crate) fn new(local: Local<u32>, config: Config) -> Self {
        Self {
            state: State::Down,
            life: 0,
            wake: NEVER,
            pauses: 0,
            address: local.address,
            node: None,
            local,
            config,
            inbox: VecDeque::new(),
            traffic: Traffic::default(),
        }
    }

    /// Whether this life of the host still has a process.
    pub(crate) fn lives(&self, life: u32) -> bool {
        self.life == life && self.state.has_process()
    }
}
