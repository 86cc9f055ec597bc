//! The future that drives a node: its datagrams, its timer, and its requests.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use async_io::{Async, Timer};
use gossip_driver::{Backoff, Running, Shared};

use crate::stream;
use crate::tasks::Tasks;

/// Drives a node until it ends. No error of a socket ends it.
pub(crate) async fn drive(
    running: Running,
    udp: Async<UdpSocket>,
    tcp: Option<Async<TcpListener>>,
) {
    let shared = running.shared();
    let mut driver = Driver {
        shared: Arc::clone(shared),
        udp,
        received: vec![0; Shared::MAX_DATAGRAM],
        sent: vec![0; shared.config().datagram_budget],
        tasks: Tasks::default(),
        backoff: Backoff::new(),
    };
    if let Some(tcp) = tcp {
        driver.tasks.add(stream::accept(Arc::clone(shared), tcp));
    }
    driver.run().await;
}

struct Driver {
    shared: Arc<Shared>,
    udp: Async<UdpSocket>,
    received: Vec<u8>,
    sent: Vec<u8>,
    /// Requests of ours and the listener for those of others: they end with the driver.
    tasks: Tasks,
    backoff: Backoff,
}

impl Driver {
    async fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut woken = shared.woken();
        let (mut timer, mut set_to) = (Timer::never(), None);
        loop {
            self.flush().await;
            if shared.is_ending() {
                return;
            }
            let (deadline, rests) = (shared.deadline(), self.backoff.until());
            let next = rests.map_or(deadline, |until| until.min(deadline));
            if set_to != Some(next) {
                set_to = Some(next);
                timer.set_at(next);
            }
            let Self { udp, tasks, .. } = self;
            // In this order: an ack that has arrived beats its deadline.
            let event = poll_fn(|cx| {
                if rests.is_none()
                    && let Poll::Ready(readable) = udp.poll_readable(cx)
                {
                    return Poll::Ready(Some(readable));
                }
                if Pin::new(&mut woken).poll(cx).is_ready() {
                    woken = shared.woken();
                    return Poll::Ready(None);
                }
                Pin::new(&mut timer).poll(cx).map(|_| {
                    set_to = None;
                    None
                })
            });
            match tasks.meanwhile(event).await {
                Some(Ok(())) => self.receive().await,
                Some(Err(error)) => self.rest(&error),
                None => {}
            }
            // Whatever came first: a flood of datagrams is not to stop the clock.
            if Instant::now() >= deadline {
                shared.timeout();
            }
        }
    }

    /// Reads the datagrams that wait, up to a batch of them.
    async fn receive(&mut self) {
        for _ in 0..Shared::BATCH {
            match self.udp.get_ref().recv_from(&mut self.received) {
                Ok((len, from)) => {
                    self.backoff.worked();
                    self.shared.datagram(from, &mut self.received[..len]);
                    self.flush().await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.rest(&error),
            }
        }
    }

    /// Lets the socket be for a while.
    fn rest(&mut self, error: &io::Error) {
        self.shared.socket_error("receive", error);
        self.backoff.failed();
    }

    /// Sends what there is to send.
    async fn flush(&mut self) {
        while let Some(transmit) = self.shared.transmit(&mut self.sent) {
            let sending = self.udp.send_to(transmit.bytes, transmit.to);
            if let Err(error) = self.tasks.meanwhile(sending).await {
                self.shared.socket_error("send", &error);
            }
        }
        let mut frame = Vec::new();
        while let Some(request) = self.shared.request(&mut frame) {
            let frame = std::mem::take(&mut frame);
            self.tasks.add(stream::exchange(Arc::clone(&self.shared), request, frame));
        }
    }
}
