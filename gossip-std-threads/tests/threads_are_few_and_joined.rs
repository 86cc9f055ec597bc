//! A node has few threads, and joins them at its end. This test is alone in its process.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};
use std::{fs, thread};

use gossip_std_threads::Config;

const LONG: Duration = Duration::from_secs(60);

/// Returns the number of threads of nodes in this process.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let names = tasks.filter_map(|task| fs::read_to_string(task.join("comm")).ok());
    let ours = ["gossip", "gossip-resolver", "gossip-snapshot"];
    names.filter(|name| ours.contains(&name.trim())).count()
}

/// The kernel may still list a joined thread for a moment.
fn until_threads_are(count: usize) {
    let begin = Instant::now();
    while threads() != count {
        assert!(begin.elapsed() < LONG, "there are {} threads, not {count}", threads());
        thread::yield_now();
    }
}

#[test]
fn threads_are_few_and_joined() {
    const NODES: usize = 20;
    let start = || gossip_std_threads::bind("127.0.0.1:0").config(Config::local()).start().unwrap();
    let nodes: Vec<_> = (0..NODES).map(|_| start()).collect();
    let seed = nodes[0].local_addr();
    for node in &nodes {
        assert!(node.join([seed]).wait_timeout(LONG).unwrap()[0].result.is_ok());
    }
    for node in &nodes {
        let all = node.until(|node| node.live_peers() == NODES - 1);
        assert_eq!(all.wait_timeout(LONG), Some(true));
    }
    assert_eq!(threads(), NODES, "one each");

    let (leaving, stopping) = nodes.split_at(NODES / 2);
    for node in leaving {
        node.leave().wait_timeout(LONG).unwrap();
    }
    until_threads_are(stopping.len());
    for node in stopping {
        node.shutdown().wait_timeout(LONG).unwrap();
    }
    until_threads_are(0);
}
