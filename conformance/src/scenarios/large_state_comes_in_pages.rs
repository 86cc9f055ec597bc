use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use gossip_core::{Config, Instant, Local, MAX_META, Node};
use gossip_driver::Gossip;

use crate::Adapter;
use crate::adapter::{epoch, id, still};
use crate::wait::{LONG, joins, until};

/// Number of members with full metadata that together take 16 MiB, without ids and addresses.
const MEMBERS: u32 = 32_768;

/// Number of members that the learner knows. A learner with a small table asks by datagram.
const KNOWN: u32 = 80;

/// Number of members that join at the same time: as many as a socket's buffer surely holds.
const AT_ONCE: usize = 32;

/// Returns a member that does not run, at an address of this host where no socket listens.
fn forged(number: u32, config: &Config) -> Node {
    let address: SocketAddr = (Ipv4Addr::from_bits(0x7f40_0000 + number), 9).into();
    let local = Local::new(id(1_000 + u128::from(number)), epoch(1), address);
    let meta = vec![number as u8; MAX_META];
    Node::new(Instant::ORIGIN, local.meta(meta), config.clone(), [7; 32]).unwrap()
}

/// Lets `count` members join, so that `node` knows all of them.
fn teach(node: &Gossip, count: u32, config: &Config) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = node.local_addr();
    let mut buf = vec![0; config.datagram_budget];
    let numbers: Vec<_> = (0..count).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let known = numbers.last().map_or(0, |&last| last as usize + 1);
        let mut tries = 0..10;
        while tries.next().is_some() && node.live_peers() < known {
            for &number in numbers {
                let mut joiner = forged(number, config);
                joiner.join(Instant::ORIGIN, [address]);
                while let Some(transmit) = joiner.poll_transmit(Instant::ORIGIN, &mut buf) {
                    socket.send_to(transmit.bytes, address).unwrap();
                }
            }
            let taught = node.until(move |node| node.live_peers() >= known);
            taught.wait_timeout(Duration::from_secs(2));
        }
    }
    assert_eq!(node.live_peers(), count as usize);
}

pub(super) fn run(adapter: Adapter) {
    let mut config = still();
    config.requests.timeout = LONG;
    // These datagrams go to members that do not run.
    config.rumors.interval = Duration::from_secs(1);
    // The learner asks by request. On its own, the teacher would repair by datagrams.
    config.repair.interval = Duration::from_secs(3_600);
    let teacher = adapter.node(1).config(config.clone()).start().unwrap();
    teach(&teacher, MEMBERS, &config);

    // Waits until the learner meets the only member that runs.
    config.repair.interval = Duration::from_millis(10);
    let learner = adapter.node(2).config(config.clone()).start().unwrap();
    teach(&learner, KNOWN, &config);
    joins(&learner, &teacher);
    until(&learner, |node| node.live_peers() == MEMBERS as usize + 1);
    let bytes: usize = learner.read(|node| node.members().map(|member| member.meta().len()).sum());
    assert_eq!(bytes, 16 << 20);

    // Requests brought all records except some that came with the comparisons.
    let stats = learner.stats();
    let pages = bytes / config.requests.max_frame / 2;
    assert!(stats.traffic.requests_sent >= pages as u64, "{} pages", stats.traffic.requests_sent);
    assert!(
        stats.traffic.frame_bytes_received > bytes as u64 / 2,
        "{}",
        stats.traffic.frame_bytes_received
    );
}
