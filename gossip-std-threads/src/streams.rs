//! Requests over TCP: one connection per request, one frame there and one back.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use gossip_core::Request;
use gossip_driver::{Engine, frame};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Registry, Token};

use crate::readiness::Readiness;
use crate::stream::Stream;

/// The purpose of a connection.
enum Role {
    /// A request of this node.
    Client(Request<SocketAddr>),
    /// A request of the peer.
    Server(SocketAddr),
}

/// The connections of a node.
pub(crate) struct Streams {
    engine: Arc<Engine>,
    registry: Registry,
    listener: Option<TcpListener>,
    pub(crate) acceptable: Readiness,
    /// The connections by token. No token is used twice.
    connections: BTreeMap<usize, (Role, Instant, Stream)>,
    next: usize,
    serving: usize,
}

impl Streams {
    pub(crate) fn new(
        listener: Option<TcpListener>,
        registry: Registry,
        engine: Arc<Engine>,
    ) -> Self {
        let acceptable = Readiness::default();
        let connections = BTreeMap::new();
        Self { engine, registry, listener, acceptable, connections, next: 0, serving: 0 }
    }

    /// Returns the earliest deadline of all connections.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let room = self.serving < Engine::MAX_SERVED;
        let accept = self.acceptable.since(now).filter(|_| room);
        self.connections.values().map(|&(_, deadline, _)| deadline).chain(accept).min()
    }

    /// Makes a request.
    pub(crate) fn request(&mut self, request: Request<SocketAddr>, mut frame: Vec<u8>) {
        frame::wrap(&mut frame);
        let deadline = Instant::now() + self.engine.time_left(request.deadline);
        match TcpStream::connect(request.to) {
            Ok(socket) => self.add(socket, Role::Client(request), deadline, frame),
            Err(error) => self.engine.handle_request_failed(&request, &error),
        }
    }

    /// Continues the connections that are ready, and ends those that have timed out.
    pub(crate) fn advance_ready(&mut self, events: &Events) {
        for event in events {
            self.advance(event.token().0);
        }
        let now = Instant::now();
        let late =
            |(&token, &(_, deadline, _)): (_, &(_, Instant, _))| (deadline <= now).then_some(token);
        let late: Vec<_> = self.connections.iter().filter_map(late).collect();
        for token in late {
            self.end(token, Err(io::ErrorKind::TimedOut.into()));
        }
        self.accept();
    }

    /// Accepts a bounded number of connections at a time. Further ones wait in the backlog.
    fn accept(&mut self) {
        while self.serving < Engine::MAX_SERVED {
            let Some(listener) = &self.listener else { return };
            let attempt = self.acceptable.attempt(&self.engine, "accept", || listener.accept());
            let Some((socket, from)) = attempt else { return };
            self.serving += 1;
            let deadline = Instant::now() + self.engine.config().requests.timeout;
            self.add(socket, Role::Server(from), deadline, Vec::new());
        }
    }

    fn add(&mut self, mut socket: TcpStream, role: Role, deadline: Instant, outgoing: Vec<u8>) {
        let token = self.next;
        self.next += 1;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registered = self.registry.register(&mut socket, Token(token), interest);
        self.connections.insert(token, (role, deadline, Stream::new(socket, outgoing)));
        if let Err(error) = registered {
            self.end(token, Err(error));
        }
    }

    fn advance(&mut self, token: usize) {
        let Some((role, _, stream)) = self.connections.get_mut(&token) else { return };
        let done = match role {
            Role::Client(request) => ask(&self.engine, request, stream),
            Role::Server(from) => serve(&self.engine, *from, stream),
        };
        match done {
            Ok(false) => {}
            Ok(true) => self.end(token, Ok(())),
            Err(error) => self.end(token, Err(error)),
        }
    }

    fn end(&mut self, token: usize, result: io::Result<()>) {
        let Some((role, _, mut stream)) = self.connections.remove(&token) else { return };
        stream.deregister(&self.registry);
        match (role, result) {
            (Role::Client(request), Err(error)) => {
                self.engine.handle_request_failed(&request, &error);
            }
            (Role::Client(_), Ok(())) => {}
            (Role::Server(_), result) => {
                self.serving -= 1;
                if let Err(error) = result {
                    self.engine.socket_error("serve", &error);
                }
            }
        }
    }
}

/// Continues a request of this node. Returns whether it is done.
fn ask(engine: &Engine, request: &Request<SocketAddr>, stream: &mut Stream) -> io::Result<bool> {
    let max = engine.config().requests.max_frame;
    let reply = if stream.write()? { stream.read(max)? } else { None };
    Ok(reply.map(|frame| engine.handle_reply(request, frame)).is_some())
}

/// Continues a request of the peer. Returns whether it is done.
fn serve(engine: &Engine, from: SocketAddr, stream: &mut Stream) -> io::Result<bool> {
    if stream.has_answer() {
        return stream.write();
    }
    let Some(frame) = stream.read(engine.config().requests.max_frame)? else { return Ok(false) };
    let mut reply = Vec::new();
    if !engine.handle_request(from, frame, &mut reply) {
        return Ok(true);
    }
    frame::wrap(&mut reply);
    stream.answer(reply);
    stream.write()
}
