use gossip_tokio::Status;

use crate::cluster::{cluster, epoch, id, join, node, within};

#[tokio::test]
async fn a_restart_is_a_new_life() {
    let nodes = cluster(3).await;
    within(nodes[1].shutdown()).await;
    let reborn = node(2).epoch(epoch(2)).start().await.unwrap();
    join(&reborn, &nodes[0]).await;

    let address = reborn.local_addr();
    for gossip in [&nodes[0], &nodes[2], &reborn] {
        let known = gossip.until(move |node| {
            node.members().count() == 3
                && node.members().all(|member| member.status() == Status::Up)
                && node.member(&id(2)).is_some_and(|member| {
                    member.epoch() == epoch(2) && *member.address() == address
                })
        });
        assert!(within(known).await);
    }
}
