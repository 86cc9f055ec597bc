//! Ways to spread a rumour, compared in a model.

use clap::{Args, value_parser};
use serde::Serialize;

use super::statistics::mean;
use super::{Curve, Error, Outcome, nodes, probability};
use gossip_sim::raw::{Chance, Random};

/// Ways to spread one rumour, in a model that knows rounds but no time, tables or repair: what
/// each costs, and whom it misses. The same rumour in a real cluster is the scenario spread.
#[derive(Clone, Copy, Debug, Args)]
pub struct Strategies {
    /// How many nodes.
    #[arg(long, default_value_t = 10_000, value_parser = nodes)]
    pub nodes: usize,
    /// To how many a node sends in a round.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=64))]
    pub fanout: u32,
    /// How likely a packet is lost, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = probability)]
    pub loss: f64,
    /// How many rumours the figures are means of.
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=10_000))]
    pub rumors: u64,
}

/// How often memberlist sends each rumour, times the logarithm of the nodes.
const RETRANSMIT_MULT: u32 = 4;

/// After how many that knew it already a node with feedback stops: the fewest with which hardly
/// anybody among 10,000 is missed.
const UNNECESSARY: u32 = 10;

/// For how many rounds in which nobody asks for it what is old is advertised, in the first of them
/// to twice as many; and for how many at most.
const ADVERTISED: u32 = 3;
const EARLY: u32 = 2;
const LONGEST: u32 = 16;

/// How many advertisers of one round are asked until one answers.
const ASKED: usize = 4;

/// Not the stream of any node.
const STREAM: u64 = u64::MAX - 4;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    loss: f64,
    strategies: Vec<Row>,
}

/// Means, of one strategy.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// In which round the last of those who learn it does.
    rounds: f64,
    /// How often a node gets the rumour itself; how often its name.
    copies_per_node: f64,
    ids_per_node: f64,
    /// Both, and questions and feedback.
    datagrams_per_node: f64,
    /// Who never learns it.
    missed: f64,
}

/// When a node sends the rumour.
#[derive(Clone, Copy)]
enum Strategy {
    /// In each round after it has learnt it, so many times in all: memberlist, Serf.
    Budget,
    /// In each round, until so many have said that they knew it: rumour mongering with counters
    /// (Demers et al., PODC 1987).
    Feedback,
    /// While the rumour is young; then its name, which who lacks it asks for: ours.
    Ages,
}

impl Strategy {
    const ALL: [(&str, Self); 3] = [
        ("push with a budget", Self::Budget),
        ("push with feedback", Self::Feedback),
        ("ages, adverts and pull", Self::Ages),
    ];
}

/// One rumour under way.
struct Rumor {
    random: Random,
    loss: Chance,
    fanout: u32,
    /// By node, once it knows: how often it may still send, or another number.
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

    /// A datagram leaves; whether it arrives.
    fn arrives(&mut self) -> bool {
        self.datagrams += 1;
        !self.random.happens(self.loss)
    }

    /// The rumour comes to a node; whether it was news.
    fn tell(&mut self, node: usize, round: u32, allowance: u32) -> bool {
        self.copies += 1;
        let news = self.knows[node].is_none();
        if news {
            self.knows[node] = Some(allowance);
            self.rounds = round;
        }
        news
    }

    /// Any other node.
    fn other(&mut self, node: usize) -> usize {
        let other = self.random.below(self.knows.len() as u64 - 1) as usize;
        other + usize::from(other >= node)
    }

    /// Sends it from everybody who knows until nobody may send any more. To send costs a node one
    /// of its allowance, or, with feedback, only to tell whom it is no news.
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

    /// All who know push it in each round up to an age, and then advertise it, as long as they are
    /// asked for it and a little longer.
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
        // From now on a node's number is that of the rounds in which nobody asked it.
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

    /// These tell the name; by node, from whom those have it who do not know the rumour.
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

/// How often memberlist's nodes send a rumour each.
fn budget(nodes: usize) -> u32 {
    RETRANSMIT_MULT * ((nodes as f64 + 1.0).log10().ceil() as u32)
}
