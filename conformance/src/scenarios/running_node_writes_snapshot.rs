use std::thread;
use std::time::{Duration, Instant};

use gossip_driver::Snapshot;

use crate::Adapter;
use crate::wait::{LONG, joins};

pub(super) fn run(adapter: Adapter) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot");
    let home = adapter.node(1).start().unwrap();
    let node = adapter.node(2).snapshot(&file).start().unwrap();
    joins(&node, &home);

    let begin = Instant::now();
    while Snapshot::load(&file).unwrap().unwrap().members != [home.local_addr()] {
        assert!(begin.elapsed() < Snapshot::PERIOD + LONG, "it is still as at the start");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(node.snapshot_error().is_none());
}
