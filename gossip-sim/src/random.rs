//! Randomness from one seed.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A small random generator. The streams of one seed are independent: one more draw in a stream
/// changes nothing in another.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// Creates the generator of one stream.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&stream.to_le_bytes());
        key[16..24].copy_from_slice(b"gossipsm");
        let mut generator = Xoshiro256PlusPlus::from_seed(key);
        // A key with few set bits needs some rounds before its output looks random.
        (0..16).for_each(|_| _ = generator.next_u64());
        Self(generator)
    }

    /// Returns a number below `bound`, with a bias of at most `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Returns `true` with this probability.
    pub fn happens(&mut self, chance: Chance) -> bool {
        chance.0 != 0 && self.0.next_u64() >> 32 < chance.0
    }

    /// Returns a number close to the standard normal distribution: the sum of twelve uniform numbers,
    /// within six deviations. It computes in integers up to the last step, so that all platforms
    /// agree.
    pub fn normal(&mut self) -> f64 {
        const ONE: f64 = (1_u64 << 32) as f64;
        let sum: u64 =
            (0..6).map(|_| self.0.next_u64()).map(|u| (u >> 32) + (u & 0xffff_ffff)).sum();
        sum as f64 / ONE - 6.0
    }

    /// Returns entropy for a node.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// A probability, in units of 2^-32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u64);

impl Chance {
    /// Converts a probability.
    ///
    /// # Panics
    ///
    /// Panics if `probability` is not between 0 and 1.
    #[must_use]
    pub fn new(probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "{probability} is not a probability");
        Self((probability * (1_u64 << 32) as f64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_matches_its_probability() {
        let mut random = Random::new(7, 3);
        for probability in [0.0, 0.1, 0.5, 1.0] {
            let chance = Chance::new(probability);
            let hits = (0..100_000).filter(|_| random.happens(chance)).count();
            assert!((hits as f64 - probability * 1e5).abs() < 800.0, "{probability}: {hits}");
        }
    }

    #[test]
    fn normal_has_mean_zero_and_deviation_one() {
        let mut random = Random::new(7, 3);
        let numbers: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn streams_differ() {
        assert_ne!(Random::new(1, 0).bytes(), Random::new(1, 1).bytes());
        assert_ne!(Random::new(0, 1).bytes(), Random::new(1, 0).bytes());
        assert_eq!(Random::new(1, 1).bytes(), Random::new(1, 1).bytes());
    }
}
