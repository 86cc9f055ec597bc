use gossip_tokio::SeedError;

use crate::cluster::{node, silent, within};

#[tokio::test]
async fn a_shutdown_ends_a_join() {
    let (_socket, nobody) = silent().await;
    let gossip = node(1).start().await.unwrap();
    let joining = gossip.join([nobody]);
    within(gossip.shutdown()).await;
    within(gossip.shutdown()).await;
    let outcomes = within(joining).await;
    assert!(matches!(outcomes[0].result, Err(SeedError::Stopped)), "{outcomes:?}");
    let after = within(gossip.join([nobody])).await;
    assert!(matches!(after[0].result, Err(SeedError::Stopped)), "{after:?}");
    assert!(!within(gossip.until(|_| false)).await);
}
