//! The cost of a packet for a node with many members: both systems in turns, in one thread.

mod foca;
mod gossip;

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Error;
use crate::table::{self, Spread};

/// Number of members that the node knows, itself included.
const SIZES: [u32; 2] = [100, 10_000];

/// Number of members that send packets, evenly spread, since a lookup may depend on the position in
/// the table.
const SENDERS: u32 = 32;

/// Number of records in a packet of records.
const RECORDS: usize = 50;

/// The largest datagram of both systems, in bytes: fifty of our records, which are the larger ones,
/// and the reserve for a seal.
const BUDGET: usize = 2_159 + 44;

/// Minimum time of a batch, and number of batches.
const BATCH: Duration = Duration::from_millis(2);
const BATCHES: usize = 51;

/// A packet for the node.
struct Packet {
    sender: u32,
    bytes: Vec<u8>,
}

/// A node with many members.
trait Receiver {
    /// Creates a node that knows `count` - 1 others.
    fn new(count: u32) -> Self;

    /// Returns a ping from a member.
    fn ping_from(&mut self, sender: u32) -> Packet;

    /// Returns at least one packet of [`RECORDS`] records that the node knows already.
    fn known_records(&mut self) -> Vec<Packet>;

    /// Handles a packet, which may change it, and encodes the answers. Returns their number.
    fn handle(&mut self, sender: u32, packet: &mut [u8]) -> u64;
}

/// Measures and prints the results.
///
/// # Errors
///
/// Fails if a node does not answer as it should.
pub fn measure() -> Result<(), Error> {
    println!("ns per packet: median (min to max) of {BATCHES} batches");
    let mut table = table::new(&["", "gossip-core", "foca", "ratio"]);
    let mut row = |what: String, [ours, theirs]: [Spread; 2], decimals| {
        let ratio = table::ratio(ours.median, theirs.median);
        table.add_row([what, ours.show(decimals), theirs.show(decimals), ratio]);
    };
    for count in SIZES {
        let (mut ours, mut theirs) = (gossip::Node::new(count), foca::Node::new(count));
        let pings = [pings(&mut ours, count), pings(&mut theirs, count)];
        let times = side_by_side(&mut ours, &mut theirs, [&pings[0], &pings[1]], 1)?;
        row(format!("{count} members: a ping and its ack"), times, 0);
        let records = [ours.known_records(), theirs.known_records()];
        for (which, senders) in [("the same", 1), ("others", SENDERS as usize)] {
            let some = records.each_ref().map(|records| &records[..records.len().min(senders)]);
            let times = side_by_side(&mut ours, &mut theirs, some, 0)?;
            row(format!("{count} members: {RECORDS} known records, {which} each time"), times, 0);
            row("  per record".to_owned(), times.map(|time| time / RECORDS as f64), 1);
        }
        let sizes = records.map(|packets| Spread::new(packets.iter().map(size).collect()));
        row("  bytes in such a packet".to_owned(), sizes, 0);
    }
    println!("{}", table::right(table));
    Ok(())
}

fn senders(count: u32) -> impl Iterator<Item = u32> {
    (0..SENDERS).map(move |turn| 1 + turn * (count - 1) / SENDERS)
}

fn pings(node: &mut impl Receiver, count: u32) -> Vec<Packet> {
    senders(count).map(|sender| node.ping_from(sender)).collect()
}

fn size(packet: &Packet) -> f64 {
    packet.bytes.len() as f64
}

/// Times both in turns, in nanoseconds per packet. Each packet must have this many answers.
fn side_by_side(
    ours: &mut impl Receiver,
    theirs: &mut impl Receiver,
    packets: [&[Packet]; 2],
    answers: u64,
) -> Result<[Spread; 2], Error> {
    check(ours, packets[0], answers)?;
    check(theirs, packets[1], answers)?;
    let passes = [passes(ours, packets[0]), passes(theirs, packets[1])];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..BATCHES {
        times[0].push(batch(ours, packets[0], passes[0]));
        times[1].push(batch(theirs, packets[1], passes[1]));
    }
    Ok(times.map(Spread::new))
}

fn check(node: &mut impl Receiver, packets: &[Packet], answers: u64) -> Result<(), Error> {
    if packets.is_empty() {
        return Err("there is no packet to measure".into());
    }
    for Packet { sender, bytes } in packets {
        let answered = node.handle(*sender, &mut bytes.clone());
        if answered != answers {
            return Err(format!("{answered} answers to a packet, not {answers}").into());
        }
    }
    Ok(())
}

/// Returns how many times a batch handles all packets. Warms up.
fn passes(node: &mut impl Receiver, packets: &[Packet]) -> usize {
    let mut passes = 1;
    loop {
        let begin = Instant::now();
        batch(node, packets, passes);
        if begin.elapsed() >= BATCH {
            return passes;
        }
        passes *= 2;
    }
}

/// Returns nanoseconds per packet. Each is first copied to where a socket would put it.
fn batch(node: &mut impl Receiver, packets: &[Packet], passes: usize) -> f64 {
    let mut buffer = [0; BUDGET];
    let begin = Instant::now();
    for _ in 0..passes {
        for Packet { sender, bytes } in packets {
            let packet = &mut buffer[..bytes.len()];
            packet.copy_from_slice(bytes);
            black_box(node.handle(*sender, black_box(packet)));
        }
    }
    begin.elapsed().as_nanos() as f64 / (passes * packets.len()) as f64
}
