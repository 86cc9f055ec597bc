//! Small, fast clusters.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use gossip_tokio::{Builder, Config, Epoch, Event, Events, Gossip, NodeId, Status, Update};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Everything some ten times as fast as on a LAN.
pub(crate) fn fast() -> Config {
    let mut config = Config::local();
    config.probe_interval = Duration::from_millis(100);
    config.probe_timeout = Duration::from_millis(50);
    config.suspicion_mult = 2;
    config.suspicion_max_mult = 2;
    config.gossip_interval = Duration::from_millis(20);
    config.sync_interval = Duration::from_millis(20);
    config.join_timeout = Duration::from_millis(500);
    config.leave_timeout = Duration::from_millis(500);
    config.reconnect_interval = Duration::from_millis(100);
    config
}

pub(crate) fn id(number: u128) -> NodeId {
    NodeId::from_u128(number)
}

/// Node number so and so, in its first life, on a port of its own.
pub(crate) fn node(number: u128) -> Builder {
    Gossip::bind("127.0.0.1:0").id(id(number)).epoch(epoch(1)).config(fast())
}

pub(crate) fn epoch(number: u64) -> Epoch {
    Epoch::new(number).unwrap()
}

/// Nodes 1 to `size`, who know each other.
pub(crate) async fn cluster(size: usize) -> Vec<Gossip> {
    let mut nodes: Vec<Gossip> = Vec::new();
    for number in 1..=size {
        let gossip = node(number as u128).start().await.unwrap();
        if let Some(first) = nodes.first() {
            join(&gossip, first).await;
        }
        nodes.push(gossip);
    }
    for gossip in &nodes {
        assert!(within(gossip.until(move |node| node.live_peers() == size - 1)).await);
    }
    nodes
}

pub(crate) async fn join(gossip: &Gossip, seed: &Gossip) {
    let outcomes = within(gossip.join([seed.local_addr()])).await;
    assert_eq!(*outcomes[0].result.as_ref().unwrap(), seed.id());
}

/// Until `gossip` sees `member` in this state.
pub(crate) async fn sees(gossip: &Gossip, member: NodeId, status: Status) {
    let seen = gossip.until(move |node| node.member(&member).is_some_and(|m| m.status() == status));
    assert!(within(seen).await, "{} sees {member} {status:?}", gossip.id());
}

/// What `future` returns, long before a loaded machine could be at fault.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(30), future).await.expect("it takes too long")
}

/// The next event that `pick` picks.
pub(crate) async fn event<T>(events: &mut Events, pick: impl Fn(Event) -> Option<T>) -> T {
    within(async {
        loop {
            match events.next().await.expect("the node runs") {
                Update::Event(event) => {
                    if let Some(picked) = pick(event) {
                        return picked;
                    }
                }
                Update::Snapshot(_) => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await
}

/// An address where somebody listens and never answers.
pub(crate) async fn silent() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
