//! A deterministic network of gossip nodes, for tests: any number of [`gossip_core::Node`]s in one
//! thread and virtual time, with all faults of a network.
//!
//! A run is a pure function of the calls that the test makes and of one seed. An hour of a cluster
//! passes in a moment, and a failing run can be repeated.
//!
//! ```
//! use std::time::Duration;
//!
//! use gossip_core::Config;
//! use gossip_sim::{Network, Sim, SimConfig};
//!
//! // Ten nodes, a tenth of the packets lost; all join through node 0.
//! let set_up = SimConfig::new(42).network(Network::lan().loss(0.1));
//! let mut sim = Sim::cluster(10, set_up, &Config::lan());
//! sim.join_all(Duration::ZERO);
//! sim.run_until_all_know_all(Duration::from_secs(10));
//!
//! // One crashes, and the others notice.
//! let notices = sim.crash_and_watch(7, Duration::from_secs(60));
//! assert!(notices.last.is_some());
//! sim.run_until_converged(Duration::from_secs(10));
//! ```
//!
//! [`Network`] determines loss, duplication, delay and cuts of datagrams. Requests take as long as
//! over TCP: round trips for connecting and for each window, and retransmissions after 200 ms,
//! doubling. The computing time of nodes is not part of the model.

mod checks;
mod cluster;
mod connection;
mod faults;
mod host;
mod knowledge;
mod log;
mod network;
mod observe;
mod packets;
mod random;
mod random_faults;
pub mod raw;
mod requests;
mod run;
mod sim;
mod timeline;
mod traffic;

pub use cluster::{DetectionTimes, local};
pub use log::{LoggedEvent, PacketTap, Place};
pub use network::{Latency, Network};
pub use random_faults::random_faults;
pub use sim::{Sim, SimConfig};
pub use traffic::Traffic;
