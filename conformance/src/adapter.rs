//! The adapter under test, and small clusters of its nodes.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use gossip_core::{Config, Epoch, NodeId};
use gossip_driver::{Error, Gossip, Options};

use crate::wait::{joins, until};

/// Builder of a node on the adapter under test.
pub type Builder = gossip_driver::Builder<Result<Gossip, Error>>;

/// The adapter under test.
#[derive(Clone, Copy, Debug)]
pub struct Adapter(fn(Options) -> Result<Gossip, Error>);

impl Adapter {
    /// Describes an adapter by the function that starts a node and drives it until its end.
    #[must_use]
    pub const fn new(start: fn(Options) -> Result<Gossip, Error>) -> Self {
        Self(start)
    }

    /// Returns the builder of a node at this address.
    pub(crate) fn bind(self, address: impl ToString) -> Builder {
        Builder::new(address, self.0).config(calm())
    }

    /// Returns the builder of a numbered node in its first life, on a free port.
    pub(crate) fn node(self, number: u128) -> Builder {
        self.bind("127.0.0.1:0").id(id(number)).epoch(epoch(1))
    }

    /// Starts nodes 1 to `size`, and waits until they know each other.
    pub(crate) fn cluster(self, size: usize) -> Vec<Gossip> {
        cluster(size, calm(), |_| self)
    }

    /// Does as [`cluster`](Self::cluster), with this configuration.
    pub(crate) fn cluster_with(self, size: usize, config: Config) -> Vec<Gossip> {
        cluster(size, config, |_| self)
    }
}

/// Starts nodes 1 to `size` of these adapters, and waits until they know each other.
pub(crate) fn cluster(
    size: usize,
    config: Config,
    adapter: impl Fn(usize) -> Adapter,
) -> Vec<Gossip> {
    let mut nodes: Vec<Gossip> = Vec::new();
    for number in 1..=size {
        let builder = adapter(number).node(number as u128).config(config.clone());
        let node = builder.start().expect("a node starts");
        if let Some(first) = nodes.first() {
            joins(&node, first);
        }
        nodes.push(node);
    }
    for node in &nodes {
        until(node, move |node| node.live_peers() == size - 1);
    }
    nodes
}

/// Returns a quick configuration with slow verdicts: even on a busy machine no live node is
/// declared dead.
pub(crate) fn calm() -> Config {
    let mut config = Config::local();
    config.detector.probe_interval = Duration::from_millis(500);
    config.detector.suspicion_timeout = Duration::from_secs(50);
    config.detector.probe_timeout = Duration::from_millis(50);
    config.rumors.interval = Duration::from_millis(20);
    config.repair.interval = Duration::from_millis(20);
    config.join.reconnect_interval = Duration::from_millis(100);
    config.requests.timeout = Duration::from_secs(10);
    config.join.timeout = Duration::from_secs(5);
    config.leave_timeout = Duration::from_secs(20);
    config
}

/// Returns a configuration without probes, and so without suspicions.
pub(crate) fn still() -> Config {
    let mut config = calm();
    config.detector.probe_interval = Duration::from_secs(3_600);
    config
}

/// Returns a configuration that notices failures at once, at the risk of false ones.
pub(crate) fn watchful() -> Config {
    let mut config = calm();
    config.detector.probe_interval = Duration::from_millis(100);
    config.detector.suspicion_timeout = Duration::from_millis(200);
    config.detector.suspicion_max_mult = 2;
    config
}

pub(crate) fn id(number: u128) -> NodeId {
    NodeId::from_u128(number)
}

pub(crate) fn epoch(number: u64) -> Epoch {
    Epoch::new(number).expect("it is small")
}

/// Returns an address where a socket listens and never answers.
pub(crate) fn silent() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

/// Returns an address that no other test uses, to bind it more than once.
pub(crate) fn own_address() -> SocketAddrV4 {
    if cfg!(target_os = "linux") {
        // All of 127.0.0.0/8 is this host, and a random address in it is unused.
        let [a, b, c, ..] = RandomState::new().hash_one(0).to_le_bytes();
        SocketAddrV4::new(Ipv4Addr::new(127, a.clamp(1, 254), b, c.clamp(1, 254)), 7946)
    } else {
        let (_socket, address) = silent();
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, address.port())
    }
}

/// Returns a name for that address: a text that only the system's resolver understands as an
/// address.
pub(crate) fn name_of(address: SocketAddrV4) -> String {
    format!("{:#x}:{}", address.ip().to_bits(), address.port())
}
