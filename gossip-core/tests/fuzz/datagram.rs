//! Bytes from outside, at any moment of a node's life.

use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use gossip_core::{Config, Delivery, Instant};

use super::driven::{Driven, Input};
use super::net::{Net, id, node};

const ENVELOPE: usize = 9;

/// The node under attack is host 0; the others are real as well.
const HOSTS: usize = 20;

/// Where nobody is.
const STRANGER: u32 = 1_000;

/// So small that a synchronisation of the hosts goes by request, and that queues and table can
/// be filled.
fn config() -> Config {
    let mut config = Config::lan();
    config.datagram_budget = 300;
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

/// What host 0 went through in a cluster where everything happens, and what the others begin
/// their datagrams with.
struct Life {
    moments: Vec<(Instant, Input)>,
    envelopes: Vec<Vec<u8>>,
}

fn life() -> &'static Life {
    static LIFE: OnceLock<Life> = OnceLock::new();
    LIFE.get_or_init(live)
}

fn live() -> Life {
    let ids: Vec<_> = (0..HOSTS).map(id).collect();
    let mut net = Net::new(&ids, &config());
    let seconds = |net: &mut Net, seconds| {
        let end = net.now + Duration::from_secs(seconds);
        while net.now < end {
            net.step(true);
        }
    };
    let send = |to, delivery| Input::Send { to: id(to), payload: b"hello".to_vec(), delivery };

    let mut envelopes = vec![Vec::new(); HOSTS];
    for host in 1..HOSTS {
        net.apply(host, &Input::Join { seeds: vec![1] });
    }
    net.apply(1, &Input::Join { seeds: vec![0] });
    for packet in &net.packets {
        envelopes[packet.from as usize] = packet.bytes[..ENVELOPE].to_vec();
    }
    net.packets.retain(|packet| packet.to != 0);
    seconds(&mut net, 5);

    net.hosts[0] = { net.restart(0, 0); net.hosts.swap_remove(0) };
    Life { moments: Vec::new(), envelopes }
}
