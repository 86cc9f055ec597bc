use std::fs;

use gossip_driver::{Error, Snapshot, SnapshotError};

use crate::Adapter;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot");
    let node = adapter.bind("127.0.0.1:0").snapshot(&file).start().unwrap();
    done(node.shutdown());
    let mut bytes = fs::read(&file).unwrap();
    bytes[3] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let clean = adapter.bind("127.0.0.1:0").snapshot(&file).start().unwrap();
    assert_ne!(clean.id(), node.id());
    let error = clean.snapshot_error().expect("the error is reported");
    assert!(matches!(&*error, SnapshotError::Damaged(damaged) if *damaged == file));
    assert_eq!(error.to_string(), format!("the snapshot {} is damaged", file.display()));
    assert_eq!(fs::read(folder.path().join("snapshot.damaged")).unwrap(), bytes);
    let kept = Snapshot::load(&file).unwrap().expect("there is a new one");
    assert_eq!(kept.id, clean.id());

    // A file that can be neither read nor written is an error at the start.
    let nowhere = folder.path().join("no such folder").join("snapshot");
    let error = adapter.bind("127.0.0.1:0").snapshot(&nowhere).start().unwrap_err();
    assert!(matches!(error, Error::Snapshot(SnapshotError::File { .. })), "{error}");
    assert!(error.to_string().contains("no such folder"), "{error}");
}
