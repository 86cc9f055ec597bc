use std::time::Duration;

use gossip_tokio::SeedError;
use tokio::runtime::Runtime;

use crate::cluster::{node, silent};

#[test]
fn a_runtime_that_ends_ends_all_waiting() {
    const ENOUGH: Duration = Duration::from_secs(30);
    let runtime = Runtime::new().unwrap();
    let (gossip, joining) = runtime.block_on(async {
        let (_socket, nobody) = silent().await;
        let gossip = node(1).start().await.unwrap();
        let joining = gossip.join([nobody]);
        (gossip, joining)
    });
    // On a plain thread, while the node runs in the background.
    assert_eq!(gossip.until(|node| node.members().count() == 1).wait_timeout(ENOUGH), Some(true));
    let mut events = gossip.events();
    assert!(events.wait_timeout(ENOUGH).is_some());

    runtime.shutdown_timeout(ENOUGH);
    let outcomes = joining.wait_timeout(ENOUGH).unwrap();
    assert!(matches!(outcomes[0].result, Err(SeedError::Stopped)), "{outcomes:?}");
    assert!(gossip.shutdown().wait_timeout(ENOUGH).is_some());
    while events.wait_timeout(ENOUGH).is_some() {}
}
