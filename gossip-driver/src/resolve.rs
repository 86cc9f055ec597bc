//! Resolution of names, without a runtime.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::thread;

/// Parses an address. Returns `None` for a name.
pub(crate) fn literal(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

/// Resolves `host:port` to at least one address. Blocks as long as the system takes.
pub(crate) fn resolve(text: &str) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for address in text.to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}

/// Name of the threads that resolve names.
pub(crate) const RESOLVER: &str = "gossip-resolver";

/// Runs a call that may block on a thread of its own. The system's resolver and its files can be
/// neither awaited nor cancelled.
pub(crate) fn on_thread(name: &str, f: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(f).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_no_resolver() {
        let address = "127.0.0.1:7946".parse().unwrap();
        assert_eq!(literal("127.0.0.1:7946"), Some(address));
        assert_eq!(resolve("127.0.0.1:7946").unwrap(), [address]);
        assert_eq!(literal("[::1]:7946").unwrap().port(), 7946);
    }

    #[test]
    fn name_without_port_is_refused() {
        assert_eq!(literal("localhost"), None);
        assert!(resolve("localhost").is_err());
    }
}
