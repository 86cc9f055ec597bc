//! Whenever a process is killed its snapshot is whole, and brings the next one back.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use gossip_std_threads::{Config, Epoch, NodeId, Snapshot};

const LONG: Duration = Duration::from_secs(60);

const KILLS: u64 = 100;

/// In the environment of a process that is to be killed: what it writes.
const FILE: &str = "GOSSIP_TEST_SNAPSHOT";

/// This test once more, as a process that writes the snapshot again and again.
fn writer(file: &Path) -> Child {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_killed_writer_leaves_a_whole_snapshot", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Until it has begun.
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "writing"));
    writer
}

/// What that process does: every snapshot is another one, and of another length.
fn write_for_ever(file: &Path) {
    let before = Snapshot::load(file).unwrap().unwrap();
    println!("\nwriting");
    for number in 1_u16.. {
        // Who lives comes first; others are no longer there.
        let gone = (0..number % 60).map(|port| SocketAddr::from(([127, 0, 0, 1], 1 + port)));
        let members = before.members.iter().copied().take(1).chain(gone).collect();
        let epoch = Epoch::new(before.epoch.get() + u64::from(number)).unwrap();
        Snapshot { id: before.id, epoch, members }.save(file).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_a_whole_snapshot() {
    if let Some(file) = env::var_os(FILE) {
        return write_for_ever(file.as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot");
    let mut config = Config::local();
    config.rumors.interval = Duration::from_millis(20);
    let start = || gossip_std_threads::bind("127.0.0.1:0").config(config.clone());
    let home = start().start().unwrap();
    let id = NodeId::from_u128(2);
    let mut epoch = Epoch::new(1).unwrap();
    Snapshot { id, epoch, members: vec![home.local_addr()] }.save(&file).unwrap();

    for kill in 0..KILLS {
        let mut writer = writer(&file);
        // At another moment of its writing each time.
        thread::sleep(Duration::from_micros(kill * 97 % 2_000));
        writer.kill().unwrap();
        writer.wait().unwrap();

        let kept = Snapshot::load(&file).unwrap().expect("it is whole");
        assert!(kept.epoch >= epoch, "never an older one again");
        let node = start().epoch(epoch).snapshot(&file).start().unwrap();
        assert!(node.snapshot_error().is_none());
        epoch = node.read(|node| node.local().epoch());
        assert_eq!((node.id(), epoch.get()), (id, kept.epoch.get() + 1));
        let back = home.until(move |node| node.member(&id).is_some_and(|m| m.epoch() == epoch));
        assert_eq!(back.wait_timeout(LONG), Some(true));
        node.shutdown().wait_timeout(LONG).unwrap();
    }
}
