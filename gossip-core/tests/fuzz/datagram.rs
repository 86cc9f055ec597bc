//! Bytes from outside, at any moment of a node's life.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use gossip_core::{Instant, MessageStats};

use super::driven::{Driven, Input, Outputs};
use super::life::{CHOICES, ENVELOPE, HOSTS, Life, NEWCOMER, STRANGER};

/// Messages by the name of their kind.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// Returns the counters of `stats` by their names, which differ.
pub(crate) fn counts(stats: &MessageStats) -> Counts {
    let mut counts = Counts::new();
    stats.each(|_, kind, count| assert_eq!(counts.insert(kind, count), None));
    counts
}

/// What this target knows of the wire.
const SYNC_END: u8 = 0x41;
const DIGESTS: u8 = 0x43;
const STANDING: u8 = 0x70;
const UNKNOWN: u8 = 200;

/// Without proof that somebody is where it claims to be, it gets at most this many times the
/// bytes that it sent.
const AMPLIFICATION: usize = 3;

/// The ways in which bytes come.
const DATAGRAM: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const WAYS: u8 = 3;

/// Without an envelope that fits.
const RAW: u8 = 0x80;

/// The outputs are not drained before the next packet.
const HOLD: u8 = 0x40;

/// Replays a life up to a moment, both chosen by the first byte, then hands the node bytes. Packets
/// follow: the way, the sender, how many timeouts come before it, its length (two bytes), and what
/// it holds. Tells how many messages of each kind were accepted.
pub(crate) fn datagram(bytes: &[u8]) -> Counts {
    let mut bytes = Unstructured::new(bytes);
    let (life, count) = Life::choose(bytes.arbitrary().unwrap_or(0));
    let (mut host, mut now) = life.until(count);
    let before = host.node.stats().received;
    let mut strangers = Strangers::default();
    while !bytes.is_empty() {
        let Ok((way, waits, input)) = packet(&mut bytes, life, &host) else { break };
        now = wait(&mut host, now, waits);
        if let Input::Datagram { from, bytes } = &input {
            strangers.note(*from, bytes.len());
        }
        if way & HOLD != 0 {
            host.hold(now, &input);
        } else {
            let outputs = host.apply(now, &input);
            strangers.answered = host.node.stats().received.detector.ack > before.detector.ack;
            strangers.check(&outputs);
        }
    }
    wait(&mut host, now, 16);
    let before = counts(&before);
    let after = counts(&host.node.stats().received);
    after.into_iter().map(|(kind, after)| (kind, after - before[kind])).collect()
}

/// The bytes that came, since the last drain, from addresses that are not known to be anybody's.
#[derive(Default)]
struct Strangers {
    received: usize,
    /// Whether others sent something, too: what goes out may be on their behalf.
    mixed: bool,
    /// Whether there ever was an ack, which may be the proof that its sender is where it claims
    /// to be.
    answered: bool,
}

impl Strangers {
    fn are_at(address: u32) -> bool {
        address == NEWCOMER as u32 || address == STRANGER
    }

    fn note(&mut self, from: u32, len: usize) {
        self.mixed |= !Self::are_at(from);
        self.received += len;
    }

    fn check(&mut self, outputs: &Outputs) {
        let sent = outputs.transmits.iter().filter(|(to, _)| Self::are_at(*to));
        let sent: usize = sent.map(|(_, bytes)| bytes.len()).sum();
        let within = self.received == 0 || sent <= AMPLIFICATION * self.received;
        assert!(self.answered || self.mixed || within, "{sent} bytes for {}", self.received);
        (self.received, self.mixed) = (0, false);
    }
}

fn packet(bytes: &mut Unstructured<'_>, life: &Life, host: &Driven) -> Result<(u8, u8, Input)> {
    let [way, from, waits] = bytes.arbitrary()?;
    let len = bytes.arbitrary::<u16>()?;
    let body = bytes.bytes(usize::from(len).min(bytes.len()))?;
    let sender = usize::from(from) % HOSTS;
    let from = if usize::from(from) < HOSTS { u32::from(from) } else { STRANGER };
    let envelope = if way & RAW == 0 { &life.envelopes[sender][..] } else { &[] };
    let frame = [envelope, body].concat();
    let input = match (way & !(RAW | HOLD)) % WAYS {
        REQUEST => Input::Request { from, frame },
        REPLY => match host.open.get(sender % host.open.len().max(1)) {
            Some(&id) => Input::Reply { id, frame },
            None => Input::Timeout,
        },
        _ => Input::Datagram { from, bytes: frame },
    };
    Ok((way, waits, input))
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
    // An odd step, so that no life is left out.
    (0..CHOICES).map(genuine).chain((0..CHOICES).step_by(5).map(strange))
}

fn genuine(choice: u8) -> Vec<u8> {
    let (life, count) = Life::choose(choice);
    let mut seed = vec![choice];
    let mut waits = 0;
    for (_, input) in life.moments[count..].iter().take(12) {
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

/// Somebody comes whom nobody knows, pings, and says what nobody asked for.
fn strange(choice: u8) -> Vec<u8> {
    let (life, _) = Life::choose(choice);
    let from = NEWCOMER as u8;
    let newcomer = encode(DATAGRAM, from, 0, &life.introduction);
    let ping = encode(DATAGRAM, from, 4, Life::ping());
    let folds = [&[DIGESTS, 69, 0, 0, 0, 0, 0], &[1; 64][..]].concat();
    let unasked = [&folds[..], &[SYNC_END, 5, 0, 0, 0, 0, 0, UNKNOWN, 1, 0]].concat();
    let unasked = [&unasked[..], &[STANDING, 8, 1, 0, 0, 0, 0, 0, 0, 0]].concat();
    let rest = [from, 1].map(|from| encode(DATAGRAM, from, 0, &unasked)).concat();
    [&[choice], &newcomer[..], &ping, &ping, &ping, &rest].concat()
}

fn encode(way: u8, from: u8, waits: u8, body: &[u8]) -> Vec<u8> {
    let [low, high] = (body.len() as u16).to_le_bytes();
    [&[way, from, waits, low, high], body].concat()
}
