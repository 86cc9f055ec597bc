//! The configured seeds, and members of a former life.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::{Address, Instant};

use crate::resolve::literal;
use crate::{Node, trace};

/// The seeds, with the addresses of their last resolution.
#[derive(Debug)]
pub(crate) struct Seeds {
    seeds: Vec<(Vec<SocketAddr>, String)>,
    /// Members of a former life, which serve as seeds until `restored_until`.
    restored: Vec<SocketAddr>,
    restored_until: Option<Instant>,
    retention: Duration,
    /// When to resolve the names again; `None` without names, or while a thread resolves them.
    deadline: Option<Instant>,
}

impl Seeds {
    /// Collects the seeds. Names are resolved at the first opportunity.
    ///
    /// The `restored` members of a former life serve as seeds for the `retention` of departed members,
    /// and longer if the node finds no member in that time.
    pub(crate) fn new(
        now: Instant,
        seeds: Vec<String>,
        restored: Vec<SocketAddr>,
        retention: Duration,
    ) -> Self {
        let known = |seed: String| (Vec::from_iter(literal(&seed).map(Address::canonical)), seed);
        let seeds: Vec<_> = seeds.into_iter().map(known).collect();
        let named = seeds.iter().any(|(_, seed)| literal(seed).is_none());
        let restored_until = (!restored.is_empty()).then(|| now + retention);
        Self { seeds, restored, restored_until, retention, deadline: named.then_some(now) }
    }

    /// Iterates over all known addresses.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.seeds.iter().flat_map(|(addresses, _)| addresses).chain(&self.restored).copied()
    }

    /// Returns the members of a former life, as long as they serve as seeds.
    pub(crate) fn restored(&self) -> &[SocketAddr] {
        &self.restored
    }

    /// Returns when to call [`take_names`](Self::take_names) and [`expire`](Self::expire).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.into_iter().chain(self.restored_until).min()
    }

    /// Drops the members of a former life after their time. Returns whether it did.
    pub(crate) fn expire(&mut self, now: Instant, alone: bool) -> bool {
        let expired = self.restored_until.take_if(|until| *until <= now).is_some();
        if expired && alone {
            self.restored_until = Some(now + self.retention);
        } else if expired {
            self.restored.clear();
        }
        expired && !alone
    }

    /// Returns the names to resolve now: those without a live member at their addresses.
    pub(crate) fn take_names(&mut self, now: Instant, node: &Node) -> Vec<String> {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return Vec::new();
        }
        let live = |address: &SocketAddr| {
            node.members().any(|member| member.address() == address && member.status().is_live())
        };
        let absent = |addresses: &[SocketAddr]| !addresses.iter().any(live);
        let named = self.seeds.iter().filter(|(_, seed)| literal(seed).is_none());
        let names: Vec<_> =
            named.filter(|(known, _)| absent(known)).map(|(_, seed)| seed.clone()).collect();
        let next = now + node.config().join.reconnect_interval;
        self.deadline = names.is_empty().then_some(next);
        names
    }

    /// Notes the addresses of names. A name that did not resolve keeps its former addresses. Returns
    /// the new addresses.
    pub(crate) fn resolved(
        &mut self,
        next: Instant,
        results: Vec<(io::Result<Vec<SocketAddr>>, String)>,
    ) -> Vec<SocketAddr> {
        self.deadline = Some(next);
        let mut fresh = Vec::new();
        for (result, name) in results {
            let entries = self.seeds.iter_mut().filter(|(_, seed)| *seed == name);
            match result {
                Err(error) => trace::unresolved(&name, &error),
                Ok(addresses) => {
                    let addresses: Vec<_> = addresses.into_iter().map(Address::canonical).collect();
                    for (known, _) in entries {
                        fresh.extend(addresses.iter().filter(|&address| !known.contains(address)));
                        known.clone_from(&addresses);
                    }
                }
            }
        }
        fresh
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::{Config, Epoch, Local, NodeId};

    use super::*;

    const PERIOD: Duration = Config::lan().join.reconnect_interval;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// Returns a node at 10.0.0.1 that knows no other member.
    fn node() -> Node {
        let local = Local::new(NodeId::from_u128(1), Epoch::default(), address("10.0.0.1:1"));
        Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap()
    }

    fn seeds(names: &[&str]) -> Seeds {
        let names = names.iter().map(ToString::to_string).collect();
        Seeds::new(Instant::ORIGIN, names, Vec::new(), PERIOD)
    }

    #[test]
    fn addresses_are_never_resolved() {
        let seeds = seeds(&["10.0.0.2:1", "[::ffff:10.0.0.3]:1"]);
        let known: Vec<_> = seeds.addresses().collect();
        assert_eq!(known, [address("10.0.0.2:1"), address("10.0.0.3:1")]);
        assert_eq!(seeds.deadline(), None);
    }

    #[test]
    fn absent_names_are_resolved_again() {
        let (mut seeds, node) = (seeds(&["10.0.0.2:1", "a:1"]), node());
        assert_eq!(seeds.take_names(Instant::ORIGIN, &node), ["a:1"]);
        assert_eq!(seeds.deadline(), None, "not again while it is being done");
        let next = Instant::ORIGIN + PERIOD;
        let found = vec![(Ok(vec![address("10.0.0.3:1")]), "a:1".to_owned())];
        assert_eq!(seeds.resolved(next, found), [address("10.0.0.3:1")]);
        assert_eq!(seeds.addresses().count(), 2);

        assert_eq!(seeds.take_names(Instant::ORIGIN, &node), Vec::<String>::new());
        assert_eq!(seeds.take_names(next, &node), ["a:1"]);
        let lost = vec![(Err(io::Error::other("no answer")), "a:1".to_owned())];
        assert_eq!(seeds.resolved(next, lost), []);
        assert_eq!(seeds.addresses().count(), 2, "the former address is kept");
    }

    #[test]
    fn name_of_live_member_is_not_resolved() {
        let (mut seeds, node) = (seeds(&["me:1"]), node());
        seeds.take_names(Instant::ORIGIN, &node);
        let found = vec![(Ok(vec![address("10.0.0.1:1")]), "me:1".to_owned())];
        seeds.resolved(Instant::ORIGIN, found);
        assert_eq!(seeds.take_names(Instant::ORIGIN, &node), Vec::<String>::new());
        assert_eq!(seeds.deadline(), Some(Instant::ORIGIN + PERIOD));
    }

    #[test]
    fn restored_members_serve_as_seeds_temporarily() {
        let restored = vec![address("10.0.0.4:1")];
        let mut seeds =
            Seeds::new(Instant::ORIGIN, vec!["10.0.0.2:1".to_owned()], restored, PERIOD);
        assert_eq!(seeds.addresses().count(), 2);
        assert!(!seeds.expire(Instant::ORIGIN, false));
        assert!(!seeds.expire(Instant::ORIGIN + PERIOD, true), "there is nobody else");
        let end = seeds.deadline().unwrap();
        assert_eq!(end, Instant::ORIGIN + PERIOD + PERIOD);
        assert!(seeds.expire(end, false));
        assert_eq!(seeds.addresses().collect::<Vec<_>>(), [address("10.0.0.2:1")]);
        assert_eq!((seeds.deadline(), seeds.expire(end, false)), (None, false));
    }
}
