//! Requests: connections between hosts in virtual time.

use gossip_core::Request;

use crate::Sim;
use crate::connection::{ConnectionId, Leg, Sent, Stage};
use crate::host::{Input, State};
use crate::sim::Entry;
use crate::traffic::Traffic;

impl Sim {
    /// Opens a connection for the request in `self.frame`.
    pub(crate) fn connect(&mut self, client: usize, request: &Request<u32>) {
        let server = self.resolve(request.to);
        let life = self.hosts[client].life;
        let id = self.connections.open(
            request.id,
            (client, life),
            server,
            request.deadline.max(self.now),
            &mut self.frame,
        );
        self.connections.retain(id);
        let deadline = self.connections[id].deadline.as_micros();
        self.timeline.push(deadline, Entry::Deadline(id));
        self.connections.retain(id);
        self.segments(id);
    }

    /// Continues a connection, and drops one reference to it.
    pub(crate) fn segments(&mut self, id: ConnectionId) {
        let connection = &self.connections[id];
        if !connection.finished {
            if connection.arriving {
                self.arrive(id);
            } else {
                self.send_segments(id);
            }
        }
        self.connections.release(id);
    }

    fn begin(&mut self, id: ConnectionId, stage: Stage, leg: Leg) {
        let connection = &mut self.connections[id];
        (connection.stage, connection.leg, connection.arriving) = (stage, leg, false);
        self.send_segments(id);
    }

    /// Sends the next flight. Without a sender or a receiver, the connection rests until its
    /// deadline.
    fn send_segments(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id];
        let Some(server) = connection.server else { return };
        let up = self.hosts[server].state != State::Down;
        let from_client = connection.stage.is_from_client();
        if !self.hosts[connection.client].lives(connection.client_life) || !(up || from_client) {
            return;
        }
        let client = connection.client;
        let (from, to) = if from_client { (client, server) } else { (server, client) };
        let sent = connection.leg.send(&mut self.links, from, to, up);
        let (Sent::Partly(pause) | Sent::Wholly(pause)) = sent;
        connection.arriving = matches!(sent, Sent::Wholly(_));
        let at = self.now.as_micros().saturating_add(pause);
        if at < connection.deadline.as_micros() {
            self.connections.retain(id);
            self.timeline.push(at, Entry::Segments(id));
        }
    }

    /// Handles the arrival of the last segment.
    fn arrive(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id];
        let Some(server) = connection.server else { return };
        let host = &self.hosts[server];
        match connection.stage {
            Stage::Syn | Stage::Request if host.state == State::Down => {}
            Stage::Syn if host.state.has_process() => {
                connection.server_life = host.life;
                self.begin(id, Stage::SynAck, Leg::control());
            }
            Stage::SynAck => {
                let leg = Leg::frame(connection.request.len());
                self.begin(id, Stage::Request, leg);
            }
            Stage::Request if host.lives(connection.server_life) => {
                self.connections.retain(id);
                self.deliver(server, Input::Request(id));
            }
            Stage::Syn | Stage::Request => self.begin(id, Stage::Reset, Leg::control()),
            Stage::Reply => self.answer(id, Input::Reply(id)),
            Stage::Reset => self.answer(id, Input::Failed(id)),
        }
    }

    /// Reports the outcome to the client, if it is still in the life that made the request.
    fn answer(&mut self, id: ConnectionId, input: Input) {
        let connection = &mut self.connections[id];
        connection.finished = true;
        let client = connection.client;
        if self.hosts[client].lives(connection.client_life) {
            self.connections.retain(id);
            self.deliver(client, input);
        }
    }

    /// Handles the expiry of the deadline.
    pub(crate) fn expire(&mut self, id: ConnectionId) {
        if !self.connections[id].finished {
            self.connections.finish(id);
            self.answer(id, Input::Failed(id));
        }
        self.connections.release(id);
    }

    /// Lets the server read a request and reply at once, or close the connection if it rejects it.
    pub(crate) fn handle_request(&mut self, index: usize, id: ConnectionId) {
        let connection = &mut self.connections[id];
        let from = self.hosts[connection.client].address;
        if let Some(node) = &mut self.hosts[index].node
            && !connection.finished
        {
            let (request, reply) = (&mut connection.request, &mut connection.reply);
            self.log.delivered(self.now, from, index, request);
            if node.handle_request(self.now, &from, request, reply).is_ok() {
                let (len, limit) = (reply.len(), self.hosts[index].config.requests.max_frame);
                self.check(index, len <= limit, || format!("a reply of {len} bytes"));
                self.count(index, Traffic::frame(len));
                self.begin(id, Stage::Reply, Leg::frame(len));
            } else {
                self.begin(id, Stage::Reset, Leg::control());
            }
        }
        self.connections.release(id);
    }

    /// Lets the client read a reply.
    pub(crate) fn handle_reply(&mut self, index: usize, id: ConnectionId) {
        let connection = &mut self.connections[id];
        let from = connection.server.map_or(u32::MAX, |server| self.hosts[server].address);
        if let Some(node) = &mut self.hosts[index].node {
            self.log.delivered(self.now, from, index, &connection.reply);
            _ = node.handle_reply(self.now, connection.id, &mut connection.reply);
        }
        self.connections.finish(id);
        self.connections.release(id);
    }
}
