//! One scenario and one seed: one trace, byte for byte, in every process.

use std::process::Command;
use std::time::Duration;

use gossip_core::{Config, Epoch};
use gossip_sim::{Latency, Network, Sim, SimConfig};

/// Runs a cluster with some of each fault. Returns the fingerprint of all deliveries.
fn trace(nodes: usize, seed: u64) -> u64 {
    let network = Network {
        latency: Latency::LogNormal { median: Duration::from_millis(2), sigma: 0.7 },
        loss: 0.1,
        duplicate: 0.02,
        reorder: 0.05,
        ..Network::lan()
    };
    let mut sim = Sim::cluster(nodes, SimConfig::new(seed).network(network), &Config::lan());
    sim.join_all(Duration::from_secs(1));
    sim.run_for(Duration::from_secs(3));
    sim.crash(1);
    sim.pause(2);
    sim.leave(3);
    sim.run_for(Duration::from_secs(5));
    sim.resume(2);
    sim.restart(1, Epoch::new(2).unwrap());
    sim.join(1, [0]);
    sim.run_for(Duration::from_secs(5));
    assert!(sim.delivered() > nodes as u64 * 10);
    sim.trace()
}

#[test]
fn two_processes_agree() {
    // The first run starts the second, which starts none.
    const ALONE: &str = "GOSSIP_SIM_TRACE_ALONE";
    let ours = trace(100, 1);
    println!("trace {ours:016x}");
    if std::env::var_os(ALONE).is_some() {
        return;
    }
    let program = std::env::current_exe().unwrap();
    let arguments = ["two_processes_agree", "--exact", "--nocapture"];
    let output = Command::new(program).args(arguments).env(ALONE, "").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("trace {ours:016x}")), "{ours:016x} here, there {text}");
}

#[test]
fn another_seed_is_another_run() {
    let traces = [trace(20, 1), trace(20, 1), trace(20, 2)];
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}
