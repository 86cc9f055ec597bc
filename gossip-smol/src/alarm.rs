//! What wakes the driver when nothing arrives.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

/// Goes off once, at the time that it was last set to.
pub(crate) struct Alarm {
    timer: system::Timer,
    /// Unless it has gone off.
    set_to: Option<Instant>,
}

impl Alarm {
    /// One that is not set.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { timer: system::Timer::new()?, set_to: None })
    }

    pub(crate) fn set(&mut self, at: Instant) {
        if self.set_to != Some(at) {
            self.set_to = Some(at);
            self.timer.set(at);
        }
    }

    /// Ready when it goes off, which it may do too early.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let gone_off = self.timer.poll(cx);
        if gone_off.is_ready() {
            self.set_to = None;
        }
        gone_off
    }
}

/// A timer of `async-io` notifies the reactor whenever it is set, twice for each probe, and the
/// reactor goes round for that. Here a timer can be a file, which takes one call to set.
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

        /// What it had to say before it says no more.
        pub(super) fn set(&self, at: Instant) {
            // A wait of zero would switch it off.
            let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let once = Itimerspec {
                it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
                it_value: wait.try_into().expect("the driver waits for at most a day"),
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)
                .expect("it is a timer, and this a time");
        }

        pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            // If the reactor cannot watch it, it is tried again.
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
