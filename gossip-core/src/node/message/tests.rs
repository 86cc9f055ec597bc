//! The vectors of `tests/vectors`, which pin every byte of the wire, and the laws of the codec.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::format;

use proptest::prelude::*;

use super::*;
use crate::claim::message::{Message as ClaimMessage, STANDING, Standing};
use crate::detector::message::{
    ACK, Ack, INDIRECT_ACK, IndirectAck, Message as DetectorMessage, NACK, Nack, PING,
    PING_REQUEST, Ping, PingRequest,
};
use crate::direct::message::{Message as DirectMessage, PAYLOAD, Payload};
use crate::hash::Key;
use crate::id::ShortId;
use crate::join::message::{JOIN, Join, Message as JoinMessage, WELCOME, Welcome};
use crate::member::message::{Message as MemberMessage, WANT, Want, write_record};
use crate::member::{Accusation, Advert, Claim, Level, Member, Meta, Phase, Table};
use crate::repair::message::{
    DIGESTS, Digests, Message as RepairMessage, ROOTS, Roots, SYNC, SYNC_END, Sync, SyncEnd,
};
use crate::rumor::message::{ADVERTS, Message as RumorMessage, write_names};
use crate::wire::{ENVELOPE, Items, SEAL, VERSION, Writer, open};
use crate::{Config, Epoch, Incarnation, Instant, MAX_META, NodeId};

/// A kind that no module owns.
const UNKNOWN: u8 = 0xc8;

/// Cluster, nodes and numbers of the vectors.
const CLUSTER: &str = "vectors";
const ALICE: NodeId = NodeId(*b"alice's 16 bytes");
const BOB: NodeId = NodeId(*b"bob, 16 bytes...");
const NONCE: u32 = 0x4433_2211;
const DIGEST: u32 = 0xccbb_aa99;

fn key() -> Key {
    Key::of_cluster(CLUSTER)
}

fn incarnation(number: u32) -> Incarnation {
    Incarnation { epoch: Epoch::new(1_700_000_000_000).unwrap(), nonce: 0xa4a3_a2a1, number }
}

/// Returns the record of Alice: on IPv4, without optional parts.
fn alice() -> Record<SocketAddr, &'static [u8]> {
    let address = "192.0.2.1:7946".parse().unwrap();
    let incarnation = incarnation(0);
    let claim = Claim { incarnation, phase: Phase::Up, versions: [0, 0], address, meta: &[][..] };
    Record { round: 0, age: 0, id: ALICE, claim, accusation: None }
}

/// Returns the record of Bob: on IPv6, with all optional parts.
fn bob() -> Record<SocketAddr, &'static [u8]> {
    let address = "[2001:db8::2]:443".parse().unwrap();
    let incarnation = incarnation(300);
    let (phase, versions, meta) = (Phase::Up, [0, 2], &b"zone=b"[..]);
    let claim = Claim { incarnation, phase, versions, address, meta };
    let accusation = accused(incarnation, Level::Dead, &[4, 3, 2, 1]);
    Record { round: 255, age: 90_000, id: BOB, claim, accusation }
}

/// Returns the table of a node with this claim that knows no other member.
fn table_of(id: NodeId, claim: &Claim<SocketAddr, &[u8]>) -> Table<SocketAddr> {
    let &Claim { incarnation, phase, versions, address, meta } = claim;
    let claim = Claim { incarnation, phase, versions, address, meta: meta.into() };
    let own = Member { id, claim, accusation: None };
    Table::new(own, &Config::lan(), key(), Key::new(0, 0))
}

/// Returns the merged accusation of all accusers.
fn accused(incarnation: Incarnation, level: Level, accusers: &[u32]) -> Option<Accusation> {
    let claim = Claim {
        incarnation: Incarnation::default(),
        phase: Phase::Up,
        versions: [0, 0],
        address: 0,
        meta: Meta::new(),
    };
    let mut member: Member<u8> = Member { id: ALICE, claim, accusation: None };
    for &accuser in accusers {
        member.accuse(&Accusation::new(incarnation, level, ShortId(accuser)));
    }
    member.accusation.map(|accusation| *accusation)
}

/// Writes a record from a table, as a node does.
fn put_record(writer: &mut Writer<'_>, record: &Record<SocketAddr, &[u8]>) -> bool {
    let Record { round, age, id, claim, accusation } = record;
    let mut table = table_of(NodeId::from_u128(0), claim);
    let age = Duration::from_millis(u64::from(*age));
    table.merge(Instant::ORIGIN, *id, claim, accusation.as_ref(), age);
    write_record(writer, table.get(id).unwrap(), *round, Instant::ORIGIN)
}

/// Parses a vector: two hexadecimal digits per byte, up to a `#` in each line.
fn parse(vector: &str) -> Vec<u8> {
    let bytes = vector.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}

/// Asserts that `write` produces the vector, envelope included, and that the vector reads as
/// `messages`.
fn check_vector(
    vector: &str,
    write: impl FnOnce(&mut Writer<'_>),
    messages: &[Message<'_, SocketAddr>],
) {
    let expected = parse(vector);
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, key().tag(), key().short(&ALICE));
    write(&mut writer);
    let (len, sent) = writer.finish();
    assert_eq!(sent.iter().map(|(_, count)| *count as usize).sum::<usize>(), messages.len());
    assert_eq!(
        hex(&buf[..len]),
        hex(&expected),
        "the bytes written (left) differ from the vector: \
         bytes on the wire change only with wire::VERSION"
    );
    let (sender, body) = open(&expected, key().tag()).unwrap();
    assert_eq!(sender, key().short(&ALICE));
    assert_eq!(check::<SocketAddr>(body, |_| false), Ok(0));
    assert_eq!(read_all(body), messages);
}

fn check_put<T: serde::Serialize>(
    vector: &str,
    kind: u8,
    body: &T,
    message: Message<'_, SocketAddr>,
) {
    check_vector(vector, |writer| assert!(writer.put(kind, body)), &[message]);
}

#[test]
fn vector_padding() {
    let vector = include_str!("../../../tests/vectors/padding.hex");
    check_vector(vector, |writer| writer.pad(16), &[Message::Padding]);
}

fn ping() -> Ping {
    let target_tag = key().target_tag(&BOB, incarnation(300));
    Ping { nonce: NONCE, target_tag, digest: DIGEST, ring: 5 }
}

#[test]
fn vector_ping() {
    let vector = include_str!("../../../tests/vectors/ping.hex");
    check_put(vector, PING, &ping(), Message::Detector(DetectorMessage::Ping(ping())));
    assert_eq!(parse(vector).len(), 24);
}

#[test]
fn vector_ack() {
    let vector = include_str!("../../../tests/vectors/ack.hex");
    let ack = Ack { nonce: NONCE, digest: DIGEST, acquainted: true, appointment: 8_000 };
    check_put(vector, ACK, &ack, Message::Detector(DetectorMessage::Ack(ack)));
    assert_eq!(parse(vector).len(), 22);
}

#[test]
fn vector_ping_request() {
    let vector = include_str!("../../../tests/vectors/ping_request.hex");
    let request = PingRequest { nonce: NONCE, target: BOB };
    check_put(
        vector,
        PING_REQUEST,
        &request,
        Message::Detector(DetectorMessage::PingRequest(request)),
    );
}

#[test]
fn vector_indirect_ack() {
    let vector = include_str!("../../../tests/vectors/indirect_ack.hex");
    let ack = IndirectAck { nonce: NONCE };
    check_put(vector, INDIRECT_ACK, &ack, Message::Detector(DetectorMessage::IndirectAck(ack)));
}

#[test]
fn vector_nack() {
    let vector = include_str!("../../../tests/vectors/nack.hex");
    let nack = Nack { nonce: NONCE };
    check_put(vector, NACK, &nack, Message::Detector(DetectorMessage::Nack(nack)));
}

#[test]
fn vector_record_ipv4() {
    let vector = include_str!("../../../tests/vectors/record_ipv4.hex");
    let write = |writer: &mut Writer<'_>| assert!(put_record(writer, &alice()));
    check_vector(vector, write, &[Message::Member(MemberMessage::Record(alice()))]);
}

#[test]
fn vector_record_ipv6_with_everything() {
    let vector = include_str!("../../../tests/vectors/record_ipv6_with_everything.hex");
    let write = |writer: &mut Writer<'_>| assert!(put_record(writer, &bob()));
    check_vector(vector, write, &[Message::Member(MemberMessage::Record(bob()))]);
}

#[test]
fn vector_adverts() {
    let vector = include_str!("../../../tests/vectors/adverts.hex");
    let first = Advert { short: key().short(&ALICE), version: 0xb2b1 };
    let second = Advert { short: key().short(&BOB), version: 0xb4b3 };
    let names = [first.to_bytes(), second.to_bytes()].concat();
    let write = |writer: &mut Writer<'_>| write_names(writer, &names);
    check_vector(vector, write, &[Message::Rumor(RumorMessage::Adverts(Items(&names)))]);
    let read: Vec<_> = Items(&names).iter().map(Advert::from_bytes).collect();
    assert_eq!(read, [first, second]);
}

#[test]
fn vector_want() {
    let vector = include_str!("../../../tests/vectors/want.hex");
    let items = [ALICE, BOB].map(|id| key().short(&id).0.to_le_bytes()).concat();
    let want = Want { items: Items(&items) };
    check_put(vector, WANT, &want, Message::Member(MemberMessage::Want(want)));
}

/// A join as a node sends it: the joiner's record, the join, and padding.
#[test]
fn vector_join() {
    let vector = include_str!("../../../tests/vectors/join.hex");
    let join = Join { nonce: NONCE };
    let write = |writer: &mut Writer<'_>| {
        assert!(put_record(writer, &alice()));
        assert!(writer.put(JOIN, &join));
        writer.pad(96);
        assert_eq!(writer.len(), 96);
    };
    let messages = [
        Message::Member(MemberMessage::Record(alice())),
        Message::Join(JoinMessage::Join(join)),
        Message::Padding,
    ];
    check_vector(vector, write, &messages);
}

#[test]
fn vector_welcome() {
    let vector = include_str!("../../../tests/vectors/welcome.hex");
    let welcome = Welcome { nonce: NONCE, id: ALICE, admitted: true };
    check_put(vector, WELCOME, &welcome, Message::Join(JoinMessage::Welcome(welcome)));
}

#[test]
fn vector_sync() {
    let vector = include_str!("../../../tests/vectors/sync.hex");
    let items: Vec<u8> = [(key().short(&ALICE), 0xd4d3_d2d1_u32), (key().short(&BOB), 1)]
        .iter()
        .flat_map(|(short, version)| [short.0.to_le_bytes(), version.to_le_bytes()].concat())
        .collect();
    let sync = Sync { first: ShortId(0), last: ShortId(u32::MAX), items: Items(&items) };
    check_put(vector, SYNC, &sync, Message::Repair(RepairMessage::Sync(sync)));
}

#[test]
fn vector_sync_end() {
    let vector = include_str!("../../../tests/vectors/sync_end.hex");
    let end = SyncEnd { digest: DIGEST, more: true };
    check_put(vector, SYNC_END, &end, Message::Repair(RepairMessage::SyncEnd(end)));
}

#[test]
fn vector_roots() {
    let vector = include_str!("../../../tests/vectors/roots.hex");
    let digests = core::array::from_fn(|fold| [2 * fold as u8, 2 * fold as u8 + 1]);
    let roots = Roots { digests };
    check_put(vector, ROOTS, &roots, Message::Repair(RepairMessage::Roots(roots)));
}

#[test]
fn vector_folds() {
    let vector = include_str!("../../../tests/vectors/digests.hex");
    let digests = core::array::from_fn(|fold| [0, 1, 2, 3].map(|byte| 4 * fold as u8 + byte));
    let digests = Digests { first: ShortId(0xa300_0000), digits: 2, digests };
    check_put(vector, DIGESTS, &digests, Message::Repair(RepairMessage::Digests(digests)));
}

#[test]
fn vector_payload() {
    let vector = include_str!("../../../tests/vectors/payload.hex");
    let payload = Payload { from: ALICE, target_tag: 0x4847_4645, bytes: b"hello" };
    check_put(vector, PAYLOAD, &payload, Message::Direct(DirectMessage::Payload(payload)));
}

#[test]
fn vector_standing() {
    let vector = include_str!("../../../tests/vectors/standing.hex");
    let standing =
        Standing { incarnation: incarnation(300), left: false, accused: Some(Level::Dead) };
    let message = Message::Claim(ClaimMessage::Standing(standing));
    check_put(vector, STANDING, &standing, message);
}

#[test]
fn vector_several_messages() {
    let vector = include_str!("../../../tests/vectors/several_messages.hex");
    let name = Advert { short: key().short(&BOB), version: 0xb4b3 }.to_bytes();
    let write = |writer: &mut Writer<'_>| {
        assert!(writer.put(PING, &ping()));
        assert!(put_record(writer, &alice()));
        write_names(writer, &name);
    };
    let messages = [
        Message::Detector(DetectorMessage::Ping(ping())),
        Message::Member(MemberMessage::Record(alice())),
        Message::Rumor(RumorMessage::Adverts(Items(&name))),
    ];
    check_vector(vector, write, &messages);
}

#[test]
fn vector_reader_skips_unknown_kind() {
    let vector = include_str!("../../../tests/vectors/unknown_kind.hex");
    let nack = Nack { nonce: NONCE };
    let write = |writer: &mut Writer<'_>| {
        assert!(writer.put(0xc8, &[0xe1_u8, 0xe2, 0xe3]));
        assert!(writer.put(NACK, &nack));
    };
    check_vector(
        vector,
        write,
        &[Message::Unknown, Message::Detector(DetectorMessage::Nack(nack))],
    );
}

#[test]
fn vector_reader_skips_trailing_bytes() {
    let vector = include_str!("../../../tests/vectors/trailing_bytes.hex");
    let nack = Nack { nonce: NONCE };
    let write = |writer: &mut Writer<'_>| {
        assert!(writer.put(NACK, &(nack, [0xe1_u8, 0xe2])));
        assert!(writer.put(INDIRECT_ACK, &IndirectAck { nonce: NONCE }));
    };
    let messages = [
        Message::Detector(DetectorMessage::Nack(nack)),
        Message::Detector(DetectorMessage::IndirectAck(IndirectAck { nonce: NONCE })),
    ];
    check_vector(vector, write, &messages);
}

/// The hashes that all nodes of a cluster must agree on.
#[test]
fn vector_hashes() {
    let mut table = table_of(ALICE, &alice().claim);
    let alone = table.fingerprint();
    let bob = bob();
    table.merge(Instant::ORIGIN, BOB, &bob.claim, bob.accusation.as_ref(), Duration::ZERO);
    let [alice, bob] = [ALICE, BOB].map(|id| table.get(&id).unwrap());
    let computed = [
        &key().hash(b"").to_le_bytes()[..],
        &key().tag(),
        &key().short(&ALICE).0.to_le_bytes(),
        &key().short(&BOB).0.to_le_bytes(),
        &key().target_tag(&BOB, incarnation(300)).to_le_bytes(),
        &table.advert_of(alice.short).unwrap().to_bytes(),
        &table.advert_of(bob.short).unwrap().to_bytes(),
        &alice.version().to_le_bytes(),
        &bob.version().to_le_bytes(),
        &alone.to_le_bytes(),
        &table.fingerprint().to_le_bytes(),
        &table.digest().to_le_bytes(),
    ];
    let vector = include_str!("../../../tests/vectors/hashes.hex");
    assert_eq!(hex(&computed.concat()), hex(&parse(vector)));
}

/// Appends any message.
fn put(writer: &mut Writer<'_>, message: &Message<'_, SocketAddr>) -> bool {
    match message {
        Message::Padding => writer.put(PADDING, &()),
        Message::Detector(DetectorMessage::Ping(body)) => writer.put(PING, body),
        Message::Detector(DetectorMessage::Ack(body)) => writer.put(ACK, body),
        Message::Detector(DetectorMessage::PingRequest(body)) => writer.put(PING_REQUEST, body),
        Message::Detector(DetectorMessage::IndirectAck(body)) => writer.put(INDIRECT_ACK, body),
        Message::Detector(DetectorMessage::Nack(body)) => writer.put(NACK, body),
        Message::Member(MemberMessage::Record(record)) => {
            let Record { round, age, id, claim, accusation } = record;
            writer.put(RECORD, &(round, age, id, claim, accusation))
        }
        Message::Member(MemberMessage::Want(body)) => writer.put(WANT, body),
        Message::Rumor(RumorMessage::Adverts(body)) => writer.put(ADVERTS, body),
        Message::Repair(RepairMessage::Sync(body)) => writer.put(SYNC, body),
        Message::Repair(RepairMessage::SyncEnd(body)) => writer.put(SYNC_END, body),
        Message::Repair(RepairMessage::Roots(body)) => writer.put(ROOTS, body),
        Message::Repair(RepairMessage::Digests(body)) => writer.put(DIGESTS, body),
        Message::Join(JoinMessage::Join(body)) => writer.put(JOIN, body),
        Message::Join(JoinMessage::Welcome(body)) => writer.put(WELCOME, body),
        Message::Direct(DirectMessage::Payload(body)) => writer.put(PAYLOAD, body),
        Message::Claim(ClaimMessage::Standing(body)) => writer.put(STANDING, body),
        Message::Unknown => writer.put(UNKNOWN, &[0xe1_u8]),
    }
}

/// Reads all messages.
fn read_all<A: Address>(bytes: &[u8]) -> Vec<Message<'_, A>> {
    messages(bytes, 0).map(|(_, message)| message).collect()
}

fn any_kind() -> impl Strategy<Value = u8> {
    (0..8u8, 0..6u8).prop_map(|(room, message)| room << 4 | message)
}

fn any_id() -> impl Strategy<Value = NodeId> {
    any::<[u8; 16]>().prop_map(NodeId)
}

fn any_incarnation() -> impl Strategy<Value = Incarnation> {
    (0..=Epoch::MAX.get(), any::<u32>(), any::<u32>()).prop_map(|(epoch, nonce, number)| {
        Incarnation { epoch: Epoch::new(epoch).unwrap(), nonce, number }
    })
}

fn any_accusation() -> impl Strategy<Value = Option<Accusation>> {
    let level = prop_oneof![Just(Level::Suspect), Just(Level::Dead)];
    (any_incarnation(), level, prop::collection::vec(any::<u32>(), 0..6))
        .prop_map(|(incarnation, level, accusers)| accused(incarnation, level, &accusers))
}

/// Generates records without metadata.
fn any_record() -> impl Strategy<Value = Record<SocketAddr, &'static [u8]>> {
    let phase = prop_oneof![Just(Phase::Up), Just(Phase::Leaving), Just(Phase::Left)];
    let address = any::<SocketAddr>().prop_map(crate::Address::canonical);
    let claim = (any_incarnation(), phase, any::<[u8; 2]>(), address);
    (any::<u8>(), any::<u32>(), any_id(), claim, any_accusation()).prop_map(
        |(round, age, id, (incarnation, phase, versions, address), accusation)| {
            let claim = Claim { incarnation, phase, versions, address, meta: &[][..] };
            Record { round, age, id, claim, accusation }
        },
    )
}

/// Returns one message of every kind, made from the same values.
fn every_message<'a>(
    [nonce, target_tag, digest]: [u32; 3],
    flag: bool,
    record: &Record<SocketAddr, &'static [u8]>,
    bytes: &'a [u8],
) -> [Message<'a, SocketAddr>; 18] {
    let (id, record_incarnation) = (record.id, record.claim.incarnation);
    let mut record: Record<SocketAddr, &'a [u8]> = record.clone();
    record.claim.meta = &bytes[..bytes.len().min(MAX_META)];
    [
        Message::Padding,
        Message::Detector(DetectorMessage::Ping(Ping {
            nonce,
            target_tag,
            digest,
            ring: flag.into(),
        })),
        Message::Detector(DetectorMessage::Ack(Ack {
            nonce,
            digest,
            acquainted: flag,
            appointment: target_tag as u16,
        })),
        Message::Detector(DetectorMessage::PingRequest(PingRequest { nonce, target: id })),
        Message::Detector(DetectorMessage::IndirectAck(IndirectAck { nonce })),
        Message::Detector(DetectorMessage::Nack(Nack { nonce })),
        Message::Member(MemberMessage::Record(record)),
        Message::Rumor(RumorMessage::Adverts(Items(bytes))),
        Message::Member(MemberMessage::Want(Want { items: Items(bytes) })),
        Message::Join(JoinMessage::Join(Join { nonce })),
        Message::Join(JoinMessage::Welcome(Welcome { nonce, id, admitted: flag })),
        Message::Repair(RepairMessage::Sync(Sync {
            first: ShortId(target_tag),
            last: ShortId(digest),
            items: Items(bytes),
        })),
        Message::Repair(RepairMessage::SyncEnd(SyncEnd { digest, more: flag })),
        Message::Direct(DirectMessage::Payload(Payload { from: id, target_tag, bytes })),
        Message::Repair(RepairMessage::Roots(Roots {
            digests: [nonce.to_le_bytes().as_chunks().0[0]; 16],
        })),
        Message::Repair(RepairMessage::Digests(Digests {
            first: ShortId(target_tag),
            digits: flag.into(),
            digests: [digest.to_le_bytes(); 16],
        })),
        Message::Claim(ClaimMessage::Standing(Standing {
            incarnation: record_incarnation,
            left: flag,
            accused: flag.then_some(Level::Dead),
        })),
        Message::Unknown,
    ]
}

const TAG: [u8; 4] = [1, 2, 3, 4];
const SENDER: ShortId = ShortId(5);

/// Returns the number of bytes that a length takes.
fn varint(value: usize) -> usize {
    postcard::to_slice(&(value as u32), &mut [0; 5]).unwrap().len()
}

#[test]
fn known_records_are_read_once() {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, TAG, SENDER);
    assert!(put_record(&mut writer, &alice()));
    assert!(writer.put(PING, &ping()));
    assert!(put_record(&mut writer, &bob()));
    let (len, _) = writer.finish();
    let (_, body) = open(&buf[..len], TAG).unwrap();
    let known = check::<SocketAddr>(body, |record| record.id == ALICE).unwrap();
    assert_eq!(known, 0b001);
    let read: Vec<Message<'_, SocketAddr>> =
        messages(body, known).map(|(_, message)| message).collect();
    assert_eq!(
        read,
        [
            Message::Detector(DetectorMessage::Ping(ping())),
            Message::Member(MemberMessage::Record(bob()))
        ]
    );
}

/// One call to a writer.
#[derive(Clone, Copy, Debug)]
enum Step {
    Put(usize),
    Adverts(usize),
    Pad(usize),
    Limit(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    // More cases around the sizes at which a length takes one more byte.
    let size = prop_oneof![0..400usize, 120..140usize, 16_370..16_400usize];
    prop_oneof![
        size.clone().prop_map(Step::Put),
        size.clone().prop_map(Step::Adverts),
        size.clone().prop_map(Step::Pad),
        size.prop_map(Step::Limit),
    ]
}

/// Takes the steps and checks the laws of the writer after each. Returns the number of messages.
fn check_laws(writer: &mut Writer<'_>, steps: &[Step], most: usize) -> usize {
    let bytes = [7; 17_000];
    let mut limit = most;
    let mut count = 0;
    for &step in steps {
        let (before, room) = (writer.len(), writer.room());
        assert_eq!(room, limit - before);
        match step {
            Step::Put(size) => {
                let body = varint(size) + size;
                let message = 1 + varint(body) + body;
                let fits = message <= room;
                assert_eq!(writer.put(WANT, &&bytes[..size]), fits);
                assert_eq!(writer.len(), if fits { before + message } else { before });
            }
            Step::Adverts(size) => write_names(writer, &bytes[..size / 6 * 6]),
            Step::Pad(size) => {
                writer.pad(size);
                let missing = size.saturating_sub(before).min(room);
                let padded = writer.len() - before;
                let unreachable = [1, 130, 16_387].contains(&missing);
                assert_eq!(padded, missing - usize::from(unreachable));
            }
            Step::Limit(size) => {
                writer.limit(size);
                limit = size.min(most).max(before);
                assert_eq!(writer.len(), before);
            }
        }
        assert!(writer.len() <= limit);
        count += usize::from(writer.len() > before);
    }
    count
}

proptest! {
    #[test]
    fn messages_survive_a_round_trip(
        numbers in any::<[u32; 3]>(),
        flag in any::<bool>(),
        record in any_record(),
        bytes in prop::collection::vec(any::<u8>(), 0..700),
        cut in any::<prop::sample::Index>(),
    ) {
        let messages = every_message(numbers, flag, &record, &bytes);
        let mut frame = Vec::new();
        let mut writer = Writer::frame(&mut frame, 1 << 20, TAG, SENDER);
        for message in &messages {
            prop_assert!(put(&mut writer, message));
        }
        let (len, sent) = writer.finish();
        prop_assert_eq!(frame.len(), len);
        prop_assert_eq!(sent.len(), messages.len());
        prop_assert!(sent.iter().all(|(_, count)| *count == 1));

        let (sender, body) = open(&frame, TAG).unwrap();
        prop_assert_eq!(sender, SENDER);
        prop_assert_eq!(check::<SocketAddr>(body, |_| false), Ok(0));
        let read: Vec<Message<'_, SocketAddr>> = read_all(body);
        prop_assert_eq!(&read[..], &messages[..]);

        let cut = &body[..cut.index(body.len())];
        let fewer: Vec<Message<'_, SocketAddr>> = read_all(cut);
        prop_assert!(fewer.len() < read.len());
        prop_assert_eq!(&fewer[..], &read[..fewer.len()]);
    }

    #[test]
    fn readable_bytes_survive_a_round_trip(
        bodies in prop::collection::vec((any_kind(), prop::collection::vec(0..20u8, 0..60)), 0..6),
        tail in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for (kind, body) in &bodies {
            bytes.extend([*kind, body.len() as u8]);
            bytes.extend(body);
        }
        bytes.extend(tail);
        let read: Vec<Message<'_, SocketAddr>> = read_all(&bytes);
        let mut frame = Vec::new();
        let mut writer = Writer::frame(&mut frame, 1 << 20, TAG, SENDER);
        for message in &read {
            prop_assert!(put(&mut writer, message));
        }
        writer.finish();
        let body = open(&frame, TAG).unwrap().1;
        prop_assert_eq!(read_all(body), read);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let readable = check::<SocketAddr>(&bytes, |_| false).is_ok();
        let count = read_all::<SocketAddr>(&bytes).len();
        prop_assert!(!readable || (count == 0) == bytes.is_empty());
        prop_assert!(open(&bytes, TAG).is_err(), "one chance in 2^40 to hit version, flags, tag");
    }

    #[test]
    fn datagram_stays_within_budget(
        steps in prop::collection::vec(any_step(), 0..12),
        budget in prop_oneof![256..1_300usize, 16_000..40_000usize],
    ) {
        let mut buf = [0; 40_000];
        let most = budget - SEAL;
        let mut writer = Writer::datagram(&mut buf, budget, TAG, SENDER);
        let count = check_laws(&mut writer, &steps, most);
        let (len, _) = writer.finish();
        prop_assert!(len <= most);
        prop_assert!(buf[most..].iter().all(|&byte| byte == 0), "no byte behind the budget");
        let body = open(&buf[..len], TAG).unwrap().1;
        prop_assert_eq!(check::<u32>(body, |_| false), Ok(0));
        prop_assert_eq!(read_all::<u32>(body).len(), count);
    }

    #[test]
    fn frame_stays_within_limit(
        steps in prop::collection::vec(any_step(), 0..12),
        limit in prop_oneof![4_096..6_000usize, 16_000..40_000usize],
    ) {
        let mut frame = std::vec![9; 50_000];
        let mut writer = Writer::frame(&mut frame, limit, TAG, SENDER);
        let count = check_laws(&mut writer, &steps, limit - SEAL);
        let (len, _) = writer.finish();
        prop_assert_eq!(frame.len(), len);
        let body = open(&frame, TAG).unwrap().1;
        prop_assert_eq!(check::<u32>(body, |_| false), Ok(0));
        prop_assert_eq!(read_all::<u32>(body).len(), count);
    }
}

#[test]
fn bad_envelope_names_its_fault() {
    let mut buf = [0; 256];
    let (len, _) = Writer::datagram(&mut buf, 256, TAG, SENDER).finish();
    assert_eq!(open(&buf[..len], TAG), Ok((SENDER, &[][..])));
    for short in 0..len {
        assert_eq!(open(&buf[..short], TAG), Err(Reject::TooShort));
    }
    let changed = |place: usize, byte: u8| {
        let mut bytes = buf;
        bytes[place] = byte;
        open(&bytes[..len], TAG).map(drop)
    };
    assert_eq!(changed(0, (VERSION + 1) << 4), Err(Reject::Version(VERSION + 1)));
    assert_eq!(changed(0, VERSION << 4 | 8), Err(Reject::Flags(8)));
    assert_eq!(changed(4, 0), Err(Reject::Cluster));
}

#[test]
fn record_out_of_bounds_is_refused() {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, TAG, SENDER);
    assert!(put(&mut writer, &Message::Member(MemberMessage::Record(bob()))));
    let (len, _) = writer.finish();
    let malformed = Err(Reject::Malformed { kind: RECORD });
    let changed = |place: usize, bytes: &[u8]| {
        let mut changed = buf;
        changed[place..place + bytes.len()].copy_from_slice(bytes);
        check::<SocketAddr>(&changed[ENVELOPE..len], |_| false)
    };
    // The epoch follows envelope, header, round, age and id.
    let epoch = ENVELOPE + 2 + 1 + 3 + 16;
    assert_eq!(changed(epoch, &[0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]), Ok(0));
    assert_eq!(changed(epoch, &[0xff; 9]), malformed);
    let phase = epoch + 6 + 4 + 2;
    assert_eq!(changed(phase, &[2]), Ok(0));
    assert_eq!(changed(phase, &[3]), malformed);
    let meta = phase + 1 + 2 + 19;
    assert_eq!(changed(meta, &[0x81, 0x04]), malformed);
    let accused = meta + 1 + 6;
    assert_eq!(changed(accused, &[2]), malformed);
    let accusers = accused + 1 + 12 + 1;
    assert_eq!(changed(accusers, &[15]), malformed);
}

/// [`Local`](crate::Local) and `set_meta` leave room for this record.
#[test]
fn largest_record_fits_its_reserve() {
    let incarnation = Incarnation { epoch: Epoch::MAX, nonce: u32::MAX, number: u32::MAX };
    let accusation = accused(incarnation, Level::Dead, &[1, 2, 3, 4]);
    let claim = Claim {
        incarnation,
        phase: Phase::Up,
        versions: [u8::MAX; 2],
        address: SocketAddr::new([u16::MAX; 8].into(), u16::MAX),
        meta: &[7; MAX_META][..],
    };
    let record = Record { round: 255, age: u32::MAX, id: BOB, claim, accusation };
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, TAG, SENDER);
    assert!(put(&mut writer, &Message::Member(MemberMessage::Record(record))));
    // Kind and length; the address; the metadata; and the rest.
    assert_eq!(writer.len() - ENVELOPE, 3 + 20 + MAX_META + 78);
}
