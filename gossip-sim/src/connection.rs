//! The cost of a request: a model of TCP, precise enough to react to loss as TCP does.
//!
//! Connecting takes a round trip. A frame travels as segments of 1,400 bytes: ten in the first
//! flight, and twice as many in each following one, a round trip apart. A lost segment is sent
//! again after 200 ms, then 400, and so on. There is no fast retransmission, and acknowledgements
//! are never lost. A host that is down or cut off does not answer until the deadline. A host
//! without the process refuses after one round trip.

use std::ops::{Index, IndexMut};

use gossip_core::{Instant, RequestId};

use crate::network::{Links, Stream};

/// Identifier of a connection in [`Connections`].
pub(crate) type ConnectionId = u32;

/// Payload of a segment, in bytes.
const SEGMENT: usize = 1_400;
/// Segments in the first flight.
const WINDOW: usize = 10;
/// Time before the first retransmission, in microseconds.
const RETRANSMIT: u64 = 200_000;
/// Bytes of the length in front of a frame.
pub(crate) const LENGTH_PREFIX: usize = 4;
/// Capacity up to which buffers are kept.
const LARGEST_KEPT: usize = 1 << 16;

/// Segments to deliver in one direction.
#[derive(Debug)]
pub(crate) struct Leg {
    /// Segments of the present flight that have not arrived yet.
    outstanding: usize,
    /// Segments of later flights.
    unsent: usize,
    window: usize,
    retransmit: u64,
}

/// The outcome of a flight, and its microseconds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Segments are left to send again.
    Partly(u64),
    /// The last segment arrives.
    Wholly(u64),
}

impl Leg {
    /// A SYN, an answer to one, or a reset.
    pub(crate) fn control() -> Self {
        Self { outstanding: 1, unsent: 0, window: WINDOW, retransmit: RETRANSMIT }
    }

    /// Returns the segments of a frame of `len` bytes.
    pub(crate) fn frame(len: usize) -> Self {
        let segments = (LENGTH_PREFIX + len).div_ceil(SEGMENT);
        let outstanding = segments.min(WINDOW);
        Self { outstanding, unsent: segments - outstanding, ..Self::control() }
    }

    /// Sends the outstanding segments, of which none arrives if the other host is not `up`.
    pub(crate) fn send(&mut self, links: &mut Links, from: usize, to: usize, up: bool) -> Sent {
        let lose = |_: &usize| !up || links.lose(Stream::Requests, from, to);
        self.outstanding = (0..self.outstanding).filter(lose).count();
        if self.outstanding > 0 {
            let pause = self.retransmit;
            self.retransmit *= 2;
            return Sent::Partly(pause);
        }
        let delay = links.delay(Stream::Requests);
        if self.unsent == 0 {
            return Sent::Wholly(delay);
        }
        self.window *= 2;
        self.outstanding = self.unsent.min(self.window);
        self.unsent -= self.outstanding;
        self.retransmit = RETRANSMIT;
        Sent::Partly(delay + links.delay(Stream::Requests))
    }
}

/// The progress of a connection: the present delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Syn,
    SynAck,
    Request,
    Reply,
    /// The server refuses, or closes without a reply.
    Reset,
}

impl Stage {
    pub(crate) fn is_from_client(self) -> bool {
        matches!(self, Self::Syn | Self::Request)
    }
}

/// One request and its reply.
pub(crate) struct Connection {
    pub(crate) id: RequestId,
    pub(crate) client: usize,
    /// The client's life that made the request. A later life does not receive the reply.
    pub(crate) client_life: u32,
    /// The server; `None` for an unused address.
    pub(crate) server: Option<usize>,
    pub(crate) server_life: u32,
    pub(crate) deadline: Instant,
    pub(crate) stage: Stage,
    pub(crate) leg: Leg,
    /// Whether the last segment of the leg is travelling, so that there is nothing more to send.
    pub(crate) arriving: bool,
    /// Whether the client has its outcome.
    pub(crate) finished: bool,
    pub(crate) request: Vec<u8>,
    pub(crate) reply: Vec<u8>,
    /// Number of references from the timeline and from inboxes. The connection ends with the last.
    references: u8,
}

/// All connections.
#[derive(Default)]
pub(crate) struct Connections {
    connections: Vec<Option<Connection>>,
    free: Vec<ConnectionId>,
    buffers: Vec<Vec<u8>>,
}

impl Connections {
    /// Creates a connection without references. Takes the content of `request` and leaves it empty.
    pub(crate) fn open(
        &mut self,
        id: RequestId,
        (client, client_life): (usize, u32),
        server: Option<usize>,
        deadline: Instant,
        request: &mut Vec<u8>,
    ) -> ConnectionId {
        let buffer = self.buffers.pop().unwrap_or_default();
        let connection = Connection {
            id,
            client,
            client_life,
            server,
            server_life: 0,
            deadline,
            stage: Stage::Syn,
            leg: Leg::control(),
            arriving: false,
            finished: false,
            request: std::mem::replace(request, buffer),
            reply: self.buffers.pop().unwrap_or_default(),
            references: 0,
        };
        if let Some(free) = self.free.pop() {
            self.connections[free as usize] = Some(connection);
            return free;
        }
        self.connections.push(Some(connection));
        (self.connections.len() - 1) as ConnectionId
    }

    /// Adds a reference to a connection.
    pub(crate) fn retain(&mut self, id: ConnectionId) {
        self[id].references += 1;
    }

    /// Drops a reference to a connection.
    pub(crate) fn release(&mut self, id: ConnectionId) {
        self[id].references -= 1;
        if self[id].references == 0
            && let Some(connection) = self.connections[id as usize].take()
        {
            self.keep_buffer(connection.request);
            self.keep_buffer(connection.reply);
            self.free.push(id);
        }
    }

    fn keep_buffer(&mut self, mut buffer: Vec<u8>) {
        if (1..=LARGEST_KEPT).contains(&buffer.capacity()) {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }

    /// Ends the connection for its client. It frees the memory of the frames, long before the
    /// deadline ends the rest.
    pub(crate) fn finish(&mut self, id: ConnectionId) {
        let connection = &mut self[id];
        connection.finished = true;
        let (request, reply) =
            (std::mem::take(&mut connection.request), std::mem::take(&mut connection.reply));
        self.keep_buffer(request);
        self.keep_buffer(reply);
    }
}

impl Index<ConnectionId> for Connections {
    type Output = Connection;

    fn index(&self, id: ConnectionId) -> &Connection {
        self.connections[id as usize].as_ref().expect("a connection lives while it is named")
    }
}

impl IndexMut<ConnectionId> for Connections {
    fn index_mut(&mut self, id: ConnectionId) -> &mut Connection {
        self.connections[id as usize].as_mut().expect("a connection lives while it is named")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Latency, Network};

    const ONE_WAY: u64 = 1_000;

    fn links(loss: f64) -> Links {
        let latency = Latency::Constant(Duration::from_millis(1));
        let network = Network { latency, ..Network::lan() }.loss(loss);
        Links::new(network, 1)
    }

    /// Returns the time of a leg, and its number of flights.
    fn carry(mut leg: Leg, links: &mut Links) -> (u64, usize) {
        let mut time = 0;
        for sent in 1.. {
            match leg.send(links, 0, 1, true) {
                Sent::Partly(pause) => time += pause,
                Sent::Wholly(delay) => return (time + delay, sent),
            }
        }
        unreachable!()
    }

    #[test]
    fn a_small_frame_takes_one_way_and_large_ones_further_round_trips() {
        let mut links = links(0.0);
        assert_eq!(carry(Leg::control(), &mut links), (ONE_WAY, 1));
        assert_eq!(carry(Leg::frame(0), &mut links), (ONE_WAY, 1));
        let first_flight = SEGMENT * WINDOW - LENGTH_PREFIX;
        assert_eq!(carry(Leg::frame(first_flight), &mut links), (ONE_WAY, 1));
        assert_eq!(carry(Leg::frame(first_flight + 1), &mut links), (3 * ONE_WAY, 2));
        // 10 + 20 + 40 segments in three flights, and one more.
        assert_eq!(carry(Leg::frame(70 * SEGMENT - 4), &mut links), (5 * ONE_WAY, 3));
        assert_eq!(carry(Leg::frame(70 * SEGMENT), &mut links), (7 * ONE_WAY, 4));
    }

    #[test]
    fn what_is_lost_comes_again_after_doubling_pauses() {
        let mut links = links(0.0);
        let mut leg = Leg::control();
        for doubled in 0..5 {
            assert_eq!(leg.send(&mut links, 0, 1, false), Sent::Partly(200_000 << doubled));
        }
        assert_eq!(leg.send(&mut links, 0, 1, true), Sent::Wholly(ONE_WAY));
    }

    #[test]
    fn loss_delays_as_geometry_says() {
        let mut links = links(0.1);
        let trials = 20_000;
        let (mut time, mut first) = (0, 0);
        for _ in 0..trials {
            let (took, sent) = carry(Leg::control(), &mut links);
            time += took - ONE_WAY;
            first += u64::from(sent == 1);
        }
        assert!((17_700..18_300).contains(&first), "{first}");
        // The sum over k of 0.1^k x 200 ms x 2^(k-1) is 25 ms.
        assert!((23_000..27_000).contains(&(time / trials)), "{}", time / trials);
    }
}
