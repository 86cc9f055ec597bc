use std::net::UdpSocket;

use gossip_tokio::Gossip;

use crate::cluster::{fast, join, node, within};

/// Whether this machine has IPv6 at all.
fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}

#[tokio::test]
async fn ipv6_is_as_good() {
    if !has_ipv6() {
        return eprintln!("skipped: no IPv6 here");
    }
    let one = Gossip::bind("[::1]:0").config(fast()).start().await.unwrap();
    let other = Gossip::bind("[::1]:0").config(fast()).start().await.unwrap();
    join(&one, &other).await;
    assert!(within(one.settled()).await);
}

#[tokio::test]
async fn a_dual_stack_socket_reaches_ipv4() {
    if !has_ipv6() {
        return eprintln!("skipped: no IPv6 here");
    }
    let dual =
        Gossip::bind("[::]:0").advertise("127.0.0.1:0").config(fast()).start().await.unwrap();
    let other = node(1).start().await.unwrap();
    join(&dual, &other).await;
    assert!(within(other.until(|node| node.live_peers() == 1)).await);
    assert!(within(dual.settled()).await);
}
