//! Futures that run inside another one, so that the driver spawns no task.

use std::future::{Future, pending};
use std::pin::Pin;

use futures_lite::StreamExt;
use futures_lite::future::or;
use futures_util::stream::FuturesUnordered;

/// Futures that make progress while another one is awaited.
#[derive(Default)]
pub(crate) struct Tasks(FuturesUnordered<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Tasks {
    pub(crate) fn add(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.push(Box::pin(task));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits until one of the futures completes, if there are any.
    pub(crate) async fn next(&mut self) {
        self.0.next().await;
    }

    /// Awaits `future` and returns its output. The others make progress while it waits.
    pub(crate) async fn run_while<T>(&mut self, future: impl Future<Output = T>) -> T {
        let others = async {
            while self.0.next().await.is_some() {}
            pending().await
        };
        or(future, others).await
    }
}
