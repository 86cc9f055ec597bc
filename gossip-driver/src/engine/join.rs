//! Joins through names and addresses.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{DriverState, Engine, State};
use crate::joins::SeedSlot;
use crate::resolve::{RESOLVER, literal, on_thread, resolve};
use crate::{Pending, SeedOutcome};

impl State {
    /// Joins through a resolved seed.
    fn ask(&mut self, now: gossip_core::Instant, slot: SeedSlot, addresses: Vec<SocketAddr>) {
        let id = self.node.join(now, addresses);
        self.joins.asked(now, slot, id);
    }
}

impl Engine {
    /// Joins through each seed separately. Threads resolve the names.
    pub(crate) fn join(self: &Arc<Self>, seeds: Vec<String>) -> Pending<Vec<SeedOutcome>> {
        let ticket = self.command(|state, now| {
            let ticket = state.joins.begin(now, seeds.iter().cloned());
            if state.driver == DriverState::Stopped {
                state.joins.stop();
            }
            ticket
        });
        for (index, seed) in seeds.into_iter().enumerate() {
            let slot = SeedSlot { ticket, index };
            match literal(&seed) {
                Some(address) => self.command(|state, now| state.ask(now, slot, vec![address])),
                None => self.resolve_and_ask(slot, seed),
            }
        }
        let waiting = Waiting { engine: Arc::clone(self), ticket };
        Pending::new(Arc::clone(&self.changed), move || {
            waiting.engine.lock().joins.take(waiting.ticket)
        })
    }

    fn resolve_and_ask(self: &Arc<Self>, slot: SeedSlot, seed: String) {
        let engine = Arc::clone(self);
        let resolving = on_thread(RESOLVER, move || {
            let result = resolve(&seed);
            engine.command(|state, now| match result {
                Ok(addresses) => state.ask(now, slot, addresses),
                Err(error) => state.joins.unresolved(slot, error),
            });
        });
        if let Err(error) = resolving {
            self.with(|state, _| state.joins.unresolved(slot, error));
        }
    }
}

/// A caller that waits for a join. Dropping it drops the join's entry.
struct Waiting {
    engine: Arc<Engine>,
    ticket: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.engine.lock().joins.forget(self.ticket);
    }
}
