//! A member's record: an element of a join-semilattice.
//!
//! It is the product of two registers. The [`Claim`] is written by its subject only, the
//! [`Accusation`] by anybody. Both only ever grow, so any order of delivery, any duplication and
//! any merge ends in the same record; unlike the single slot of SWIM and memberlist, two tables
//! that have seen the same messages are equal and can be compared by a hash.

use alloc::boxed::Box;
use core::cmp::Ordering;
use core::fmt::{self, Display};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::id::ShortId;
use crate::{Epoch, Incarnation, NodeId};

/// Metadata as it is stored: small ones, the usual case, need no heap.
pub(crate) type Meta = SmallVec<[u8; 16]>;

/// The least and the greatest minor version of the wire that this build understands.
pub(crate) const VERSIONS: [u8; 2] = [0, 0];

/// How far a node says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Phase {
    Up,
    Leaving,
    Left,
}

/// What a node says of itself. `M` is [`Meta`] in the table and a borrowed slice on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(bound(serialize = "A: Serialize, M: AsRef<[u8]>"))]
pub(crate) struct Claim<A, M> {
    pub(crate) incarnation: Incarnation,
    pub(crate) phase: Phase,
    pub(crate) versions: [u8; 2],
    pub(crate) address: A,
    #[serde(serialize_with = "as_bytes")]
    pub(crate) meta: M,
}

fn as_bytes<S: Serializer>(bytes: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes.as_ref())
}

impl<A: Ord, M: AsRef<[u8]>> Claim<A, M> {
    /// The order of claims: the later one wins; between two that nobody could tell apart by
    /// time, the greater content does, everywhere the same.
    pub(crate) fn order<N: AsRef<[u8]>>(&self, other: &Claim<A, N>) -> Ordering {
        (self.incarnation, self.phase)
            .cmp(&(other.incarnation, other.phase))
            .then_with(|| self.versions.cmp(&other.versions))
            .then_with(|| self.address.cmp(&other.address))
            .then_with(|| self.meta.as_ref().cmp(other.meta.as_ref()))
    }
}

impl<A: Clone> Claim<A, Meta> {
    /// Becomes `other`, reusing the memory of the metadata.
    pub(crate) fn assign<N: AsRef<[u8]>>(&mut self, other: &Claim<A, N>) {
        self.incarnation = other.incarnation;
        self.phase = other.phase;
        self.versions = other.versions;
        self.address = other.address.clone();
        self.meta.clear();
        self.meta.extend_from_slice(other.meta.as_ref());
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Level {
    Suspect,
    Dead,
}

/// What others say of a node: at which incarnation it could not be reached, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Accusation {
    pub(crate) incarnation: Incarnation,
    pub(crate) level: Level,
    pub(crate) accusers: Accusers,
}

impl Accusation {
    pub(crate) fn new(incarnation: Incarnation, level: Level, accuser: ShortId) -> Self {
        Self { incarnation, level, accusers: Accusers::one(accuser) }
    }

    /// The least upper bound; whether `self` changed.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        match (self.incarnation, self.level).cmp(&(other.incarnation, other.level)) {
            Ordering::Less => {
                self.clone_from(other);
                true
            }
            Ordering::Equal => self.accusers.union(&other.accusers),
            Ordering::Greater => false,
        }
    }
}

/// The four smallest short ids of all who accuse. Such a bottom-k sketch of a union is itself a
/// semilattice, and four independent accusers are more than a suspicion needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Accusers {
    ids: [ShortId; Self::MAX],
    len: u8,
}

impl Accusers {
    pub(crate) const MAX: usize = 4;

    pub(crate) fn one(accuser: ShortId) -> Self {
        let mut accusers = Self::default();
        accusers.insert(accuser);
        accusers
    }

    pub(crate) fn as_slice(&self) -> &[ShortId] {
        &self.ids[..usize::from(self.len)]
    }

    fn is_full(&self) -> bool {
        usize::from(self.len) == Self::MAX
    }

    /// Whether the set changed.
    fn insert(&mut self, id: ShortId) -> bool {
        let len = usize::from(self.len);
        let Err(place) = self.as_slice().binary_search(&id) else { return false };
        if place == Self::MAX {
            return false;
        }
        let last = len.min(Self::MAX - 1);
        self.ids.copy_within(place..last, place + 1);
        self.ids[place] = id;
        self.len = (last + 1) as u8;
        true
    }

    fn union(&mut self, other: &Self) -> bool {
        other.as_slice().iter().fold(false, |changed, &id| self.insert(id) | changed)
    }
}

impl Serialize for Accusers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = [0; 4 * Self::MAX];
        for (chunk, id) in bytes.chunks_exact_mut(4).zip(self.as_slice()) {
            chunk.copy_from_slice(&id.0.to_le_bytes());
        }
        serializer.serialize_bytes(&bytes[..4 * usize::from(self.len)])
    }
}

impl<'de> Deserialize<'de> for Accusers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (chunks, rest) = <&[u8]>::deserialize(deserializer)?.as_chunks::<4>();
        let mut accusers = Self::default();
        if !rest.is_empty() || chunks.len() > Self::MAX {
            return Err(D::Error::custom("accusers"));
        }
        for chunk in chunks {
            accusers.insert(ShortId(u32::from_le_bytes(*chunk)));
        }
        Ok(accusers)
    }
}

/// What a member is, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It says that it is up, and nobody contradicts.
    Up,
    /// It says that it is about to leave; it still answers.
    Leaving,
    /// Somebody could not reach it. It has some time to refute.
    Suspect,
    /// It was declared dead.
    Dead,
    /// It left by its own will.
    Left,
}

/// One word: `up`, `leaving`, `suspect`, `dead` or `left`.
impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Up => "up",
            Self::Leaving => "leaving",
            Self::Suspect => "suspect",
            Self::Dead => "dead",
            Self::Left => "left",
        })
    }
}

impl Status {
    /// Up, leaving or suspected: whoever is neither dead nor gone.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Up | Self::Leaving | Self::Suspect)
    }

    /// Live, and not suspected.
    pub(crate) const fn is_healthy(self) -> bool {
        matches!(self, Self::Up | Self::Leaving)
    }
}

/// What changed in a record that was joined with another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Joined {
    /// The claim, and of it something that an application can see: anything but the number of its
    /// incarnation; and the address.
    pub(crate) claimed: bool,
    pub(crate) visible: bool,
    pub(crate) moved: bool,
    /// The accusation.
    pub(crate) accused: bool,
}

/// What is known of one node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<A> {
    pub(crate) id: NodeId,
    pub(crate) claim: Claim<A, Meta>,
    /// Boxed because it is rare.
    pub(crate) accusation: Option<Box<Accusation>>,
}

impl<A> Member<A> {
    /// Who it is.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Where it says it can be reached, in canonical form.
    #[must_use]
    pub fn address(&self) -> &A {
        &self.claim.address
    }

    /// What it says of itself: tags, a zone, whatever the application puts there. At most
    /// [`MAX_META`](crate::MAX_META) bytes.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        &self.claim.meta
    }

    /// Which life it lives.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.claim.incarnation.epoch
    }

    /// At which point of which life it is.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.claim.incarnation
    }

    /// What it is, all in all: a pure function of its claim and the accusation against it.
    #[must_use]
    pub fn status(&self) -> Status {
        let claim = &self.claim;
        let accusation = self.accusation.as_deref();
        let dead_in_this_life = accusation.is_some_and(|a| {
            a.level == Level::Dead && a.incarnation.life() == claim.incarnation.life()
        });
        let accused = accusation.filter(|a| a.incarnation == claim.incarnation).map(|a| a.level);
        match (claim.phase, accused) {
            (Phase::Left, _) => Status::Left,
            (Phase::Leaving, _) if dead_in_this_life => Status::Left,
            (_, Some(Level::Dead)) => Status::Dead,
            (_, Some(Level::Suspect)) => Status::Suspect,
            (Phase::Leaving, None) => Status::Leaving,
            (Phase::Up, None) => Status::Up,
        }
    }

    /// How many distinct nodes accuse it of its present incarnation; counts up to four.
    #[must_use]
    pub fn accusers(&self) -> usize {
        let accusation = self.accusation.as_deref();
        accusation
            .filter(|a| a.incarnation == self.claim.incarnation)
            .map_or(0, |a| a.accusers.as_slice().len())
    }

    /// Erases an accusation that the claim has outgrown.
    pub(super) fn normalise(&mut self) {
        let outgrown = |a: &Accusation| a.incarnation < self.claim.incarnation;
        if self.accusation.as_deref().is_some_and(outgrown) {
            self.accusation = None;
        }
    }
}

impl<A: Ord + Clone> Member<A> {
    /// Becomes the least upper bound of this record and the one given.
    pub(crate) fn join<N: AsRef<[u8]>>(
        &mut self,
        claim: &Claim<A, N>,
        accusation: Option<&Accusation>,
    ) -> Joined {
        let mut joined = Joined::default();
        let ours = &self.claim;
        if ours.order(claim) == Ordering::Less {
            joined.claimed = true;
            joined.moved = ours.address != claim.address;
            joined.visible = joined.moved
                || ours.incarnation.life() != claim.incarnation.life()
                || ours.phase != claim.phase
                || ours.meta.as_slice() != claim.meta.as_ref();
            self.claim.assign(claim);
            self.normalise();
        }
        joined.accused = accusation.is_some_and(|accusation| self.accuse(accusation));
        joined
    }

    /// Of what it is accused, if it makes no difference who else does so: nobody waits for more to
    /// confirm that it is dead, or for more than are kept to suspect it.
    pub(super) fn settled_charge(&self) -> Option<(Incarnation, Level)> {
        let Accusation { incarnation, level, accusers } = self.accusation.as_deref()?;
        let settled = *level == Level::Dead || accusers.is_full();
        settled.then_some((*incarnation, *level))
    }

    /// Joins an accusation alone; whether anything changed.
    pub(crate) fn accuse(&mut self, accusation: &Accusation) -> bool {
        if accusation.incarnation < self.claim.incarnation {
            return false;
        }
        match &mut self.accusation {
            Some(ours) => ours.join(accusation),
            none => {
                *none = Some(Box::new(accusation.clone()));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn incarnation() -> impl Strategy<Value = Incarnation> {
        (0..3u64, 0..2u32, 0..3u32).prop_map(|(epoch, nonce, number)| Incarnation {
            epoch: Epoch::new(epoch).unwrap(),
            nonce,
            number,
        })
    }

    fn claim() -> impl Strategy<Value = Claim<u8, Meta>> {
        let phase = prop_oneof![Just(Phase::Up), Just(Phase::Leaving), Just(Phase::Left)];
        (incarnation(), phase, 0..3u8, prop::collection::vec(0..2u8, 0..2)).prop_map(
            |(incarnation, phase, address, meta)| Claim {
                incarnation,
                phase,
                versions: VERSIONS,
                address,
                meta: meta.into(),
            },
        )
    }

    fn accusation() -> impl Strategy<Value = Accusation> {
        let level = prop_oneof![Just(Level::Suspect), Just(Level::Dead)];
        (incarnation(), level, prop::collection::vec(0..9u32, 1..6)).prop_map(
            |(incarnation, level, ids)| {
                let mut accusers = Accusers::default();
                for id in ids {
                    accusers.insert(ShortId(id));
                }
                Accusation { incarnation, level, accusers }
            },
        )
    }

    /// Any record that can exist: in normal form.
    fn member() -> impl Strategy<Value = Member<u8>> {
        (claim(), prop::option::of(accusation())).prop_map(|(claim, accusation)| {
            let mut member = Member { id: NodeId::from_u128(0), claim, accusation: None };
            if let Some(accusation) = &accusation {
                member.accuse(accusation);
            }
            member
        })
    }

    fn joined(mut a: Member<u8>, b: &Member<u8>) -> Member<u8> {
        a.join(&b.claim, b.accusation.as_deref());
        a
    }

    proptest! {
        #[test]
        fn join_is_a_semilattice(a in member(), b in member(), c in member()) {
            prop_assert_eq!(joined(a.clone(), &a), a.clone(), "idempotent");
            prop_assert_eq!(joined(a.clone(), &b), joined(b.clone(), &a), "commutative");
            prop_assert_eq!(
                joined(joined(a.clone(), &b), &c),
                joined(a.clone(), &joined(b.clone(), &c)),
                "associative"
            );
            let ab = joined(a.clone(), &b);
            prop_assert_eq!(joined(ab.clone(), &a), ab.clone(), "inflationary");
            let mut again = ab;
            let unchanged = again.join(&a.claim, a.accusation.as_deref());
            prop_assert_eq!(unchanged, Joined::default());
        }

        #[test]
        fn what_is_reported_as_changed_has_changed(a in member(), b in member()) {
            let mut after = a.clone();
            let joined = after.join(&b.claim, b.accusation.as_deref());
            prop_assert_eq!(joined.claimed, after.claim != a.claim);
            prop_assert_eq!(joined.claimed || joined.accused, after != a);
            prop_assert_eq!(joined.moved, after.address() != a.address());
            let seen = |m: &Member<u8>| (m.epoch(), m.claim.phase, *m.address(), m.claim.meta.clone());
            prop_assert!(joined.visible || seen(&after) == seen(&a));
        }

        #[test]
        fn the_state_depends_on_the_set_of_messages_alone(
            messages in prop::collection::vec(member(), 1..6),
            order in prop::collection::vec(0..6usize, 0..24),
        ) {
            let once = messages.iter().fold(messages[0].clone(), joined);
            let shuffled = order
                .iter()
                .map(|place| &messages[place % messages.len()])
                .chain(messages.iter().rev())
                .fold(messages.last().unwrap().clone(), joined);
            prop_assert_eq!(&once, &shuffled);
            prop_assert_eq!(once.status(), shuffled.status());
        }
    }

    fn up(number: u32) -> Member<u8> {
        let incarnation = Incarnation { number, ..Incarnation::default() };
        let claim = Claim {
            incarnation,
            phase: Phase::Up,
            versions: VERSIONS,
            address: 1,
            meta: Meta::new(),
        };
        Member { id: NodeId::from_u128(7), claim, accusation: None }
    }

    #[test]
    fn an_accusation_of_an_unknown_incarnation_kills_nobody() {
        let mut member = up(3);
        let future = Incarnation { epoch: Epoch::MAX, nonce: 0, number: u32::MAX };
        assert!(member.accuse(&Accusation::new(future, Level::Dead, ShortId(1))));
        assert_eq!(member.status(), Status::Up);
    }

    #[test]
    fn refuting_erases_the_accusation_and_dying_while_leaving_is_leaving() {
        let mut member = up(3);
        let accusation = Accusation::new(member.claim.incarnation, Level::Dead, ShortId(1));
        assert!(member.accuse(&accusation));
        assert_eq!((member.status(), member.accusers()), (Status::Dead, 1));

        let leaving = Claim { phase: Phase::Leaving, ..member.claim.clone() };
        let joined = member.clone().join(&leaving, None);
        assert!(joined.claimed && joined.visible && !joined.moved && !joined.accused);
        let mut left = member.clone();
        left.join(&leaving, None);
        assert_eq!(left.status(), Status::Left);

        member.join(&up(4).claim, None);
        assert_eq!((member.status(), member.accusation), (Status::Up, None));
    }

    #[test]
    fn the_four_smallest_accusers_are_kept() {
        let mut accusers = Accusers::default();
        for id in [9, 5, 7, 5, 1, 8, 3] {
            accusers.insert(ShortId(id));
        }
        assert_eq!(accusers.as_slice(), [1, 3, 5, 7].map(ShortId));
        assert!(!accusers.insert(ShortId(8)));
    }
}
