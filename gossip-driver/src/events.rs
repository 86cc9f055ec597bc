//! Bounded subscriptions to events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Update;
use crate::engine::Engine;
use crate::wait::until;

/// A subscription: a snapshot of the members, then what happens.
///
/// It holds a bounded number of updates for its subscriber and says so when that was not enough
/// ([`Update::Lagged`]). It does not keep the node guard.
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

    /// The next update, or `None` once the node has stopped and all is told. Cancelling it loses
    /// nothing.
    pub async fn next(&mut self) -> Option<Update> {
        until(self.engine.published(), || self.poll()).await
    }

    /// The blocking twin of [`next`](Self::next), for plain threads: `None` also if nothing came
    /// for as long as `timeout`.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Update> {
        let deadline = Instant::now().checked_add(timeout);
        until(self.engine.published(), || self.poll()).wait(deadline).flatten()
    }

    /// The updates one after the other, each waited for on this thread, until the node has stopped
    /// and all is told: `for update in gossip.events().iter()`. Not for async code.
    pub fn iter(&mut self) -> impl Iterator<Item = Update> {
        std::iter::from_fn(|| until(self.engine.published(), || self.poll()).wait(None).flatten())
    }

    /// The next update if there is one already.
    pub fn try_next(&mut self) -> Option<Update> {
        self.poll().flatten()
    }

    /// `None`: nothing yet. `Some(None)`: never again.
    fn poll(&self) -> Option<Option<Update>> {
        self.engine.pop_update(self.key)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.engine.unsubscribe(self.key);
    }
}
