//! Measurements of the gossip engine and of foca, another engine of the SWIM family, in one run.
//! They cover real clusters on loopback ([`sockets`]), clusters in one simulated network
//! ([`simulated`]), the cost of a packet ([`packets`]), and the memory of a node with many members
//! ([`known`]).

mod clusters;
pub mod known;
pub mod packets;
mod run;
pub mod simulated;
pub mod sockets;
mod table;

use std::fmt::Debug;
use std::net::SocketAddr;

use foca::Identity;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};

/// An error as one line.
pub type Error = Box<dyn std::error::Error>;

/// A foca node as in its documentation and examples, with a quick generator.
pub type Foca<A = SocketAddr> =
    foca::Foca<Id<A>, foca::PostcardCodec, SmallRng, foca::NoCustomBroadcast>;

/// The identity of a foca node, as in foca's own example of an agent: it can rejoin at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id<A = SocketAddr> {
    /// The address.
    pub addr: A,
    /// A number that grows with each restart, and each time that others declared the node dead.
    pub bump: u64,
}

impl<A: Clone + Debug + Eq> Identity for Id<A> {
    type Addr = A;

    fn renew(&self) -> Option<Self> {
        Some(Self { addr: self.addr.clone(), bump: self.bump.wrapping_add(1) })
    }

    fn addr(&self) -> A {
        self.addr.clone()
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.bump > adversary.bump
    }
}
