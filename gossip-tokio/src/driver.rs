//! The task that drives a node: its datagrams, its timer, and the tasks of its requests.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use gossip_driver::{Backoff, DriverGuard, Engine};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::stream;

/// Converts a socket for tokio.
pub(crate) fn udp(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Drives a node until it stops. Errors of sockets do not end it.
pub(crate) async fn drive(guard: DriverGuard, udp: UdpSocket, tcp: Option<TcpListener>) {
    let engine = guard.engine();
    let mut driver = Driver {
        engine: Arc::clone(engine),
        udp,
        received: vec![0; Engine::MAX_DATAGRAM],
        sent: vec![0; engine.config().datagram_budget],
        tasks: JoinSet::new(),
        backoff: Backoff::new(),
    };
    if let Some(tcp) = tcp {
        driver.tasks.spawn(stream::accept(Arc::clone(engine), tcp));
    }
    driver.run().await;
    driver.tasks.shutdown().await;
}

struct Driver {
    engine: Arc<Engine>,
    udp: UdpSocket,
    received: Vec<u8>,
    sent: Vec<u8>,
    /// Requests of this node, and the listener for those of other nodes. They end with the driver.
    tasks: JoinSet<()>,
    backoff: Backoff,
}

impl Driver {
    async fn run(&mut self) {
        let engine = Arc::clone(&self.engine);
        let mut woken = engine.woken();
        let mut timer = pin!(sleep_until(engine.poll_timeout().into()));
        loop {
            self.flush().await;
            if engine.is_ending() {
                return;
            }
            let (deadline, rest) = (engine.poll_timeout(), self.backoff.until());
            let next = rest.map_or(deadline, |until| until.min(deadline));
            if timer.deadline().into_std() != next {
                timer.as_mut().reset(next.into());
            }
            // The order matters: an ack that has arrived comes before its deadline.
            tokio::select! {
                biased;
                _ = self.udp.readable(), if rest.is_none() => self.receive().await,
                () = &mut woken => woken = engine.woken(),
                () = &mut timer => {}
            }
            // A flood of datagrams must not delay deadlines.
            if Instant::now() >= deadline {
                engine.handle_timeout();
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Reads up to a batch of datagrams.
    async fn receive(&mut self) {
        for _ in 0..Engine::BATCH {
            match self.udp.try_recv_from(&mut self.received) {
                Ok((len, from)) => {
                    self.backoff.worked();
                    self.engine.handle_datagram(from, &mut self.received[..len]);
                    self.flush().await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.engine.socket_error("receive", &error);
                    self.backoff.failed();
                    return;
                }
            }
        }
    }

    /// Sends all queued datagrams and makes all queued requests.
    async fn flush(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit(&mut self.sent) {
            if let Err(error) = self.udp.send_to(transmit.bytes, transmit.to).await {
                self.engine.socket_error("send", &error);
            }
        }
        let mut frame = Vec::new();
        while let Some(request) = self.engine.poll_request(&mut frame) {
            let frame = std::mem::take(&mut frame);
            self.tasks.spawn(stream::exchange(Arc::clone(&self.engine), request, frame));
        }
    }
}
