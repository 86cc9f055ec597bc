use gossip_driver::Snapshot;

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{done, joins, until};

pub(super) fn run(adapter: Adapter) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot");
    let home = adapter.node(1).start().unwrap();

    // The options give neither id nor epoch: they come from chance, the wall clock and the file.
    let first = adapter.bind("127.0.0.1:0").snapshot(&file).start().unwrap();
    let before = first.local().epoch();
    joins(&first, &home);
    done(first.shutdown());
    let kept = Snapshot::load(&file).unwrap().expect("it is written at the end");
    assert_eq!((kept.id, kept.epoch), (first.id(), before));
    assert_eq!(kept.members, [home.local_addr()]);

    // A clock that went back changes nothing.
    let restarted = adapter.bind("127.0.0.1:0").epoch(crate::adapter::epoch(1)).snapshot(&file);
    let restarted = restarted.start().unwrap();
    assert_eq!(restarted.id(), first.id());
    assert_eq!(restarted.local().epoch().get(), before.get() + 1);
    until(&restarted, |node| node.member(&id(1)).is_some());
    let (id, address) = (restarted.id(), restarted.local_addr());
    until(&home, move |node| node.member(&id).is_some_and(|m| *m.address() == address));
    assert!(restarted.snapshot_error().is_none());

    // If it were killed now, without another write, it would still find its cluster.
    let kept = Snapshot::load(&file).unwrap().expect("it is written at the start");
    assert_eq!((kept.epoch.get(), kept.members), (before.get() + 1, vec![home.local_addr()]));
}
