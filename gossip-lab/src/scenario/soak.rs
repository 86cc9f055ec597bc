//! Many seeds of random faults, with all laws checked.

use clap::Args;
use serde::Serialize;

use super::{Curve, Error, Outcome, in_parallel};
use gossip_sim::random_faults;

/// Runs many seeds of random faults ([`random_faults`]) on all cores, with all laws checked.
#[derive(Clone, Copy, Debug, Args)]
pub struct Soak {
    /// Number of seeds, beginning with --seed.
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
    /// The seed.
    pub seed: u64,
    /// The error.
    pub what: String,
}

impl Soak {
    /// Runs all seeds from `first` on in several threads. Calls `done` after each.
    ///
    /// # Errors
    ///
    /// The figures cannot be serialised.
    pub fn run(
        &self,
        first: u64,
        threads: usize,
        done: impl Fn() + Sync,
    ) -> Result<(Outcome, Option<Failure>), Error> {
        let results = in_parallel(self.seeds, threads, |number| {
            // This also runs after a panic.
            let _done = Finally(&done);
            random_faults(first.wrapping_add(number));
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
