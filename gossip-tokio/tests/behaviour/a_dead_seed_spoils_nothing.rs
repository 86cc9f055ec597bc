use gossip_tokio::SeedError;

use crate::cluster::{cluster, node, silent, within};

#[tokio::test]
async fn a_dead_seed_spoils_nothing() {
    let nodes = cluster(2).await;
    let (_socket, nobody) = silent().await;
    let late = node(3).start().await.unwrap();
    let outcomes = within(late.join([nodes[0].local_addr(), nobody, nodes[1].local_addr()])).await;
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.result.as_ref().ok()).collect();
    assert_eq!(ids, [Some(&nodes[0].id()), None, Some(&nodes[1].id())]);
    assert!(matches!(outcomes[1].result, Err(SeedError::Join(_))));
    assert!(within(late.until(|node| node.live_peers() == 2)).await);
}
