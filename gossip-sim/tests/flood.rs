//! A flood of newcomers that do not exist.

use std::time::Duration;

use gossip_core::{Config, Local, Node, NodeId};
use gossip_sim::{Sim, SimConfig};

/// Returns the datagram of a nonexistent node that joins through `seed`.
fn forged(number: u32, sim: &Sim, seed: usize) -> Vec<u8> {
    let id = NodeId::from_u128(1 << 64 | u128::from(number));
    let local = Local::new(id, gossip_core::Epoch::new(9).unwrap(), 1_000 + number);
    let mut entropy = [0; 32];
    entropy[..4].copy_from_slice(&number.to_le_bytes());
    let mut node = Node::new(sim.now(), local, Config::lan(), entropy).unwrap();
    node.join(sim.now(), [sim.address(seed)]);
    let mut buffer = vec![0; 1_200];
    node.poll_transmit(sim.now(), &mut buffer).expect("it joins").bytes.to_vec()
}

#[test]
fn memory_stays_bounded_and_the_members_keep_each_other() {
    let mut config = Config::lan();
    config.members.max = 64;
    let mut sim = Sim::formed_cluster(10, SimConfig::new(25), &config);
    sim.run_for(Duration::from_secs(5));
    for number in 0..20_000 {
        let datagram = forged(number, &sim, 0);
        sim.inject(1_000 + number, 0, &datagram);
        sim.run_for(Duration::from_micros(500));
    }
    for index in 0..10 {
        assert!(sim.node(index).members().count() <= 64);
        assert_eq!((0..10).filter(|&other| sim.knows(index, other)).count(), 9);
    }
    // The victim answers each with at most one datagram, besides its own traffic.
    let sent = sim.traffic(0);
    assert!(sent.datagrams < 21_000, "{sent:?}");
    assert_eq!(sim.false_deaths(), 0);
}
