//! A killed process leaves a whole snapshot, from which the next one returns.
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

/// Environment variable of the process to be killed: the file that it writes.
const FILE: &str = "GOSSIP_TEST_SNAPSHOT";

/// Starts this test as a process that writes the snapshot repeatedly.
fn writer(file: &Path) -> Child {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed_writer_leaves_whole_snapshot", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Waits until the process writes.
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "writing"));
    writer
}

/// Writes snapshots of changing content and length, until the process is killed.
fn write_for_ever(file: &Path) {
    let before = Snapshot::load(file).unwrap().unwrap();
    println!("\nwriting");
    for number in 1_u16.. {
        // The live member comes first. The others no longer exist.
        let gone = (0..number % 60).map(|port| SocketAddr::from(([127, 0, 0, 1], 1 + port)));
        let members = before.members.iter().copied().take(1).chain(gone).collect();
        let epoch = Epoch::new(before.epoch.get() + u64::from(number)).unwrap();
        Snapshot::new(before.id, epoch, members).save(file).unwrap();
    }
}

#[test]
fn killed_writer_leaves_whole_snapshot() {
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
    Snapshot::new(id, epoch, vec![home.local_addr()]).save(&file).unwrap();

    for kill in 0..KILLS {
        let mut writer = writer(&file);
        // Each round kills the process at another moment of its writing.
        thread::sleep(Duration::from_micros(kill * 97 % 2_000));
        writer.kill().unwrap();
        writer.wait().unwrap();

        let kept = Snapshot::load(&file).unwrap().expect("it is whole");
        assert!(kept.epoch >= epoch, "never an older one again");
        let node = start().epoch(epoch).snapshot(&file).start().unwrap();
        assert!(node.snapshot_error().is_none());
        epoch = node.local().epoch();
        assert_eq!((node.id(), epoch.get()), (id, kept.epoch.get() + 1));
        let back = home.until(move |node| node.member(&id).is_some_and(|m| m.epoch() == epoch));
        assert_eq!(back.wait_timeout(LONG), Some(true));
        node.shutdown().wait_timeout(LONG).unwrap();
    }
}
