//! The network, the time and the randomness of a [`Sim`](crate::Sim) without its nodes, to run other
//! state machines in.

pub use crate::network::{Links, Passage};
pub use crate::random::{Chance, Random};
pub use crate::timeline::Timeline;
