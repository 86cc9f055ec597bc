//! Waiting for a condition, in async code and on plain threads alike.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener, Listener as _};

/// A wait until `ready` returns a value. It calls `ready` after each notification of `changed`.
pub(crate) struct Until<E, F> {
    changed: E,
    ready: F,
    listener: Option<EventListener>,
}

pub(crate) fn until<E, F>(changed: E, ready: F) -> Until<E, F> {
    Until { changed, ready, listener: None }
}

impl<E, F, T> Future for Until<E, F>
where
    E: Deref<Target = Event> + Unpin,
    F: FnMut() -> Option<T> + Unpin,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        loop {
            if let Some(value) = (self.ready)() {
                return Poll::Ready(value);
            }
            match &mut self.listener {
                // Checks once more after this, so as not to miss a change in between.
                None => self.listener = Some(self.changed.listen()),
                Some(listener) => {
                    ready!(Pin::new(listener).poll(cx));
                    self.listener = None;
                }
            }
        }
    }
}

impl<E, F, T> Until<E, F>
where
    E: Deref<Target = Event>,
    F: FnMut() -> Option<T>,
{
    /// Blocks until `ready` returns a value. Returns `None` if the deadline comes first.
    pub(crate) fn wait(mut self, deadline: Option<Instant>) -> Option<T> {
        loop {
            let listener = self.changed.listen();
            if let Some(value) = (self.ready)() {
                return Some(value);
            }
            match deadline {
                None => listener.wait(),
                Some(deadline) if Instant::now() >= deadline => return None,
                Some(deadline) => drop(listener.wait_deadline(deadline)),
            }
        }
    }
}

/// An operation in progress: async code awaits it, and a plain thread calls [`wait`](Self::wait).
///
/// It works on any runtime. Dropping it only ends the waiting.
#[must_use = "the operation has begun, but nothing waits for it: drop it if that is intended"]
pub struct Pending<T>(Until<Arc<Event>, Box<dyn FnMut() -> Option<T> + Send>>);

impl<T> Pending<T> {
    pub(crate) fn new(
        changed: Arc<Event>,
        ready: impl FnMut() -> Option<T> + Send + 'static,
    ) -> Self {
        Self(until(changed, Box::new(ready)))
    }

    /// Blocks this thread until completion. Not for async code.
    pub fn wait(self) -> T {
        self.0.wait(None).expect("waits without a deadline")
    }

    /// Blocks this thread until completion. Returns `None` after `timeout`. Not for async code.
    pub fn wait_timeout(self, timeout: Duration) -> Option<T> {
        self.0.wait(Instant::now().checked_add(timeout))
    }
}

impl<T> Future for Pending<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Wake, Waker};
    use std::thread;

    use super::*;

    struct Counter(AtomicU32);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Returns a value that is pending until it exceeds two.
    fn above_two() -> (Arc<AtomicU32>, Arc<Event>, Pending<u32>) {
        let value = Arc::new(AtomicU32::new(0));
        let changed = Arc::new(Event::new());
        let read = Arc::clone(&value);
        let pending = Pending::new(Arc::clone(&changed), move || {
            Some(read.load(Ordering::SeqCst)).filter(|&value| value > 2)
        });
        (value, changed, pending)
    }

    #[test]
    fn each_change_wakes_future_until_ready() {
        let (value, changed, mut pending) = above_two();
        let counter = Arc::new(Counter(AtomicU32::new(0)));
        let waker = Waker::from(Arc::clone(&counter));
        let mut cx = Context::from_waker(&waker);

        for step in 0..3 {
            value.store(step, Ordering::SeqCst);
            assert!(Pin::new(&mut pending).poll(&mut cx).is_pending());
            assert_eq!(counter.0.load(Ordering::SeqCst), step);
            changed.notify(usize::MAX);
        }
        value.store(3, Ordering::SeqCst);
        assert_eq!(Pin::new(&mut pending).poll(&mut cx), Poll::Ready(3));
    }

    #[test]
    fn thread_waits_until_ready() {
        let (value, changed, pending) = above_two();
        let waiting = thread::spawn(move || pending.wait());
        for step in 0..4 {
            value.store(step, Ordering::SeqCst);
            changed.notify(usize::MAX);
        }
        assert_eq!(waiting.join().unwrap(), 3);
    }

    #[test]
    fn thread_stops_waiting_at_timeout() {
        let (_value, _changed, pending) = above_two();
        assert_eq!(pending.wait_timeout(Duration::from_millis(1)), None);
    }
}
