//! Many seeds of random faults, with all laws checked.

use clap::Args;
use serde::Serialize;

use super::{Curve, Error, Outcome, in_parallel};
use gossip_sim::ordeal;

/// Many seeds of random faults ([`ordeal`]), with all laws checked, on all cores.
#[derive(Clone, Copy, Debug, Args)]
pub struct Soak {
    /// How many seeds, beginning with --seed.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
}

#[derive(Serialize)]
struct Figures {
    seeds: u64,
    failures: usize,
}

/// The first seed that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// What was wrong.
    pub what: String,
}

impl Soak {
    /// Runs all of them from `first` on, in so many threads; `done` is called after each.
    ///
    /// # Errors
    ///
    /// None but that figures cannot be written.
    pub fn run(
        &self,
        first: u64,
        threads: usize,
        done: impl Fn() + Sync,
    ) -> Result<(Outcome, Option<Failure>), Error> {
        let results = in_parallel(self.seeds, threads, |number| {
            // Also if it panics.
            let _done = Finally(&done);
            ordeal(first.wrapping_add(number));
            Ok(())
        });
        let failed = |(number, result): (u64, &Result<(), Error>)| {
            let what = result.as_ref().err()?.clone();
            Some(Failure { seed: first.wrapping_add(number), what })
        };
        let failures = results.iter().filter(|result| result.is_err()).count();
        let figures = Figures { seeds: self.seeds, failures };
        let outcome = Outcome::new(figures, Curve::default())?;
        Ok((outcome, (0..).zip(&results).find_map(failed)))
    }
}

struct Finally<'a, F: Fn()>(&'a F);

impl<F: Fn()> Drop for Finally<'_, F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
