//! Observation of a simulation.

use gossip_core::{Member, NodeId};

use crate::log::{LoggedEvent, PacketTap};
use crate::traffic::Traffic;
use crate::{Sim, SimConfig};

impl Sim {
    /// Returns the configuration of the simulation.
    #[must_use]
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// Logs the events that `filter` accepts, from now on. The filter sees all events, so it can
    /// count as well. Logged events take memory until [`Sim::take_log`].
    pub fn record(&mut self, filter: impl FnMut(&LoggedEvent) -> bool + Send + 'static) {
        self.log.set_filter(Box::new(filter));
    }

    /// Returns the logged events in order.
    #[must_use]
    pub fn log(&self) -> &[LoggedEvent] {
        &self.log.kept
    }

    /// Takes the logged events.
    pub fn take_log(&mut self) -> Vec<LoggedEvent> {
        std::mem::take(&mut self.log.kept)
    }

    /// Passes every datagram to `tap`, from now on: once when it leaves a node, and once when it
    /// reaches one. Replaces an earlier tap.
    pub fn tap(&mut self, tap: impl FnMut(PacketTap<'_>) + Send + 'static) {
        self.log.set_tap(Some(Box::new(tap)));
    }

    /// Removes the tap.
    pub fn untap(&mut self) {
        self.log.set_tap(None);
    }

    /// Returns a fingerprint of all deliveries so far: time, sender, receiver and bytes of each
    /// datagram and frame. Equal runs have equal traces, on every platform and in every build.
    #[must_use]
    pub const fn trace(&self) -> u64 {
        self.log.trace
    }

    /// Returns the number of datagrams and frames delivered.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.log.delivered
    }

    /// Returns the number of datagrams lost: by the network, at an absent node, or at a full
    /// backlog.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.log.lost
    }

    /// Returns the number of reports that a running node had failed.
    #[must_use]
    pub const fn false_deaths(&self) -> u64 {
        self.log.false_deaths
    }

    /// Returns the traffic of all nodes.
    #[must_use]
    pub const fn total_traffic(&self) -> Traffic {
        self.log.total
    }

    /// Returns the traffic of all nodes in each second since the origin. The last second may not be
    /// over.
    #[must_use]
    pub fn traffic_by_second(&self) -> &[Traffic] {
        &self.log.seconds
    }

    /// Returns whether a node takes part: it runs, and has not stopped.
    #[must_use]
    pub fn is_present(&self, index: usize) -> bool {
        self.knowledge.is_present(index)
    }

    /// Iterates over the nodes that take part.
    pub fn present(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(|&index| self.is_present(index))
    }

    /// Returns whether a node lists another's present life as live.
    #[must_use]
    pub fn knows(&self, observer: usize, subject: usize) -> bool {
        self.knowledge.knows(observer, subject)
    }

    /// Returns how many participating nodes list this one's last life as live.
    #[must_use]
    pub fn listed_by(&self, subject: usize) -> usize {
        self.knowledge.listed(subject)
    }

    /// Returns how many ordered pairs of participating nodes know each other.
    #[must_use]
    pub fn known_pairs(&self) -> usize {
        self.knowledge.known()
    }

    /// Returns how often a participating node lists one as live that does not take part.
    #[must_use]
    pub fn ghosts(&self) -> usize {
        self.knowledge.ghosts()
    }

    /// Returns whether all participating nodes list exactly each other, in their present lives, as
    /// live. Takes constant time.
    #[must_use]
    pub fn all_know_all(&self) -> bool {
        let nodes = self.knowledge.present_nodes();
        self.known_pairs() == nodes * nodes.saturating_sub(1) && self.ghosts() == 0
    }

    /// Returns whether all participating nodes are settled.
    #[must_use]
    pub fn all_settled(&self) -> bool {
        self.present().all(|index| self.node(index).is_settled())
    }

    /// Checks that all participating nodes list exactly each other as live and have equal
    /// fingerprints. Reads all tables, which is quadratic in the number of nodes.
    ///
    /// # Errors
    ///
    /// The first difference, as text.
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

    /// Asserts that all have [converged](Self::converged).
    ///
    /// # Panics
    ///
    /// Panics with the seed, the time and the first difference otherwise.
    pub fn assert_converged(&self) {
        if let Err(difference) = self.converged() {
            let (seed, now) = (self.config.seed, self.now.as_micros());
            panic!("seed {seed}, {now} us: {difference}");
        }
    }
}

/// A failing run prints its seed, whatever failed.
impl Drop for Sim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, now) = (self.config.seed, self.now.as_micros());
            eprintln!("the simulation with seed {seed} stood at {now} us");
        }
    }
}
