//! The network between the nodes: loss, duplication, delay and cuts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::random::{Chance, Random};

/// The latency of a packet, drawn anew for each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// A constant.
    Constant(Duration),
    /// Uniform from `min` to `max`.
    Uniform {
        /// The minimum.
        min: Duration,
        /// The maximum.
        max: Duration,
    },
    /// Log-normal: half of the packets are faster than `median`, and a few are much slower, as on
    /// wide-area paths.
    LogNormal {
        /// The median.
        median: Duration,
        /// The deviation of the logarithm, about 0.25 on a calm path and 1 on a wild one.
        sigma: f64,
    },
}

impl Latency {
    /// Draws microseconds, at least one, so that no exchange of packets can stop the time.
    fn draw(self, random: &mut Random) -> u64 {
        let micros = match self {
            Self::Constant(delay) => micros(delay),
            Self::Uniform { min, max } => {
                let min = micros(min);
                min + random.below(micros(max).saturating_sub(min) + 1)
            }
            // libm, since a platform's own `exp` may round differently.
            Self::LogNormal { median, sigma } => {
                (micros(median) as f64 * libm::exp(sigma * random.normal())) as u64
            }
        };
        micros.max(1)
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The quality of the whole network. Probabilities are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// One-way latency. If it varies, packets overtake each other.
    pub latency: Latency,
    /// Probability that a packet is lost. Requests are delayed by retransmissions, as with TCP.
    pub loss: f64,
    /// Probability that a datagram arrives a second time, after a latency of its own.
    pub duplicate: f64,
    /// Probability that a datagram is delayed, so that later ones overtake it.
    pub reorder: f64,
    /// Maximum of that delay.
    pub reorder_delay: Duration,
}

impl Network {
    /// Returns a healthy local network: 0.5 to 2 ms one way, without loss and duplication.
    #[must_use]
    pub const fn lan() -> Self {
        Self {
            latency: Latency::Uniform {
                min: Duration::from_micros(500),
                max: Duration::from_millis(2),
            },
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_delay: Duration::from_millis(50),
        }
    }

    /// Sets the probability of loss.
    #[must_use]
    pub const fn loss(self, loss: f64) -> Self {
        Self { loss, ..self }
    }
}

impl Default for Network {
    /// Returns [`Network::lan`].
    fn default() -> Self {
        Self::lan()
    }
}

/// Datagrams and requests draw from streams of their own: one more request changes no datagram.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Datagrams,
    Requests,
}

/// A cut: whether the network is cut from one node to another.
type Cut = Box<dyn Fn(usize, usize) -> bool + Send>;

/// The journey of a datagram that is not lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Latency in microseconds.
    pub delay: u64,
    /// Latency of the duplicate in microseconds, if there is one.
    pub double: Option<u64>,
}

/// The running network: its quality, exceptions, and randomness.
pub struct Links {
    random: [Random; 2],
    network: Network,
    loss: Chance,
    duplicate: Chance,
    reorder: Chance,
    /// Loss by node, in and out. Empty while all are equal.
    nodes: Vec<[Chance; 2]>,
    links: BTreeMap<(usize, usize), Chance>,
    cut: Option<Cut>,
}

impl Links {
    /// Creates the network of the simulation with this seed.
    ///
    /// # Panics
    ///
    /// Panics if a probability is not between 0 and 1.
    #[must_use]
    pub fn new(network: Network, seed: u64) -> Self {
        let random = [Random::new(seed, 0), Random::new(seed, 1)];
        let mut links = Self {
            random,
            network,
            loss: Chance::default(),
            duplicate: Chance::default(),
            reorder: Chance::default(),
            nodes: Vec::new(),
            links: BTreeMap::new(),
            cut: None,
        };
        links.set_network(network);
        links
    }

    pub(crate) fn network(&self) -> Network {
        self.network
    }

    pub(crate) fn set_network(&mut self, network: Network) {
        self.loss = Chance::new(network.loss);
        self.duplicate = Chance::new(network.duplicate);
        self.reorder = Chance::new(network.reorder);
        self.network = network;
    }

    pub(crate) fn set_node_loss(&mut self, node: usize, inwards: f64, outwards: f64) {
        if self.nodes.len() <= node {
            self.nodes.resize(node + 1, [Chance::default(); 2]);
        }
        self.nodes[node] = [Chance::new(inwards), Chance::new(outwards)];
    }

    pub(crate) fn set_link_loss(&mut self, from: usize, to: usize, loss: f64) {
        self.links.insert((from, to), Chance::new(loss));
    }

    pub(crate) fn set_cut(&mut self, cut: Option<Cut>) {
        self.cut = cut;
    }

    /// Draws whether a packet between these two is lost.
    pub(crate) fn lose(&mut self, stream: Stream, from: usize, to: usize) -> bool {
        if self.cut.as_ref().is_some_and(|cut| cut(from, to)) {
            return true;
        }
        let random = &mut self.random[stream as usize];
        let inwards = self.nodes.get(to).map_or(Chance::default(), |chances| chances[0]);
        let outwards = self.nodes.get(from).map_or(Chance::default(), |chances| chances[1]);
        random.happens(self.loss)
            || random.happens(inwards)
            || random.happens(outwards)
            || self.links.get(&(from, to)).is_some_and(|&loss| random.happens(loss))
    }

    /// Draws the latency of a packet, in microseconds.
    pub(crate) fn delay(&mut self, stream: Stream) -> u64 {
        self.network.latency.draw(&mut self.random[stream as usize])
    }

    /// Sends a datagram from one node to another. Returns `None` if it is lost.
    pub fn send(&mut self, from: usize, to: usize) -> Option<Passage> {
        if self.lose(Stream::Datagrams, from, to) {
            return None;
        }
        let doubles = self.random[Stream::Datagrams as usize].happens(self.duplicate);
        let double = doubles.then(|| self.datagram_delay());
        Some(Passage { delay: self.datagram_delay(), double })
    }

    /// Draws the latency of a datagram, a delay included.
    fn datagram_delay(&mut self) -> u64 {
        let delay = self.delay(Stream::Datagrams);
        let random = &mut self.random[Stream::Datagrams as usize];
        if random.happens(self.reorder) {
            delay + random.below(micros(self.network.reorder_delay) + 1)
        } else {
            delay
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn links(network: Network) -> Links {
        Links::new(network, 1)
    }

    fn lost(links: &mut Links, from: usize, to: usize) -> usize {
        (0..10_000).filter(|_| links.lose(Stream::Datagrams, from, to)).count()
    }

    #[test]
    fn latencies_follow_their_distribution() {
        let mut random = Random::new(1, 0);
        assert_eq!(Latency::Constant(Duration::ZERO).draw(&mut random), 1);
        let uniform = Latency::Uniform { min: MILLI, max: 2 * MILLI };
        let drawn: Vec<u64> = (0..10_000).map(|_| uniform.draw(&mut random)).collect();
        assert!(drawn.iter().all(|micros| (1_000..=2_000).contains(micros)));
        assert!((1_480..1_520).contains(&(drawn.iter().sum::<u64>() / 10_000)));

        let skewed = Latency::LogNormal { median: 50 * MILLI, sigma: 0.5 };
        let mut drawn: Vec<u64> = (0..10_001).map(|_| skewed.draw(&mut random)).collect();
        drawn.sort_unstable();
        assert!((49_000..51_000).contains(&drawn[5_000]), "median {}", drawn[5_000]);
        // exp(0.5) = 1.649 at one deviation.
        assert!((80_000..85_000).contains(&drawn[8_413]), "84 % below {}", drawn[8_413]);
    }

    #[test]
    fn losses_add_up_by_node_and_by_link() {
        let mut links = links(Network::lan());
        assert_eq!(lost(&mut links, 0, 1), 0);
        links.set_node_loss(1, 0.5, 0.0);
        assert!((4_800..5_200).contains(&lost(&mut links, 0, 1)));
        assert_eq!(lost(&mut links, 1, 0), 0);
        links.set_node_loss(0, 0.0, 0.5);
        assert!((7_300..7_700).contains(&lost(&mut links, 0, 1)));
        links.set_link_loss(2, 3, 1.0);
        assert_eq!((lost(&mut links, 2, 3), lost(&mut links, 3, 2)), (10_000, 0));
    }

    #[test]
    fn a_cut_can_be_one_way_and_heals() {
        let mut links = links(Network::lan());
        links.set_cut(Some(Box::new(|from, to| from == 0 && to == 1)));
        assert_eq!((lost(&mut links, 0, 1), lost(&mut links, 1, 0)), (10_000, 0));
        links.set_cut(None);
        assert_eq!(lost(&mut links, 0, 1), 0);
    }

    #[test]
    fn held_up_datagrams_are_as_late_as_told() {
        let constant = Latency::Constant(MILLI);
        let network = Network { latency: constant, reorder: 0.25, ..Network::lan() };
        let mut links = links(network);
        let delays: Vec<u64> = (0..10_000).map(|_| links.datagram_delay()).collect();
        let late = delays.iter().filter(|&&delay| delay > 1_000).count();
        assert!((2_300..2_700).contains(&late), "{late}");
        assert!(delays.iter().all(|delay| (1_000..=51_000).contains(delay)));
    }
}
