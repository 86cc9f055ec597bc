use gossip_tokio::{CommandError, MAX_META};

use crate::cluster::{cluster, join, node, within};

#[tokio::test]
async fn a_late_joiner_learns_all() {
    let nodes = cluster(4).await;
    // More than a datagram holds in all.
    let meta = [7; MAX_META];
    for gossip in &nodes {
        gossip.set_meta(&meta).unwrap();
    }
    let late = node(5).meta("late").start().await.unwrap();
    join(&late, &nodes[2]).await;
    let knows_all = late.until(move |node| {
        node.members().filter(|member| member.meta() == meta.as_slice()).count() == 4
    });
    assert!(within(knows_all).await);
    let late_id = late.id();
    for gossip in &nodes {
        let known =
            gossip.until(move |node| node.member(&late_id).is_some_and(|m| m.meta() == b"late"));
        assert!(within(known).await);
    }
    let too_large = late.set_meta(&[0; MAX_META + 1]);
    assert_eq!(too_large, Err(CommandError::TooLarge { limit: MAX_META }));
}
