use gossip_driver::SeedError;

use crate::Adapter;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let first = adapter.node(1).start().unwrap();
    let second = adapter.node(2).start().unwrap();
    let seeds = ["no-such-name.invalid:7946".to_owned(), first.local_addr().to_string()];
    let outcomes = done(second.join(&seeds));
    let order: Vec<_> = outcomes.iter().map(|outcome| &outcome.seed).collect();
    assert_eq!(order, [&seeds[0], &seeds[1]]);
    assert!(matches!(outcomes[0].result, Err(SeedError::Resolve(_))), "{outcomes:?}");
    assert!(matches!(outcomes[1].result, Ok(id) if id == first.id()), "{outcomes:?}");
}
