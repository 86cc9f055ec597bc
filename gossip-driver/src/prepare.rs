//! Preparation of a node and its sockets from options.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use event_listener::Event as Signal;
use gossip_core::{Address, Epoch, Local, NodeId};

use crate::clock::Clock;
use crate::resolve::{RESOLVER, literal, on_thread, resolve};
use crate::snapshot_writer::SnapshotWriter;
use crate::{Engine, Error, Gossip, Node, Options, Pending, Snapshot, SnapshotError, trace};

/// A node and its sockets, ready for an adapter to drive.
#[derive(Debug)]
#[must_use = "dropping it stops the node"]
pub struct Prepared {
    /// The handle for the application.
    pub handle: Gossip,
    /// The guard for the driver.
    pub guard: DriverGuard,
    /// The UDP socket, in blocking mode.
    pub udp: UdpSocket,
    /// The TCP listener on the same port, in blocking mode. `None` if
    /// [`RequestsConfig::enabled`](gossip_core::RequestsConfig::enabled) is off.
    pub tcp: Option<TcpListener>,
}

/// A guard that the driver holds while it runs and owns the sockets. Dropping it ends all waiting.
#[derive(Debug)]
#[must_use = "dropping it stops the node"]
pub struct DriverGuard(Arc<Engine>);

impl DriverGuard {
    /// Returns the engine to drive.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.0
    }
}

impl Drop for DriverGuard {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl Options {
    /// Resolves the addresses, binds the sockets, reads the snapshot and creates the node. Calls that
    /// may block run on a thread.
    ///
    /// # Errors
    ///
    /// Completes with an [`Error`].
    pub fn prepare(self) -> Pending<Result<Prepared, Error>> {
        let prepared = Arc::new(Mutex::new(None));
        let changed = Arc::new(Signal::new());
        let slot = Arc::clone(&prepared);
        let fill = move |result| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        let is_literal = |address: &String| literal(address).is_some();
        let literal = is_literal(&self.bind) && self.advertise.as_ref().is_none_or(is_literal);
        if literal && self.snapshot.is_none() {
            fill(self.prepare_blocking());
        } else {
            let (filled, done) = (fill.clone(), Arc::clone(&changed));
            let resolving = on_thread(RESOLVER, move || {
                filled(self.prepare_blocking());
                done.notify(usize::MAX);
            });
            if let Err(error) = resolving {
                fill(Err(Error::System(error)));
            }
        }
        Pending::new(changed, move || {
            prepared.lock().unwrap_or_else(PoisonError::into_inner).take()
        })
    }

    fn prepare_blocking(self) -> Result<Prepared, Error> {
        let (udp, tcp) = bind_any(&self.bind, self.config.requests.enabled)?;
        let local_addr = udp.local_addr().map_err(Error::System)?;
        let address = match &self.advertise {
            Some(name) => advertised(name, local_addr.port())?,
            None => local_addr,
        };
        if address.ip().to_canonical().is_unspecified() {
            return Err(Error::Unspecified(address));
        }
        let (before, error) = match &self.snapshot {
            Some(path) => Snapshot::recover(path)?,
            None => (None, None),
        };
        let id = self.id.or(before.as_ref().map(|before| before.id)).map_or_else(random_id, Ok)?;
        let epoch = self.epoch.unwrap_or_else(wall_clock);
        let epoch =
            epoch.max(before.as_ref().map_or(Epoch::default(), |before| next_epoch(before.epoch)));
        let members = before.map(|before| before.members).unwrap_or_default();
        let local =
            Local::new(id, epoch, address.canonical()).cluster(self.cluster).meta(self.meta);
        let clock = Clock::new();
        let node = Node::new(clock.now(), local, self.config, entropy()?)?;
        let restored = Snapshot::new(id, epoch, members);
        let snapshot_writer =
            self.snapshot.map(|path| write_first(&clock, path, &restored, error)).transpose()?;
        let engine =
            Engine::new(clock, node, local_addr, self.seeds, restored.members, snapshot_writer);
        let engine = Arc::new(engine);
        Ok(Prepared {
            handle: Gossip::new(Arc::clone(&engine)),
            guard: DriverGuard(engine),
            udp,
            tcp,
        })
    }
}

/// Returns the next epoch, or the last one again.
fn next_epoch(epoch: Epoch) -> Epoch {
    Epoch::new(epoch.get() + 1).unwrap_or(Epoch::MAX)
}

/// Writes the snapshot of this life before any other node hears of it.
fn write_first(
    clock: &Clock,
    path: PathBuf,
    snapshot: &Snapshot,
    damaged: Option<SnapshotError>,
) -> Result<SnapshotWriter, SnapshotError> {
    if let Some(error) = &damaged {
        trace::snapshot(snapshot.id, error);
    }
    snapshot.save(&path)?;
    Ok(SnapshotWriter::new(clock.now(), path, snapshot.clone(), damaged))
}

fn resolve_named(name: &str) -> Result<Vec<SocketAddr>, Error> {
    resolve(name).map_err(|source| Error::Resolve { name: name.to_owned(), source })
}

fn advertised(name: &str, bound: u16) -> Result<SocketAddr, Error> {
    let mut address = resolve_named(name)?[0];
    if address.port() == 0 {
        address.set_port(bound);
    }
    Ok(address)
}

/// Binds to the first available address of `name`.
fn bind_any(name: &str, requests: bool) -> Result<(UdpSocket, Option<TcpListener>), Error> {
    let addresses = resolve_named(name)?;
    let (&last, others) = addresses.split_last().expect("a name resolves to at least one address");
    let bound = others.iter().find_map(|&address| bind(address, requests).ok());
    bound
        .map_or_else(|| bind(last, requests), Ok)
        .map_err(|source| Error::Bind { address: last, source })
}

/// Binds UDP and TCP to one port. With port 0, UDP may get a port that is taken in TCP; then it tries
/// another.
fn bind(address: SocketAddr, requests: bool) -> io::Result<(UdpSocket, Option<TcpListener>)> {
    const TRIES: u32 = 16;
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        let udp = UdpSocket::bind(address)?;
        if !requests {
            return Ok((udp, None));
        }
        tries -= 1;
        match TcpListener::bind(udp.local_addr()?) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            tcp => return Ok((udp, Some(tcp?))),
        }
    }
}

fn entropy() -> Result<[u8; 32], Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Error::System(error.into()))?;
    Ok(seed)
}

/// Returns a random UUID (version 4).
fn random_id() -> Result<NodeId, Error> {
    let mut id = [0; 16];
    id.copy_from_slice(&entropy()?[..16]);
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    Ok(NodeId(id))
}

/// Returns the milliseconds since 1970 as an epoch.
fn wall_clock() -> Epoch {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).ok().and_then(Epoch::new).unwrap_or(Epoch::MAX)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn port_zero_binds_both_to_one() {
        let (udp, tcp) = bind_any("127.0.0.1:0", true).unwrap();
        assert_eq!(udp.local_addr().unwrap(), tcp.unwrap().local_addr().unwrap());
        let (_, none) = bind_any("127.0.0.1:0", false).unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn taken_port_is_named_in_error() {
        let (udp, _tcp) = bind_any("127.0.0.1:0", true).unwrap();
        let taken = udp.local_addr().unwrap();
        let error = bind_any(&taken.to_string(), true).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot bind {taken}"));
        assert!(error.source().is_some());
        drop(udp);
        let error = bind_any(&taken.to_string(), true).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot bind {taken}"), "taken in TCP alone");
    }

    #[test]
    fn advertised_port_zero_is_the_bound_port() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(advertised("10.0.0.1:0", 7946).unwrap(), address("10.0.0.1:7946"));
        assert_eq!(advertised("10.0.0.1:1", 7946).unwrap(), address("10.0.0.1:1"));
        assert!(matches!(advertised("10.0.0.1", 7946), Err(Error::Resolve { .. })));
    }

    #[test]
    fn defaults_are_random_id_and_wall_clock() {
        let (one, other) = (random_id().unwrap(), random_id().unwrap());
        assert_ne!(one, other);
        assert_eq!((one.0[6] >> 4, one.0[8] >> 6), (4, 2));
        let year_2020 = 1_577_836_800_000;
        assert!(wall_clock().get() > year_2020);
    }
}
