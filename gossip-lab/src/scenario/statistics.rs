//! Statistics of samples.

pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Returns the quantile of ascending numbers, or zero without numbers.
pub(super) fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut ascending = numbers.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    let place = (share * ascending.len() as f64).ceil() as usize;
    ascending.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

/// Returns the exact one-sided upper bound, at 95 % confidence, of the mean of a Poisson
/// distribution with this many observed events: the mean for which so few occur in one case of
/// twenty.
pub(super) fn poisson_upper95(events: u64) -> f64 {
    let seen = |mean: f64| -> f64 {
        let term = |i: f64| libm::exp(i * libm::log(mean) - mean - libm::lgamma(i + 1.0));
        (0..=events).map(|i| term(i as f64)).sum()
    };
    let (mut low, mut high) = (events as f64, 2.0 * events as f64 + 10.0);
    for _ in 0..64 {
        let middle = (low + high) / 2.0;
        *(if seen(middle) > 0.05 { &mut low } else { &mut high }) = middle;
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numbers_that_occurred() {
        let numbers: Vec<f64> = (1..=1_000).rev().map(f64::from).collect();
        assert_eq!([0.0, 0.5, 0.999, 1.0].map(|q| quantile(&numbers, q)), [1.0, 500.0, 999.0, 1e3]);
        assert_eq!((quantile(&[], 0.5), quantile(&[7.0], 0.5)), (0.0, 7.0));
    }

    #[test]
    fn bounds_are_those_of_the_tables() {
        for (events, bound) in
            [(0, 2.9957), (1, 4.7439), (2, 6.2958), (10, 16.9622), (100, 118.0787)]
        {
            assert!((poisson_upper95(events) - bound).abs() < 1e-3, "{events}");
        }
    }
}
