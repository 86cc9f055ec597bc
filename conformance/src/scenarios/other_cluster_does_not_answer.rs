use crate::Adapter;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let here = adapter.node(1).cluster("here").start().unwrap();
    let there = adapter.node(2).cluster("there").start().unwrap();
    let outcomes = done(there.join([here.local_addr()]));
    assert_eq!(outcomes[0].seed, here.local_addr().to_string());
    assert_eq!(outcomes[0].result.as_ref().unwrap_err().to_string(), "no answer in time");
    assert_eq!(here.live_peers(), 0);
    assert!(here.stats().rejected.cluster > 0);
}
