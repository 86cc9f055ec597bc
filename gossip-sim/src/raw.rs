//! The network and the time of a [`Sim`](crate::Sim) without its nodes, to run others in.

pub use crate::network::{Links, Passage};
pub use crate::timeline::Timeline;
