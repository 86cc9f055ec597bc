//! A fuzz target with two nodes that have different tables. Datagrams between them are lost, duplicated or
//! late.

use std::time::Duration;

use arbitrary::Arbitrary;
use gossip_core::{CommandError, Config, Member, Stats};

use super::driven::{Driven, Input};
use super::life::ENVELOPE;
use super::net::{Net, id, node};
use super::record::Record;

/// Number of hosts.
const HOSTS: usize = 2;

/// The address from which the hosts learn of other members. No host has it, nor do these members.
const TEACHER: u32 = 1_000;

/// Number of members that the hosts learn of one by one.
const MEMBERS: u8 = 32;

/// Maximum number of further members, all of which have left.
const CROWD: u16 = 1_024;

/// Maximum number of steps. Their pauses take less than an hour.
const MAX_STEPS: usize = 512;
const PAUSE: Duration = Duration::from_millis(20);

/// Maximum time until the tables are equal once no datagram is lost.
const MAX_TIME: Duration = Duration::from_secs(300);

/// Maximum number of synchronisations in that time.
const MAX_SYNCS: u64 = 64;

/// Maximum number of other datagrams per second.
const MAX_DATAGRAMS: u64 = 128;

/// The plan of a run.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Plan {
    requests: bool,
    budget: u16,
    frame: u16,
    crowd: u16,
    /// Each host lacks one in `gap` members of the crowd, or none if it is zero.
    gaps: [u8; HOSTS],
    steps: Vec<Step>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    /// Some hosts learn of a member.
    Teach { to: [bool; HOSTS], record: Record },
    /// A host changes its metadata.
    Change { host: u8, meta: u8 },
    /// A datagram or request that is under way meets its fate, in any order. Time passes if there is
    /// none.
    Deliver { index: u8, fate: Fate },
    /// Time passes, and nothing arrives.
    Wait { pauses: u8 },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Twice,
    Lost,
}

/// The outcome of a run.
pub(crate) struct Run {
    pub(crate) stats: [Stats; HOSTS],
    /// Number of datagrams and requests that were lost.
    pub(crate) lost: u32,
    /// Number of those that were duplicated.
    pub(crate) twice: u32,
}

/// Runs the target: takes all steps, then delivers everything until the two tables are equal.
pub(crate) fn reconcile(plan: &Plan) -> Run {
    let mut pair = Pair::new(plan);
    pair.teach_crowd(plan);
    pair.meet_each_other();
    for step in plan.steps.iter().take(MAX_STEPS) {
        pair.take(step);
    }
    pair.settle();
    Run { stats: pair.stats(), lost: pair.lost, twice: pair.twice }
}

/// Returns a configuration in which only reconciliation is at work. The nodes probe no member for an
/// hour, and so declare none dead.
fn config(plan: &Plan) -> Config {
    let mut config = Config::lan();
    let hour = Duration::from_secs(3_600);
    config.requests.enabled = plan.requests;
    config.datagram_budget = 256 + usize::from(plan.budget).min(65_000 - 256);
    config.requests.max_frame = 4_096 + usize::from(plan.frame);
    (
        config.detector.probe_interval,
        config.detector.suspicion_timeout,
        config.join.reconnect_interval,
    ) = (hour, hour, hour);
    config
}

struct Pair {
    net: Net,
    /// A node that learns at once all that either host learns.
    witness: Driven,
    /// The envelope of the witness.
    envelope: Vec<u8>,
    /// Maximum length of metadata.
    max_meta: usize,
    lost: u32,
    twice: u32,
}

impl Pair {
    fn new(plan: &Plan) -> Self {
        let config = config(plan);
        let mut net = Net::new(&[id(0), id(1)], 1, &config);
        // The checks take too long with a large crowd.
        net.checked = plan.crowd % CROWD < 64;
        let mut witness = node(net.now, id(HOSTS), 1, TEACHER, &config);
        let joining = witness.apply_unchecked(net.now, &Input::Join { seeds: vec![0] });
        let envelope = joining.transmits[0].1[..ENVELOPE].to_vec();
        let Err(CommandError::TooLarge { limit }) = witness.node.set_meta(net.now, &[0; 1_024])
        else {
            unreachable!("the metadata is too long")
        };
        Self { net, witness, envelope, max_meta: limit, lost: 0, twice: 0 }
    }

    /// Teaches both hosts the crowd, except for their gaps.
    fn teach_crowd(&mut self, plan: &Plan) {
        let knows = |gap: u8, index| gap == 0 || index % usize::from(gap) != 0;
        let [one, other] = plan.gaps.map(|gap| move |index| knows(gap, index));
        self.teach_some(plan, 0, one);
        self.teach_some(plan, 1, other);
        self.teach_some(plan, HOSTS, |index| one(index) || other(index));
    }

    fn teach_some(&mut self, plan: &Plan, student: usize, known: impl Fn(usize) -> bool) {
        let first = HOSTS + 1 + usize::from(MEMBERS);
        let crowd = (0..usize::from(plan.crowd % CROWD)).filter(|&index| known(index));
        let records =
            crowd.flat_map(|index| Record::departed().encode(id(first + index), self.max_meta));
        let bytes = self.envelope.iter().copied().chain(records).collect();
        self.teach(student, bytes);
    }

    /// Teaches a host, or the witness, the records in a datagram.
    fn teach(&mut self, student: usize, bytes: Vec<u8>) {
        let input = Input::Datagram { from: TEACHER, bytes };
        let outputs = if student < HOSTS {
            self.net.apply(student, &input).expect("it is up")
        } else {
            self.witness.apply_unchecked(self.net.now, &input)
        };
        assert_eq!(outputs.result, Ok(()));
    }

    fn meet_each_other(&mut self) {
        for host in 0..HOSTS {
            self.net.apply(host, &Input::Join { seeds: vec![1 - host as u32] });
        }
    }

    fn take(&mut self, step: &Step) {
        let net = &mut self.net;
        match *step {
            Step::Teach { to, ref record } => {
                let member = id(HOSTS + 1 + usize::from(record.member % MEMBERS));
                let bytes = [&self.envelope[..], &record.encode(member, self.max_meta)].concat();
                // The witness learns the record if a host does.
                let students = [to[0], to[1], to[0] || to[1]];
                for (host, _) in students.iter().enumerate().filter(|(_, learns)| **learns) {
                    self.teach(host, bytes.clone());
                }
            }
            Step::Change { host, meta } => {
                let meta = vec![meta; self.max_meta.min(meta.into())];
                net.apply(usize::from(host) % HOSTS, &Input::SetMeta { meta });
            }
            Step::Deliver { index, fate } => self.deliver(index.into(), fate),
            Step::Wait { pauses } => net.pass(u32::from(pauses) * PAUSE, false),
        }
    }

    /// Delivers a datagram or request that is under way between the two, or loses it.
    fn deliver(&mut self, index: usize, fate: Fate) {
        let net = &mut self.net;
        net.packets.retain(|packet| (packet.to as usize) < HOSTS);
        if net.packets.is_empty() && net.calls.is_empty() {
            return net.pass(PAUSE, false);
        }
        self.lost += u32::from(matches!(fate, Fate::Lost));
        self.twice += u32::from(matches!(fate, Fate::Twice));
        let index = index % (net.packets.len() + net.calls.len());
        if let Some(packet) = net.packets.remove(index) {
            match fate {
                Fate::Arrives => net.deliver(packet),
                Fate::Twice => net.deliver_twice(packet),
                Fate::Lost => {}
            }
        } else if let Some(call) = net.calls.remove(index - net.packets.len()) {
            match fate {
                Fate::Lost => net.fail(call),
                Fate::Arrives | Fate::Twice => net.answer(call),
            }
        }
    }

    /// Loses no more datagrams, and checks that the tables become equal and then stay silent.
    fn settle(&mut self) {
        let start = self.net.now;
        let under_way = self.net.packets.len() as u64;
        let [syncs, received] = self.work();
        self.meet_each_other();
        while !self.is_equal() {
            assert!(self.net.now < start + MAX_TIME, "not equal after {MAX_TIME:?}");
            self.net.step(true);
        }
        let seconds = 1 + self.net.now.saturating_duration_since(start).as_secs();
        let [syncs, received] = [self.work()[0] - syncs, self.work()[1] - received];
        assert!(syncs <= MAX_SYNCS, "{syncs} synchronisations");
        // In each synchronisation, either host may send all records. A datagram that was under way
        // may cause an answer, and that a further one.
        let members = self.net.hosts[0].driven.node.members().count() as u64;
        let limit = 3 * under_way + MAX_DATAGRAMS * seconds + 2 * members * (2 + syncs);
        assert!(
            received <= limit,
            "{received} datagrams for {syncs} synchronisations of {members}"
        );
        self.check_members();
        // Repairs in progress end. After that, no host has a reason for another.
        self.net.pass(Duration::from_secs(2), true);
        let sent = self.sent();
        self.net.pass(Duration::from_secs(1), true);
        assert!(self.is_equal(), "equal, but not for long");
        assert_eq!(self.sent(), sent, "equal tables, but still a repair");
    }

    fn stats(&self) -> [Stats; HOSTS] {
        [0, 1].map(|host| *self.net.hosts[host].driven.node.stats())
    }

    /// Returns the numbers of synchronisations and of datagrams received.
    fn work(&self) -> [u64; 2] {
        let [one, other] = self.stats();
        [
            one.repair.syncs + other.repair.syncs,
            one.traffic.datagrams_received + other.traffic.datagrams_received,
        ]
    }

    /// Returns the number of messages that repair a difference.
    fn sent(&self) -> u64 {
        self.stats()
            .iter()
            .map(|stats| stats.sent)
            .map(|sent| sent.member.want + sent.repair.sync + sent.repair.digests)
            .sum()
    }

    fn is_equal(&self) -> bool {
        let [one, other] = [0, 1].map(|host| self.net.hosts[host].driven.node.fingerprint());
        one == other
    }

    /// Checks that both hosts know exactly the members of the witness, in the same versions.
    fn check_members(&self) {
        for host in &self.net.hosts {
            let node = &host.driven.node;
            let taught = self.witness.node.members().filter(|member| member.id() != id(HOSTS));
            let mut count = HOSTS;
            for member in taught {
                let known = node.member(&member.id()).map(essence);
                assert_eq!(known, Some(essence(member)), "{}", member.id());
                count += 1;
            }
            assert_eq!(node.members().count(), count, "no other member");
        }
    }
}

/// Returns the parts of a record that become equal on all nodes: all except suspicions.
fn essence(member: &Member<u32>) -> impl PartialEq + core::fmt::Debug + use<> {
    let departed = Some(member.status()).filter(|status| !status.is_live());
    (member.incarnation(), *member.address(), member.meta().to_vec(), departed)
}
