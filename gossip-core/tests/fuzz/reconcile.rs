//! Two nodes whose tables differ, and what is said between them gets lost, twice there or late.

use std::time::Duration;

use arbitrary::Arbitrary;
use gossip_core::{CommandError, Config, Member, Stats};

use super::driven::{Driven, Input};
use super::life::ENVELOPE;
use super::net::{Net, id, node};
use super::record::Record;

/// Whoever is told of, and who tells, lives nowhere.
const HOSTS: usize = 2;
const TELLER: u32 = 1_000;

/// How many members are told of one by one, and how many more have left without a word.
const PEOPLE: u8 = 32;
const CROWD: u16 = 1_024;

/// So few steps that all that is waited takes less than an hour.
const STEPS: usize = 512;
const PAUSE: Duration = Duration::from_millis(20);

/// How soon all must be equal once nothing gets lost, and what this may cost: so many
/// synchronisations, and datagrams each second besides.
const SOON: Duration = Duration::from_secs(300);
const SYNCS: u64 = 64;
const DATAGRAMS: u64 = 128;

/// Everything that happens in one run.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Plan {
    requests: bool,
    budget: u16,
    frame: u16,
    crowd: u16,
    /// Of the crowd, each host lacks one in so many.
    gaps: [u8; HOSTS],
    steps: Vec<Step>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    /// Some are told of a member.
    Tell { to: [bool; HOSTS], record: Record },
    /// A host says something new of itself.
    Change { host: u8, meta: u8 },
    /// Something that is under way, in whatever order, gets there or not; or time passes.
    Meet { place: u8, fate: Fate },
    /// Time passes, nothing arrives.
    Wait { pauses: u8 },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Twice,
    Lost,
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) stats: [Stats; HOSTS],
    /// How much of what was under way did not arrive, and how much twice.
    pub(crate) lost: u32,
    pub(crate) twice: u32,
}

/// Takes all steps, then lets everything arrive, until the two are equal.
pub(crate) fn reconcile(plan: &Plan) -> Run {
    let mut pair = Pair::new(plan);
    pair.tell_crowd(plan);
    pair.meet_each_other();
    for step in plan.steps.iter().take(STEPS) {
        pair.take(step);
    }
    pair.settle();
    Run { stats: pair.stats(), lost: pair.lost, twice: pair.twice }
}

/// Only comparison is at work: nobody is probed for an hour, so nobody dies of not being there.
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
    /// Is told all that anybody is told, at once.
    witness: Driven,
    /// What its datagrams begin with.
    envelope: Vec<u8>,
    /// How much metadata a member may have.
    most: usize,
    lost: u32,
    twice: u32,
}

impl Pair {
    fn new(plan: &Plan) -> Self {
        let config = config(plan);
        let mut net = Net::new(&[id(0), id(1)], 1, &config);
        // To check all that must hold takes too long where there are so many.
        net.checked = plan.crowd % CROWD < 64;
        let mut witness = node(net.now, id(HOSTS), 1, TELLER, &config);
        let joining = witness.apply_unchecked(net.now, &Input::Join { seeds: vec![0] });
        let envelope = joining.transmits[0].1[..ENVELOPE].to_vec();
        let Err(CommandError::TooLarge { limit }) = witness.node.set_meta(net.now, &[0; 1_024])
        else {
            unreachable!("more than anybody may have")
        };
        Self { net, witness, envelope, most: limit, lost: 0, twice: 0 }
    }

    /// Tells both hosts of a crowd, of which each lacks some.
    fn tell_crowd(&mut self, plan: &Plan) {
        let knows = |gap: u8, place| gap == 0 || place % usize::from(gap) != 0;
        let [one, other] = plan.gaps.map(|gap| move |place| knows(gap, place));
        self.tell_of(plan, 0, one);
        self.tell_of(plan, 1, other);
        self.tell_of(plan, HOSTS, |place| one(place) || other(place));
    }

    fn tell_of(&mut self, plan: &Plan, whom: usize, known: impl Fn(usize) -> bool) {
        let first = HOSTS + 1 + usize::from(PEOPLE);
        let crowd = (0..usize::from(plan.crowd % CROWD)).filter(|&place| known(place));
        let records = crowd.flat_map(|place| Record::gone().encode(id(first + place), self.most));
        let bytes = self.envelope.iter().copied().chain(records).collect();
        self.tell(whom, bytes);
    }

    /// Tells one of the hosts, or the witness.
    fn tell(&mut self, whom: usize, bytes: Vec<u8>) {
        let input = Input::Datagram { from: TELLER, bytes };
        let told = if whom < HOSTS {
            self.net.apply(whom, &input).expect("it is up")
        } else {
            self.witness.apply_unchecked(self.net.now, &input)
        };
        assert_eq!(told.result, Ok(()));
    }

    fn meet_each_other(&mut self) {
        for host in 0..HOSTS {
            self.net.apply(host, &Input::Join { seeds: vec![1 - host as u32] });
        }
    }

    fn take(&mut self, step: &Step) {
        let net = &mut self.net;
        match *step {
            Step::Tell { to, ref record } => {
                let whom = id(HOSTS + 1 + usize::from(record.whom % PEOPLE));
                let bytes = [&self.envelope[..], &record.encode(whom, self.most)].concat();
                // What nobody else is told, the witness is not told either.
                let told = [to[0], to[1], to[0] || to[1]];
                for (host, _) in told.iter().enumerate().filter(|(_, told)| **told) {
                    self.tell(host, bytes.clone());
                }
            }
            Step::Change { host, meta } => {
                let meta = vec![meta; self.most.min(meta.into())];
                net.apply(usize::from(host) % HOSTS, &Input::SetMeta { meta });
            }
            Step::Meet { place, fate } => self.meet(place.into(), fate),
            Step::Wait { pauses } => net.pass(u32::from(pauses) * PAUSE, false),
        }
    }

    /// Something that is under way between the two gets there or not.
    fn meet(&mut self, place: usize, fate: Fate) {
        let net = &mut self.net;
        net.packets.retain(|packet| (packet.to as usize) < HOSTS);
        if net.packets.is_empty() && net.calls.is_empty() {
            return net.pass(PAUSE, false);
        }
        self.lost += u32::from(matches!(fate, Fate::Lost));
        self.twice += u32::from(matches!(fate, Fate::Twice));
        let place = place % (net.packets.len() + net.calls.len());
        if let Some(packet) = net.packets.remove(place) {
            match fate {
                Fate::Arrives => net.deliver(packet),
                Fate::Twice => net.deliver_twice(packet),
                Fate::Lost => {}
            }
        } else if let Some(call) = net.calls.remove(place - net.packets.len()) {
            match fate {
                Fate::Lost => net.fail(call),
                Fate::Arrives | Fate::Twice => net.answer(call),
            }
        }
    }

    /// Nothing gets lost any more.
    fn settle(&mut self) {
        let start = self.net.now;
        let under_way = self.net.packets.len() as u64;
        let [syncs, received] = self.work();
        self.meet_each_other();
        while !self.is_equal() {
            assert!(self.net.now < start + SOON, "not equal after {SOON:?}");
            self.net.step(true);
        }
        let seconds = 1 + self.net.now.saturating_duration_since(start).as_secs();
        let [syncs, received] = [self.work()[0] - syncs, self.work()[1] - received];
        assert!(syncs <= SYNCS, "{syncs} synchronisations");
        // In each, either may tell the other of everybody; what was under way may be answered, and
        // the answer too.
        let members = self.net.hosts[0].driven.node.members().count() as u64;
        let most = 3 * under_way + DATAGRAMS * seconds + 2 * members * (2 + syncs);
        assert!(received <= most, "{received} datagrams for {syncs} synchronisations of {members}");
        self.check_members();
        // What was begun before comes to its end; then there is nothing to say.
        self.net.pass(Duration::from_secs(2), true);
        let said = self.said();
        self.net.pass(Duration::from_secs(1), true);
        assert!(self.is_equal(), "equal, but not for long");
        assert_eq!(self.said(), said, "a difference is looked for where there is none");
    }

    fn stats(&self) -> [Stats; HOSTS] {
        [0, 1].map(|host| *self.net.hosts[host].driven.node.stats())
    }

    /// How many synchronisations there were, and datagrams between the two.
    fn work(&self) -> [u64; 2] {
        let [one, other] = self.stats();
        [
            one.repair.syncs + other.repair.syncs,
            one.traffic.datagrams_received + other.traffic.datagrams_received,
        ]
    }

    /// How much was sent because there was a difference.
    fn said(&self) -> u64 {
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

    /// Both know all that the witness was told, each in its last version.
    fn check_members(&self) {
        for host in &self.net.hosts {
            let node = &host.driven.node;
            let told = self.witness.node.members().filter(|member| member.id() != id(HOSTS));
            let mut count = HOSTS;
            for member in told {
                let known = node.member(&member.id()).map(essence);
                assert_eq!(known, Some(essence(member)), "{}", member.id());
                count += 1;
            }
            assert_eq!(node.members().count(), count, "nobody else is there");
        }
    }
}

/// What is equal everywhere in the end: all but suspicions.
fn essence(member: &Member<u32>) -> impl PartialEq + core::fmt::Debug + use<> {
    let gone = Some(member.status()).filter(|status| !status.is_live());
    (member.incarnation(), *member.address(), member.meta().to_vec(), gone)
}
