//! A host in the network, with or without a running node.

use std::collections::VecDeque;

use gossip_core::{Config, Local, Node};

use crate::connection::ConnectionId;
use crate::packets::Slot;
use crate::traffic::Traffic;

/// The state of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    /// The process is paused: no timer fires, and input waits.
    Paused,
    /// The process runs and its timers fire, but input and output wait.
    Stalled,
    /// The process is gone, and the host refuses connections.
    Exited,
    /// The host is gone.
    Down,
}

impl State {
    /// Returns whether there is a process.
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

/// Marks a wake-up that is not scheduled.
pub(crate) const NEVER: u64 = u64::MAX;

pub(crate) struct Host {
    pub(crate) state: State,
    /// The life of this host. Packets for an earlier life are lost.
    pub(crate) life: u32,
    /// The earliest entry in the timeline that wakes the node. Entries for other times are out of
    /// date.
    pub(crate) wake: u64,
    /// Number of pauses of this life.
    pub(crate) pauses: u64,
    /// The address of the host, which the node may not know.
    pub(crate) address: u32,
    pub(crate) node: Option<Node<u32>>,
    pub(crate) local: Local<u32>,
    pub(crate) config: Config,
    /// Input that waits.
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

    /// Returns whether this life of the host still has a process.
    pub(crate) fn lives(&self, life: u32) -> bool {
        self.life == life && self.state.has_process()
    }
}
