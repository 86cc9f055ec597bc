use gossip_tokio::{Error, Gossip};

use crate::cluster::node;

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let first = node(1).start().await.unwrap();
    let error = Gossip::bind(first.local_addr()).start().await.unwrap_err();
    assert!(matches!(error, Error::Bind { address, .. } if address == first.local_addr()));
    assert!(error.to_string().starts_with(&format!("cannot bind {}: ", first.local_addr())));
}
