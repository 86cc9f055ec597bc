//! Foca nodes, driven as its documentation recommends and as thriftily as ours. Each has one task,
//! one socket, a runtime that sends at once from foca's own buffer, and one heap of timers.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foca::{Config, Notification, PostcardCodec, Runtime, Timer};
use rand::rngs::SmallRng;
use tokio::net::UdpSocket;
use tokio::runtime::Runtime as Tokio;
use tokio::time::{Instant, sleep_until};

use super::{Cluster, Counts, tokio};
use crate::{Error, Foca, Id, known};

/// Number of datagrams to read before the timers have their turn, as for our nodes.
const BATCH: usize = 64;

/// Time between two announcements while a node knows no other.
pub(crate) const ANNOUNCE_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct FocaCluster {
    gauges: Vec<Arc<Gauge>>,
    seed: Id,
    /// The nodes that have not joined yet.
    agents: Vec<Option<Agent>>,
    tokio: Tokio,
}

impl FocaCluster {
    pub(crate) fn start(size: usize) -> Result<Self, Error> {
        let tokio = tokio()?;
        let within = tokio.enter();
        let config = known::foca_config(u32::try_from(size)?);
        let bump = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut agents = Vec::with_capacity(size);
        for _ in 0..size {
            let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            let socket = UdpSocket::from_std(socket)?;
            let id = Id { addr: socket.local_addr()?, bump };
            agents.push(Agent::new(id, &config, socket));
        }
        let gauges = agents.iter().map(|agent: &Agent| Arc::clone(&agent.io.gauge)).collect();
        let seed = agents[0].foca.identity().clone();
        drop(within);
        Ok(Self { gauges, seed, agents: agents.into_iter().map(Some).collect(), tokio })
    }
}

impl Cluster for FocaCluster {
    fn join(&mut self, index: usize) {
        if let Some(agent) = self.agents[index].take() {
            let seed = (index > 0).then(|| self.seed.clone());
            self.tokio.spawn(agent.run(seed));
        }
    }

    fn all_know(&self, others: usize) -> bool {
        self.gauges.iter().all(|gauge| gauge.known.load(Relaxed) == others)
    }

    fn counts(&self) -> Counts {
        self.gauges.iter().fold(Counts::default(), |sum, gauge| Counts {
            packets: sum.packets + gauge.packets.load(Relaxed),
            bytes: sum.bytes + gauge.bytes.load(Relaxed),
            requests: 0,
            errors: sum.errors + gauge.errors.load(Relaxed),
        })
    }
}

/// The observable state of a node.
#[derive(Default)]
struct Gauge {
    known: AtomicUsize,
    packets: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
}

/// One node with its driver.
struct Agent {
    foca: Foca,
    io: Io,
    received: Vec<u8>,
    /// The time of the next announcement, while the node knows no other.
    seek_at: Instant,
}

impl Agent {
    fn new(id: Id, config: &Config, socket: UdpSocket) -> Self {
        let rng: SmallRng = rand::make_rng();
        let now = Instant::now();
        Self {
            seek_at: now,
            received: vec![0; config.max_packet_size.get()],
            foca: Foca::new(id, config.clone(), rng, PostcardCodec),
            io: Io {
                socket,
                gauge: Arc::default(),
                unsent: VecDeque::new(),
                now,
                timers: BinaryHeap::new(),
            },
        }
    }

    async fn run(mut self, seed: Option<Id>) {
        let mut timer = pin!(sleep_until(self.seek_at));
        loop {
            self.fire();
            self.seek(seed.as_ref());
            self.io.gauge.known.store(self.foca.num_members(), Relaxed);
            self.io.flush().await;
            let deadline = self.deadline();
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            // The order matters: an ack that has arrived comes before its deadline.
            tokio::select! {
                biased;
                _ = self.io.socket.readable() => self.receive(),
                () = &mut timer => {}
            }
        }
    }

    fn deadline(&self) -> Instant {
        let first = self.io.timers.peek().map(|Reverse((at, _))| *at);
        let seek = Some(self.seek_at).filter(|_| self.foca.num_members() == 0);
        first.into_iter().chain(seek).min().unwrap_or_else(|| self.io.now + ANNOUNCE_AGAIN)
    }

    /// Announces the node periodically, as long as it knows no other.
    fn seek(&mut self, seed: Option<&Id>) {
        if self.foca.num_members() == 0 && self.seek_at <= self.io.now {
            self.seek_at = self.io.now + ANNOUNCE_AGAIN;
            if let Some(seed) = seed {
                let result = self.foca.announce(seed.clone(), &mut self.io);
                self.io.note(result);
            }
        }
    }

    /// Reads up to a batch of datagrams.
    fn receive(&mut self) {
        for _ in 0..BATCH {
            match self.io.socket.try_recv_from(&mut self.received) {
                Ok((len, _)) => {
                    self.io.now = Instant::now();
                    let result = self.foca.handle_data(&self.received[..len], &mut self.io);
                    self.io.note(result);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.io.gauge.errors.fetch_add(1, Relaxed);
                    return;
                }
            }
        }
    }

    /// Passes expired timers to foca.
    fn fire(&mut self) {
        self.io.now = Instant::now();
        while let Some(timer) = self.io.take_expired() {
            let result = self.foca.handle_timer(timer, &mut self.io);
            self.io.note(result);
        }
    }
}

/// The runtime that foca calls while it handles an input.
struct Io {
    socket: UdpSocket,
    gauge: Arc<Gauge>,
    /// Datagrams for which the socket had no room, which is rare.
    unsent: VecDeque<(SocketAddr, Box<[u8]>)>,
    /// When the call began.
    now: Instant,
    /// Timers of the same time expire in foca's own order.
    timers: BinaryHeap<Reverse<(Instant, Timer<Id>)>>,
}

impl Io {
    /// Takes the first timer, if it has expired.
    fn take_expired(&mut self) -> Option<Timer<Id>> {
        let first = self.timers.peek_mut().filter(|first| first.0.0 <= self.now)?;
        let Reverse((_, timer)) = PeekMut::pop(first);
        Some(timer)
    }

    /// Counts an error, and goes on.
    fn note(&self, result: Result<(), foca::Error>) {
        if result.is_err() {
            self.gauge.errors.fetch_add(1, Relaxed);
        }
    }

    fn sent(&self, len: usize) {
        self.gauge.packets.fetch_add(1, Relaxed);
        self.gauge.bytes.fetch_add(len as u64, Relaxed);
    }

    async fn flush(&mut self) {
        while let Some((to, data)) = self.unsent.pop_front() {
            // An error is like a loss by the network.
            if self.socket.send_to(&data, to).await.is_ok() {
                self.sent(data.len());
            }
        }
    }
}

impl Runtime<Id> for Io {
    fn notify(&mut self, _: Notification<'_, Id>) {}

    fn send_to(&mut self, to: Id, data: &[u8]) {
        match self.socket.try_send_to(data, to.addr) {
            Ok(len) => self.sent(len),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unsent.push_back((to.addr, data.into()));
            }
            Err(_) => {}
        }
    }

    fn submit_after(&mut self, event: Timer<Id>, after: Duration) {
        self.timers.push(Reverse((self.now + after, event)));
    }
}
