//! The file that carries a node over a restart.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crc::{CRC_32_ISCSI, Crc};
use gossip_core::{Epoch, NodeId};
use serde::{Deserialize, Serialize};

use crate::{Node, SnapshotError};

/// First byte of a file: the version of its format.
const VERSION: u8 = 1;

/// Last four bytes of a file: the checksum of all bytes before.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The data with which a restarted node is the same member and finds its cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The id of the node.
    pub id: NodeId,
    /// The epoch of its last life.
    pub epoch: Epoch,
    /// Addresses of live members, to rejoin through.
    pub members: Vec<SocketAddr>,
}

impl Snapshot {
    /// Time between two checks whether the file is out of date.
    pub const PERIOD: Duration = Duration::from_secs(5);

    /// Number of members in a snapshot.
    pub const MAX_MEMBERS: usize = 64;

    /// Creates the snapshot of a node from its id, the epoch of its last life, and addresses of live
    /// members.
    #[must_use]
    pub fn new(id: NodeId, epoch: Epoch, members: Vec<SocketAddr>) -> Self {
        Self { id, epoch, members }
    }

    /// Reads the file at `path`. Returns `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is damaged.
    pub fn load(path: &Path) -> Result<Option<Self>, SnapshotError> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| failed(path, "read", source))?,
        };
        match postcard::from_bytes_crc32(&bytes, CHECKSUM.digest()) {
            Ok((VERSION, snapshot)) => Ok(Some(snapshot)),
            _ => Err(SnapshotError::Damaged(path.to_owned())),
        }
    }

    /// Replaces the file at `path` atomically: even after a crash it holds either the old or the new
    /// snapshot. The new one is first written to a file of the same name with `.new` added.
    ///
    /// # Errors
    ///
    /// The file cannot be written, and is as before.
    pub fn save(&self, path: &Path) -> Result<(), SnapshotError> {
        let bytes = postcard::to_allocvec_crc32(&(VERSION, self), CHECKSUM.digest());
        let bytes = bytes.expect("memory is all it takes");
        replace(path, &bytes).map_err(|source| failed(path, "write", source))
    }

    /// Reads the file at `path`, or moves a damaged one aside.
    pub(crate) fn recover(
        path: &Path,
    ) -> Result<(Option<Self>, Option<SnapshotError>), SnapshotError> {
        match Self::load(path) {
            Err(damaged @ SnapshotError::Damaged(_)) => {
                let aside = beside(path, ".damaged");
                fs::rename(path, aside).map_err(|source| failed(path, "move aside", source))?;
                Ok((None, Some(damaged)))
            }
            loaded => Ok((loaded?, None)),
        }
    }

    /// Takes the snapshot of a running node: some of its live members, spread evenly, and as many of
    /// the `restored` ones as have room.
    pub(crate) fn of(node: &Node, restored: &[SocketAddr]) -> Self {
        let local = node.local();
        let every = node.live_peers().div_ceil(Self::MAX_MEMBERS).max(1);
        let others = node.members().filter(|member| member.id() != local.id());
        let live = others.filter(|member| member.status().is_live());
        let mut members: Vec<_> = live.step_by(every).map(|member| *member.address()).collect();
        let room = Self::MAX_MEMBERS.saturating_sub(members.len());
        let more = restored.iter().filter(|&address| !members.contains(address));
        let more: Vec<_> = more.take(room).copied().collect();
        members.extend(more);
        Self::new(local.id(), local.epoch(), members)
    }
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> SnapshotError {
    SnapshotError::File { path: path.to_owned(), action, source }
}

/// Appends a suffix to the file name of `path`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// Writes the new name to the disk, which on Unix takes a sync of the folder.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use gossip_core::{Config, Instant, Local};

    use super::*;

    fn address(number: u16) -> SocketAddr {
        ([10, 0, 0, 1], number).into()
    }

    fn snapshot() -> Snapshot {
        let members = (1..4).map(address).collect();
        Snapshot::new(NodeId::from_u128(7), Epoch::new(8).unwrap(), members)
    }

    #[test]
    fn snapshot_survives_saving_and_loading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snapshot");
        assert_eq!(Snapshot::load(&file).unwrap(), None);
        for _ in 0..2 {
            snapshot().save(&file).unwrap();
            assert_eq!(Snapshot::load(&file).unwrap(), Some(snapshot()));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn any_damage_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snapshot");
        snapshot().save(&file).unwrap();
        let whole = fs::read(&file).unwrap();
        let flipped = (0..8 * whole.len()).map(|bit| {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let cut = (0..whole.len()).map(|len| whole[..len].to_vec());
        for bytes in flipped.chain(cut).chain([vec![0; whole.len()]]) {
            fs::write(&file, &bytes).unwrap();
            assert!(matches!(Snapshot::load(&file), Err(SnapshotError::Damaged(_))), "{bytes:?}");
        }
    }

    #[test]
    fn file_errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Snapshot::load(folder.path()).unwrap_err().to_string();
        assert_eq!(error, format!("cannot read the snapshot {}", folder.path().display()));
        let error = snapshot().save(&folder.path().join("no/snapshot")).unwrap_err().to_string();
        assert!(error.starts_with("cannot write the snapshot "), "{error}");
    }

    #[test]
    fn restored_members_stay_until_replaced() {
        let local = Local::new(NodeId::from_u128(7), Epoch::new(9).unwrap(), address(9));
        let mut node = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
        let restored = [address(1), address(2)];
        assert_eq!(Snapshot::of(&node, &restored).members, restored);

        let mut buf = [0; 2_000];
        for number in 1..=200 {
            let local = Local::new(NodeId::from_u128(number), Epoch::default(), address(100));
            let mut other = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
            other.join(Instant::ORIGIN, [address(9)]);
            let len = other.poll_transmit(Instant::ORIGIN, &mut buf).unwrap().bytes.len();
            node.handle_datagram(Instant::ORIGIN, &address(100), &mut buf[..len]).unwrap();
            if number == 1 {
                let members = [address(100), address(1), address(2)];
                assert_eq!(Snapshot::of(&node, &restored).members, members);
            }
        }
        let members = Snapshot::of(&node, &[]).members.len();
        assert!((Snapshot::MAX_MEMBERS / 2..=Snapshot::MAX_MEMBERS).contains(&members));
    }
}
