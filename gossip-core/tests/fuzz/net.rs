//! A network of a few driven nodes, with the datagrams and requests under way.

use std::collections::VecDeque;
use std::time::Duration;

use gossip_core::{Config, Epoch, Instant, Local, Node, NodeId, Request};

use super::driven::{Driven, Input, Outputs};

/// The travel time of a datagram.
const LATENCY: Duration = Duration::from_millis(1);

/// The round-trip time of a request.
const ROUND_TRIP: Duration = Duration::from_millis(300);

/// Maximum number of datagrams under way, and of requests. The network loses more.
const MAX_UNDER_WAY: usize = 256;

/// A host: a node in the network.
pub(crate) struct Host {
    pub(crate) driven: Driven,
    /// Set if the host runs.
    pub(crate) up: bool,
    life: u32,
    epoch: u64,
}

/// A datagram under way.
#[derive(Clone)]
pub(crate) struct Packet {
    due: Instant,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A request under way.
pub(crate) struct Call {
    due: Instant,
    host: usize,
    /// The life of the host that sent the request.
    life: u32,
    request: Request<u32>,
    frame: Vec<u8>,
}

pub(crate) struct Net {
    pub(crate) hosts: Vec<Host>,
    pub(crate) now: Instant,
    pub(crate) packets: VecDeque<Packet>,
    pub(crate) calls: VecDeque<Call>,
    /// Pairs of addresses that cannot reach each other by datagram.
    pub(crate) cut: Vec<(u32, u32)>,
    /// Set if the driver checks all invariants of the nodes.
    pub(crate) checked: bool,
    config: Config,
}

/// Returns the id of a host.
pub(crate) fn id(host: usize) -> NodeId {
    NodeId::from_u128(host as u128 + 1)
}

/// Returns a new node. It is the same in all runs of a target.
pub(crate) fn node(now: Instant, id: NodeId, epoch: u64, address: u32, config: &Config) -> Driven {
    let local = Local::new(id, Epoch::new(epoch).unwrap(), address).cluster("fuzz");
    let mut seed = [epoch as u8; 32];
    seed[..4].copy_from_slice(&address.to_le_bytes());
    Driven::new(now, Node::new(now, local, config.clone(), seed).unwrap())
}

impl Net {
    /// Returns a network of hosts with these ids, at the addresses 0, 1, 2 and so on.
    pub(crate) fn new(ids: &[NodeId], epoch: u64, config: &Config) -> Self {
        let now = Instant::from_micros(1_000_000_000);
        let hosts = ids.iter().zip(0..).map(|(&id, address)| Host {
            driven: node(now, id, epoch, address, config),
            up: true,
            life: 0,
            epoch,
        });
        let hosts = hosts.collect();
        let (packets, calls) = (VecDeque::new(), VecDeque::new());
        Self { hosts, now, packets, calls, cut: Vec::new(), checked: true, config: config.clone() }
    }

    /// Calls the node of a host and sends its outputs.
    pub(crate) fn apply(&mut self, host: usize, input: &Input) -> Option<Outputs> {
        let at = &mut self.hosts[host];
        if !at.up {
            return None;
        }
        let from = *at.driven.node.local().address();
        let mut outputs = if self.checked {
            at.driven.apply(self.now, input)
        } else {
            at.driven.apply_unchecked(self.now, input)
        };
        let due = self.now + LATENCY;
        for (to, bytes) in outputs.transmits.drain(..) {
            self.packets.push_back(Packet { due, from, to, bytes });
        }
        let (due, life) = (self.now + ROUND_TRIP, at.life);
        for (request, frame) in outputs.requests.drain(..) {
            self.calls.push_back(Call { due, host, life, request, frame });
        }
        self.packets.drain(..self.packets.len().saturating_sub(MAX_UNDER_WAY));
        self.calls.drain(..self.calls.len().saturating_sub(MAX_UNDER_WAY));
        Some(outputs)
    }

    /// Makes the same call several times before any output leaves the host.
    pub(crate) fn burst(&mut self, host: usize, input: &Input, times: u8) {
        let at = &mut self.hosts[host];
        for _ in 0..times {
            if at.up {
                at.driven.hold(self.now, input);
            }
        }
        self.apply(host, input);
    }

    /// Restarts a host in a new life, which keeps only the id.
    pub(crate) fn restart(&mut self, host: usize, address: u32) {
        let at = &mut self.hosts[host];
        at.life += 1;
        at.epoch = (at.epoch + 1).min(Epoch::MAX.get());
        at.up = true;
        let id = at.driven.node.local().id();
        at.driven = node(self.now, id, at.epoch, address, &self.config);
    }

    /// Advances the time. All timeouts are on time.
    pub(crate) fn pass(&mut self, time: Duration, deliver: bool) {
        let end = self.now + time;
        while self.next(deliver).is_some_and(|next| next <= end) {
            self.step(deliver);
        }
        self.now = end;
    }

    /// Returns the time of the next timeout or, if `deliver` is set, arrival.
    fn next(&self, deliver: bool) -> Option<Instant> {
        let up = self.hosts.iter().filter(|host| host.up);
        let timeouts = up.filter_map(|host| host.driven.node.poll_timeout());
        let arrivals = [
            self.packets.iter().map(|packet| packet.due).min(),
            self.calls.iter().map(|call| call.due).min(),
        ];
        let arrivals = arrivals.into_iter().flatten().filter(|_| deliver);
        timeouts.chain(arrivals).min()
    }

    /// Advances to the next event.
    pub(crate) fn step(&mut self, deliver: bool) {
        let Some(next) = self.next(deliver) else { return };
        self.now = self.now.max(next);
        if deliver {
            self.deliver_due();
        }
        for host in 0..self.hosts.len() {
            let due = self.hosts[host].driven.node.poll_timeout();
            if due.is_some_and(|due| due <= self.now) {
                self.apply(host, &Input::Timeout);
            }
        }
    }

    fn deliver_due(&mut self) {
        while let Some(index) = self.packets.iter().position(|packet| packet.due <= self.now) {
            if let Some(packet) = self.packets.remove(index) {
                self.deliver(packet);
            }
        }
        while let Some(index) = self.calls.iter().position(|call| call.due <= self.now) {
            if let Some(call) = self.calls.remove(index) {
                self.answer(call);
            }
        }
    }

    /// Delivers a datagram twice.
    pub(crate) fn deliver_twice(&mut self, packet: Packet) {
        self.deliver(packet.clone());
        self.deliver(packet);
    }

    pub(crate) fn deliver(&mut self, Packet { from, to, bytes, .. }: Packet) {
        let cut = self.cut.contains(&(from, to)) || self.cut.contains(&(to, from));
        if let Some(host) = self.at(to).filter(|_| !cut) {
            self.apply(host, &Input::Datagram { from, bytes });
        }
    }

    /// Delivers a request and its reply.
    pub(crate) fn answer(&mut self, Call { host, life, request, frame, .. }: Call) {
        if self.hosts[host].life != life {
            return;
        }
        let from = *self.hosts[host].driven.node.local().address();
        let receiver = self.at(request.to);
        let answer = receiver.and_then(|host| self.apply(host, &Input::Request { from, frame }));
        let id = request.id;
        let input = match answer.filter(|answer| answer.result.is_ok()) {
            Some(answer) => Input::Reply { id, frame: answer.reply },
            None => Input::Failed { id },
        };
        self.apply(host, &input);
    }

    pub(crate) fn fail(&mut self, Call { host, life, request, .. }: Call) {
        if self.hosts[host].life == life {
            self.apply(host, &Input::Failed { id: request.id });
        }
    }

    /// Returns the running host at an address.
    fn at(&self, address: u32) -> Option<usize> {
        let here = |host: &Host| host.up && *host.driven.node.local().address() == address;
        self.hosts.iter().position(here)
    }
}
