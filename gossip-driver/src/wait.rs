//! Waiting for something to become so, in async code and on a plain thread alike.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener, Listener as _};

/// Waits until `ready` returns something, asking it after each notification of `changed`.
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
                // Asks once more after this, lest a change in between be missed.
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
    /// The blocking twin: `None` if the deadline came first.
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

/// Something that has begun and will be done: `.await` it in async code, [`wait`](Self::wait) for
/// it on a plain thread.
///
/// It needs no particular runtime. Dropping it ends the waiting and nothing else.
pub struct Pending<T>(Until<Arc<Event>, Box<dyn FnMut() -> Option<T> + Send>>);

impl<T> Pending<T> {
    pub(crate) fn new(
        changed: Arc<Event>,
        ready: impl FnMut() -> Option<T> + Send + 'static,
    ) -> Self {
        Self(until(changed, Box::new(ready)))
    }

    /// Blocks this thread until it is done. Not for async code.
    pub fn wait(self) -> T {
        self.0.wait(None).expect("waits without a deadline")
    }

    /// Blocks this thread until it is done or `timeout` has passed, which is `None`. Not for async
    /// code.
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

    /// A value that is pending until it is above two.
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
    fn a_future_is_woken_by_each_change_until_it_is_ready() {
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
    fn a_thread_waits_until_it_is_ready() {
        let (value, changed, pending) = above_two();
        let waiting = thread::spawn(move || pending.wait());
        for step in 0..4 {
            value.store(step, Ordering::SeqCst);
            changed.notify(usize::MAX);
        }
        assert_eq!(waiting.join().unwrap(), 3);
    }

    #[test]
    fn a_thread_waits_no_longer_than_its_timeout() {
        let (_value, _changed, pending) = above_two();
        assert_eq!(pending.wait_timeout(Duration::from_millis(1)), None);
    }
}
