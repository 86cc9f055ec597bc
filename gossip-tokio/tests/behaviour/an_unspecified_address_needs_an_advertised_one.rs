use gossip_tokio::{Error, Gossip};

use crate::cluster::{join, node};

#[tokio::test]
async fn an_unspecified_address_needs_an_advertised_one() {
    let error = Gossip::bind("0.0.0.0:0").start().await.unwrap_err();
    assert!(matches!(error, Error::Unspecified(_)));
    assert!(error.to_string().contains("`advertise`"));

    let gossip = Gossip::bind("0.0.0.0:0").advertise("127.0.0.1:0").start().await.unwrap();
    let address = gossip.read(|node| *node.local().address());
    assert_eq!(address, format!("127.0.0.1:{}", gossip.local_addr().port()).parse().unwrap());
    let other = node(1).start().await.unwrap();
    let outcomes = other.join([address]).await;
    assert_eq!(*outcomes[0].result.as_ref().unwrap(), gossip.id());
    join(&gossip, &other).await;
}
