//! The configured seeds, whose names are resolved again and again, and those of a former life.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::{Address, Instant};

use crate::resolve::literal;
use crate::{Node, trace};

/// The seeds and what they last resolved to.
#[derive(Debug)]
pub(crate) struct Seeds {
    seeds: Vec<(Vec<SocketAddr>, String)>,
    /// Members of a former life, as good as seeds until then.
    restored: Vec<SocketAddr>,
    restored_until: Option<Instant>,
    grace: Duration,
    /// When the names are to be resolved again; `None` if there are none, or it is being done.
    due: Option<Instant>,
}

impl Seeds {
    /// Those that are addresses are known at once; names, if any, are due.
    /// The members `restored` from a former life are tried for as long as the dead are remembered,
    /// and longer as long as nobody is found.
    pub(crate) fn new(
        now: Instant,
        seeds: Vec<String>,
        restored: Vec<SocketAddr>,
        grace: Duration,
    ) -> Self {
        let known = |seed: String| (Vec::from_iter(literal(&seed).map(Address::canonical)), seed);
        let seeds: Vec<_> = seeds.into_iter().map(known).collect();
        let named = seeds.iter().any(|(_, seed)| literal(seed).is_none());
        let restored_until = (!restored.is_empty()).then(|| now + grace);
        Self { seeds, restored, restored_until, grace, due: named.then_some(now) }
    }

    /// All addresses known.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.seeds.iter().flat_map(|(addresses, _)| addresses).chain(&self.restored).copied()
    }

    /// The members of a former life, as long as they are tried.
    pub(crate) fn restored(&self) -> &[SocketAddr] {
        &self.restored
    }

    /// When [`take_due`](Self::take_due) or [`expire`](Self::expire) has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.restored_until).min()
    }

    /// Ends trying the members of a former life when it has been long enough; whether it did.
    pub(crate) fn expire(&mut self, now: Instant, alone: bool) -> bool {
        let over = self.restored_until.take_if(|until| *until <= now).is_some();
        if over && alone {
            self.restored_until = Some(now + self.grace);
        } else if over {
            self.restored.clear();
        }
        over && !alone
    }

    /// The names to resolve now. As long as somebody lives at each of them that is none.
    pub(crate) fn take_due(&mut self, now: Instant, node: &Node) -> Vec<String> {
        if self.due.is_none_or(|due| due > now) {
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
        self.due = names.is_empty().then_some(next);
        names
    }

    /// What the names resolved to; a name that did not keeps its former addresses. Returns the
    /// addresses that are new.
    pub(crate) fn resolved(
        &mut self,
        next: Instant,
        results: Vec<(io::Result<Vec<SocketAddr>>, String)>,
    ) -> Vec<SocketAddr> {
        self.due = Some(next);
        let mut fresh = Vec::new();
        for (result, name) in results {
            let places = self.seeds.iter_mut().filter(|(_, seed)| *seed == name);
            match result {
                Err(error) => trace::unresolved(&name, &error),
                Ok(addresses) => {
                    let addresses: Vec<_> = addresses.into_iter().map(Address::canonical).collect();
                    for (known, _) in places {
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

    /// A node at 10.0.0.1 that knows nobody.
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
        assert_eq!(seeds.due(), None);
    }

    #[test]
    fn names_are_resolved_again_one_after_the_other() {
        let (mut seeds, node) = (seeds(&["10.0.0.2:1", "a:1"]), node());
        assert_eq!(seeds.take_due(Instant::ORIGIN, &node), ["a:1"]);
        assert_eq!(seeds.due(), None, "not again while it is being done");
        let next = Instant::ORIGIN + PERIOD;
        let found = vec![(Ok(vec![address("10.0.0.3:1")]), "a:1".to_owned())];
        assert_eq!(seeds.resolved(next, found), [address("10.0.0.3:1")]);
        assert_eq!(seeds.addresses().count(), 2);

        assert_eq!(seeds.take_due(Instant::ORIGIN, &node), Vec::<String>::new());
        assert_eq!(seeds.take_due(next, &node), ["a:1"]);
        let lost = vec![(Err(io::Error::other("no answer")), "a:1".to_owned())];
        assert_eq!(seeds.resolved(next, lost), []);
        assert_eq!(seeds.addresses().count(), 2, "the former address is kept");
    }

    #[test]
    fn a_name_where_somebody_lives_is_left_alone() {
        let (mut seeds, node) = (seeds(&["me:1"]), node());
        seeds.take_due(Instant::ORIGIN, &node);
        let found = vec![(Ok(vec![address("10.0.0.1:1")]), "me:1".to_owned())];
        seeds.resolved(Instant::ORIGIN, found);
        assert_eq!(seeds.take_due(Instant::ORIGIN, &node), Vec::<String>::new());
        assert_eq!(seeds.due(), Some(Instant::ORIGIN + PERIOD));
    }

    #[test]
    fn members_of_a_former_life_are_seeds_for_a_while() {
        let restored = vec![address("10.0.0.4:1")];
        let mut seeds =
            Seeds::new(Instant::ORIGIN, vec!["10.0.0.2:1".to_owned()], restored, PERIOD);
        assert_eq!(seeds.addresses().count(), 2);
        assert!(!seeds.expire(Instant::ORIGIN, false));
        assert!(!seeds.expire(Instant::ORIGIN + PERIOD, true), "there is nobody else");
        let end = seeds.due().unwrap();
        assert_eq!(end, Instant::ORIGIN + PERIOD + PERIOD);
        assert!(seeds.expire(end, false));
        assert_eq!(seeds.addresses().collect::<Vec<_>>(), [address("10.0.0.2:1")]);
        assert_eq!((seeds.due(), seeds.expire(end, false)), (None, false));
    }
}
