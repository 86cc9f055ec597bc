use crate::Adapter;
use crate::adapter::{name_of, own_address};
use crate::wait::{done, until};

pub(super) fn run(adapter: Adapter) {
    let address = own_address();
    // The seed is a name, which the node resolves repeatedly.
    let seeds = [name_of(address), "no-such-name.invalid:1".to_owned()];
    let early = adapter.node(1).seeds(&seeds).start().unwrap();
    let outcomes = done(early.join(&seeds));
    assert!(outcomes.iter().all(|outcome| outcome.result.is_err()), "{outcomes:?}");

    let late = adapter.bind(address).start().unwrap();
    for node in [&early, &late] {
        until(node, |node| node.live_peers() == 1);
    }
}
