//! A foca node, and packets for it in foca's own encoding.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use foca::{Codec, Header, Member, Message, Notification, PostcardCodec, Runtime, Timer};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

use super::{BUDGET, Packet, RECORDS, Receiver};
use crate::known::{self, id};
use crate::{Foca, Id};

pub(super) struct Node {
    foca: Foca,
    count: u32,
}

impl Receiver for Node {
    /// The node has no news to spread, so that its acks carry nothing else.
    fn new(count: u32) -> Self {
        let mut config = known::foca_config(count);
        config.max_packet_size = NonZeroUsize::new(BUDGET).expect("it is not zero");
        Self { foca: known::foca(count, false, config), count }
    }

    fn ping_from(&mut self, sender: u32) -> Packet {
        packet(sender, Message::Ping(0), &[])
    }

    /// Returns gossip about random members.
    fn known_records(&mut self) -> Vec<Packet> {
        let mut rng = SmallRng::seed_from_u64(2);
        let others: Vec<_> = (1..self.count).collect();
        let gossip = |sender| {
            let about = others.sample(&mut rng, RECORDS);
            let about: Vec<_> = about.map(|&other| Member::alive(id(other))).collect();
            packet(sender, Message::Gossip, &about)
        };
        super::senders(self.count).map(gossip).collect()
    }

    fn handle(&mut self, _: u32, packet: &mut [u8]) -> u64 {
        let mut outlet = Outlet { sent: 0 };
        self.foca.handle_data(packet, &mut outlet).expect("the packet is well-formed");
        outlet.sent
    }
}

/// Encodes in foca's layout: a header, then the number of updates and the updates, if there are
/// any.
fn packet(sender: u32, message: Message<Id>, updates: &[Member<Id>]) -> Packet {
    const ROOM: &str = "a vector has room";
    let header = Header { src: id(sender), src_incarnation: 0, dst: id(0), message };
    let mut bytes = Vec::new();
    let mut codec = PostcardCodec;
    codec.encode_header(&header, &mut bytes).expect(ROOM);
    if let Some(count) = u16::try_from(updates.len()).ok().filter(|&count| count > 0) {
        bytes.extend_from_slice(&count.to_be_bytes());
        for update in updates {
            codec.encode_member(update, &mut bytes).expect(ROOM);
        }
    }
    Packet { sender, bytes }
}

/// A runtime that counts the datagrams of foca.
struct Outlet {
    sent: u64,
}

impl Runtime<Id> for Outlet {
    fn notify(&mut self, _: Notification<'_, Id>) {}

    fn send_to(&mut self, _: Id, data: &[u8]) {
        black_box(data);
        self.sent += 1;
    }

    fn submit_after(&mut self, _: Timer<Id>, _: Duration) {}
}
