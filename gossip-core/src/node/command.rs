//! Commands of the application.

use alloc::vec::Vec;

use super::outbox::Draft;
use super::requests::RequestKind;
use super::{Node, max_meta};
use crate::SendId;
use crate::direct::draft::Draft as DirectDraft;
use crate::member::{Phase, fits};
use crate::wire::{ENVELOPE, HEADER, SEAL};
use crate::{Address, CommandError, Instant, JoinId, MAX_ADDRESS, NodeId};

/// Bytes of a payload message besides header and payload: the sender's id, the target tag and a
/// length.
const PAYLOAD_OVERHEAD: usize = 16 + 4 + 5;

/// The way in which a payload travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// In one datagram, which may be lost without notice.
    Datagram,
    /// As a request, followed by [`MessageEvent::Delivered`](crate::MessageEvent::Delivered) or
    /// [`MessageEvent::Failed`](crate::MessageEvent::Failed).
    Request,
}

impl<A: Address> Node<A> {
    /// Asks all seeds at once to admit this node, then learns about the other members.
    ///
    /// The join ends with [`JoinEvent::Finished`](crate::JoinEvent::Finished), after
    /// [`JoinConfig::timeout`](crate::JoinConfig::timeout) at the latest. One seed that answers is
    /// enough to become part of the cluster.
    pub fn join(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) -> JoinId {
        self.advance(now);
        let addresses = seeds.into_iter().map(A::canonical).collect();
        let id = self.seeds.join(&mut self.state.cx(), addresses);
        self.run_join_actions();
        self.run_actions();
        id
    }

    /// Replaces the addresses that this node keeps contacting as long as no live member is there:
    /// seeds that start late, or the other half of a partitioned cluster.
    pub fn set_seeds(&mut self, now: Instant, seeds: impl IntoIterator<Item = A>) {
        self.advance(now);
        self.seeds.set(seeds.into_iter().map(A::canonical).collect());
        self.run_actions();
    }

    /// Leaves the cluster: tells a few members, which tell the others.
    ///
    /// Ends with [`LocalEvent::Left`](crate::LocalEvent::Left) when enough members have
    /// acknowledged, after [`Config::leave_timeout`](crate::Config::leave_timeout) at the latest.
    /// The other members see this node leave, not fail. A second call changes nothing.
    pub fn leave(&mut self, now: Instant) {
        self.advance(now);
        if !self.stopped {
            self.with_claim(|claim, state, is_joining| claim.leave(state, is_joining));
            self.run_actions();
        }
    }

    /// Changes this node's metadata, which all members will see.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`], or [`CommandError::Stopped`].
    pub fn set_meta(&mut self, now: Instant, meta: &[u8]) -> Result<(), CommandError> {
        self.advance(now);
        let limit = max_meta(&self.state.config);
        if meta.len() > limit {
            return Err(CommandError::TooLarge { limit });
        }
        self.ensure_running()?;
        if self.local().meta() != meta {
            self.with_claim(|own, state, _| {
                own.change(state, |claim| {
                    claim.meta.clear();
                    claim.meta.extend_from_slice(meta);
                });
            });
        }
        self.run_actions();
        Ok(())
    }

    /// Changes the address at which others reach this node; all members will see it.
    ///
    /// # Errors
    ///
    /// [`CommandError::TooLarge`] if the address encodes to more than [`MAX_ADDRESS`] bytes, or
    /// [`CommandError::Stopped`].
    pub fn set_address(&mut self, now: Instant, address: A) -> Result<(), CommandError> {
        self.advance(now);
        let address = address.canonical();
        if !fits(&address) {
            return Err(CommandError::TooLarge { limit: MAX_ADDRESS });
        }
        self.ensure_running()?;
        if *self.local().address() != address {
            self.with_claim(|own, state, _| {
                own.change(state, |claim| claim.address = address);
            });
        }
        self.run_actions();
        Ok(())
    }

    /// Sends `payload` to one member.
    ///
    /// # Errors
    ///
    /// - [`CommandError::TooLarge`] if the payload does not fit, with the limit.
    /// - [`CommandError::UnknownMember`] or [`CommandError::NotLive`].
    /// - [`CommandError::RequestsDisabled`] for [`Delivery::Request`] without requests.
    /// - [`CommandError::Busy`] if the queue is full.
    /// - [`CommandError::Stopped`].
    pub fn send(
        &mut self,
        now: Instant,
        to: NodeId,
        payload: &[u8],
        delivery: Delivery,
    ) -> Result<SendId, CommandError> {
        self.advance(now);
        self.ensure_running()?;
        let config = &self.state.config;
        let whole = match delivery {
            Delivery::Datagram => config.datagram_budget,
            Delivery::Request if config.requests.enabled => config.requests.max_frame,
            Delivery::Request => return Err(CommandError::RequestsDisabled),
        };
        let limit = whole - SEAL - ENVELOPE - HEADER - PAYLOAD_OVERHEAD;
        if payload.len() > limit {
            return Err(CommandError::TooLarge { limit });
        }
        let member = self.member(&to).ok_or(CommandError::UnknownMember)?;
        if !member.status().is_live() || to == self.local().id() {
            return Err(CommandError::NotLive);
        }
        let address = member.address().clone();
        let target_tag = self.state.table.target_tag(&to, member.incarnation());
        let id = self.requests.next_send();
        let bytes = Vec::from(payload);
        let accepted = match delivery {
            Delivery::Datagram => {
                let draft = DirectDraft::Payload { target_tag, bytes };
                self.enqueue(address, Some(to), Draft::Direct(draft))
            }
            Delivery::Request => self.request(to, RequestKind::Payload { id, target_tag, bytes }),
        };
        self.run_actions();
        if accepted { Ok(id) } else { Err(CommandError::Busy) }
    }

    /// Removes a departed member before its retention is over: here, and on all members that the
    /// news reaches.
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
        self.state.table.end_retention(self.state.now, &id);
        self.rumors.spread(&mut self.state.cx(), id, 0, None);
        self.expire_members();
        self.run_actions();
        Ok(())
    }

    fn ensure_running(&self) -> Result<(), CommandError> {
        if self.stopped || self.local().claim.phase == Phase::Left {
            Err(CommandError::Stopped)
        } else {
            Ok(())
        }
    }
}
