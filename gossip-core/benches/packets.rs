//! The cost of a packet for a node with many members.

#[path = "../tests/common/teach.rs"]
mod teach;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gossip_core::{Config, Instant, Node};
use std::hint::black_box;
use std::time::Duration;
use teach::{NOW, address, deliver, discard, newcomer, teach};

/// Length of a ping that carries nothing else.
const PING: usize = 24;

/// Position of the digest of the sender's table in it (docs/protocol.md).
const DIGEST: usize = 19;

/// A node that knows many members, and datagrams for it: a ping, and records that it knows.
struct Bench {
    node: Node,
    now: Instant,
    ping: Vec<u8>,
    records: Vec<u8>,
}

fn setup(count: u32) -> Bench {
    // Fifty records of 43 bytes take 2,159 bytes, besides the reserve for a seal.
    let mut config = Config::lan();
    config.datagram_budget = 2_159 + 44;
    config.requests.enabled = false;
    config.queues.max_events = 16;
    // No other member answers a probe.
    config.detector.probe_interval = Duration::from_secs(30);
    let mut node = newcomer(0, &config);
    teach(&mut node, count, &config);
    let mut peer = newcomer(1, &config);
    peer.join(NOW, [address(0)]);
    deliver(&mut peer, &mut node);
    deliver(&mut node, &mut peer);
    deliver(&mut peer, &mut node);
    discard(&mut node);
    let mut now = NOW;
    let mut found = Bench { node, now, ping: Vec::new(), records: Vec::new() };
    let mut buf = [0; 65_000];
    // The newcomer catches up: it compares, and receives what it lacks.
    while found.records.is_empty() {
        assert!(now < NOW + Duration::from_secs(60), "no records");
        now = peer.poll_timeout().unwrap();
        peer.handle_timeout(now);
        while let Some(sent) = peer.poll_transmit(now, &mut buf) {
            let (to, len) = (sent.to, sent.bytes.len());
            if to != address(0) {
                continue;
            }
            found.node.handle_datagram(now, &address(1), &mut buf[..len]).unwrap();
            while let Some(answer) = found.node.poll_transmit(now, &mut buf) {
                let (to, len) = (answer.to, answer.bytes.len());
                if to == address(1) {
                    if len >= 2_100 {
                        found.records = buf[..len].to_vec();
                    }
                    peer.handle_datagram(now, &address(0), &mut buf[..len]).unwrap();
                }
            }
        }
        found.now = now;
    }
    // The learnt records are rumours for a while. A settled node has none.
    let settled = now + Duration::from_secs(3);
    while let Some(due) = found.node.poll_timeout().filter(|due| *due < settled) {
        found.now = due;
        found.node.handle_timeout(due);
        discard(&mut found.node);
    }
    found.ping = ping(&config, found.node.fingerprint());
    found
}

/// Returns a ping from member 1 to node 0 with equal tables.
fn ping(config: &Config, fingerprint: u64) -> Vec<u8> {
    // The same two nodes, before they knew others, ping each other.
    let [mut node, mut peer] = [0, 1].map(|index| newcomer(index, config));
    peer.join(NOW, [address(0)]);
    deliver(&mut peer, &mut node);
    deliver(&mut node, &mut peer);
    discard(&mut peer);
    let mut buf = [0; 65_000];
    for _ in 0..1_000 {
        let now = peer.poll_timeout().unwrap();
        peer.handle_timeout(now);
        while let Some(sent) = peer.poll_transmit(now, &mut buf) {
            if sent.bytes.len() == PING {
                let mut ping = sent.bytes.to_vec();
                let digest = (fingerprint ^ fingerprint >> 32) as u32;
                ping[DIGEST..DIGEST + 4].copy_from_slice(&digest.to_le_bytes());
                return ping;
            }
        }
    }
    panic!("no ping of {PING} bytes")
}

fn packets(c: &mut Criterion) {
    for count in [100, 10_000] {
        let mut bench = setup(count);
        let mut buf = [0; 4_096];
        let (now, from) = (bench.now, address(1));
        c.bench_function(&format!("ping and ack, {count} members"), |b| {
            b.iter(|| {
                let mut ping: [u8; PING] = bench.ping.as_slice().try_into().unwrap();
                bench.node.handle_datagram(now, &from, black_box(&mut ping)).unwrap();
                while let Some(ack) = bench.node.poll_transmit(now, &mut buf) {
                    black_box(ack.bytes.len());
                }
            });
        });
        let before = bench.node.stats().members.records_known;
        bench.node.handle_datagram(now, &from, &mut bench.records.clone()).unwrap();
        assert_eq!(bench.node.stats().members.records_known - before, 50);
        c.bench_function(&format!("50 known records, {count} members"), |b| {
            b.iter_batched_ref(
                || bench.records.clone(),
                |records| bench.node.handle_datagram(now, &from, black_box(records)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500));
    targets = packets
}
criterion_main!(benches);
