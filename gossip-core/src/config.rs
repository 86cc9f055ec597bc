//! Every knob, with its unit, bounds and trade-off, and three presets.

use core::time::Duration;

use crate::ConfigError;

/// How a node behaves. Start from [`Config::lan`], [`Config::wan`] or [`Config::local`], change
/// what you must, and give the same to all nodes of a cluster:
///
/// ```
/// use gossip_core::Config;
///
/// let config = Config { requests: false, ..Config::lan() };
/// assert_eq!(config.validate(), Ok(()));
/// ```
///
/// The presets have the probe times of HashiCorp memberlist, which are proven in the field, and a
/// detector that needs far less time for a verdict; [`Config::lifeguard`] and [`Config::swim`] give
/// memberlist's own and the plain one, for comparison and for who wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The largest datagram to send, in bytes, 256 to 65,000. Below the path's MTU, for a
    /// fragmented datagram is lost when any of its fragments is. 44 bytes of it are kept free for
    /// a seal.
    pub datagram_budget: usize,
    /// Whether the adapter can carry requests (a frame there, a frame back, reliably). Without
    /// them everything still works by datagrams; bulk is slower.
    pub requests: bool,
    /// How long a request may take, 10 ms to 10 min.
    pub request_timeout: Duration,
    /// The largest request or reply frame, in bytes, 4 KiB to 16 MiB. What is larger goes in
    /// pages.
    pub max_frame: usize,
    /// How many members, the dead included, the table may hold; 2 to 2^24. Beyond it newcomers
    /// are refused. Bounds the memory.
    pub max_members: u32,

    /// The pause between two probes, 2 ms to 1 h. The main trade-off: detection time against
    /// packets.
    pub probe_interval: Duration,
    /// How long to wait for a direct answer before others are asked to probe, 1 ms to 4/5 of the
    /// probe interval. About the 99th percentile of the round trip.
    pub probe_timeout: Duration,
    /// How many others are asked, 0 to 16.
    pub indirect_probes: u8,
    /// Who is probed when, how hard a probe tries, and what it takes for a verdict.
    pub detector: Detector,
    /// The least time of a suspicion in a cluster of ten, 1 ms to 1 h; it grows with log10 of the
    /// cluster's size. Larger: fewer false verdicts, later ones. Lifeguard's alpha is how many probe
    /// intervals this is.
    pub suspicion: Duration,
    /// How many times the least a suspicion lasts that nobody else confirms; 1 to 100
    /// (Lifeguard's beta). 1 switches Lifeguard's shrinking suspicion off.
    pub suspicion_max_mult: u8,
    /// The worst local health score, 0 to 32; 0 switches Lifeguard's local health off. A node at
    /// score s waits s + 1 times as long.
    pub max_local_health: u8,
    /// Whether a ping tells a suspect that it is one (Lifeguard's buddy system). Twelve bytes and
    /// more in such a ping; without it suspects hear later, and more of them die falsely. Watchers
    /// ([`Detector::Watchers`]) always tell.
    pub buddy: bool,

    /// The pause between two rounds of a rumour, 1 ms to 1 min.
    pub gossip_interval: Duration,
    /// To how many random members a rumour goes each round, 1 to 16.
    pub fanout: u8,
    /// How long fresh rumours wait for each other before they are forwarded, 0 to the gossip
    /// interval. Larger: fewer datagrams, later ones.
    pub coalesce: Duration,
    /// The pause between two comparisons with random members while catching up after a join, and
    /// the least between two repairs; 10 ms to 1 h.
    pub sync_interval: Duration,

    /// How many bytes per second of repair may leave in datagrams, 64 KiB to 1 GiB: records and
    /// names, where tables differ by more than rumours bring. What does not leave in time is asked
    /// for again. Larger: who lacks much has it sooner, and fast joins of very many need it;
    /// smaller: less is lost on slow paths and in small socket buffers. Requests have a pace of
    /// their own, that of their carrier.
    pub repair_rate: u32,

    /// How long a join waits for its seeds, 10 ms to 1 h.
    pub join_timeout: Duration,
    /// How long leaving may take at most, 0 to 1 h.
    pub leave_timeout: Duration,
    /// The pause between two attempts to reach a dead member or an absent seed, 10 ms to 1 h.
    /// Heals partitions.
    pub reconnect_interval: Duration,
    /// For how long the dead and those who left are remembered, 1 s to 30 days. Longer than any
    /// partition that should heal without trace; costs memory.
    pub grace: Duration,

    /// How many events may wait, 16 to 2^24; beyond that they are lost and counted.
    pub max_events: usize,
    /// How many datagrams may wait, 16 to 2^20, and as many again for the pace of repair; beyond that
    /// they are dropped and counted.
    pub max_transmits: usize,
    /// How many requests of our own may be open at once, 1 to 4,096.
    pub max_requests: usize,
}

/// How failures are detected: what the two ways do not share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detector {
    /// SWIM's (Das, Gupta, Motivala 2002): each interval a member is probed that is next in a
    /// shuffled order, by one ping, then through others; a suspicion that is not refuted in time is
    /// a verdict, whoever's time it is that ends.
    Swim,
    /// Each member has eight fixed watchers with appointments, so that a crash meets its first
    /// ping after half an interval on average and one at most. A probe pings three to five
    /// times, then asks others thrice. A suspect's other watchers probe it at once, and only one whose own
    /// probe has failed, just now and again, may declare it dead, if it has heard from others
    /// meanwhile and another has accused it as well. Costs as many probes as SWIM. One that
    /// refuted an accusation in the last ten minutes is pinged for longer before it is suspected
    /// again, by twice the probe timeout (in large clusters by a third of the least suspicion, if
    /// that is more), by three times as much after two refutations; it is found dead so much later.
    #[default]
    Watchers,
}

impl Config {
    /// For a data centre: round trips of about a millisecond, some loss.
    #[must_use]
    pub const fn lan() -> Self {
        Self {
            datagram_budget: 1_200,
            requests: true,
            request_timeout: Duration::from_secs(10),
            max_frame: 1 << 20,
            max_members: 1 << 17,
            probe_interval: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(500),
            indirect_probes: 3,
            detector: Detector::Watchers,
            suspicion: Duration::from_millis(1_500),
            suspicion_max_mult: 6,
            max_local_health: 8,
            buddy: true,
            gossip_interval: Duration::from_millis(100),
            fanout: 3,
            coalesce: Duration::from_millis(2),
            sync_interval: Duration::from_millis(200),
            repair_rate: 4 << 20,
            join_timeout: Duration::from_secs(10),
            leave_timeout: Duration::from_secs(5),
            reconnect_interval: Duration::from_secs(10),
            grace: Duration::from_secs(3_600),
            max_events: 1 << 16,
            max_transmits: 1 << 14,
            max_requests: 64,
        }
    }

    /// Across continents: round trips of hundreds of milliseconds.
    #[must_use]
    pub const fn wan() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            probe_interval: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(3),
            suspicion: Duration::from_millis(7_500),
            gossip_interval: Duration::from_millis(500),
            fanout: 4,
            coalesce: Duration::from_millis(10),
            sync_interval: Duration::from_secs(1),
            repair_rate: 1 << 20,
            join_timeout: Duration::from_secs(30),
            leave_timeout: Duration::from_secs(15),
            reconnect_interval: Duration::from_secs(30),
            ..Self::lan()
        }
    }

    /// For one host, over loopback.
    #[must_use]
    pub const fn local() -> Self {
        Self {
            request_timeout: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(200),
            indirect_probes: 1,
            suspicion: Duration::from_secs(1),
            gossip_interval: Duration::from_millis(100),
            coalesce: Duration::from_millis(1),
            sync_interval: Duration::from_millis(100),
            join_timeout: Duration::from_secs(3),
            leave_timeout: Duration::from_secs(2),
            reconnect_interval: Duration::from_secs(2),
            ..Self::lan()
        }
    }

    /// These values with SWIM's detector and Lifeguard's three parts, as in memberlist: alpha is 5,
    /// beta 6 (arXiv 1707.00788).
    #[must_use]
    pub const fn lifeguard(self) -> Self {
        let suspicion = self.probe_interval.saturating_mul(5);
        Self { detector: Detector::Swim, suspicion, suspicion_max_mult: 6, ..self }
    }

    /// These values with plain SWIM: a suspicion of alpha = 5, beta = 1, no local health, no buddy.
    #[must_use]
    pub const fn swim(self) -> Self {
        let lifeguard = self.lifeguard();
        Self { suspicion_max_mult: 1, max_local_health: 0, buddy: false, ..lifeguard }
    }

    /// Whether every field is within its bounds.
    ///
    /// # Errors
    ///
    /// Names the first field that is not, and its bounds.
    pub fn validate(&self) -> Result<(), ConfigError> {
        const MILLI: Duration = Duration::from_millis(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        let centi = 10 * MILLI;
        let second = Duration::from_secs(1);
        let minute = 60 * second;
        let bounds: &[(bool, &'static str, &'static str)] = &[
            ((256..=65_000).contains(&self.datagram_budget), "datagram_budget", "256 to 65,000"),
            (
                within(self.request_timeout, centi, 10 * minute),
                "request_timeout",
                "10 ms to 10 min",
            ),
            ((4_096..=1 << 24).contains(&self.max_frame), "max_frame", "4 KiB to 16 MiB"),
            ((2..=1 << 24).contains(&self.max_members), "max_members", "2 to 2^24"),
            (within(self.probe_interval, 2 * MILLI, HOUR), "probe_interval", "2 ms to 1 h"),
            (
                within(self.probe_timeout, MILLI, self.probe_interval * 4 / 5),
                "probe_timeout",
                "1 ms to 4/5 of probe_interval",
            ),
            (self.indirect_probes <= 16, "indirect_probes", "0 to 16"),
            (within(self.suspicion, MILLI, HOUR), "suspicion", "1 ms to 1 h"),
            ((1..=100).contains(&self.suspicion_max_mult), "suspicion_max_mult", "1 to 100"),
            (self.max_local_health <= 32, "max_local_health", "0 to 32"),
            (within(self.gossip_interval, MILLI, minute), "gossip_interval", "1 ms to 1 min"),
            ((1..=16).contains(&self.fanout), "fanout", "1 to 16"),
            (self.coalesce <= self.gossip_interval, "coalesce", "0 to gossip_interval"),
            (within(self.sync_interval, centi, HOUR), "sync_interval", "10 ms to 1 h"),
            ((1 << 16..=1 << 30).contains(&self.repair_rate), "repair_rate", "64 KiB to 1 GiB"),
            (within(self.join_timeout, centi, HOUR), "join_timeout", "10 ms to 1 h"),
            (self.leave_timeout <= HOUR, "leave_timeout", "0 to 1 h"),
            (within(self.reconnect_interval, centi, HOUR), "reconnect_interval", "10 ms to 1 h"),
            (within(self.grace, second, 720 * HOUR), "grace", "1 s to 30 days"),
            ((16..=1 << 24).contains(&self.max_events), "max_events", "16 to 2^24"),
            ((16..=1 << 20).contains(&self.max_transmits), "max_transmits", "16 to 2^20"),
            ((1..=4_096).contains(&self.max_requests), "max_requests", "1 to 4,096"),
        ];
        match bounds.iter().find(|(holds, ..)| !holds) {
            Some(&(_, field, bounds)) => Err(ConfigError::OutOfBounds { field, bounds }),
            None => Ok(()),
        }
    }
}

impl Default for Config {
    /// [`Config::lan`].
    fn default() -> Self {
        Self::lan()
    }
}

fn within(value: Duration, least: Duration, most: Duration) -> bool {
    (least..=most).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_valid() {
        for preset in [Config::local(), Config::lan(), Config::wan()] {
            assert_eq!(preset.validate(), Ok(()));
            assert_eq!(preset.clone().lifeguard().validate(), Ok(()));
            assert_eq!(preset.swim().validate(), Ok(()));
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let config = Config { probe_timeout: Duration::from_secs(2), ..Config::lan() };
        assert_eq!(
            config.validate(),
            Err(ConfigError::OutOfBounds {
                field: "probe_timeout",
                bounds: "1 ms to 4/5 of probe_interval"
            })
        );
    }
}
