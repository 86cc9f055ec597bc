//! A node stops as if it had crashed when its driver is dropped.

use std::net::UdpSocket;
use std::time::Duration;

use gossip_smol::SeedError;

const ENOUGH: Duration = Duration::from_secs(60);

#[test]
fn dropped_driver_ends_waiting() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = silent.local_addr().unwrap();
    let (gossip, driver) = smol::block_on(gossip_smol::bind("127.0.0.1:0").start()).unwrap();
    let guard = smol::spawn(driver);
    let joining = gossip.join([nobody]);
    // The driver runs: it has sent a join.
    silent.set_read_timeout(Some(ENOUGH)).unwrap();
    silent.recv_from(&mut [0; 2_000]).unwrap();
    let mut events = gossip.events();
    assert!(events.wait_timeout(ENOUGH).is_some());

    drop(guard);
    let outcomes = joining.wait_timeout(ENOUGH).unwrap();
    assert!(matches!(outcomes[0].result, Err(SeedError::Stopped)), "{outcomes:?}");
    assert!(gossip.shutdown().wait_timeout(ENOUGH).is_some());
    assert_eq!(events.iter().count(), 0);
    let again = smol::block_on(gossip_smol::bind(gossip.local_addr()).start());
    assert!(again.is_ok(), "the port is free again");
}
