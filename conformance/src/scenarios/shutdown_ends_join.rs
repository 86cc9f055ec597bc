use gossip_driver::SeedError;

use crate::Adapter;
use crate::adapter::silent;
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let (_socket, nobody) = silent();
    let node = adapter.node(1).start().unwrap();
    let joining = node.join([nobody]);
    done(node.shutdown());
    done(node.shutdown());
    let outcomes = done(joining);
    assert!(matches!(outcomes[0].result, Err(SeedError::Stopped)), "{outcomes:?}");
    let after = done(node.join([nobody]));
    assert!(matches!(after[0].result, Err(SeedError::Stopped)), "{after:?}");
    assert!(!done(node.until(|_| false)));
}
