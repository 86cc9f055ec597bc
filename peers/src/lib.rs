//! Measures the gossip engine beside foca, another engine of the SWIM family, in one run: real
//! clusters on loopback ([`sockets`]), clusters in one simulated network ([`simulated`]), what a packet
//! costs ([`packets`]), and the memory of a node that knows many, for which [`known`] makes them.

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

/// What went wrong, in one line.
pub type Error = Box<dyn std::error::Error>;

/// A node of foca as its documentation and examples have it, with a quick generator.
pub type Foca<A = SocketAddr> =
    foca::Foca<Id<A>, foca::PostcardCodec, SmallRng, foca::NoCustomBroadcast>;

/// Who a foca node is: the identity of foca's own example of an agent, which can rejoin at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id<A = SocketAddr> {
    /// Where it is.
    pub addr: A,
    /// Larger after each restart, and each time the others took it for dead.
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
