//! The task that drives a node: its datagrams, its timer, and the tasks of its requests.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use gossip_driver::{Backoff, Running, Shared};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::stream;

/// Hands a socket to tokio.
pub(crate) fn udp(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Drives a node until it ends. No error of a socket ends it.
pub(crate) async fn drive(running: Running, udp: UdpSocket, tcp: Option<TcpListener>) {
    let shared = running.shared();
    let mut driver = Driver {
        shared: Arc::clone(shared),
        udp,
        received: vec![0; Shared::MAX_DATAGRAM],
        sent: vec![0; shared.config().datagram_budget],
        tasks: JoinSet::new(),
        backoff: Backoff::new(),
    };
    if let Some(tcp) = tcp {
        driver.tasks.spawn(stream::accept(Arc::clone(shared), tcp));
    }
    driver.run().await;
    driver.tasks.shutdown().await;
}

struct Driver {
    shared: Arc<Shared>,
    udp: UdpSocket,
    received: Vec<u8>,
    sent: Vec<u8>,
    /// Requests of ours and the listener for those of others: they end with the driver.
    tasks: JoinSet<()>,
    backoff: Backoff,
}

impl Driver {
    async fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut woken = shared.woken();
        let mut timer = pin!(sleep_until(shared.deadline().into()));
        loop {
            self.flush().await;
            if shared.is_ending() {
                return;
            }
            let (deadline, rests) = (shared.deadline(), self.backoff.until());
            let next = rests.map_or(deadline, |until| until.min(deadline));
            if timer.deadline().into_std() != next {
                timer.as_mut().reset(next.into());
            }
            // In this order: an ack that has arrived beats its deadline.
            tokio::select! {
                biased;
                _ = self.udp.readable(), if rests.is_none() => self.receive().await,
                () = &mut woken => woken = shared.woken(),
                () = &mut timer => {}
            }
            // Whatever came first: a flood of datagrams is not to stop the clock.
            if Instant::now() >= deadline {
                shared.timeout();
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Reads the datagrams that wait, up to a batch of them.
    async fn receive(&mut self) {
        for _ in 0..Shared::BATCH {
            match self.udp.try_recv_from(&mut self.received) {
                Ok((len, from)) => {
                    self.backoff.worked();
                    self.shared.datagram(from, &mut self.received[..len]);
                    self.flush().await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.shared.socket_error("receive", &error);
                    self.backoff.failed();
                    return;
                }
            }
        }
    }

    /// Sends what there is to send.
    async fn flush(&mut self) {
        while let Some(transmit) = self.shared.transmit(&mut self.sent) {
            if let Err(error) = self.udp.send_to(transmit.bytes, transmit.to).await {
                self.shared.socket_error("send", &error);
            }
        }
        let mut frame = Vec::new();
        while let Some(request) = self.shared.request(&mut frame) {
            let frame = std::mem::take(&mut frame);
            self.tasks.spawn(stream::exchange(Arc::clone(&self.shared), request, frame));
        }
    }
}
