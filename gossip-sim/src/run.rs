//! The loop: one entry of the timeline after the other, from the network into a node, and from the
//! node into the network.

use gossip_core::{Event, Instant, LocalEvent, Member, MemberEvent, Status};

use crate::Sim;
use crate::host::{Input, NEVER, State};
use crate::log::Place;
use crate::packets::Slot;
use crate::sim::{Bearers, Entry};
use crate::traffic::Traffic;

impl Sim {
    /// Runs the next entry, unless it is later than `limit`.
    pub(crate) fn step(&mut self, limit: Instant) -> bool {
        let Some((at, entry)) = self.timeline.pop(limit.as_micros()) else { return false };
        self.now = Instant::from_micros(at);
        match entry {
            Entry::Wake(index) => self.wake(index as usize),
            Entry::Packet(slot) => {
                let to = self.packets.get(slot).to as usize;
                self.deliver(to, Input::Datagram(slot));
            }
            Entry::Segments(connection) => self.segments(connection),
            Entry::Deadline(connection) => self.expire(connection),
        }
        true
    }

    fn wake(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        if host.wake != self.now.as_micros() {
            return;
        }
        host.wake = NEVER;
        if matches!(host.state, State::Running | State::Stalled)
            && let Some(node) = &mut host.node
            && node.poll_timeout().is_some_and(|timeout| timeout <= self.now)
        {
            node.handle_timeout(self.now);
            self.drain(index);
            let timeout = self.node(index).poll_timeout();
            self.check(index, timeout.is_none_or(|timeout| timeout > self.now), || {
                format!("after its timer fired it wants to be woken at {timeout:?}")
            });
        } else {
            self.schedule(index);
        }
    }

    /// Schedules the node's next deadline. Moving a timer back is free: the earlier entry stays,
    /// and has no effect.
    pub(crate) fn schedule(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        if matches!(host.state, State::Running | State::Stalled)
            && let Some(timeout) = host.node.as_ref().and_then(|node| node.poll_timeout())
        {
            let at = timeout.max(self.now).as_micros();
            if at < host.wake {
                host.wake = at;
                self.timeline.push(at, Entry::Wake(index as u32));
            }
        }
    }

    /// Handles input that arrives at a host.
    pub(crate) fn deliver(&mut self, index: usize, input: Input) {
        let host = &mut self.hosts[index];
        match host.state {
            State::Running => self.handle(index, input),
            State::Paused | State::Stalled
                if host.inbox.len() >= self.config.backlog
                    && matches!(input, Input::Datagram(_)) =>
            {
                self.discard(input);
            }
            State::Paused | State::Stalled => host.inbox.push_back(input),
            State::Exited | State::Down => {
                if let Input::Datagram(slot) = input {
                    let bytes = self.packets.get(slot).bytes();
                    self.log.passes(self.now, index, Place::NobodyThere, bytes);
                }
                self.discard(input);
            }
        }
    }

    pub(crate) fn discard(&mut self, input: Input) {
        match input {
            Input::Datagram(slot) => self.lose(slot),
            Input::Request(connection) | Input::Reply(connection) | Input::Failed(connection) => {
                self.connections.release(connection);
            }
        }
    }

    fn lose(&mut self, slot: Slot) {
        self.log.lost += 1;
        self.packets.give_back(slot);
    }

    /// Lets a running node read its input. The node counts what it refuses.
    pub(crate) fn handle(&mut self, index: usize, input: Input) {
        let Some(node) = &mut self.hosts[index].node else { return self.discard(input) };
        match input {
            Input::Datagram(slot) => {
                let packet = self.packets.get(slot);
                let from = packet.from;
                self.log.delivered(self.now, from, index, packet.bytes());
                self.log.passes(self.now, index, Place::Arrival, packet.bytes());
                _ = node.handle_datagram(self.now, &from, packet.bytes());
                self.packets.give_back(slot);
            }
            Input::Request(connection) => self.handle_request(index, connection),
            Input::Reply(connection) => self.handle_reply(index, connection),
            Input::Failed(connection) => {
                node.handle_request_failed(self.now, self.connections[connection].id);
                self.connections.release(connection);
            }
        }
        self.drain(index);
    }

    /// Drains the outputs of a node, as a driver must after each call. While the host is stalled,
    /// datagrams and requests stay in the node.
    pub(crate) fn drain(&mut self, index: usize) {
        if self.hosts[index].state != State::Stalled {
            self.drain_transmits(index);
            self.drain_requests(index);
        }
        self.drain_events(index);
        self.schedule(index);
    }

    fn drain_transmits(&mut self, index: usize) {
        for count in 0.. {
            let host = &mut self.hosts[index];
            let Some(node) = &mut host.node else { return };
            let budget = node.config().datagram_budget;
            let slot = self.packets.take(budget);
            let packet = self.packets.get(slot);
            let Some(transmit) = node.poll_transmit(self.now, &mut packet.buffer()[..budget])
            else {
                return self.packets.give_back(slot);
            };
            let (to, len) = (transmit.to, transmit.bytes.len());
            packet.set_len(len);
            packet.from = host.address;
            let limit = node.config().queues.max_transmits;
            self.check(index, (1..=budget).contains(&len), || format!("a datagram of {len} bytes"));
            self.check(index, count < limit, || format!("over {limit} datagrams at once"));
            self.count(index, Traffic::datagram(len));
            let bytes = self.packets.get(slot).bytes();
            self.log.passes(self.now, index, Place::Departure, bytes);
            self.route(index, to, slot);
        }
    }

    /// Sends a datagram to an address.
    pub(crate) fn route(&mut self, from: usize, to: u32, slot: Slot) {
        let Some(to) = self.resolve(to) else { return self.lose(slot) };
        let Some(passage) = self.links.send(from, to) else { return self.lose(slot) };
        self.packets.get(slot).to = to as u32;
        let now = self.now.as_micros();
        if let Some(delay) = passage.double {
            let copy = self.packets.copy(slot);
            self.timeline.push(now + delay, Entry::Packet(copy));
        }
        self.timeline.push(now + passage.delay, Entry::Packet(slot));
    }

    /// Returns the node at an address.
    pub(crate) fn resolve(&self, address: u32) -> Option<usize> {
        self.routes.get(address as usize).copied().flatten()
    }

    pub(crate) fn count(&mut self, index: usize, traffic: Traffic) {
        self.hosts[index].traffic += traffic;
        self.log.sent(self.now, traffic);
    }

    fn drain_requests(&mut self, index: usize) {
        while let Some(node) = &mut self.hosts[index].node
            && let Some(request) = node.poll_request(self.now, &mut self.frame)
        {
            let (len, limit) = (self.frame.len(), self.hosts[index].config.requests.max_frame);
            self.check(index, len <= limit, || format!("a request of {len} bytes"));
            self.count(index, Traffic::frame(len));
            self.connect(index, &request);
        }
    }

    fn drain_events(&mut self, index: usize) {
        while let Some(event) = self.hosts[index].node.as_mut().and_then(|node| node.poll_event()) {
            self.told(index, &event);
            self.log.event(self.now, index, event);
        }
        self.check_node(index);
    }

    /// Checks the invariants of a node after its outputs are drained.
    fn check_node(&mut self, index: usize) {
        let host = &self.hosts[index];
        let (Some(checks), Some(node)) = (&mut self.checks, &host.node) else { return };
        let drained = checks.drained(index, node, |subject| self.hosts[subject].local.id);
        let (live, limit) = (node.live_peers(), host.config.members.max as usize);
        let (noticed, pauses) = (node.stats().traffic.pauses, host.pauses);
        if let Err(violation) = drained {
            self.fail(index, &violation);
        }
        self.check(index, live < limit, || format!("{live} live peers, {limit} is the limit"));
        self.check(index, noticed <= pauses, || {
            format!("{noticed} own pauses instead of {pauses}")
        });
    }

    /// Updates the knowledge of a node after an event.
    fn told(&mut self, index: usize, event: &Event<u32>) {
        match event {
            Event::Member(MemberEvent::Up { member })
            | Event::Member(MemberEvent::Updated { member })
            | Event::Member(MemberEvent::Suspected { member })
            | Event::Member(MemberEvent::Refuted { member })
            | Event::Member(MemberEvent::Failed { member, .. })
            | Event::Member(MemberEvent::Left { member }) => {
                let Some(&Bearers { first, last }) = self.bearers.get(&member.id()) else { return };
                let alive = self.is_alive(last, member);
                let failed = member.status() == Status::Dead;
                if failed && alive && self.hosts[last].state == State::Running {
                    self.log.false_deaths += 1;
                }
                self.tell(index, first, event, alive);
                let live = member.status().is_live() && self.is_present_life(last, member);
                if self.knowledge.is_present(index) {
                    self.knowledge.set(index, last, live);
                }
            }
            Event::Member(MemberEvent::Forgotten { id }) => {
                if let Some(&Bearers { first, .. }) = self.bearers.get(id) {
                    self.tell(index, first, event, false);
                }
            }
            Event::Local(LocalEvent::Left) | Event::Local(LocalEvent::Conflict { .. }) => {
                self.knowledge.depart(index);
            }
            Event::Lagged { .. } => self.reread(index),
            _ => {}
        }
    }

    fn tell(&mut self, index: usize, subject: usize, event: &Event<u32>, alive: bool) {
        if let Some(checks) = &mut self.checks
            && let Err(violation) = checks.event(index, subject, event, alive)
        {
            self.fail(index, &violation);
        }
    }

    /// Returns whether the process with the life of this record runs.
    fn is_alive(&self, subject: usize, member: &Member<u32>) -> bool {
        self.hosts[subject].node.as_ref().is_some_and(|node| {
            let (own, seen) = (node.local().incarnation(), member.incarnation());
            (own.epoch, own.nonce) == (seen.epoch, seen.nonce)
        })
    }

    /// Returns whether the record is not of an earlier life than the process.
    fn is_present_life(&self, subject: usize, member: &Member<u32>) -> bool {
        member.epoch() >= self.hosts[subject].local.epoch
    }

    /// Reads the table of a node that lost events.
    fn reread(&mut self, index: usize) {
        if let Some(checks) = &mut self.checks {
            checks.reset(index);
        }
        self.knowledge.clear_row(index);
        let Some(node) = &self.hosts[index].node else { return };
        for member in node.members() {
            let Some(&Bearers { first, last }) = self.bearers.get(&member.id()) else { continue };
            if member.id() == self.hosts[index].local.id {
                continue;
            }
            if let Some(checks) = &mut self.checks {
                checks.read(index, first, member);
            }
            if member.status().is_live()
                && self.knowledge.is_present(index)
                && self.is_present_life(last, member)
            {
                self.knowledge.set(index, last, true);
            }
        }
    }

    /// Panics if checks are on and this one fails.
    pub(crate) fn check(&self, index: usize, holds: bool, violation: impl FnOnce() -> String) {
        if self.config.checks && !holds {
            self.fail(index, &violation());
        }
    }

    pub(crate) fn fail(&self, index: usize, violation: &str) -> ! {
        let (seed, now) = (self.config.seed, self.now.as_micros());
        panic!("seed {seed}, {now} us, node {index}: {violation}");
    }
}
