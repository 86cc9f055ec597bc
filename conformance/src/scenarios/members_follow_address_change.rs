use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use gossip_core::Delivery;

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{joins, message, until};

/// Another address of this host.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

pub(super) fn run(adapter: Adapter) {
    if UdpSocket::bind((ELSEWHERE, 0)).is_err() {
        return eprintln!("skipped: this host has no address {ELSEWHERE}");
    }
    let stays = adapter.node(1).start().unwrap();
    let moves = adapter.bind("0.0.0.0:0").id(id(2)).advertise("127.0.0.1:0").start().unwrap();
    joins(&moves, &stays);

    let there = SocketAddr::new(ELSEWHERE, moves.local_addr().port());
    moves.set_address(there).unwrap();
    until(&stays, move |node| node.member(&id(2)).is_some_and(|member| *member.address() == there));
    let mut events = moves.events();
    for delivery in [Delivery::Datagram, Delivery::Request] {
        stays.send(id(2), b"there?", delivery).unwrap();
        assert_eq!(message(&mut events), (id(1), b"there?".to_vec()));
    }
}
