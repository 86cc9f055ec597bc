//! Commands: what the application wants.

use alloc::vec::Vec;

use super::encode::Body;
use super::requests::Ask;
use super::{Node, max_meta};
use crate::event::SendId;
use crate::member::{Phase, fits};
use crate::wire::{ENVELOPE, HEADER, SEAL};
use crate::{Address, CommandError, Instant, JoinId, MAX_ADDRESS, NodeId};

/// What a payload needs around it besides envelope and header: the sender's id, whom it is for,
/// and a length.
const AROUND: usize = 16 + 4 + 5;

/// How a payload travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// In one datagram: may be lost, and nobody is told.
    Datagram,
    /// As a request: acknowledged with [`MessageEvent::Delivered`](crate::MessageEvent::Delivered), or
    /// [`MessageEvent::Failed`](crate::MessageEvent::Failed).
    Request,
}

impl<A: Address> Node<A> {
    /// Asks the seeds, all at once, to let us in, then learns of everybody else. Ends with
    /// [`JoinEvent::Finished`](crate::JoinEvent::Finished), after
    /// [`JoinConfig::timeout`](crate::JoinConfig::timeout) at the latest. One seed that answers
    /// is enough to become part of the cluster.
    pub fn join(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) -> JoinId {
        self.advance(now);
        let id = self.begin_join(seeds.into_iter().map(A::canonical).collect());
        self.run_actions();
        id
    }

    /// Replaces the addresses that are tried now and then, for good, as long as no live member is
    /// known there: seeds that come up late, or the other half of a cluster that was split.
    pub fn set_seeds(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) {
        self.advance(now);
        self.seeds.set(seeds.into_iter().map(A::canonical).collect());
        self.run_actions();
    }

    /// Leaves by our own will: tells a few members, who tell the others, and ends with
    /// [`LocalEvent::Left`](crate::LocalEvent::Left) when enough have acknowledged it or
    /// [`Config::leave_timeout`](crate::Config::leave_timeout) is over. The others see us leave,
    /// never fail. A second call changes nothing.
    pub fn leave(&mut self, now: Instant) {
        self.advance(now);
        if !self.stopped {
            self.begin_leave();
            self.run_actions();
        }
    }

    /// Changes our metadata; everybody will see it.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`], or [`CommandError::Stopped`].
    pub fn set_meta(&mut self, now: Instant, meta: &[u8]) -> Result<(), CommandError> {
        self.advance(now);
        let limit = max_meta(&self.shared.config);
        if meta.len() > limit {
            return Err(CommandError::TooLarge { limit });
        }
        self.running()?;
        if self.local().meta() != meta {
            self.reclaim(|claim| {
                claim.meta.clear();
                claim.meta.extend_from_slice(meta);
            });
        }
        self.run_actions();
        Ok(())
    }

    /// Changes the address under which others reach us; everybody will see it.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] if it encodes to more than [`MAX_ADDRESS`] bytes, or
    /// [`CommandError::Stopped`].
    pub fn set_address(&mut self, now: Instant, address: A) -> Result<(), CommandError> {
        self.advance(now);
        let address = address.canonical();
        if !fits(&address) {
            return Err(CommandError::TooLarge { limit: MAX_ADDRESS });
        }
        self.running()?;
        if *self.local().address() != address {
            self.reclaim(|claim| claim.address = address);
        }
        self.run_actions();
        Ok(())
    }

    /// Sends `payload` to one member.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] says how much would fit. A member that is not known or not
    /// live, disabled requests, and a full queue are errors too.
    pub fn send(
        &mut self,
        now: Instant,
        to: NodeId,
        payload: &[u8],
        delivery: Delivery,
    ) -> Result<SendId, CommandError> {
        self.advance(now);
        self.running()?;
        let config = &self.shared.config;
        let whole = match delivery {
            Delivery::Datagram => config.datagram_budget,
            Delivery::Request if config.requests.enabled => config.requests.max_frame,
            Delivery::Request => return Err(CommandError::RequestsDisabled),
        };
        let limit = whole - SEAL - ENVELOPE - HEADER - AROUND;
        if payload.len() > limit {
            return Err(CommandError::TooLarge { limit });
        }
        let member = self.member(&to).ok_or(CommandError::UnknownMember)?;
        if !member.status().is_live() || to == self.local().id() {
            return Err(CommandError::NotLive);
        }
        let address = member.address().clone();
        let check = self.shared.cluster.check(&to, member.incarnation());
        let id = self.requests.next_send();
        let bytes = Vec::from(payload);
        let taken = match delivery {
            Delivery::Datagram => self.enqueue(address, Some(to), Body::Payload { check, bytes }),
            Delivery::Request => self.ask(to, Ask::Payload { id, check, bytes }),
        };
        self.run_actions();
        if taken { Ok(id) } else { Err(CommandError::Busy) }
    }

    /// Drops a member that is dead or has left, here and, as far as the news reach, everywhere,
    /// before its grace is over.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownMember`], or [`CommandError::Live`].
    pub fn forget(&mut self, now: Instant, id: NodeId) -> Result<(), CommandError> {
        self.advance(now);
        let member = self.member(&id).ok_or(CommandError::UnknownMember)?;
        if member.status().is_live() || id == self.local().id() {
            return Err(CommandError::Live);
        }
        self.shared.table.end_grace(self.shared.now, &id);
        self.rumors.heat(&mut self.shared.cx(), id, 0, None);
        self.expire();
        self.run_actions();
        Ok(())
    }

    fn running(&self) -> Result<(), CommandError> {
        if self.stopped || self.local().claim.phase == Phase::Left {
            Err(CommandError::Stopped)
        } else {
            Ok(())
        }
    }
}
