//! A node that knows many members, because they joined through it.

use std::net::{Ipv4Addr, SocketAddr};

use gossip_core::{Config, Epoch, Instant, Local, Node, NodeId};

pub(crate) const NOW: Instant = Instant::from_micros(1_000_000);

pub(crate) fn address(index: u32) -> SocketAddr {
    (Ipv4Addr::from_bits(0x0a00_0000 + index), 7946).into()
}

pub(crate) fn newcomer(index: u32, config: &Config) -> Node {
    let id = NodeId::from_u128((u128::from(index) << 96) + 1);
    let local = Local::new(id, Epoch::new(1_700_000_000_000).unwrap(), address(index));
    let mut seed = [1; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    Node::new(NOW, local, config.clone(), seed).unwrap()
}

/// Delivers all pending datagrams of `from` to `to`.
pub(crate) fn deliver(from: &mut Node, to: &mut Node) {
    let mut buf = [0; 65_000];
    while let Some(transmit) = from.poll_transmit(NOW, &mut buf) {
        let len = transmit.bytes.len();
        let address = *from.local().address();
        to.handle_datagram(NOW, &address, &mut buf[..len]).unwrap();
    }
}

/// Drops all pending datagrams, requests and events of `node`.
pub(crate) fn discard(node: &mut Node) {
    let mut buf = [0; 65_000];
    while node.poll_transmit(NOW, &mut buf).is_some() {}
    let mut frame = Vec::new();
    while node.poll_request(NOW, &mut frame).is_some() {}
    while node.poll_event().is_some() {}
}

/// Makes nodes 1 to `count - 1` join through node 0, the teacher.
pub(crate) fn teach(teacher: &mut Node, count: u32, config: &Config) {
    for index in 1..count {
        let mut joiner = newcomer(index, config);
        joiner.join(NOW, [address(0)]);
        deliver(&mut joiner, teacher);
        discard(teacher);
    }
    assert_eq!(teacher.live_peers() + 1, count as usize);
}
