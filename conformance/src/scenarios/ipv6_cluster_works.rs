use std::net::UdpSocket;

use crate::Adapter;
use crate::wait::{done, joins, message};

/// Returns whether this machine has IPv6.
pub(super) fn is_here() -> bool {
    let here = UdpSocket::bind("[::1]:0").is_ok();
    if !here {
        eprintln!("skipped: this host has no IPv6");
    }
    here
}

pub(super) fn run(adapter: Adapter) {
    if !is_here() {
        return;
    }
    let one = adapter.bind("[::1]:0").start().unwrap();
    let other = adapter.bind("[::1]:0").start().unwrap();
    joins(&one, &other);
    assert!(done(one.settled()));
    let mut events = other.events();
    one.send(other.id(), b"by TCP", gossip_core::Delivery::Request).unwrap();
    assert_eq!(message(&mut events), (one.id(), b"by TCP".to_vec()));
}
