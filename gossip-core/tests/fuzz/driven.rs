//! A node in the hands of a driver that checks, after every call, what must always hold.

use std::collections::BTreeMap;

use gossip_core::{
    Delivery, Event, Incarnation, Instant, Node, NodeId, Reject, Request, RequestId, Stats,
};

/// What every datagram and frame keeps free for a seal.
const SEAL: usize = 44;

/// Beyond this many outputs of one call there is no end to them.
const ENDLESS: usize = 200_000;

/// Anything that can be done to a node.
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

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub(crate) result: Result<(), Reject>,
    /// The answer to a request.
    pub(crate) reply: Vec<u8>,
    pub(crate) transmits: Vec<(u32, Vec<u8>)>,
    pub(crate) requests: Vec<(Request<u32>, Vec<u8>)>,
    pub(crate) events: Vec<Event<u32>>,
}

/// The node, and what is remembered of it.
pub(crate) struct Driven {
    pub(crate) node: Node<u32>,
    /// The requests that it waits for an answer to.
    pub(crate) open: Vec<RequestId>,
    /// What was done to it, and when; kept on demand.
    pub(crate) log: Option<Vec<(Instant, Input)>>,
    /// The last call, and whether one ever came later than the node asked for.
    now: Instant,
    late: bool,
    /// Whether something was done since the outputs were drained.
    held: bool,
    known: BTreeMap<NodeId, Incarnation>,
    buf: Vec<u8>,
}

impl Driven {
    pub(crate) fn new(now: Instant, node: Node<u32>) -> Self {
        let buf = vec![0; node.config().datagram_budget];
        let (open, known) = (Vec::new(), BTreeMap::new());
        Self { node, open, log: None, now, late: false, held: false, known, buf }
    }

    /// Does it without draining the outputs: they wait in the node.
    pub(crate) fn hold(&mut self, now: Instant, input: &Input) {
        self.note(now);
        self.held = true;
        // What is wrong with the input, and the reply, are of no interest then.
        let _ = self.call(now, input, &mut Vec::new());
    }

    /// Does it, drains the node, and checks.
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

    /// Does it and drains the node; checks only that what leaves is not too much.
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

    /// Notes the time, and whether it is later than the node asked for.
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
                    self.open.retain(|open| open != id);
                }
                return result;
            }
            Input::Failed { id } => {
                node.handle_request_failed(now, *id);
                self.open.retain(|open| open != id);
            }
            Input::Timeout => node.handle_timeout(now),
            Input::Join { seeds } => {
                node.join(now, seeds.iter().copied());
            }
            Input::SetSeeds { seeds } => node.set_seeds(now, seeds.iter().copied()),
            // What a command refuses is the caller's affair.
            Input::SetMeta { meta } => drop(node.set_meta(now, meta)),
            Input::SetAddress { address } => drop(node.set_address(now, *address)),
            Input::Send { to, payload, delivery } => drop(node.send(now, *to, payload, *delivery)),
            Input::Forget { id } => drop(node.forget(now, *id)),
            Input::Leave => node.leave(now),
        }
        Ok(())
    }

    fn drain(&mut self, now: Instant, result: Result<(), Reject>, reply: Vec<u8>) -> Outputs {
        let Self { node, buf, open, .. } = self;
        let (mut transmits, mut requests, mut events) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(transmit) = node.poll_transmit(now, buf) {
            transmits.push((transmit.to, transmit.bytes.to_vec()));
            assert!(transmits.len() < ENDLESS, "no end of datagrams");
        }
        let mut frame = Vec::new();
        while let Some(request) = node.poll_request(now, &mut frame) {
            open.push(request.id);
            requests.push((request, core::mem::take(&mut frame)));
            assert!(requests.len() < ENDLESS, "no end of requests");
        }
        while let Some(event) = node.poll_event() {
            events.push(event);
            assert!(events.len() < ENDLESS, "no end of events");
        }
        assert!(node.poll_transmit(now, buf).is_none(), "drained is drained");
        // A request that is open no longer is of no use to the corpus.
        open.drain(..open.len().saturating_sub(node.config().requests.max_in_flight));
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
            "a pause was seen where there was none"
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

    /// What is refused changes nothing but a counter.
    fn check_refused(&self, (stats, fingerprint): &(Stats, u64), outputs: &Outputs) {
        let now = self.node.stats();
        assert_eq!(now.received, stats.received);
        assert_eq!(now.traffic.datagrams_received, stats.traffic.datagrams_received);
        assert_eq!(now.traffic.frame_bytes_received, stats.traffic.frame_bytes_received);
        assert_eq!(self.node.fingerprint(), *fingerprint);
        let Outputs { reply, transmits, requests, events, .. } = outputs;
        let silent = transmits.is_empty() && requests.is_empty() && events.is_empty();
        assert!(self.held || silent, "an answer to what is refused");
        assert!(reply.is_empty());
    }
}
