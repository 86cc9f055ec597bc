//! Nodes and the air between them, in memory: a driver for machines without operating system, clock
//! and network. Time is a counter, and the air loses one frame in ten. The same number of stations
//! gives the same bytes on every machine, as a hash of all frames shows.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher;
use core::time::Duration;

use gossip_core::{Config, Epoch, Instant, Local, Node, NodeId};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use siphasher::sip::SipHasher13;

/// Number of members that a station knows, itself included.
pub const MEMBERS: u16 = 16;

/// The largest frame of the radio, in bytes.
pub const FRAME: usize = 256;

/// Time that a frame travels.
const LATENCY: Duration = Duration::from_millis(20);

/// The air loses one frame in this many.
const LOSS: u32 = 10;

/// A callback that learns which code runs next: that of a station, or the program's own. Called
/// before and after each operation of a station.
pub type Switch = fn(Option<u16>);

/// The result of a cluster's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Number of members that each station knows at the end.
    pub members: u32,
    /// A hash of all frames: time, sender, receiver and every byte.
    pub trace: u64,
}

/// A frame in the air.
struct Frame {
    at: Instant,
    from: u16,
    to: u16,
    bytes: Vec<u8>,
}

/// The stations and the air between them.
struct Radio {
    now: Instant,
    nodes: Vec<Node<u16>>,
    air: VecDeque<Frame>,
    luck: Xoshiro128PlusPlus,
    /// The station that can neither send nor receive.
    silenced: Option<u16>,
    trace: SipHasher13,
    switch: Switch,
}

/// Returns the configuration of a station: datagrams only, with bounds for little memory.
fn config() -> Config {
    Config::lan().with(|config| {
        config.datagram_budget = FRAME;
        config.requests.enabled = false;
        config.members.max = MEMBERS.into();
        config.queues.max_events = 16;
        config.queues.max_transmits = 16;
        config.requests.max_in_flight = 1;
    })
}

fn id(station: u16) -> NodeId {
    NodeId::from_u128(station.into())
}

impl Radio {
    fn new(stations: u16, switch: Switch) -> Self {
        let mut nodes = Vec::with_capacity(stations.into());
        for station in 0..stations {
            let epoch = Epoch::new(1).expect("small");
            let local = Local::new(id(station), epoch, station).cluster("radio");
            let seed = [station as u8; 32];
            switch(Some(station));
            let mut node = Node::new(Instant::ORIGIN, local, config(), seed).expect("in bounds");
            node.join(Instant::ORIGIN, [0]);
            switch(None);
            nodes.push(node);
        }
        Self {
            now: Instant::ORIGIN,
            nodes,
            air: VecDeque::new(),
            luck: Xoshiro128PlusPlus::seed_from_u64(1),
            silenced: None,
            trace: SipHasher13::new(),
            switch,
        }
    }

    /// Delivers the frames that arrive, calls the stations whose deadlines have passed, and moves
    /// the time to the next event.
    fn step(&mut self) {
        while self.air.front().is_some_and(|frame| frame.at <= self.now) {
            let frame = self.air.pop_front().expect("just seen");
            self.arrive(frame);
        }
        for station in 0..self.nodes.len() as u16 {
            (self.switch)(Some(station));
            let node = &mut self.nodes[usize::from(station)];
            if node.poll_timeout().is_some_and(|due| due <= self.now) {
                node.handle_timeout(self.now);
            }
            while node.poll_event().is_some() {}
            (self.switch)(None);
            self.send(station);
        }
        let timeouts = self.nodes.iter().filter_map(Node::poll_timeout);
        let next = timeouts.chain(self.air.front().map(|frame| frame.at)).min();
        self.now = next.expect("nobody leaves").max(self.now);
    }

    fn arrive(&mut self, mut frame: Frame) {
        (self.switch)(Some(frame.to));
        let node = &mut self.nodes[usize::from(frame.to)];
        // The stats of the node count a refused datagram.
        let _ = node.handle_datagram(self.now, &frame.from, &mut frame.bytes);
        (self.switch)(None);
        self.send(frame.to);
    }

    /// Puts all frames of a station into the air, which may lose them.
    fn send(&mut self, from: u16) {
        let mut buf = [0; FRAME];
        loop {
            (self.switch)(Some(from));
            let transmit = self.nodes[usize::from(from)].poll_transmit(self.now, &mut buf);
            (self.switch)(None);
            let Some(transmit) = transmit else { return };
            let to = transmit.to;
            self.trace.write(&self.now.as_micros().to_le_bytes());
            self.trace.write(&[from.to_le_bytes(), to.to_le_bytes()].concat());
            self.trace.write(transmit.bytes);
            let silenced = self.silenced.is_some_and(|silenced| [from, to].contains(&silenced));
            if !silenced && !self.luck.next_u32().is_multiple_of(LOSS) {
                let bytes = transmit.bytes.to_vec();
                self.air.push_back(Frame { at: self.now + LATENCY, from, to, bytes });
            }
        }
    }

    /// Runs until `done`. Panics if that takes more than two minutes.
    fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(120);
        while !done(self) {
            assert!(self.now < end, "the cluster takes too long");
            self.step();
        }
    }

    fn all_agree(&self) -> bool {
        let fingerprint = self.nodes[0].fingerprint();
        self.nodes.iter().all(|node| {
            node.live_peers() + 1 == self.nodes.len()
                && node.is_settled()
                && node.fingerprint() == fingerprint
        })
    }
}

/// Runs the life of a cluster of 2 to [`MEMBERS`] stations. They meet; the last one is silenced and
/// declared dead; it is heard again and returns. Calls `say` with each stage and its milliseconds.
///
/// # Panics
///
/// Panics if a stage fails.
pub fn life(
    stations: u16,
    switch: Switch,
    mut say: impl FnMut(u64, fmt::Arguments<'_>),
) -> Outcome {
    let mut radio = Radio::new(stations, switch);
    let millis = |radio: &Radio| radio.now.as_micros() / 1_000;

    radio.run_until(Radio::all_agree);
    say(millis(&radio), format_args!("{stations} stations have met"));

    let last = stations - 1;
    radio.silenced = Some(last);
    radio.run_until(|radio| {
        let lives = |node: &Node<u16>| node.member(&id(last)).is_some_and(|m| m.status().is_live());
        !radio.nodes[..usize::from(last)].iter().any(lives)
    });
    say(millis(&radio), format_args!("station {last} is lost"));

    radio.silenced = None;
    radio.run_until(Radio::all_agree);
    say(millis(&radio), format_args!("station {last} is found"));

    let trace = radio.trace.finish();
    say(millis(&radio), format_args!("trace {trace:016x}"));
    let members = radio.nodes[0].members().count() as u32;
    for (station, node) in (0..).zip(radio.nodes.drain(..)) {
        switch(Some(station));
        drop(node);
        switch(None);
    }
    Outcome { members, trace }
}
