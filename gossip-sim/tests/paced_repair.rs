//! A node that lacks megabytes receives them by datagram at a steady pace, not in one burst.

use std::time::Duration;

use gossip_core::{Config, Epoch, Instant, Local, MAX_META, Node, NodeId};
use gossip_sim::{Sim, SimConfig, local};

const STEP: Duration = Duration::from_millis(100);

fn config() -> Config {
    Config::lan().with(|config| config.requests.enabled = false)
}

/// Delivers the datagrams of `from` to `to`.
fn hand(now: Instant, from: &mut Node<u32>, to: &mut Node<u32>) {
    let mut buf = [0; 1_200];
    while let Some(transmit) = from.poll_transmit(now, &mut buf) {
        let len = transmit.bytes.len();
        _ = to.handle_datagram(now, from.local().address(), &mut buf[..len]);
    }
}

/// Lets `count` members with the largest metadata join a node and leave again, so that no node
/// probes them.
fn teach(node: &mut Node<u32>, now: Instant, count: u32) {
    for index in 1..=count {
        let id = NodeId::from_u128((u128::from(index) << 96) + 1);
        let guest = Local::new(id, Epoch::new(1).unwrap(), 1_000 + index).meta([7; MAX_META]);
        let mut guest = Node::new(now, guest, config(), [index.to_le_bytes()[0]; 32]).unwrap();
        guest.join(now, [0]);
        let exchange = |guest: &mut _, node: &mut _| {
            for _ in 0..2 {
                hand(now, guest, node);
                hand(now, node, guest);
            }
        };
        exchange(&mut guest, node);
        guest.leave(now);
        exchange(&mut guest, node);
        assert!(guest.is_stopped());
        while node.poll_event().is_some() {}
    }
}

#[test]
fn megabytes_do_not_come_in_one_burst() {
    const MEMBERS: u32 = 30_000;
    const LEAST: u64 = MEMBERS as u64 * MAX_META as u64;
    let rate = u64::from(config().repair.bytes_per_second);
    let mut sim = Sim::new(SimConfig { checks: false, ..SimConfig::new(41) });
    sim.add(local(0), config());
    sim.command(0, |node, now| teach(node, now, MEMBERS));
    sim.add(local(1), config());
    sim.join(1, [0]);

    let (begin, mut before, mut peak) = (sim.now(), sim.traffic(0), 0);
    while sim.node(1).members().count() < sim.node(0).members().count() {
        sim.run_for(STEP);
        peak = peak.max((sim.traffic(0) - before).datagram_bytes);
        before = sim.traffic(0);
        let took = sim.now().saturating_duration_since(begin);
        assert!(took.as_secs() <= 2 * LEAST / rate, "it takes too long");
    }
    assert!(sim.traffic(0).datagram_bytes > LEAST);
    let quarter_saved = rate / 4 + rate / 10;
    assert!(peak <= quarter_saved * 21 / 20, "{peak} bytes in a tenth of a second");
}
