//! Writing of the snapshot, off the driver's thread.

use std::path::PathBuf;
use std::sync::Arc;

use super::Engine;
use crate::resolve::on_thread;
use crate::{Snapshot, trace};

impl Engine {
    /// Writes the snapshot on a thread of its own, since a disk may take long. Then calls `then`.
    pub(crate) fn save_snapshot(self: &Arc<Self>, then: fn(&Self)) {
        let engine = Arc::clone(self);
        let saving = on_thread("gossip-snapshot", move || {
            engine.save_snapshot_blocking();
            then(&engine);
        });
        if saving.is_err() {
            self.save_snapshot_blocking();
            then(self);
        }
    }

    fn next_snapshot(&self) -> Option<(PathBuf, Snapshot)> {
        let state = self.lock();
        let snapshot_writer = state.snapshot_writer.as_ref()?;
        Some((
            snapshot_writer.path.clone(),
            snapshot_writer.next(&state.node, state.seeds.restored()),
        ))
    }

    fn save_snapshot_blocking(&self) {
        // Writers take turns. Each writes the state at its turn.
        let _turn = self.saving();
        let Some((path, snapshot)) = self.next_snapshot() else { return };
        let result = snapshot.save(&path);
        if let Err(error) = &result {
            trace::snapshot(self.id(), error);
        }
        // The command wakes the driver, which otherwise does not know of the next period.
        self.command(|state, now| {
            if let Some(snapshot_writer) = &mut state.snapshot_writer {
                snapshot_writer.done(now, snapshot, result);
            }
        });
    }
}
