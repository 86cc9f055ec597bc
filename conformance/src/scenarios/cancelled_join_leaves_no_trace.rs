use std::time::Duration;

use crate::Adapter;
use crate::adapter::silent;
use crate::wait::{joins, until};

pub(super) fn run(adapter: Adapter) {
    let (_socket, nobody) = silent();
    let (one, other) = (adapter.node(1).start().unwrap(), adapter.node(2).start().unwrap());
    for _ in 0..100 {
        drop(one.join([nobody]));
    }
    assert!(one.join([nobody]).wait_timeout(Duration::from_millis(1)).is_none());

    // Only the waiting was cancelled: the join itself goes on.
    drop(one.join([other.local_addr()]));
    until(&one, |node| node.live_peers() == 1);
    joins(&one, &other);
}
