//! Faults of nodes and of the network.

use gossip_core::Epoch;

use crate::host::{NEVER, State};
use crate::{Network, Sim};

impl Sim {
    /// Moves a node to another address, as when a lease ends. Packets reach it only there, and come
    /// from there. The node itself does not notice; tell it with
    /// [`Node::set_address`](gossip_core::Node::set_address).
    ///
    /// # Panics
    ///
    /// Panics if the address is in use or larger than 2^24.
    pub fn relocate(&mut self, index: usize, address: u32) {
        let before = self.hosts[index].address;
        self.routes[before as usize] = None;
        self.occupy(address, index);
        self.hosts[index].address = address;
    }

    /// Takes the host of a node down, and the node with it.
    pub fn crash(&mut self, index: usize) {
        self.stop(index, State::Down);
    }

    /// Kills the process of a node. Its host refuses connections.
    pub fn exit(&mut self, index: usize) {
        self.stop(index, State::Exited);
    }

    fn stop(&mut self, index: usize, state: State) {
        let host = &mut self.hosts[index];
        host.node = None;
        host.state = state;
        host.life += 1;
        host.wake = NEVER;
        while let Some(input) = self.hosts[index].inbox.pop_front() {
            self.discard(input);
        }
        self.knowledge.depart(index);
    }

    /// Restarts a node, as the same member in another life with an empty table. It still has to
    /// join. Kills the node first if it runs.
    pub fn restart(&mut self, index: usize, epoch: Epoch) {
        self.exit(index);
        let host = &mut self.hosts[index];
        host.local.epoch = epoch;
        host.local.address = host.address;
        self.knowledge.arrive(index);
        self.start(index);
    }

    /// Pauses the whole process, as a suspended machine or a debugger does. No timer fires, and
    /// arriving packets wait, as many as [`SimConfig::backlog`](crate::SimConfig::backlog) allows.
    pub fn pause(&mut self, index: usize) {
        self.hold(index, State::Paused);
    }

    /// Stalls a node's input and output while its timers run, as full buffers or a hanging network
    /// interface do. Arriving packets wait, as many as
    /// [`SimConfig::backlog`](crate::SimConfig::backlog) allows, and the node's output stays in the
    /// node.
    pub fn stall(&mut self, index: usize) {
        self.hold(index, State::Stalled);
    }

    fn hold(&mut self, index: usize, state: State) {
        let host = &mut self.hosts[index];
        assert!(host.state == State::Running, "node {index} does not run");
        host.state = state;
        host.pauses += u64::from(state == State::Paused);
    }

    /// Ends a pause or a stall. The node sends its output, reads the waiting input, and then
    /// handles its timers.
    pub fn resume(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        assert!(host.state.has_process(), "node {index} does not run");
        let stalled = host.state == State::Stalled;
        host.state = State::Running;
        if stalled {
            self.drain(index);
        }
        while let Some(input) = self.hosts[index].inbox.pop_front() {
            self.handle(index, input);
        }
        self.schedule(index);
    }

    /// Returns the network, without exceptions and cuts.
    #[must_use]
    pub fn network(&self) -> Network {
        self.links.network()
    }

    /// Changes the network. Exceptions and cuts stay.
    pub fn set_network(&mut self, network: Network) {
        self.links.set_network(network);
    }

    /// Sets the loss of one node in each direction, besides the network's loss.
    pub fn set_node_loss(&mut self, index: usize, inwards: f64, outwards: f64) {
        self.links.set_node_loss(index, inwards, outwards);
    }

    /// Sets the loss of one link in one direction, besides the network's loss.
    pub fn set_link_loss(&mut self, from: usize, to: usize, loss: f64) {
        self.links.set_link_loss(from, to, loss);
    }

    /// Cuts the network where `cut(from, to)` holds, in that direction. Replaces an earlier cut.
    /// Packets that are travelling still arrive.
    pub fn cut(&mut self, cut: impl Fn(usize, usize) -> bool + Send + 'static) {
        self.links.set_cut(Some(Box::new(cut)));
    }

    /// Ends the cut.
    pub fn heal(&mut self) {
        self.links.set_cut(None);
    }
}
