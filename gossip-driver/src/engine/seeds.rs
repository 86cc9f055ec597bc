//! The configured seeds: contact, and resolution of their names.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Engine, State};
use crate::resolve::{RESOLVER, on_thread, resolve};

impl State {
    /// Tells the node all seeds, and joins through `fresh` addresses at once.
    pub(crate) fn contact(&mut self, now: gossip_core::Instant, fresh: Vec<SocketAddr>) {
        self.node.set_seeds(now, self.seeds.addresses());
        if !fresh.is_empty() {
            self.node.join(now, fresh);
        }
    }
}

impl Engine {
    pub(crate) fn resolve_seeds(self: &Arc<Self>, names: Vec<String>) {
        let engine = Arc::clone(self);
        let resolving = on_thread(RESOLVER, move || {
            let results = names.into_iter().map(|name| (resolve(&name), name));
            engine.seeds_resolved(results.collect());
        });
        if let Err(error) = resolving {
            self.socket_error("thread", &error);
            self.seeds_resolved(Vec::new());
        }
    }

    fn seeds_resolved(&self, results: Vec<(io::Result<Vec<SocketAddr>>, String)>) {
        self.command(|state, now| {
            let next = now + self.config().join.reconnect_interval;
            let fresh = state.seeds.resolved(next, results);
            state.contact(now, fresh);
        });
    }
}
