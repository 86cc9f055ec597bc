use gossip_tokio::Gossip;

use crate::cluster::{fast, node, within};

#[tokio::test]
async fn a_seed_that_comes_up_later_is_found() {
    let reserved = node(2).start().await.unwrap();
    let address = reserved.local_addr();
    within(reserved.shutdown()).await;

    // By name: it is resolved again and again.
    let seeds = [format!("localhost:{}", address.port()), "no-such-name.invalid:1".to_owned()];
    let early = node(1).seeds(seeds).start().await.unwrap();
    let late = Gossip::bind(address).config(fast()).start().await.unwrap();
    for gossip in [&early, &late] {
        assert!(within(gossip.until(|node| node.live_peers() == 1)).await);
    }
}
