//! The options of a node.

use std::path::PathBuf;

use gossip_core::{Config, Epoch, NodeId};

/// How a node is to be started. Collected by a [`Builder`], used up by [`Options::open`].
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

/// Collects the options of a node and starts it.
///
/// `S` is what starting returns in the adapter at hand.
#[derive(Debug)]
#[must_use = "nothing happens before `start`"]
pub struct Builder<S> {
    options: Options,
    start: fn(Options) -> S,
}

impl<S> Builder<S> {
    /// A node that is bound to `address`, started by the function given. For adapters.
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

    /// Who the node is: the same after each restart, and nobody else's. By default the one in the
    /// [`snapshot`](Self::snapshot), else a random id, with which a node that restarts is a new
    /// member.
    pub fn id(mut self, id: NodeId) -> Self {
        self.options.id = Some(id);
        self
    }

    /// Which life of the node this is: larger after each restart. By default the wall clock, in
    /// milliseconds since 1970; where that cannot be relied on, keep a
    /// [`snapshot`](Self::snapshot), whose epoch is always exceeded.
    pub fn epoch(mut self, epoch: Epoch) -> Self {
        self.options.epoch = Some(epoch);
        self
    }

    /// Where others can reach the node, as `host:port`; port 0 stands for the port that is bound.
    /// By default the bound address. Needed when that is `0.0.0.0` or `::`, and behind a NAT. A
    /// name is resolved once, at the start.
    pub fn advertise(mut self, address: impl ToString) -> Self {
        self.options.advertise = Some(address.to_string());
        self
    }

    /// The name of the cluster, empty by default. Nodes of different names ignore each other.
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.options.cluster = name.into();
        self
    }

    /// What others see with this member: tags, a zone, whatever the application likes; at most
    /// [`MAX_META`](gossip_core::MAX_META) bytes. Empty by default.
    pub fn meta(mut self, meta: impl Into<Vec<u8>>) -> Self {
        self.options.meta = meta.into();
        self
    }

    /// All the knobs; [`Config::lan`] by default. Give the same to all nodes of a cluster.
    pub fn config(mut self, config: Config) -> Self {
        self.options.config = config;
        self
    }

    /// Nodes to stay in touch with, as `host:port`: joined in the background from the start, and
    /// tried again every [`JoinConfig::reconnect_interval`](gossip_core::JoinConfig::reconnect_interval) while they are absent, their names resolved
    /// anew. To learn what comes of it, `join` through them as well.
    pub fn seeds<T: ToString>(mut self, seeds: impl IntoIterator<Item = T>) -> Self {
        self.options.seeds = seeds.into_iter().map(|seed| seed.to_string()).collect();
        self
    }

    /// The file to keep a [`Snapshot`](crate::Snapshot) in, of this node alone: who the node is,
    /// which life it lives, and some members to rejoin through. Written at the start, every
    /// [`Snapshot::PERIOD`](crate::Snapshot::PERIOD) in which it has changed, and at the end; so
    /// that a node that restarts is the same member, in a later epoch, and finds its cluster
    /// without seeds. None by default.
    ///
    /// A damaged file is moved aside, to the same name with `.damaged` added, and the node starts
    /// clean; [`Handle::snapshot_error`](crate::Handle::snapshot_error) and a trace say so.
    pub fn snapshot(mut self, file: impl Into<PathBuf>) -> Self {
        self.options.snapshot = Some(file.into());
        self
    }

    /// Binds the sockets and starts the node.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error): an address that does not resolve, a port that is taken, an
    /// advertised address that is needed and missing, an option out of its bounds, a snapshot that
    /// can be neither read nor written.
    pub fn start(self) -> S {
        (self.start)(self.options)
    }
}
