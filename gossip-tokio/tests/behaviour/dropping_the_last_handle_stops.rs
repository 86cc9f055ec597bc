use gossip_tokio::{Gossip, Status};

use crate::cluster::{cluster, id, sees, within};

#[tokio::test]
async fn dropping_the_last_handle_stops() {
    let mut nodes = cluster(2).await;
    let gossip = nodes.pop().unwrap();
    let (address, clone, mut events) = (gossip.local_addr(), gossip.clone(), gossip.events());
    drop(gossip);
    assert!(Gossip::bind(address).start().await.is_err(), "a clone keeps it running");
    drop(clone);

    // A subscription does not, and comes to its end.
    while within(events.next()).await.is_some() {}
    Gossip::bind(address).start().await.expect("the port is free again");
    sees(&nodes[0], id(2), Status::Dead).await;
}
