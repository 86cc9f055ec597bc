//! What can happen to nodes and to the network.

use gossip_core::Epoch;

use crate::host::{NEVER, State};
use crate::{Network, Sim};

impl Sim {
    /// Moves a node to another address, as when a lease ends. Packets find it there only, and
    /// come from there; the node does not know until it is told.
    ///
    /// # Panics
    ///
    /// If the address is another's or larger than 2^24.
    pub fn relocate(&mut self, index: usize, address: u32) {
        let before = self.hosts[index].address;
        self.routes[before as usize] = None;
        self.occupy(address, index);
        self.hosts[index].address = address;
    }

    /// The host of a node goes down, and the node with it.
    pub fn crash(&mut self, index: usize) {
        self.stop(index, State::Down);
    }

    /// The process of a node is killed. Its host refuses connections.
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

    /// Starts a node anew, as the same member in another life, with empty tables; it has still to
    /// join. If it runs it is killed first.
    pub fn restart(&mut self, index: usize, epoch: Epoch) {
        self.exit(index);
        let host = &mut self.hosts[index];
        host.local.epoch = epoch;
        host.local.address = host.address;
        self.knowledge.arrive(index);
        self.start(index);
    }

    /// Stops the whole process (a suspended machine, a debugger): no timer fires, and what arrives
    /// waits, as much as [`SimConfig::backlog`](crate::SimConfig::backlog) allows.
    pub fn pause(&mut self, index: usize) {
        self.hold(index, State::Paused);
    }

    /// Blocks a node's input and output, while its timers run (full buffers, a network interface
    /// that hangs): what arrives waits, as much as [`SimConfig::backlog`](crate::SimConfig::backlog)
    /// allows, and what is to be sent stays in the node.
    pub fn stall(&mut self, index: usize) {
        self.hold(index, State::Stalled);
    }

    fn hold(&mut self, index: usize, state: State) {
        let host = &mut self.hosts[index];
        assert!(host.state == State::Running, "node {index} does not run");
        host.state = state;
        host.pauses += u64::from(state == State::Paused);
    }

    /// Ends a pause or a stall. What was to be sent is sent, what waits is read, and timers that
    /// are due fire afterwards.
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

    /// The network, but for exceptions and cuts.
    #[must_use]
    pub fn network(&self) -> Network {
        self.links.network()
    }

    /// Changes the network from now on; exceptions and cuts stay.
    pub fn set_network(&mut self, network: Network) {
        self.links.set_network(network);
    }

    /// One node loses so much of what comes in and of what goes out, besides the network's loss.
    pub fn set_node_loss(&mut self, index: usize, inwards: f64, outwards: f64) {
        self.links.set_node_loss(index, inwards, outwards);
    }

    /// One direction of one link loses so much, besides the network's loss.
    pub fn set_link_loss(&mut self, from: usize, to: usize, loss: f64) {
        self.links.set_link_loss(from, to, loss);
    }

    /// Cuts the network wherever `cut(from, to)` holds, in that direction; it replaces an earlier
    /// cut. What is under way arrives.
    pub fn cut(&mut self, cut: impl Fn(usize, usize) -> bool + Send + 'static) {
        self.links.set_cut(Some(Box::new(cut)));
    }

    /// Ends the cut.
    pub fn heal(&mut self) {
        self.links.set_cut(None);
    }
}
