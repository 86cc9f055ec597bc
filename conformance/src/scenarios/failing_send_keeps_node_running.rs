use gossip_driver::SeedError;

use crate::Adapter;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let (one, other) = (adapter.node(1).start().unwrap(), adapter.node(2).start().unwrap());
    // The socket refuses to send to port 0, to a broadcast address and to another family.
    let seeds = ["127.0.0.1:0", "255.255.255.255:1", "[::1]:1"].map(str::to_owned);
    let outcomes = done(one.join(seeds.into_iter().chain([other.local_addr().to_string()])));
    let (last, refused) = outcomes.split_last().unwrap();
    assert!(
        refused.iter().all(|seed| matches!(seed.result, Err(SeedError::Join(_)))),
        "{refused:?}"
    );
    assert!(matches!(last.result, Ok(id) if id == other.id()), "{last:?}");
    assert!(done(one.settled()));
}
