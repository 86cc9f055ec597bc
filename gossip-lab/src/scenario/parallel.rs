//! Many runs on all cores.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Error;

/// Returns the results of `run(0)` to `run(count - 1)` in order, computed by several threads. A run
/// that panics gives its message as an error.
pub fn in_parallel<T: Send>(
    count: u64,
    threads: usize,
    run: impl Fn(u64) -> Result<T, Error> + Sync,
) -> Vec<Result<T, Error>> {
    let next = AtomicU64::new(0);
    let guarded = |number| {
        catch_unwind(AssertUnwindSafe(|| run(number))).unwrap_or_else(|panic| Err(message(&*panic)))
    };
    let work = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let numbers = numbers.take_while(|&number| number < count);
        numbers.map(|number| (number, guarded(number))).collect::<Vec<_>>()
    };
    let mut results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

fn message(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_a_panic_is_an_error() {
        let results = in_parallel(20, 3, |number| {
            assert!(number != 7, "number {number}");
            Ok(number)
        });
        assert_eq!(results.len(), 20);
        assert_eq!(results[19], Ok(19));
        assert_eq!(results[7], Err("number 7".into()));
    }
}
