//! The schedule on which a running node writes its snapshot.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use gossip_core::Instant;

use crate::{Node, Snapshot, SnapshotError};

/// The snapshot file of a node, and its content.
#[derive(Debug)]
pub(crate) struct SnapshotWriter {
    pub(crate) path: PathBuf,
    written: Snapshot,
    /// When to check whether the file is out of date; `None` while a thread writes it.
    deadline: Option<Instant>,
    /// The last error.
    pub(crate) error: Option<Arc<SnapshotError>>,
}

impl SnapshotWriter {
    /// Creates the schedule of a file that holds `written`.
    pub(crate) fn new(
        now: Instant,
        path: PathBuf,
        written: Snapshot,
        error: Option<SnapshotError>,
    ) -> Self {
        let deadline = Some(now + Snapshot::PERIOD);
        Self { path, written, deadline, error: error.map(Arc::new) }
    }

    /// Returns when to call [`is_stale`](Self::is_stale).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns whether to write the file now.
    pub(crate) fn is_stale(&mut self, now: Instant, node: &Node, restored: &[SocketAddr]) -> bool {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return false;
        }
        let stale = self.next(node, restored) != self.written;
        self.deadline = (!stale).then_some(now + Snapshot::PERIOD);
        stale
    }

    /// Returns the snapshot that the file should hold. A node that knows no member any more keeps the
    /// members of the file.
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
        self.deadline = Some(now + Snapshot::PERIOD);
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
    fn file_is_written_when_out_of_date() {
        let local =
            Local::new(NodeId::from_u128(1), Epoch::default(), "10.0.0.1:1".parse().unwrap());
        let node = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
        let restored = ["10.0.0.2:1".parse().unwrap()];
        let current = Snapshot::of(&node, &restored);
        let mut snapshot_writer =
            SnapshotWriter::new(Instant::ORIGIN, "snapshot".into(), current.clone(), None);

        let deadline = snapshot_writer.deadline().unwrap();
        assert_eq!(deadline, Instant::ORIGIN + Snapshot::PERIOD);
        assert!(!snapshot_writer.is_stale(Instant::ORIGIN, &node, &restored), "not yet");
        assert!(!snapshot_writer.is_stale(deadline, &node, &restored), "it is up to date");
        assert_eq!(snapshot_writer.deadline(), Some(deadline + Snapshot::PERIOD));

        snapshot_writer.written.epoch = Epoch::MAX;
        let deadline = snapshot_writer.deadline().unwrap();
        assert!(snapshot_writer.is_stale(deadline, &node, &restored));
        assert_eq!(snapshot_writer.deadline(), None, "not again while it is being done");
        let full = SnapshotError::Damaged("snapshot".into());
        snapshot_writer.done(deadline, current.clone(), Err(full));
        assert!(snapshot_writer.error.is_some());
        let deadline = snapshot_writer.deadline().unwrap();
        assert!(snapshot_writer.is_stale(deadline, &node, &restored), "it has not been written");
        snapshot_writer.done(deadline, current.clone(), Ok(()));
        assert_eq!(snapshot_writer.written, current);
    }

    #[test]
    fn lonely_node_keeps_members_of_file() {
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
