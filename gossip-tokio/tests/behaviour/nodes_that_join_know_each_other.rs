use gossip_tokio::Status;

use crate::cluster::{cluster, id, node, within};

#[tokio::test]
async fn nodes_that_join_know_each_other() {
    let nodes = cluster(3).await;
    for gossip in &nodes {
        assert!(within(gossip.settled()).await);
        let mut members = gossip.members();
        members.sort_by_key(|member| member.id());
        assert_eq!(members.iter().map(|member| member.id()).collect::<Vec<_>>(), [1, 2, 3].map(id));
        assert!(members.iter().all(|member| member.status() == Status::Up));
        let addresses: Vec<_> = nodes.iter().map(|node| node.local_addr()).collect();
        assert_eq!(members.iter().map(|member| *member.address()).collect::<Vec<_>>(), addresses);
        assert!(gossip.stats().datagrams_received > 0);
    }
}

#[tokio::test]
async fn nodes_of_another_cluster_do_not_answer() {
    let here = node(1).cluster("here").start().await.unwrap();
    let there = node(2).cluster("there").start().await.unwrap();
    let outcomes = within(there.join([here.local_addr()])).await;
    assert_eq!(outcomes[0].seed, here.local_addr().to_string());
    assert_eq!(outcomes[0].result.as_ref().unwrap_err().to_string(), "no answer in time");
    assert_eq!(here.read(|node| node.live_peers()), 0);
}
