//! Actions of the own claim.

/// An action of the own claim. It can carry an address, and the node runs it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action<A> {
    /// Spread this node's own record, which has changed.
    Spread,
    /// Lower the local health: this node was accused.
    Accused,
    /// Ping another process that claims this node's id.
    PingRival { to: A, nonce: u32, target_tag: u32 },
    /// Stop: another process holds this node's id.
    Conflict { address: A },
    /// Stop after the queued datagrams: this node has left.
    Left,
}
