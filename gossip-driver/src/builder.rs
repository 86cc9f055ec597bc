//! The options of a node.

use std::path::PathBuf;

use gossip_core::{Config, Epoch, NodeId};

/// The options of a node, collected by a [`Builder`].
#[derive(Debug)]
pub struct Options {
    pub(crate) bind: String,
    pub(crate) id: Option<NodeId>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) advertise: Option<String>,
    pub(crate) cluster: String,
    pub(crate) meta: Vec<u8>,
    pub(crate) config: Config,
    pub(crate) seeds: Vec<String>,
    pub(crate) snapshot: Option<PathBuf>,
}

/// Builder of a node: it collects the options and starts the node.
///
/// `S` is the result of starting in the adapter.
#[derive(Debug)]
#[must_use = "nothing happens before `start`"]
pub struct Builder<S> {
    options: Options,
    start: fn(Options) -> S,
}

impl<S> Builder<S> {
    /// Creates a builder of a node that is bound to `address` and started by `start`. For adapters.
    pub fn new(address: impl ToString, start: fn(Options) -> S) -> Self {
        let options = Options {
            bind: address.to_string(),
            id: None,
            epoch: None,
            advertise: None,
            cluster: String::new(),
            meta: Vec::new(),
            config: Config::default(),
            seeds: Vec::new(),
            snapshot: None,
        };
        Self { options, start }
    }

    /// Sets the node's id, which must be unique in the cluster and the same after each restart.
    ///
    /// Defaults to the id in the [`snapshot`](Self::snapshot), or else to a random one. With a random
    /// id, a restarted node is a new member.
    pub fn id(mut self, id: NodeId) -> Self {
        self.options.id = Some(id);
        self
    }

    /// Sets the node's epoch, which must be larger after each restart.
    ///
    /// Defaults to the wall clock, in milliseconds since 1970. Where the clock is unreliable, keep a
    /// [`snapshot`](Self::snapshot): the node always exceeds the epoch stored there.
    pub fn epoch(mut self, epoch: Epoch) -> Self {
        self.options.epoch = Some(epoch);
        self
    }

    /// Sets the address at which others reach the node, as `host:port`. Port 0 stands for the bound
    /// port. A name is resolved once, at the start.
    ///
    /// Defaults to the bound address. Required if that is `0.0.0.0` or `::`, and behind a NAT.
    pub fn advertise(mut self, address: impl ToString) -> Self {
        self.options.advertise = Some(address.to_string());
        self
    }

    /// Sets the name of the cluster, empty by default. Nodes of different clusters ignore each
    /// other.
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.options.cluster = name.into();
        self
    }

    /// Sets the metadata that all members see with this one, such as tags or a zone: at most
    /// [`MAX_META`](gossip_core::MAX_META) bytes, empty by default.
    pub fn meta(mut self, meta: impl Into<Vec<u8>>) -> Self {
        self.options.meta = meta.into();
        self
    }

    /// Sets the protocol's configuration, [`Config::lan`] by default. All nodes of a cluster should
    /// share one.
    pub fn config(mut self, config: Config) -> Self {
        self.options.config = config;
        self
    }

    /// Sets seeds, as `host:port`, with which the node keeps in touch.
    ///
    /// The node joins through them in the background from the start. While one is absent, the node
    /// contacts it again every
    /// [`JoinConfig::reconnect_interval`](gossip_core::JoinConfig::reconnect_interval) and resolves
    /// its name anew. To learn the outcome, call [`Gossip::join`](crate::Gossip::join) as well.
    pub fn seeds<T: ToString>(mut self, seeds: impl IntoIterator<Item = T>) -> Self {
        self.options.seeds = seeds.into_iter().map(|seed| seed.to_string()).collect();
        self
    }

    /// Sets the file of the node's [`Snapshot`](crate::Snapshot): its id, its epoch, and some members
    /// to rejoin through. A restarted node is then the same member in a later epoch, and finds its
    /// cluster without seeds. No file by default.
    ///
    /// The node writes the file at the start, once per
    /// [`Snapshot::PERIOD`](crate::Snapshot::PERIOD) if it has changed, and at the end. Each node
    /// needs a file of its own.
    ///
    /// The node moves a damaged file aside, to the same name with `.damaged` added, and starts clean.
    /// [`Gossip::snapshot_error`](crate::Gossip::snapshot_error) and a log line report it.
    pub fn snapshot(mut self, file: impl Into<PathBuf>) -> Self {
        self.options.snapshot = Some(file.into());
        self
    }

    /// Binds the sockets and starts the node.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error): an address that does not resolve, a port that is taken, a missing
    /// advertised address, an option out of its bounds, or a snapshot that can be neither read nor
    /// written.
    pub fn start(self) -> S {
        (self.start)(self.options)
    }
}
