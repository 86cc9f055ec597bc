//! The record of a member: an element of a join-semilattice.
//!
//! A record is the product of two registers. Only the member itself writes its [`Claim`]. Any
//! other node may write the [`Accusation`]. Both registers only grow, so every order of delivery
//! and every duplication ends in the same record. Two tables that have seen the same messages are
//! therefore equal, and a hash can compare them. The single slot of SWIM and memberlist does not
//! have this property.

use alloc::boxed::Box;
use core::cmp::Ordering;
use core::fmt::{self, Display};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::id::ShortId;
use crate::{Epoch, Incarnation, NodeId};

/// Stored metadata. The usual short metadata needs no heap.
pub(crate) type Meta = SmallVec<[u8; 16]>;

/// The lowest and the highest minor version of the wire format that this build understands.
pub(crate) const VERSIONS: [u8; 2] = [0, 0];

/// The stage of its life that a node claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Phase {
    Up,
    Leaving,
    Left,
}

/// The statement of a node about itself. `M` is [`Meta`] in the table and a borrowed slice on the
/// wire.
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
    /// Returns the order of two claims; the greater one wins. The incarnation and phase decide
    /// first. The content breaks ties, in the same way on every node.
    pub(crate) fn order<N: AsRef<[u8]>>(&self, other: &Claim<A, N>) -> Ordering {
        (self.incarnation, self.phase)
            .cmp(&(other.incarnation, other.phase))
            .then_with(|| self.versions.cmp(&other.versions))
            .then_with(|| self.address.cmp(&other.address))
            .then_with(|| self.meta.as_ref().cmp(other.meta.as_ref()))
    }
}

impl<A: Clone> Claim<A, Meta> {
    /// Copies `other` into this claim and reuses the memory of the metadata.
    pub(crate) fn assign<N: AsRef<[u8]>>(&mut self, other: &Claim<A, N>) {
        self.incarnation = other.incarnation;
        self.phase = other.phase;
        self.versions = other.versions;
        self.address = other.address.clone();
        self.meta.clear();
        self.meta.extend_from_slice(other.meta.as_ref());
    }
}

/// The severity of an accusation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Level {
    Suspect,
    Dead,
}

/// The statement of other nodes that they could not reach a member at one of its incarnations.
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

    /// Merges `other` into this accusation: the result is their least upper bound. Returns whether
    /// this accusation changed.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
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

/// The four smallest short ids of all accusers. Such a bottom-k sketch of a union is itself a
/// semilattice. A suspicion needs fewer than four independent accusers.
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

    /// Inserts an accuser. Returns whether the set changed.
    fn insert(&mut self, id: ShortId) -> bool {
        let len = usize::from(self.len);
        let Err(index) = self.as_slice().binary_search(&id) else { return false };
        if index == Self::MAX {
            return false;
        }
        let last = len.min(Self::MAX - 1);
        self.ids.copy_within(index..last, index + 1);
        self.ids[index] = id;
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

/// The state of a member, as its claim and the accusation against it determine it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The member claims to be up, and no node accuses it.
    Up,
    /// The member has announced that it leaves. It still answers.
    Leaving,
    /// A node could not reach the member. The member has time to refute.
    Suspect,
    /// A node declared the member dead.
    Dead,
    /// The member left voluntarily.
    Left,
}

/// Writes `up`, `leaving`, `suspect`, `dead` or `left`.
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
    /// Returns whether the member is up, leaving or suspected.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Up | Self::Leaving | Self::Suspect)
    }

    /// Returns whether the member is up or leaving.
    pub(crate) const fn is_healthy(self) -> bool {
        matches!(self, Self::Up | Self::Leaving)
    }
}

/// The changes that a merge made to a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Set if the claim grew.
    pub(crate) claimed: bool,
    /// Set if the claim changed in more than the number of its incarnation: an application can see
    /// that.
    pub(crate) visible: bool,
    /// Set if the address changed.
    pub(crate) moved: bool,
    /// Set if the accusation grew.
    pub(crate) accused: bool,
}

/// A node of the cluster, as this node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<A> {
    pub(crate) id: NodeId,
    pub(crate) claim: Claim<A, Meta>,
    /// Boxed because it is rare.
    pub(crate) accusation: Option<Box<Accusation>>,
}

impl<A> Member<A> {
    /// Returns the id of the member.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Returns the address that the member claims, in canonical form.
    #[must_use]
    pub fn address(&self) -> &A {
        &self.claim.address
    }

    /// Returns the metadata that the application of the member chose, such as tags or a zone. It
    /// has at most [`MAX_META`](crate::MAX_META) bytes.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        &self.claim.meta
    }

    /// Returns the epoch of the member's present life.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.claim.incarnation.epoch
    }

    /// Returns the member's present incarnation.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.claim.incarnation
    }

    /// Returns the status: a pure function of the claim and the accusation against it.
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

    /// Returns the number of nodes that accuse the present incarnation, at most four.
    #[must_use]
    pub fn accusers(&self) -> usize {
        let accusation = self.accusation.as_deref();
        accusation
            .filter(|a| a.incarnation == self.claim.incarnation)
            .map_or(0, |a| a.accusers.as_slice().len())
    }

    /// Removes an accusation of an earlier incarnation.
    pub(super) fn normalise(&mut self) {
        let outgrown = |a: &Accusation| a.incarnation < self.claim.incarnation;
        if self.accusation.as_deref().is_some_and(outgrown) {
            self.accusation = None;
        }
    }
}

impl<A: Ord + Clone> Member<A> {
    /// Merges another record of this member: the result is the least upper bound of the two.
    pub(crate) fn merge<N: AsRef<[u8]>>(
        &mut self,
        claim: &Claim<A, N>,
        accusation: Option<&Accusation>,
    ) -> Merged {
        let mut merged = Merged::default();
        let known = &self.claim;
        if known.order(claim) == Ordering::Less {
            merged.claimed = true;
            merged.moved = known.address != claim.address;
            merged.visible = merged.moved
                || known.incarnation.life() != claim.incarnation.life()
                || known.phase != claim.phase
                || known.meta.as_slice() != claim.meta.as_ref();
            self.claim.assign(claim);
            self.normalise();
        }
        merged.accused = accusation.is_some_and(|accusation| self.accuse(accusation));
        merged
    }

    /// Returns the accusation once further accusers make no difference. They make none if the level
    /// is dead, or if the accusation already names as many accusers as it can.
    pub(super) fn settled_accusation(&self) -> Option<(Incarnation, Level)> {
        let Accusation { incarnation, level, accusers } = self.accusation.as_deref()?;
        let settled = *level == Level::Dead || accusers.is_full();
        settled.then_some((*incarnation, *level))
    }

    /// Merges an accusation. Returns whether the record changed.
    pub(crate) fn accuse(&mut self, accusation: &Accusation) -> bool {
        if accusation.incarnation < self.claim.incarnation {
            return false;
        }
        match &mut self.accusation {
            Some(known) => known.merge(accusation),
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

    /// Generates records in normal form: all that can exist.
    fn member() -> impl Strategy<Value = Member<u8>> {
        (claim(), prop::option::of(accusation())).prop_map(|(claim, accusation)| {
            let mut member = Member { id: NodeId::from_u128(0), claim, accusation: None };
            if let Some(accusation) = &accusation {
                member.accuse(accusation);
            }
            member
        })
    }

    fn merged(mut a: Member<u8>, b: &Member<u8>) -> Member<u8> {
        a.merge(&b.claim, b.accusation.as_deref());
        a
    }

    proptest! {
        #[test]
        fn merge_forms_a_semilattice(a in member(), b in member(), c in member()) {
            prop_assert_eq!(merged(a.clone(), &a), a.clone(), "idempotent");
            prop_assert_eq!(merged(a.clone(), &b), merged(b.clone(), &a), "commutative");
            prop_assert_eq!(
                merged(merged(a.clone(), &b), &c),
                merged(a.clone(), &merged(b.clone(), &c)),
                "associative"
            );
            let ab = merged(a.clone(), &b);
            prop_assert_eq!(merged(ab.clone(), &a), ab.clone(), "inflationary");
            let mut again = ab;
            let unchanged = again.merge(&a.claim, a.accusation.as_deref());
            prop_assert_eq!(unchanged, Merged::default());
        }

        #[test]
        fn merge_reports_exactly_the_changes(a in member(), b in member()) {
            let mut after = a.clone();
            let merged = after.merge(&b.claim, b.accusation.as_deref());
            prop_assert_eq!(merged.claimed, after.claim != a.claim);
            prop_assert_eq!(merged.claimed || merged.accused, after != a);
            prop_assert_eq!(merged.moved, after.address() != a.address());
            let visible = |m: &Member<u8>| (m.epoch(), m.claim.phase, *m.address(), m.claim.meta.clone());
            prop_assert!(merged.visible || visible(&after) == visible(&a));
        }

        #[test]
        fn record_ignores_order_and_duplicates_of_messages(
            messages in prop::collection::vec(member(), 1..6),
            order in prop::collection::vec(0..6usize, 0..24),
        ) {
            let once = messages.iter().fold(messages[0].clone(), merged);
            let shuffled = order
                .iter()
                .map(|index| &messages[index % messages.len()])
                .chain(messages.iter().rev())
                .fold(messages.last().unwrap().clone(), merged);
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
    fn accusation_of_unknown_incarnation_has_no_effect() {
        let mut member = up(3);
        let future = Incarnation { epoch: Epoch::MAX, nonce: 0, number: u32::MAX };
        assert!(member.accuse(&Accusation::new(future, Level::Dead, ShortId(1))));
        assert_eq!(member.status(), Status::Up);
    }

    #[test]
    fn refutation_removes_accusation_and_dead_leaver_has_left() {
        let mut member = up(3);
        let accusation = Accusation::new(member.claim.incarnation, Level::Dead, ShortId(1));
        assert!(member.accuse(&accusation));
        assert_eq!((member.status(), member.accusers()), (Status::Dead, 1));

        let leaving = Claim { phase: Phase::Leaving, ..member.claim.clone() };
        let merged = member.clone().merge(&leaving, None);
        assert!(merged.claimed && merged.visible && !merged.moved && !merged.accused);
        let mut left = member.clone();
        left.merge(&leaving, None);
        assert_eq!(left.status(), Status::Left);

        member.merge(&up(4).claim, None);
        assert_eq!((member.status(), member.accusation), (Status::Up, None));
    }

    #[test]
    fn sketch_keeps_four_smallest_accusers() {
        let mut accusers = Accusers::default();
        for id in [9, 5, 7, 5, 1, 8, 3] {
            accusers.insert(ShortId(id));
        }
        assert_eq!(accusers.as_slice(), [1, 3, 5, 7].map(ShortId));
        assert!(!accusers.insert(ShortId(8)));
    }
}
