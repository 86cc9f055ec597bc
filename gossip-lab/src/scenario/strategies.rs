//! Ways to spread a rumour, compared in a model.

use clap::{Args, value_parser};
use serde::Serialize;

use super::statistics::mean;
use super::{Curve, Error, Outcome, nodes, probability};
use gossip_sim::raw::{Chance, Random};

/// Compares ways to spread one rumour in a model with rounds, but without time, tables or repair.
/// Measures the cost of each, and the nodes that it misses. The scenario spread is the same rumour
/// in a real cluster.
#[derive(Clone, Copy, Debug, Args)]
pub struct Strategies {
    /// Number of nodes.
    #[arg(long, default_value_t = 10_000, value_parser = nodes)]
    pub nodes: usize,
    /// Number of nodes to which a node sends per round.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=64))]
    pub fanout: u32,
    /// Probability that a packet is lost, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = probability)]
    pub loss: f64,
    /// Number of rumours per mean.
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=10_000))]
    pub rumors: u64,
}

/// Number of times that memberlist sends each rumour, as a multiple of the logarithm of the nodes.
const RETRANSMIT_MULT: u32 = 4;

/// Number of informed receivers after which a node with feedback stops: the lowest that misses
/// hardly any of 10,000 nodes.
const UNNECESSARY: u32 = 10;

/// Rounds without a request for which an old rumour is advertised, rounds to twice as many nodes,
/// and maximum of all rounds.
const ADVERTISED: u32 = 3;
const EARLY: u32 = 2;
const LONGEST: u32 = 16;

/// Number of advertisers of one round that a node asks until one answers.
const ASKED: usize = 4;

/// A random stream that no node uses.
const STREAM: u64 = u64::MAX - 4;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    loss: f64,
    strategies: Vec<Row>,
}

/// Means of one strategy.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// Round in which the last node learns it.
    rounds: f64,
    /// Number of copies of the rumour that a node receives, and of its names.
    copies_per_node: f64,
    ids_per_node: f64,
    /// All datagrams, requests and feedback included.
    datagrams_per_node: f64,
    /// Nodes that never learn it.
    missed: f64,
}

/// The rule by which a node sends the rumour.
#[derive(Clone, Copy)]
enum Strategy {
    /// In each round after it has learnt it, a fixed number of times: memberlist, Serf.
    Budget,
    /// In each round, until this many receivers knew it already: rumour mongering with counters
    /// (Demers et al., PODC 1987).
    Feedback,
    /// While the rumour is young, then its name, after which nodes that lack it ask: this engine.
    Ages,
}

impl Strategy {
    const ALL: [(&str, Self); 3] = [
        ("push with a budget", Self::Budget),
        ("push with feedback", Self::Feedback),
        ("ages, adverts and pull", Self::Ages),
    ];
}

/// The spread of one rumour.
struct Rumor {
    random: Random,
    loss: Chance,
    fanout: u32,
    /// By node, once it knows: the sends left, or another number.
    knows: Vec<Option<u32>>,
    rounds: u32,
    copies: u64,
    ids: u64,
    datagrams: u64,
}

impl Rumor {
    fn new(random: Random, options: &Strategies) -> Self {
        let knows = vec![None; options.nodes];
        let (loss, fanout) = (Chance::new(options.loss), options.fanout);
        Self { random, loss, fanout, knows, rounds: 0, copies: 0, ids: 0, datagrams: 0 }
    }

    /// Sends a datagram. Returns whether it arrives.
    fn arrives(&mut self) -> bool {
        self.datagrams += 1;
        !self.random.happens(self.loss)
    }

    /// Delivers the rumour to a node. Returns whether it was news.
    fn tell(&mut self, node: usize, round: u32, allowance: u32) -> bool {
        self.copies += 1;
        let news = self.knows[node].is_none();
        if news {
            self.knows[node] = Some(allowance);
            self.rounds = round;
        }
        news
    }

    /// Returns another random node.
    fn other(&mut self, node: usize) -> usize {
        let other = self.random.below(self.knows.len() as u64 - 1) as usize;
        other + usize::from(other >= node)
    }

    /// Spreads from all informed nodes until none may send any more. A send costs a node one of its
    /// allowance; with feedback, only a send to an informed node does.
    fn push(&mut self, allowance: u32, feedback: bool) {
        self.knows[0] = Some(allowance);
        for round in 1.. {
            let senders = |rumor: &Self| {
                let may = |&node: &usize| rumor.knows[node].is_some_and(|left| left > 0);
                (0..rumor.knows.len()).filter(may).collect::<Vec<_>>()
            };
            let senders = senders(self);
            if senders.is_empty() {
                return;
            }
            for node in senders {
                let mut left = self.knows[node].unwrap_or(0);
                for _ in 0..self.fanout {
                    let to = self.other(node);
                    let news = self.arrives().then(|| self.tell(to, round, allowance));
                    let spent = if feedback { news == Some(false) && self.arrives() } else { true };
                    left = left.saturating_sub(u32::from(spent));
                    if left == 0 {
                        break;
                    }
                }
                self.knows[node] = Some(left);
            }
        }
    }

    /// All informed nodes push it in each round up to an age, and then advertise it as long as
    /// others request it, and a little longer.
    fn age(&mut self) {
        self.knows[0] = Some(0);
        let young = self.knows.len().ilog2() / 2 + 1;
        for age in 0..young {
            for node in self.knowing(|_| true) {
                for _ in 0..self.fanout {
                    let to = self.other(node);
                    if self.arrives() {
                        self.tell(to, age + 1, 0);
                    }
                }
            }
        }
        // From now on a node's number counts the rounds without a request.
        for age in young..young + LONGEST {
            let advertisers = self.knowing(|unasked| unasked < ADVERTISED);
            let heard = self.advertise(&advertisers);
            for &node in &advertisers {
                self.knows[node] = self.knows[node].map(|unasked| unasked + 1);
            }
            for (node, heard) in heard.iter().enumerate() {
                for &of in heard.iter().take(ASKED) {
                    if self.knows[node].is_none() && self.arrives() {
                        self.knows[of] = Some(0);
                        if self.arrives() {
                            self.tell(node, age + 1, 0);
                        }
                    }
                }
            }
        }
    }

    fn knowing(&self, which: impl Fn(u32) -> bool) -> Vec<usize> {
        let knows = |&node: &usize| self.knows[node].is_some_and(&which);
        (0..self.knows.len()).filter(knows).collect()
    }

    /// Collects the advertisers of each uninformed node.
    fn advertise(&mut self, advertisers: &[usize]) -> Vec<Vec<usize>> {
        let mut heard = vec![Vec::new(); self.knows.len()];
        for &node in advertisers {
            let early = self.knows[node].is_some_and(|unasked| unasked < EARLY);
            for _ in 0..self.fanout * if early { 2 } else { 1 } {
                let to = self.other(node);
                if self.arrives() {
                    self.ids += 1;
                    if self.knows[to].is_none() {
                        heard[to].push(node);
                    }
                }
            }
        }
        heard
    }
}

impl Strategies {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, loss, .. } = *self;
        if loss > 0.9 {
            return Err("the model is for a loss of 0.9 at most".into());
        }
        let rows = Strategy::ALL.map(|(name, strategy)| self.row(seed, name, strategy));
        let figures = Figures { nodes, loss, strategies: rows.into() };
        Outcome::new(figures, Curve::default())
    }

    fn row(&self, seed: u64, name: &'static str, strategy: Strategy) -> Row {
        let spread = |number| {
            let mut rumor = Rumor::new(Random::new(seed.wrapping_add(number), STREAM), self);
            match strategy {
                Strategy::Budget => rumor.push(budget(self.nodes), false),
                Strategy::Feedback => rumor.push(UNNECESSARY, true),
                Strategy::Ages => rumor.age(),
            }
            rumor
        };
        let rumors: Vec<Rumor> = (0..self.rumors).map(spread).collect();
        let of_all =
            |figure: fn(&Rumor) -> f64| mean(&rumors.iter().map(figure).collect::<Vec<_>>());
        let nodes = self.nodes as f64;
        Row {
            name,
            rounds: of_all(|rumor| f64::from(rumor.rounds)),
            copies_per_node: of_all(|rumor| rumor.copies as f64) / nodes,
            ids_per_node: of_all(|rumor| rumor.ids as f64) / nodes,
            datagrams_per_node: of_all(|rumor| rumor.datagrams as f64) / nodes,
            missed: of_all(|rumor| {
                rumor.knows.iter().filter(|knows| knows.is_none()).count() as f64
            }),
        }
    }
}

/// Returns how often each of memberlist's nodes sends a rumour.
fn budget(nodes: usize) -> u32 {
    RETRANSMIT_MULT * ((nodes as f64 + 1.0).log10().ceil() as u32)
}
