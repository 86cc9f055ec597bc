//! The timer that wakes the driver for deadlines.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

/// A timer that fires once, at the time of its last setting.
pub(crate) struct Alarm {
    timer: system::Timer,
    /// The time, unless the timer has fired.
    set_to: Option<Instant>,
}

impl Alarm {
    /// Creates a timer that is not set.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { timer: system::Timer::new()?, set_to: None })
    }

    pub(crate) fn set(&mut self, at: Instant) {
        if self.set_to != Some(at) {
            self.set_to = Some(at);
            self.timer.set(at);
        }
    }

    /// Returns `Ready` when the timer fires, which may be too early.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let fired = self.timer.poll(cx);
        if fired.is_ready() {
            self.set_to = None;
        }
        fired
    }
}

/// A timer that is a file. Setting it takes one system call. Setting a timer of `async-io`, which
/// happens twice per probe, wakes the reactor.
#[cfg(any(target_os = "android", target_os = "linux"))]
mod system {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll};
    use std::time::{Duration, Instant};

    use async_io::Async;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    pub(super) struct Timer(Async<OwnedFd>);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let file = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
            Async::new(file).map(Self)
        }

        /// Reading the file clears its readiness.
        pub(super) fn set(&self, at: Instant) {
            // A time of zero would switch the timer off.
            let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let once = Itimerspec {
                it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
                it_value: wait.try_into().expect("the driver waits for at most a day"),
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)
                .expect("it is a timer, and this a time");
        }

        pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            // If the reactor cannot watch the file, the driver tries again.
            self.0.poll_readable(cx).map(|_| ())
        }
    }
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
mod system {
    use std::future::Future;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Instant;

    pub(super) struct Timer(async_io::Timer);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(async_io::Timer::never()))
        }

        pub(super) fn set(&mut self, at: Instant) {
            self.0.set_at(at);
        }

        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            Pin::new(&mut self.0).poll(cx).map(|_| ())
        }
    }
}
