use std::time::Duration;

use tokio::time::timeout;

use crate::cluster::{join, node, silent, within};

#[tokio::test]
async fn a_cancelled_join_leaves_nothing_behind() {
    let (_socket, nobody) = silent().await;
    let (one, other) = (node(1).start().await.unwrap(), node(2).start().await.unwrap());
    for _ in 0..100 {
        drop(one.join([nobody]));
    }
    let cancelled = timeout(Duration::from_millis(1), one.join([nobody])).await;
    assert!(cancelled.is_err());

    // Only the wait was cancelled: the join itself goes on.
    drop(one.join([other.local_addr()]));
    assert!(within(one.until(|node| node.live_peers() == 1)).await);
    join(&one, &other).await;
}
