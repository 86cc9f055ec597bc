//! Bytes from outside, at any moment of a node's life.

use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use gossip_core::{Config, Delivery, Instant};

use super::driven::{Driven, Input};
use super::net::{Net, id, node};

/// What this target knows of the wire.
const ENVELOPE: usize = 9;
const PING: u8 = 1;
const PING_BODY: u8 = 12;
const ACK: usize = 2;

/// The node under attack is host 0. The others are as real, but the last is no member.
const HOSTS: usize = 21;
const NEWCOMER: usize = HOSTS - 1;

/// An address where nobody is.
const STRANGER: u32 = 1_000;

/// Without proof that somebody is where it claims to be, it gets at most this many times the
/// bytes that it sent.
const AMPLIFICATION: usize = 3;

/// So small that a synchronisation of the hosts goes by request, and that queues and table can be
/// filled.
fn config(requests: bool) -> Config {
    let mut config = Config::lan();
    config.requests = requests;
    config.datagram_budget = 256;
    config.max_frame = 4_096;
    config.max_members = 24;
    config.max_events = 32;
    config.max_transmits = 32;
    config.max_requests = 4;
    config.reconnect_interval = Duration::from_secs(2);
    config.leave_timeout = Duration::from_secs(2);
    config.grace = Duration::from_secs(20);
    config
}

/// What host 0 went through in a cluster where everything happens.
struct Life {
    config: Config,
    start: Instant,
    moments: Vec<(Instant, Input)>,
    /// What the datagrams of each host begin with.
    envelopes: Vec<Vec<u8>>,
    /// The one with which the newcomer would join.
    introduction: Vec<u8>,
}

impl Life {
    /// There are two of them: with requests and without.
    fn get(requests: bool) -> &'static Self {
        static LIVES: [OnceLock<Life>; 2] = [OnceLock::new(), OnceLock::new()];
        LIVES[usize::from(requests)].get_or_init(|| Self::live(config(requests)))
    }

    fn live(config: Config) -> Self {
        let ids: Vec<_> = (0..HOSTS).map(id).collect();
        let mut net = Net::new(&ids, 1, &config);
        for host in 0..HOSTS {
            let seed = if host == NEWCOMER { 0 } else { (host as u32 + 1) % 3 };
            net.apply(host, &Input::Join { seeds: vec![seed] });
        }
        let first = |host| net.packets.iter().find(|packet| packet.from == host as u32).unwrap();
        let envelopes = (0..HOSTS).map(|host| first(host).bytes[..ENVELOPE].to_vec()).collect();
        let introduction = first(NEWCOMER).bytes[ENVELOPE..].to_vec();
        net.hosts[NEWCOMER].up = false;
        net.hosts[0].up = false;
        net.packets.retain(|packet| ![0, NEWCOMER as u32].contains(&packet.from));
        run(&mut net, 5);

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
        run(net, 2);

        net.restart(19, 19);
        net.apply(19, &Input::Join { seeds: vec![0] });
        net.apply(1, &send(0, Delivery::Datagram));
        net.apply(1, &send(0, Delivery::Request));
        net.apply(0, &send(2, Delivery::Request));
        net.apply(0, &Input::SetMeta { meta: b"new".to_vec() });
        run(net, 2);

        net.cut.extend([(0, 8), (0, 9), (0, 10)]);
        for dead in 5..8 {
            net.hosts[dead].up = false;
        }
        net.apply(0, &send(5, Delivery::Request));
        run(net, 15);

        net.cut.clear();
        net.restart(5, 50);
        net.apply(5, &Input::Join { seeds: vec![3] });
        net.apply(11, &Input::Leave);
        run(net, 3);

        net.apply(0, &Input::Leave);
        run(net, 3);
    }

    /// A ping that is meant for host 0.
    fn ping(&self) -> &[u8] {
        let datagrams = self.moments.iter().filter_map(|(_, input)| match input {
            Input::Datagram { bytes, .. } => Some(&bytes[ENVELOPE..]),
            _ => None,
        });
        let mut pings = datagrams.filter(|messages| messages.starts_with(&[PING, PING_BODY]));
        &pings.next().unwrap()[..2 + usize::from(PING_BODY)]
    }

    /// How many moments a choice stands for.
    fn count(&self, choice: u8) -> usize {
        self.moments.len() * usize::from(choice & !REQUESTS) / usize::from(REQUESTS)
    }

    /// Host 0 as it was before moment `count`.
    fn until(&self, count: usize) -> Driven {
        let mut driven = node(self.start, id(0), 2, 0, &self.config);
        for (at, input) in &self.moments[..count] {
            driven.apply(*at, input);
        }
        driven
    }
}

fn run(net: &mut Net, seconds: u64) {
    let end = net.now + Duration::from_secs(seconds);
    while net.now < end {
        net.step(true);
    }
}

/// The ways in which bytes come.
const DATAGRAM: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const WAYS: u8 = 3;

/// In the first byte: the life with requests.
const REQUESTS: u8 = 0x80;

/// Without an envelope that fits.
const RAW: u8 = 0x80;

/// Replays one of the lives up to a moment, then hands the node bytes. The first byte chooses the
/// life and the moment; packets follow: the way, the sender, how many timeouts come before it, its
/// length (two bytes), and what it holds. Tells how many messages of each kind were accepted.
pub(crate) fn datagram(bytes: &[u8]) -> [u64; 16] {
    let mut bytes = Unstructured::new(bytes);
    let choice = bytes.arbitrary::<u8>().unwrap_or(0);
    let life = Life::get(choice & REQUESTS != 0);
    let count = life.count(choice);
    let mut host = life.until(count);
    let before = host.node.stats().messages_received;
    let mut now = count.checked_sub(1).map_or(life.start, |last| life.moments[last].0);
    let mut answered = false;
    while !bytes.is_empty() {
        let Ok((waits, input)) = packet(&mut bytes, life, &host) else { break };
        now = wait(&mut host, now, waits);
        let acks = host.node.stats().messages_received[ACK];
        let outputs = host.apply(now, &input);
        if let Input::Datagram { from, bytes } = input {
            // An ack may be the proof that its sender is where it claims to be.
            answered |= host.node.stats().messages_received[ACK] > acks;
            let unproven = |to: u32| to >= NEWCOMER as u32 && to != 50;
            let sent = outputs.transmits.iter().filter(|(to, _)| unproven(*to));
            let sent: usize = sent.map(|(_, bytes)| bytes.len()).sum();
            assert!(
                answered || !unproven(from) || sent <= AMPLIFICATION * bytes.len(),
                "{sent} bytes for {} that came from {from}",
                bytes.len()
            );
        }
    }
    wait(&mut host, now, 16);
    let after = host.node.stats().messages_received;
    core::array::from_fn(|kind| after[kind] - before[kind])
}

fn packet(bytes: &mut Unstructured<'_>, life: &Life, host: &Driven) -> Result<(u8, Input)> {
    let [way, from, waits] = bytes.arbitrary()?;
    let len = bytes.arbitrary::<u16>()?;
    let body = bytes.bytes(usize::from(len).min(bytes.len()))?;
    let sender = usize::from(from) % HOSTS;
    let from = if usize::from(from) < HOSTS { u32::from(from) } else { STRANGER };
    let envelope = if way & RAW == 0 { &life.envelopes[sender][..] } else { &[] };
    let frame = [envelope, body].concat();
    let input = match (way & !RAW) % WAYS {
        REQUEST => Input::Request { from, frame },
        REPLY => match host.open.get(sender % host.open.len().max(1)) {
            Some(&id) => Input::Reply { id, frame },
            None => Input::Timeout,
        },
        _ => Input::Datagram { from, bytes: frame },
    };
    Ok((waits, input))
}

/// Lets the next few timeouts come.
fn wait(host: &mut Driven, mut now: Instant, count: u8) -> Instant {
    for _ in 0..count {
        let Some(due) = host.node.poll_timeout() else { break };
        now = now.max(due);
        host.apply(now, &Input::Timeout);
    }
    now
}

/// Inputs that go deep: at moments all over the lives, what really came next, and a stranger.
pub(crate) fn seeds() -> impl Iterator<Item = Vec<u8>> {
    let choices = (0..=u8::MAX).step_by(4);
    choices.clone().map(genuine).chain(choices.step_by(2).map(strange))
}

fn genuine(choice: u8) -> Vec<u8> {
    let life = Life::get(choice & REQUESTS != 0);
    let mut seed = vec![choice];
    let mut waits = 0;
    for (_, input) in life.moments[life.count(choice)..].iter().take(12) {
        let (way, from, bytes) = match input {
            Input::Datagram { from, bytes } => (DATAGRAM, *from as u8, bytes),
            Input::Request { from, frame } => (REQUEST, *from as u8, frame),
            Input::Reply { frame, .. } => (REPLY, 1, frame),
            _ => {
                waits += 1;
                continue;
            }
        };
        seed.extend(encode(way, from, waits, &bytes[ENVELOPE..]));
        waits = 0;
    }
    seed
}

/// Somebody comes whom nobody knows, pings, and says what does not exist.
fn strange(choice: u8) -> Vec<u8> {
    let life = Life::get(choice & REQUESTS != 0);
    let from = NEWCOMER as u8;
    let newcomer = encode(DATAGRAM, from, 0, &life.introduction);
    let ping = encode(DATAGRAM, from, 4, life.ping());
    let unknown = encode(DATAGRAM, from, 0, &[200, 1, 0]);
    [&[choice], &newcomer[..], &ping, &ping, &ping, &unknown].concat()
}

fn encode(way: u8, from: u8, waits: u8, body: &[u8]) -> Vec<u8> {
    let [low, high] = (body.len() as u16).to_le_bytes();
    [&[way, from, waits, low, high], body].concat()
}
