//! Keeps the snapshot file of a guard node up to date.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use gossip_core::Instant;

use crate::{Node, Snapshot, SnapshotError};

/// The file of a node, and what it holds.
#[derive(Debug)]
pub(crate) struct SnapshotWriter {
    pub(crate) path: PathBuf,
    written: Snapshot,
    /// When to look whether that is out of date; `None` while it is being written.
    due: Option<Instant>,
    /// What went wrong last.
    pub(crate) error: Option<Arc<SnapshotError>>,
}

impl SnapshotWriter {
    /// The file holds `written`.
    pub(crate) fn new(
        now: Instant,
        path: PathBuf,
        written: Snapshot,
        error: Option<SnapshotError>,
    ) -> Self {
        let due = Some(now + Snapshot::PERIOD);
        Self { path, written, due, error: error.map(Arc::new) }
    }

    /// When [`take_due`](Self::take_due) has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the file is to be written now.
    pub(crate) fn take_due(&mut self, now: Instant, node: &Node, restored: &[SocketAddr]) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        let stale = self.next(node, restored) != self.written;
        self.due = (!stale).then_some(now + Snapshot::PERIOD);
        stale
    }

    /// What the file should hold. Who knows nobody any more keeps what there is.
    pub(crate) fn next(&self, node: &Node, restored: &[SocketAddr]) -> Snapshot {
        let mut snapshot = Snapshot::of(node, restored);
        if snapshot.members.is_empty() {
            snapshot.members.clone_from(&self.written.members);
        }
        snapshot
    }

    pub(crate) fn done(
        &mut self,
        now: Instant,
        written: Snapshot,
        result: Result<(), SnapshotError>,
    ) {
        self.due = Some(now + Snapshot::PERIOD);
        match result {
            Ok(()) => self.written = written,
            Err(error) => self.error = Some(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::{Config, Epoch, Local, NodeId};

    use super::*;

    #[test]
    fn the_file_is_written_when_it_is_out_of_date() {
        let local =
            Local::new(NodeId::from_u128(1), Epoch::default(), "10.0.0.1:1".parse().unwrap());
        let node = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
        let restored = ["10.0.0.2:1".parse().unwrap()];
        let current = Snapshot::of(&node, &restored);
        let mut snapshot_writer =
            SnapshotWriter::new(Instant::ORIGIN, "snapshot".into(), current.clone(), None);

        let due = snapshot_writer.due().unwrap();
        assert_eq!(due, Instant::ORIGIN + Snapshot::PERIOD);
        assert!(!snapshot_writer.take_due(Instant::ORIGIN, &node, &restored), "not yet");
        assert!(!snapshot_writer.take_due(due, &node, &restored), "it is up to date");
        assert_eq!(snapshot_writer.due(), Some(due + Snapshot::PERIOD));

        snapshot_writer.written.epoch = Epoch::MAX;
        let due = snapshot_writer.due().unwrap();
        assert!(snapshot_writer.take_due(due, &node, &restored));
        assert_eq!(snapshot_writer.due(), None, "not again while it is being done");
        let full = SnapshotError::Damaged("snapshot".into());
        snapshot_writer.done(due, current.clone(), Err(full));
        assert!(snapshot_writer.error.is_some());
        let due = snapshot_writer.due().unwrap();
        assert!(snapshot_writer.take_due(due, &node, &restored), "it has not been written");
        snapshot_writer.done(due, current.clone(), Ok(()));
        assert_eq!(snapshot_writer.written, current);
    }

    #[test]
    fn who_knows_nobody_any_more_keeps_what_there_is() {
        let local =
            Local::new(NodeId::from_u128(1), Epoch::default(), "10.0.0.1:1".parse().unwrap());
        let node = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
        let mut written = Snapshot::of(&node, &[]);
        written.members.push("10.0.0.2:1".parse().unwrap());
        let snapshot_writer =
            SnapshotWriter::new(Instant::ORIGIN, "snapshot".into(), written.clone(), None);
        assert_eq!(snapshot_writer.next(&node, &[]), written);
    }
}
