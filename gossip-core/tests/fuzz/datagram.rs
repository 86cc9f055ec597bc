//! A fuzz target that hands arbitrary bytes to a node at any moment of its life.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use gossip_core::{Instant, MessageStats};

use super::driven::{Driven, Input, Outputs};
use super::life::{CHOICES, ENVELOPE, HOSTS, Life, NEWCOMER, STRANGER};

/// Numbers of messages by the name of their kind.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// Returns the counters of `stats` by name. All names differ.
pub(crate) fn counts(stats: &MessageStats) -> Counts {
    let mut counts = Counts::new();
    stats.each(|_, kind, count| assert_eq!(counts.insert(kind, count), None));
    counts
}

/// Kinds of messages that this target writes itself.
const SYNC_END: u8 = 0x41;
const DIGESTS: u8 = 0x43;
const STANDING: u8 = 0x70;
const UNKNOWN: u8 = 200;

/// A node sends to an unverified address at most this many times the bytes that it received from it.
const AMPLIFICATION: usize = 3;

/// The ways in which bytes arrive.
const DATAGRAM: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const WAYS: u8 = 3;

/// A flag of the way: the packet has no valid envelope.
const RAW: u8 = 0x80;

/// A flag of the way: the driver does not drain the outputs before the next packet.
const HOLD: u8 = 0x40;

/// Runs the target. The first byte chooses a life, and the moment up to which it is replayed. Then
/// packets follow, each with these fields:
///
/// - the way, one byte;
/// - the sender, one byte;
/// - the number of timeouts before it, one byte;
/// - its length, two bytes;
/// - its contents.
///
/// Returns the number of accepted messages of each kind.
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

/// The traffic with unverified addresses since the last drain.
#[derive(Default)]
struct Strangers {
    received: usize,
    /// Set if verified addresses sent something as well, which may have caused the outputs.
    mixed: bool,
    /// Set if any ack arrived. It may have verified the address of its sender.
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
        REPLY => match host.in_flight.get(sender % host.in_flight.len().max(1)) {
            Some(&id) => Input::Reply { id, frame },
            None => Input::Timeout,
        },
        _ => Input::Datagram { from, bytes: frame },
    };
    Ok((way, waits, input))
}

/// Advances by the next `count` timeouts.
fn wait(host: &mut Driven, mut now: Instant, count: u8) -> Instant {
    for _ in 0..count {
        let Some(due) = host.node.poll_timeout() else { break };
        now = now.max(due);
        host.apply(now, &Input::Timeout);
    }
    now
}

/// Returns inputs that reach deep states: at moments of all lives, the packets that really followed,
/// and packets of a stranger.
pub(crate) fn seeds() -> impl Iterator<Item = Vec<u8>> {
    // The step is odd, so that it reaches every life.
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

/// Returns an input in which an unknown node joins, pings, and sends unsolicited messages.
fn strange(choice: u8) -> Vec<u8> {
    let (life, _) = Life::choose(choice);
    let from = NEWCOMER as u8;
    let newcomer = encode(DATAGRAM, from, 0, &life.introduction);
    let ping = encode(DATAGRAM, from, 4, Life::ping());
    let digests = [&[DIGESTS, 69, 0, 0, 0, 0, 0], &[1; 64][..]].concat();
    let unsolicited = [&digests[..], &[SYNC_END, 5, 0, 0, 0, 0, 0, UNKNOWN, 1, 0]].concat();
    let unsolicited = [&unsolicited[..], &[STANDING, 8, 1, 0, 0, 0, 0, 0, 0, 0]].concat();
    let rest = [from, 1].map(|from| encode(DATAGRAM, from, 0, &unsolicited)).concat();
    [&[choice], &newcomer[..], &ping, &ping, &ping, &rest].concat()
}

fn encode(way: u8, from: u8, waits: u8, body: &[u8]) -> Vec<u8> {
    let [low, high] = (body.len() as u16).to_le_bytes();
    [&[way, from, waits, low, high], body].concat()
}
