//! Round-trip times.

use core::time::Duration;

/// Smoothed round-trip time and its variation, as in TCP (RFC 6298), in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rtt {
    smooth: u64,
    variation: u64,
}

impl Rtt {
    pub(super) const UNKNOWN: Self = Self { smooth: 0, variation: 0 };

    pub(super) fn sample(&mut self, rtt: Duration) {
        let rtt = rtt.as_nanos() as u64;
        if *self == Self::UNKNOWN {
            *self = Self { smooth: rtt, variation: rtt / 2 };
        } else {
            self.variation = (self.variation * 3 + self.smooth.abs_diff(rtt)) / 4;
            self.smooth = (self.smooth * 7 + rtt) / 8;
        }
    }

    /// Returns the smoothed time, if one was measured.
    pub(super) fn smooth(&self) -> Option<Duration> {
        (*self != Self::UNKNOWN).then_some(Duration::from_nanos(self.smooth))
    }

    /// Returns the longest time that an ack should take, if one was measured.
    pub(super) fn timeout(&self) -> Option<Duration> {
        (*self != Self::UNKNOWN).then(|| Duration::from_nanos(self.smooth + self.variation * 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_converges_on_even_round_trips() {
        let mut rtt = Rtt::UNKNOWN;
        assert_eq!(rtt.timeout(), None);
        let millis = Duration::from_millis;
        rtt.sample(millis(8));
        assert_eq!(rtt.timeout(), Some(millis(24)));
        (0..50).for_each(|_| rtt.sample(millis(8)));
        assert_eq!(rtt.timeout().map(|time| time.as_millis()), Some(8));
        rtt.sample(millis(16));
        assert_eq!(rtt.timeout().map(|time| time.as_millis()), Some(17));
        assert_eq!(rtt.smooth(), Some(millis(9)));
    }
}
