use gossip_tokio::SeedError;

use crate::cluster::{node, within};

#[tokio::test]
async fn a_failing_send_ends_nothing() {
    let (one, other) = (node(1).start().await.unwrap(), node(2).start().await.unwrap());
    // The socket refuses to send to port 0, to a broadcast address and to another family.
    let seeds = ["127.0.0.1:0", "255.255.255.255:1", "[::1]:1"].map(str::to_owned);
    let outcomes =
        within(one.join(seeds.into_iter().chain([other.local_addr().to_string()]))).await;
    let (last, refused) = outcomes.split_last().unwrap();
    assert!(
        refused.iter().all(|seed| matches!(seed.result, Err(SeedError::Join(_)))),
        "{refused:?}"
    );
    assert!(matches!(last.result, Ok(id) if id == other.id()), "{last:?}");
    assert!(within(one.settled()).await);
}
