//! A driver of a node that checks the node's invariants after every call.

use std::collections::BTreeMap;

use gossip_core::{
    Delivery, Event, Incarnation, Instant, Node, NodeId, Reject, Request, RequestId, Stats,
};

/// Number of bytes that every datagram and frame reserves for a seal.
const SEAL: usize = 44;

/// Number of outputs of one call that counts as endless.
const ENDLESS: usize = 200_000;

/// A call of a node.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Datagram { from: u32, bytes: Vec<u8> },
    Request { from: u32, frame: Vec<u8> },
    Reply { id: RequestId, frame: Vec<u8> },
    Failed { id: RequestId },
    Timeout,
    Join { seeds: Vec<u32> },
    SetSeeds { seeds: Vec<u32> },
    SetMeta { meta: Vec<u8> },
    SetAddress { address: u32 },
    Send { to: NodeId, payload: Vec<u8>, delivery: Delivery },
    Forget { id: NodeId },
    Leave,
}

/// The outputs of a call.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub(crate) result: Result<(), Reject>,
    /// The reply to a request.
    pub(crate) reply: Vec<u8>,
    pub(crate) transmits: Vec<(u32, Vec<u8>)>,
    pub(crate) requests: Vec<(Request<u32>, Vec<u8>)>,
    pub(crate) events: Vec<Event<u32>>,
}

/// A node and the state of its driver.
pub(crate) struct Driven {
    pub(crate) node: Node<u32>,
    /// The requests in flight.
    pub(crate) in_flight: Vec<RequestId>,
    /// The log of all calls, if the target wants one.
    pub(crate) log: Option<Vec<(Instant, Input)>>,
    /// The time of the last call.
    now: Instant,
    /// Set if a call ever came later than the node asked for.
    late: bool,
    /// Set if the outputs of an earlier call are not drained.
    held: bool,
    known: BTreeMap<NodeId, Incarnation>,
    buf: Vec<u8>,
}

impl Driven {
    pub(crate) fn new(now: Instant, node: Node<u32>) -> Self {
        let buf = vec![0; node.config().datagram_budget];
        let (in_flight, known) = (Vec::new(), BTreeMap::new());
        Self { node, in_flight, log: None, now, late: false, held: false, known, buf }
    }

    /// Makes a call without draining the outputs, which stay in the node.
    pub(crate) fn hold(&mut self, now: Instant, input: &Input) {
        self.note(now);
        self.held = true;
        // The result and the reply do not matter here.
        let _ = self.call(now, input, &mut Vec::new());
    }

    /// Makes a call, drains the node, and checks all invariants.
    pub(crate) fn apply(&mut self, now: Instant, input: &Input) -> Outputs {
        let before = (*self.node.stats(), self.node.fingerprint());
        let outputs = self.apply_unchecked(now, input);
        self.check_node(now, input);
        if outputs.result.is_err() {
            self.check_refused(&before, &outputs);
        }
        self.held = false;
        outputs
    }

    /// Makes a call and drains the node. Checks only the limits of the outputs.
    pub(crate) fn apply_unchecked(&mut self, now: Instant, input: &Input) -> Outputs {
        if let Some(log) = &mut self.log {
            log.push((now, input.clone()));
        }
        self.note(now);
        let mut reply = Vec::new();
        let result = self.call(now, input, &mut reply);
        let outputs = self.drain(now, result, reply);
        self.check_outputs(&outputs);
        outputs
    }

    /// Notes the time of a call, and whether it is later than the node asked for.
    fn note(&mut self, now: Instant) {
        let due = self.node.poll_timeout().map(|due| due.max(self.now));
        self.late |= due.is_some_and(|due| due < now);
        self.now = now;
    }

    fn call(&mut self, now: Instant, input: &Input, reply: &mut Vec<u8>) -> Result<(), Reject> {
        let node = &mut self.node;
        match input {
            Input::Datagram { from, bytes } => {
                return node.handle_datagram(now, from, &mut bytes.clone());
            }
            Input::Request { from, frame } => {
                return node.handle_request(now, from, &mut frame.clone(), reply);
            }
            Input::Reply { id, frame } => {
                let result = node.handle_reply(now, *id, &mut frame.clone());
                if result.is_ok() {
                    self.in_flight.retain(|known| known != id);
                }
                return result;
            }
            Input::Failed { id } => {
                node.handle_request_failed(now, *id);
                self.in_flight.retain(|known| known != id);
            }
            Input::Timeout => node.handle_timeout(now),
            Input::Join { seeds } => {
                node.join(now, seeds.iter().copied());
            }
            Input::SetSeeds { seeds } => node.set_seeds(now, seeds.iter().copied()),
            // A node may refuse a command.
            Input::SetMeta { meta } => drop(node.set_meta(now, meta)),
            Input::SetAddress { address } => drop(node.set_address(now, *address)),
            Input::Send { to, payload, delivery } => drop(node.send(now, *to, payload, *delivery)),
            Input::Forget { id } => drop(node.forget(now, *id)),
            Input::Leave => node.leave(now),
        }
        Ok(())
    }

    fn drain(&mut self, now: Instant, result: Result<(), Reject>, reply: Vec<u8>) -> Outputs {
        let Self { node, buf, in_flight, .. } = self;
        let (mut transmits, mut requests, mut events) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(transmit) = node.poll_transmit(now, buf) {
            transmits.push((transmit.to, transmit.bytes.to_vec()));
            assert!(transmits.len() < ENDLESS, "endless datagrams");
        }
        let mut frame = Vec::new();
        while let Some(request) = node.poll_request(now, &mut frame) {
            in_flight.push(request.id);
            requests.push((request, core::mem::take(&mut frame)));
            assert!(requests.len() < ENDLESS, "endless requests");
        }
        while let Some(event) = node.poll_event() {
            events.push(event);
            assert!(events.len() < ENDLESS, "endless events");
        }
        assert!(node.poll_transmit(now, buf).is_none(), "a drained node has no datagram");
        // The corpus has no use for requests that are no longer in flight.
        let excess = in_flight.len().saturating_sub(node.config().requests.max_in_flight);
        in_flight.drain(..excess);
        Outputs { result, reply, transmits, requests, events }
    }

    fn check_outputs(&self, outputs: &Outputs) {
        let config = self.node.config();
        for (_, bytes) in &outputs.transmits {
            assert!(bytes.len() <= config.datagram_budget - SEAL, "a datagram above its budget");
        }
        let frames = outputs.requests.iter().map(|(_, frame)| frame);
        for frame in frames.chain([&outputs.reply]) {
            assert!(frame.len() <= config.requests.max_frame - SEAL, "a frame above its limit");
        }
        assert!(outputs.requests.len() <= config.requests.max_in_flight, "too many requests");
        assert!(outputs.events.len() <= config.queues.max_events + 1, "too many events");
    }

    fn check_node(&mut self, now: Instant, input: &Input) {
        let node = &self.node;
        let due = node.poll_timeout();
        if matches!(input, Input::Timeout) {
            assert!(due.is_none_or(|due| due > now), "due at {due:?} again at {now:?}");
        }
        assert_eq!(due.is_none(), node.is_stopped(), "awake until stopped");
        assert!(
            self.late || node.stats().traffic.pauses == 0,
            "the node saw a pause although no call was late"
        );
        assert!(node.members().count() <= node.config().members.max as usize);
        let known: BTreeMap<_, _> =
            node.members().map(|member| (member.id(), member.incarnation())).collect();
        for (id, before) in &self.known {
            let after = known.get(id);
            assert!(after.is_none_or(|after| after >= before), "{id} went back to {after:?}");
        }
        self.known = known;
    }

    /// Checks that a refused input changed only the counters of refused inputs.
    fn check_refused(&self, (stats, fingerprint): &(Stats, u64), outputs: &Outputs) {
        let now = self.node.stats();
        assert_eq!(now.received, stats.received);
        assert_eq!(now.traffic.datagrams_received, stats.traffic.datagrams_received);
        assert_eq!(now.traffic.frame_bytes_received, stats.traffic.frame_bytes_received);
        assert_eq!(self.node.fingerprint(), *fingerprint);
        let Outputs { reply, transmits, requests, events, .. } = outputs;
        let silent = transmits.is_empty() && requests.is_empty() && events.is_empty();
        assert!(self.held || silent, "an output for a refused input");
        assert!(reply.is_empty());
    }
}
