//! Bounded subscriptions to events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Update;
use crate::engine::Engine;
use crate::wait::until;

/// A subscription: a snapshot of the members, followed by every event.
///
/// It holds a bounded number of updates. A subscriber that is too slow receives
/// [`Update::Lagged`]. A subscription does not keep the node running.
#[derive(Debug)]
pub struct Events {
    engine: Arc<Engine>,
    key: u64,
}

impl Events {
    pub(crate) fn new(engine: Arc<Engine>, capacity: usize) -> Self {
        let key = engine.subscribe(capacity);
        Self { engine, key }
    }

    /// Waits for the next update. Returns `None` once the node has stopped and all updates are read.
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Update> {
        until(self.engine.published(), || self.poll()).await
    }

    /// Blocks until the next update, for plain threads. Returns `None` as [`next`](Self::next) does,
    /// and also after `timeout`.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Update> {
        let deadline = Instant::now().checked_add(timeout);
        until(self.engine.published(), || self.poll()).wait(deadline).flatten()
    }

    /// Iterates over the updates and blocks for each, until the node has stopped and all are read:
    /// `for update in gossip.events().iter()`. Not for async code.
    pub fn iter(&mut self) -> impl Iterator<Item = Update> {
        std::iter::from_fn(|| until(self.engine.published(), || self.poll()).wait(None).flatten())
    }

    /// Returns the next update if there is one already.
    pub fn try_next(&mut self) -> Option<Update> {
        self.poll().flatten()
    }

    /// Returns the next update: `None` if it has not come yet, `Some(None)` if no more will come.
    fn poll(&self) -> Option<Option<Update>> {
        self.engine.pop_update(self.key)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.engine.unsubscribe(self.key);
    }
}
