//! The future that drives a node: its datagrams, its timer, and its requests.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_io::Async;
use gossip_driver::{Backoff, DriverGuard, Engine};

use crate::alarm::Alarm;
use crate::stream;
use crate::tasks::Tasks;

/// Datagrams that arrive within this time of each other are a burst.
const BURST: Duration = Duration::from_millis(5);

/// Drives a node until it stops. Errors of sockets do not end it.
pub(crate) async fn drive(
    guard: DriverGuard,
    udp: Async<UdpSocket>,
    tcp: Option<Async<TcpListener>>,
    alarm: Alarm,
) {
    let engine = guard.engine();
    let mut driver = Driver {
        engine: Arc::clone(engine),
        udp,
        alarm,
        received: vec![0; Engine::MAX_DATAGRAM],
        last_received: Instant::now(),
        sent: vec![0; engine.config().datagram_budget],
        tasks: Tasks::default(),
        backoff: Backoff::new(),
    };
    if let Some(tcp) = tcp {
        driver.tasks.add(stream::accept(Arc::clone(engine), tcp));
    }
    driver.run().await;
}

struct Driver {
    engine: Arc<Engine>,
    udp: Async<UdpSocket>,
    alarm: Alarm,
    received: Vec<u8>,
    last_received: Instant,
    sent: Vec<u8>,
    /// Requests of this node, and the listener for those of other nodes. They end with the driver.
    tasks: Tasks,
    backoff: Backoff,
}

impl Driver {
    async fn run(&mut self) {
        let engine = Arc::clone(&self.engine);
        let mut woken = engine.woken();
        loop {
            self.flush().await;
            if engine.is_ending() {
                return;
            }
            let (deadline, rest) = (engine.poll_timeout(), self.backoff.until());
            let next = rest.map_or(deadline, |until| until.min(deadline));
            self.alarm.set(next);
            let Self { udp, alarm, tasks, .. } = self;
            // The order matters: an ack that has arrived comes before its deadline.
            let event = poll_fn(|cx| {
                if rest.is_none()
                    && let Poll::Ready(readable) = udp.poll_readable(cx)
                {
                    return Poll::Ready(Some(readable));
                }
                if Pin::new(&mut woken).poll(cx).is_ready() {
                    woken = engine.woken();
                    return Poll::Ready(None);
                }
                alarm.poll(cx).map(|()| None)
            });
            let event = tasks.run_while(event).await;
            // A flood of datagrams must not delay deadlines.
            let deadline_passed = Instant::now() >= deadline;
            match event {
                Some(Ok(())) => self.receive(deadline_passed).await,
                Some(Err(error)) => self.rest(&error),
                None => {}
            }
            if deadline_passed {
                engine.handle_timeout();
            }
        }
    }

    /// Reads up to a batch of datagrams. Most datagrams come alone. After such a one the driver
    /// does not try to read a second: it must register the socket with the reactor anyway, which
    /// reports a second one. Once a deadline has passed, the driver reads all datagrams before it
    /// handles the deadline.
    async fn receive(&mut self, deadline_passed: bool) {
        let alone = self.last_received.elapsed() > BURST;
        for _ in 0..Engine::BATCH {
            match self.udp.get_ref().recv_from(&mut self.received) {
                Ok((len, from)) => {
                    self.backoff.worked();
                    self.engine.handle_datagram(from, &mut self.received[..len]);
                    self.flush().await;
                    self.last_received = Instant::now();
                    if alone && !deadline_passed {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.rest(&error),
            }
        }
    }

    /// Stops reading the socket for a while.
    fn rest(&mut self, error: &io::Error) {
        self.engine.socket_error("receive", error);
        self.backoff.failed();
    }

    /// Sends all queued datagrams and makes all queued requests.
    async fn flush(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit(&mut self.sent) {
            let sending = self.udp.send_to(transmit.bytes, transmit.to);
            if let Err(error) = self.tasks.run_while(sending).await {
                self.engine.socket_error("send", &error);
            }
        }
        let mut frame = Vec::new();
        while let Some(request) = self.engine.poll_request(&mut frame) {
            let frame = std::mem::take(&mut frame);
            self.tasks.add(stream::exchange(Arc::clone(&self.engine), request, frame));
        }
    }
}
