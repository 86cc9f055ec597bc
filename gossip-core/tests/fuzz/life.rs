//! Recorded lives of a node in which everything happens. A target can replay them to any moment.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use gossip_core::{Config, Delivery, Instant};

use super::driven::{Driven, Input};
use super::net::{Net, id, node};

/// Lengths and kinds of the wire format that this module needs.
pub(crate) const ENVELOPE: usize = 9;
const PING: u8 = 0x10;
const PING_BODY: u8 = 13;

/// Number of hosts. Host 0 is the node under test.
pub(crate) const HOSTS: usize = 21;

/// The last host, which is not yet a member.
pub(crate) const NEWCOMER: usize = HOSTS - 1;

/// The hosts that are down in lives with a crowd.
const IDLE: Range<usize> = 12..19;

/// An address without a host.
pub(crate) const STRANGER: u32 = 1_000;

/// Number of additional members, which do not answer, in lives with a crowd. They do not fit into one
/// page.
const CROWD: usize = 520;

/// Number of lives: with and without requests, with and without a crowd.
const LIVES: usize = 4;

/// Number of moments of each life. They are few, because each input replays the life up to one.
const MOMENTS: usize = 16;

/// Number of choices of a life and a moment.
pub(crate) const CHOICES: u8 = (LIVES * MOMENTS) as u8;
const REQUESTS: usize = 1;
const CROWDED: usize = 2;

/// Returns a configuration with small limits: a synchronisation of the hosts needs a request, and
/// inputs can fill the queues and the table.
fn config(life: usize) -> Config {
    let mut config = Config::lan();
    config.requests.enabled = life & REQUESTS != 0;
    config.datagram_budget = 256;
    config.requests.max_frame = 4_096;
    config.members.max = if life & CROWDED != 0 { CROWD as u32 + 24 } else { 24 };
    config.queues.max_events = 32;
    config.queues.max_transmits = 32;
    config.requests.max_in_flight = 4;
    config.join.reconnect_interval = Duration::from_secs(2);
    config.leave_timeout = Duration::from_secs(2);
    config.members.retention = Duration::from_secs(20);
    config
}

/// The recorded life of host 0 in a cluster in which everything happens.
pub(crate) struct Life {
    config: Config,
    start: Instant,
    pub(crate) moments: Vec<(Instant, Input)>,
    /// The envelope of each host's datagrams.
    pub(crate) envelopes: Vec<Vec<u8>>,
    /// The messages with which the newcomer would join.
    pub(crate) introduction: Vec<u8>,
}

impl Life {
    /// Returns a life, and the number of its moments to replay.
    pub(crate) fn choose(choice: u8) -> (&'static Self, usize) {
        static ALL: [OnceLock<Life>; LIVES] = [const { OnceLock::new() }; LIVES];
        let choice = usize::from(choice % CHOICES);
        let (number, moment) = (choice % LIVES, choice / LIVES);
        let life = ALL[number].get_or_init(|| Self::record(number));
        (life, life.moments.len() * moment / MOMENTS)
    }

    fn record(number: usize) -> Self {
        let config = config(number);
        let ids: Vec<_> = (0..HOSTS).map(id).collect();
        let mut net = Net::new(&ids, 1, &config);
        // The target `node_ops` checks the nodes.
        net.checked = false;
        for host in 0..HOSTS {
            let seed = if host == NEWCOMER { 0 } else { (host as u32 + 1) % 3 };
            net.apply(host, &Input::Join { seeds: vec![seed] });
        }
        let first = |host| net.packets.iter().find(|packet| packet.from == host as u32).unwrap();
        let envelopes = (0..HOSTS).map(|host| first(host).bytes[..ENVELOPE].to_vec()).collect();
        let introduction = first(NEWCOMER).bytes[ENVELOPE..].to_vec();
        net.hosts[NEWCOMER].up = false;
        net.hosts[0].up = false;
        if number & CROWDED != 0 {
            // Each running host has to learn the whole crowd.
            net.hosts[IDLE].iter_mut().for_each(|host| host.up = false);
        }
        net.packets.retain(|packet| ![0, NEWCOMER as u32].contains(&packet.from));
        if number & CROWDED != 0 {
            introduce_crowd(&mut net, &config);
        }
        pass(&mut net, 5);

        net.restart(0, 0);
        let start = net.now;
        net.hosts[0].driven.log = Some(Vec::new());
        Self::everything_happens(&mut net);
        let moments = net.hosts[0].driven.log.take().unwrap();
        Self { config, start, moments, envelopes, introduction }
    }

    fn everything_happens(net: &mut Net) {
        let send = |to, delivery| Input::Send { to: id(to), payload: b"hello".to_vec(), delivery };
        net.apply(0, &Input::Join { seeds: vec![1, STRANGER] });
        pass(net, 2);

        net.restart(19, 19);
        net.apply(19, &Input::Join { seeds: vec![0] });
        net.apply(1, &send(0, Delivery::Datagram));
        net.apply(1, &send(0, Delivery::Request));
        net.apply(0, &send(2, Delivery::Request));
        net.apply(0, &Input::SetMeta { meta: b"new".to_vec() });
        pass(net, 2);

        net.cut.extend([(0, 8), (0, 9), (0, 10)]);
        for dead in 5..8 {
            net.hosts[dead].up = false;
        }
        net.apply(0, &send(5, Delivery::Request));
        for _ in 0..15 {
            net.apply(2, &send(0, Delivery::Datagram));
            pass(net, 1);
        }

        net.cut.clear();
        net.restart(5, 50);
        net.apply(5, &Input::Join { seeds: vec![3] });
        net.apply(11, &Input::Leave);
        pass(net, 3);

        net.apply(0, &Input::Leave);
        pass(net, 3);
    }

    /// Returns a ping for host 0.
    pub(crate) fn ping() -> &'static [u8] {
        let (life, _) = Self::choose(0);
        let datagrams = life.moments.iter().filter_map(|(_, input)| match input {
            Input::Datagram { bytes, .. } => Some(&bytes[ENVELOPE..]),
            _ => None,
        });
        let mut pings = datagrams.filter(|messages| messages.starts_with(&[PING, PING_BODY]));
        &pings.next().unwrap()[..2 + usize::from(PING_BODY)]
    }

    /// Returns host 0 before moment `count`, and the time of that.
    pub(crate) fn until(&self, count: usize) -> (Driven, Instant) {
        let mut driven = node(self.start, id(0), 2, 0, &self.config);
        let mut now = self.start;
        for (at, input) in &self.moments[..count] {
            driven.apply_unchecked(*at, input);
            now = *at;
        }
        (driven, now)
    }
}

/// Introduces members that do not exist to host 1.
fn introduce_crowd(net: &mut Net, config: &Config) {
    for index in 0..CROWD {
        let from = STRANGER + 1 + index as u32;
        let mut member = node(net.now, id(HOSTS + index), 1, from, config);
        let mut outputs = member.apply_unchecked(net.now, &Input::Join { seeds: vec![1] });
        for (_, bytes) in outputs.transmits.drain(..) {
            net.apply(1, &Input::Datagram { from, bytes });
        }
    }
}

fn pass(net: &mut Net, seconds: u64) {
    net.pass(Duration::from_secs(seconds), true);
}
