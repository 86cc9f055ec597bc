//! A node stops as if it had crashed when its runtime ends.

use std::net::UdpSocket;
use std::time::Duration;

use gossip_tokio::SeedError;
use tokio::runtime::Runtime;

const ENOUGH: Duration = Duration::from_secs(60);

#[test]
fn runtime_end_ends_waiting() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = silent.local_addr().unwrap();
    let runtime = Runtime::new().unwrap();
    let gossip = runtime.block_on(gossip_tokio::bind("127.0.0.1:0").start()).unwrap();
    let joining = gossip.join([nobody]);
    // This thread waits while the node runs in the background.
    assert_eq!(gossip.until(|node| node.members().count() == 1).wait_timeout(ENOUGH), Some(true));
    let mut events = gossip.events();
    assert!(events.wait_timeout(ENOUGH).is_some());

    runtime.shutdown_timeout(ENOUGH);
    let outcomes = joining.wait_timeout(ENOUGH).unwrap();
    assert!(matches!(outcomes[0].result, Err(SeedError::Stopped)), "{outcomes:?}");
    assert!(gossip.shutdown().wait_timeout(ENOUGH).is_some());
    assert_eq!(events.iter().count(), 0);
}
