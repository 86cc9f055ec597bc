//! Points in time, as the driver tells them.

use core::ops::Add;
use core::time::Duration;

/// A point in time: microseconds since an origin of the driver's choosing.
///
/// The core has no clock. A driver maps its monotonic clock to this type, a simulator counts it up
/// by hand. All arithmetic is total: it saturates, so that no input can make it panic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The driver's origin.
    pub const ORIGIN: Self = Self(0);

    /// The instant `micros` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero if `earlier` is the later of the two.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The instant `duration` before `self`, not before the origin.
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

/// The earliest of some times, if there is one. Written without branches, for every input asks.
pub(crate) fn earliest<const N: usize>(times: [Option<Instant>; N]) -> Option<Instant> {
    let [any, first] = times.iter().fold([0, u64::MAX], |[any, first], time| {
        [any | u64::from(time.is_some()), first.min(time.map_or(u64::MAX, |time| time.0))]
    });
    (any != 0).then_some(Instant(first))
}

/// Whole microseconds in `duration`, saturating: 584,000 years are enough for everybody.
const fn micros(duration: Duration) -> u64 {
    let micros = duration.as_micros();
    if micros > u64::MAX as u128 { u64::MAX } else { micros as u64 }
}
