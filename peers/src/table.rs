//! Medians, and their display.

use std::ops::Div;

use comfy_table::{CellAlignment, Table, presets};

/// The distribution of one figure over several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Returns the distribution of at min one value.
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        // Equal values are not averaged: both may be infinite.
        let median = if low == high { low } else { low / 2.0 + high / 2.0 };
        Self { min: values[0], median, max: values[values.len() - 1] }
    }

    pub(crate) fn array(self) -> [f64; 3] {
        [self.min, self.median, self.max]
    }

    pub(crate) fn show(self, decimals: usize) -> String {
        let [min, median, max] = self.array().map(|value| number(value, decimals));
        if min == max { median } else { format!("{median} ({min} to {max})") }
    }
}

impl Div<f64> for Spread {
    type Output = Self;

    fn div(self, by: f64) -> Self {
        Self { min: self.min / by, median: self.median / by, max: self.max / by }
    }
}

/// Formats a value, or its absence.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { "never".to_owned() }
}

/// Returns our value divided by theirs, where that is meaningful.
pub(crate) fn ratio(ours: f64, theirs: f64) -> String {
    let ratio = ours / theirs;
    if ratio.is_finite() && ratio > 0.0 { format!("{ratio:.2}") } else { "-".to_owned() }
}

pub(crate) fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header);
    table
}

/// Aligns all columns except the first to the right.
pub(crate) fn right(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_middle_or_mean_of_two() {
        assert_eq!(Spread::new(vec![3.0, 1.0, 2.0]).array(), [1.0, 2.0, 3.0]);
        assert_eq!(Spread::new(vec![4.0, 1.0]).array(), [1.0, 2.5, 4.0]);
    }

    #[test]
    fn missing_value_exceeds_all_others() {
        let spread = Spread::new(vec![f64::INFINITY, 1.0, f64::INFINITY]);
        assert_eq!(spread.show(1), "never (1.0 to never)");
        assert_eq!(ratio(1.0, spread.median), "-");
    }
}
