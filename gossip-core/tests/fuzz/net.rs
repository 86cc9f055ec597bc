//! A few driven nodes and what is under way between them.

use std::collections::VecDeque;
use std::time::Duration;

use gossip_core::{Config, Epoch, Instant, Local, Node, NodeId, Request};

use super::driven::{Driven, Input, Outputs};

/// How long a datagram travels, and a request there and back.
const LATENCY: Duration = Duration::from_millis(1);
const ROUND_TRIP: Duration = Duration::from_millis(300);

/// The most that may be under way; more is lost.
const MOST: usize = 256;

/// A node's place in the network.
pub(crate) struct Host {
    pub(crate) driven: Driven,
    /// Whether it runs. What is down neither hears nor acts.
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
    /// Which life of it asks.
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
    /// Whether it is checked what every node does.
    pub(crate) checked: bool,
    config: Config,
}

/// The id of a host.
pub(crate) fn id(host: usize) -> NodeId {
    NodeId::from_u128(host as u128 + 1)
}

/// A node as all runs of a target make it.
pub(crate) fn node(now: Instant, id: NodeId, epoch: u64, address: u32, config: &Config) -> Driven {
    let local = Local::new(id, Epoch::new(epoch).unwrap(), address).cluster("fuzz");
    let mut seed = [epoch as u8; 32];
    seed[..4].copy_from_slice(&address.to_le_bytes());
    Driven::new(now, Node::new(now, local, config.clone(), seed).unwrap())
}

impl Net {
    /// Hosts with these ids at the addresses 0, 1, 2 and so on.
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

    /// Does something to one host and takes what comes of it on its way.
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
        self.packets.drain(..self.packets.len().saturating_sub(MOST));
        self.calls.drain(..self.calls.len().saturating_sub(MOST));
        Some(outputs)
    }

    /// Does the same to one host over and over before anything leaves it.
    pub(crate) fn burst(&mut self, host: usize, input: &Input, times: u8) {
        let at = &mut self.hosts[host];
        for _ in 0..times {
            if at.up {
                at.driven.hold(self.now, input);
            }
        }
        self.apply(host, input);
    }

    /// A new life of a host, with nothing but its id and address.
    pub(crate) fn restart(&mut self, host: usize, address: u32) {
        let at = &mut self.hosts[host];
        at.life += 1;
        at.epoch = (at.epoch + 1).min(Epoch::MAX.get());
        at.up = true;
        let id = at.driven.node.local().id();
        at.driven = node(self.now, id, at.epoch, address, &self.config);
    }

    /// Lets time pass, everything on time.
    pub(crate) fn pass(&mut self, time: Duration, deliver: bool) {
        let end = self.now + time;
        while self.next(deliver).is_some_and(|next| next <= end) {
            self.step(deliver);
        }
        self.now = end;
    }

    /// When something happens next: a timeout or, if `deliver`, an arrival.
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

    /// Goes on to what happens next.
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
        while let Some(place) = self.packets.iter().position(|packet| packet.due <= self.now) {
            if let Some(packet) = self.packets.remove(place) {
                self.deliver(packet);
            }
        }
        while let Some(place) = self.calls.iter().position(|call| call.due <= self.now) {
            if let Some(call) = self.calls.remove(place) {
                self.answer(call);
            }
        }
    }

    /// A datagram comes to whoever is there, and comes again.
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

    /// Brings a request to where it goes, and the answer back.
    pub(crate) fn answer(&mut self, Call { host, life, request, frame, .. }: Call) {
        if self.hosts[host].life != life {
            return;
        }
        let from = *self.hosts[host].driven.node.local().address();
        let there = self.at(request.to);
        let answer = there.and_then(|there| self.apply(there, &Input::Request { from, frame }));
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

    /// Which host that runs has this address.
    fn at(&self, address: u32) -> Option<usize> {
        let here = |host: &Host| host.up && *host.driven.node.local().address() == address;
        self.hosts.iter().position(here)
    }
}
