//! The thread that drives a node: its datagrams, its timer, and its streams.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use gossip_driver::{Backoff, DriverGuard, Engine};
use mio::net::{TcpListener, UdpSocket};
use mio::{Events, Interest, Poll, Token};

use crate::readiness::Readiness;
use crate::streams::Streams;

const UDP: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);
const WAKE: Token = Token(usize::MAX - 2);

/// Number of attempts to send a datagram while the socket has no room, over some tens of
/// milliseconds.
const PATIENCE: u32 = 6;

/// Wakes the driver from waiting for events.
struct Awake(mio::Waker);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        // If that fails, the driver wakes at its next deadline.
        let _ = self.0.wake();
    }
}

pub(crate) struct Driver {
    poll: Poll,
    waker: Waker,
    udp: UdpSocket,
    readable: Readiness,
    received: Vec<u8>,
    sent: Vec<u8>,
    streams: Streams,
    /// Dropped last, so that waiting for the end completes after all sockets are closed.
    guard: DriverGuard,
}

impl Driver {
    pub(crate) fn new(
        guard: DriverGuard,
        udp: std::net::UdpSocket,
        tcp: Option<std::net::TcpListener>,
    ) -> io::Result<Self> {
        let engine = Arc::clone(guard.engine());
        let poll = Poll::new()?;
        udp.set_nonblocking(true)?;
        let mut udp = UdpSocket::from_std(udp);
        poll.registry().register(&mut udp, UDP, Interest::READABLE)?;
        let listener = tcp.map(|tcp| listener(&poll, tcp)).transpose()?;
        Ok(Self {
            waker: Waker::from(Arc::new(Awake(mio::Waker::new(poll.registry(), WAKE)?))),
            udp,
            readable: Readiness::default(),
            received: vec![0; Engine::MAX_DATAGRAM],
            sent: vec![0; engine.config().datagram_budget],
            streams: Streams::new(listener, poll.registry().try_clone()?, Arc::clone(&engine)),
            poll,
            guard,
        })
    }

    /// Drives the node until it stops. Errors of sockets do not end it.
    pub(crate) fn run(mut self) {
        let engine = Arc::clone(self.guard.engine());
        let waker = self.waker.clone();
        let mut woken = engine.woken();
        let mut events = Events::with_capacity(Engine::BATCH);
        loop {
            self.flush();
            if engine.is_ending() {
                return;
            }
            let deadline = engine.poll_timeout();
            let mut limit = self.idle_until(deadline);
            if Pin::new(&mut woken).poll(&mut Context::from_waker(&waker)).is_ready() {
                woken = engine.woken();
                limit = Duration::ZERO;
            }
            self.wait(&mut events, limit);
            // The order matters: an ack that has arrived comes before its deadline.
            self.receive();
            self.streams.advance_ready(&events);
            if Instant::now() >= deadline {
                engine.handle_timeout();
            }
        }
    }

    /// Returns how long the driver may wait for events.
    fn idle_until(&self, deadline: Instant) -> Duration {
        let now = Instant::now();
        let deadlines = [self.readable.since(now), self.streams.next_deadline(now)];
        let next = deadlines.into_iter().flatten().fold(deadline, Instant::min);
        next.saturating_duration_since(now)
    }

    fn wait(&mut self, events: &mut Events, limit: Duration) {
        match self.poll.poll(events, Some(limit)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.guard.engine().socket_error("poll", &error);
                thread::sleep(Backoff::new().failed());
            }
        }
        for event in &*events {
            match event.token() {
                UDP if event.is_readable() => self.readable.set(),
                LISTENER => self.streams.acceptable.set(),
                _ => {}
            }
        }
    }

    /// Reads up to a batch of datagrams.
    fn receive(&mut self) {
        for _ in 0..Engine::BATCH {
            let Self { readable, udp, received, guard, .. } = self;
            let engine = guard.engine();
            let attempt = readable.attempt(engine, "receive", || udp.recv_from(received));
            let Some((len, from)) = attempt else { return };
            engine.handle_datagram(from, &mut received[..len]);
            self.flush();
        }
    }

    /// Sends all queued datagrams and makes all queued requests.
    fn flush(&mut self) {
        let engine = self.guard.engine();
        while let Some(transmit) = engine.poll_transmit(&mut self.sent) {
            if let Err(error) = send(&self.udp, transmit.bytes, transmit.to) {
                engine.socket_error("send", &error);
            }
        }
        let mut frame = Vec::new();
        while let Some(request) = engine.poll_request(&mut frame) {
            self.streams.request(request, std::mem::take(&mut frame));
        }
    }
}

/// Sends a datagram, or drops it if the socket has no room for a while.
fn send(udp: &UdpSocket, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
    let mut backoff = Backoff::new();
    for _ in 0..PATIENCE {
        match udp.send_to(bytes, to) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(backoff.failed());
            }
            sent => return sent,
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

fn listener(poll: &Poll, tcp: std::net::TcpListener) -> io::Result<TcpListener> {
    tcp.set_nonblocking(true)?;
    let mut tcp = TcpListener::from_std(tcp);
    poll.registry().register(&mut tcp, LISTENER, Interest::READABLE)?;
    Ok(tcp)
}
