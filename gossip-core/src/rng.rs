//! A small random generator per machine, so that a new draw in one machine does not change the draws
//! of another.

use core::time::Duration;

use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::hash::Key;

/// xoshiro256++, seeded from the node's entropy and the name of its machine. It is fast and even, and
/// unpredictable for a sender that sees none of its output, as nonces require.
#[derive(Clone, Debug)]
pub(crate) struct Rng(Xoshiro256PlusPlus);

impl Rng {
    pub(crate) fn new(entropy: &[u8; 32], machine: &str) -> Self {
        let mut seed = [0; 32];
        for (lane, chunk) in (2..).zip(seed.chunks_exact_mut(8)) {
            let key = Key::new(Key::new(lane, 0).hash(machine.as_bytes()), lane);
            chunk.copy_from_slice(&key.hash(entropy).to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(seed))
    }

    pub(crate) fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a number below `bound`, or 0 if `bound` is 0. The bias of `bound` / 2^64 is negligible.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Returns a time of at least a microsecond and at most `bound`, in whole microseconds.
    pub(crate) fn within(&mut self, bound: Duration) -> Duration {
        Duration::from_micros(self.below(bound.as_micros() as usize) as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_draw_independently() {
        let draw = |machine| Rng::new(&[7; 32], machine).next_u64();
        assert_eq!(draw("probe"), draw("probe"));
        assert_ne!(draw("probe"), draw("rumor"));
    }

    #[test]
    fn below_reaches_all_numbers_under_bound() {
        let mut rng = Rng::new(&[1; 32], "test");
        let mut seen = [0u32; 5];
        (0..1_000).for_each(|_| seen[rng.below(5)] += 1);
        assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn within_is_positive_and_bounded() {
        let mut rng = Rng::new(&[1; 32], "test");
        let bound = Duration::from_micros(2);
        let drawn: [_; 100] = core::array::from_fn(|_| rng.within(bound).as_micros());
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&1), Some(&2)));
    }
}
