//! What a user of the simulation can see.

use gossip_core::{Member, NodeId};

use crate::log::{LoggedEvent, PacketTap};
use crate::traffic::Traffic;
use crate::{Sim, SimConfig};

impl Sim {
    /// How the simulation was set up.
    #[must_use]
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// Keeps those events, from now on, for which `filter` is true. It sees all of them, so it
    /// can count as well; what is kept takes memory until [`Sim::take_log`].
    pub fn record(&mut self, filter: impl FnMut(&LoggedEvent) -> bool + Send + 'static) {
        self.log.set_filter(Box::new(filter));
    }

    /// The events that were kept, in their order.
    #[must_use]
    pub fn log(&self) -> &[LoggedEvent] {
        &self.log.kept
    }

    /// Takes the events that were kept.
    pub fn take_log(&mut self) -> Vec<LoggedEvent> {
        std::mem::take(&mut self.log.kept)
    }

    /// Shows every datagram, from now on, to `tap`: once when it leaves a node, once when it has
    /// come to one. It replaces an earlier one.
    pub fn tap(&mut self, tap: impl FnMut(PacketTap<'_>) + Send + 'static) {
        self.log.set_tap(Some(Box::new(tap)));
    }

    /// Shows datagrams to nobody any more.
    pub fn untap(&mut self) {
        self.log.set_tap(None);
    }

    /// A fingerprint of everything that was delivered so far: times, ends and bytes of each
    /// datagram and frame. Equal runs have equal traces, on every platform and in every build.
    #[must_use]
    pub const fn trace(&self) -> u64 {
        self.log.trace
    }

    /// How many datagrams and frames were delivered.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.log.delivered
    }

    /// How many datagrams were lost: by the network, at a node that was not there, or because the
    /// backlog of one was full.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.log.lost
    }

    /// How often a node told that another, which was running, has failed.
    #[must_use]
    pub const fn false_deaths(&self) -> u64 {
        self.log.false_deaths
    }

    /// What all nodes have sent.
    #[must_use]
    pub const fn total_traffic(&self) -> Traffic {
        self.log.total
    }

    /// What all nodes have sent in each second since the beginning; the last one may not be over.
    #[must_use]
    pub fn traffic_by_second(&self) -> &[Traffic] {
        &self.log.seconds
    }

    /// Whether a node takes part: it runs, and has neither left nor fallen silent.
    #[must_use]
    pub fn is_present(&self, index: usize) -> bool {
        self.knowledge.is_present(index)
    }

    /// The nodes that take part.
    pub fn present(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(|&index| self.is_present(index))
    }

    /// Whether a node lists another's present life as live.
    #[must_use]
    pub fn knows(&self, observer: usize, subject: usize) -> bool {
        self.knowledge.knows(observer, subject)
    }

    /// How many of the nodes that take part list this one's last life as live.
    #[must_use]
    pub fn listed_by(&self, subject: usize) -> usize {
        self.knowledge.listed(subject)
    }

    /// Of all ordered pairs of nodes that take part, how many know each other.
    #[must_use]
    pub fn known_pairs(&self) -> usize {
        self.knowledge.known()
    }

    /// How often a node that takes no part is still listed as live by one that does.
    #[must_use]
    pub fn ghosts(&self) -> usize {
        self.knowledge.ghosts()
    }

    /// Whether all nodes that take part list each other, in their present lives, and nobody
    /// else, as live. Asking costs nothing.
    #[must_use]
    pub fn all_know_all(&self) -> bool {
        let nodes = self.knowledge.present_nodes();
        self.known_pairs() == nodes * nodes.saturating_sub(1) && self.ghosts() == 0
    }

    /// Whether all nodes that take part say that their cluster has settled.
    #[must_use]
    pub fn all_settled(&self) -> bool {
        self.present().all(|index| self.node(index).is_settled())
    }

    /// Whether all nodes that take part list exactly each other as live and have equal
    /// fingerprints. Reads all tables: quadratic in the number of nodes.
    ///
    /// # Errors
    ///
    /// The first difference, in words.
    pub fn converged(&self) -> Result<(), String> {
        let mut present: Vec<NodeId> = self.present().map(|index| self.id(index)).collect();
        present.sort_unstable();
        let mut first = None;
        for index in self.present() {
            let node = self.node(index);
            let live = node.members().filter(|member| member.status().is_live());
            let mut live: Vec<NodeId> = live.map(Member::id).collect();
            live.sort_unstable();
            if live != present {
                let (live, present) = (live.len(), present.len());
                return Err(format!("node {index} lists {live} as live, {present} are"));
            }
            let fingerprint = node.fingerprint();
            let (other, expected) = *first.get_or_insert((index, fingerprint));
            if fingerprint != expected {
                return Err(format!("the fingerprints of nodes {index} and {other} differ"));
            }
        }
        Ok(())
    }

    /// Panics unless all have [converged](Self::converged).
    ///
    /// # Panics
    ///
    /// With the seed, the time and the first difference.
    pub fn assert_converged(&self) {
        if let Err(difference) = self.converged() {
            let (seed, now) = (self.config.seed, self.now.as_micros());
            panic!("seed {seed}, {now} us: {difference}");
        }
    }
}

/// A failing run names its seed, whatever it was that failed.
impl Drop for Sim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, now) = (self.config.seed, self.now.as_micros());
            eprintln!("the simulation with seed {seed} stood at {now} us");
        }
    }
}
