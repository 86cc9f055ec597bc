//! The configuration of a node, grouped by module, and three presets.

use core::time::Duration;

use crate::ConfigError;

/// The configuration of a node. All nodes of a cluster should share one.
///
/// Start from [`Config::lan`], [`Config::wan`] or [`Config::local`] and change fields:
///
/// ```
/// use gossip_core::Config;
///
/// let config = Config::lan().with(|config| config.requests.enabled = false);
/// assert_eq!(config.validate(), Ok(()));
/// ```
///
/// The presets use the probe times of HashiCorp memberlist, which have proven themselves, and a
/// detector that reaches a verdict sooner. [`Config::lifeguard`] and [`Config::swim`] select
/// memberlist's detector and plain SWIM, for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Largest datagram to send, in bytes; 256 to 65,000. Keep it below the path's MTU: a
    /// fragmented datagram is lost if any fragment is. A node leaves 44 of these bytes unused,
    /// reserved for encryption.
    pub datagram_budget: usize,
    /// Longest time that leaving may take; 0 to 1 h.
    pub leave_timeout: Duration,
    /// Member table.
    pub members: MembersConfig,
    /// Failure detection.
    pub detector: DetectorConfig,
    /// Rumours.
    pub rumors: RumorsConfig,
    /// Repair of what rumours missed.
    pub repair: RepairConfig,
    /// Joining and reconnecting.
    pub join: JoinConfig,
    /// Requests.
    pub requests: RequestsConfig,
    /// Bounds of the output queues.
    pub queues: QueuesConfig,
}

/// Bounds of the member table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembersConfig {
    /// Capacity of the table, departed members included; 2 to 2^24. A full table refuses
    /// newcomers. Bounds the memory.
    pub max: u32,
    /// Time for which a node remembers departed members (dead or left); 1 s to 30 days. Choose it
    /// longer than any partition that should heal without a trace. Costs memory.
    pub retention: Duration,
}

/// Failure detection: the schedule of probes, their effort and the evidence for a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DetectorConfig {
    /// Algorithm of the detector.
    pub kind: DetectorKind,
    /// Time between two probes; 2 ms to 1 h. The main trade-off between detection time and
    /// traffic.
    pub probe_interval: Duration,
    /// Time that a probe waits for a direct ack before it goes through relays; 1 ms to 4/5 of
    /// `probe_interval`. Choose about the 99th percentile of the round-trip time.
    pub probe_timeout: Duration,
    /// Number of relays per indirect probe; 0 to 16.
    pub indirect_probes: u8,
    /// Minimum suspicion timeout in a cluster of ten; 1 ms to 1 h. It grows with log10 of the
    /// cluster's size. Larger values give fewer false verdicts and later ones. In Lifeguard's
    /// terms it is alpha times `probe_interval`.
    pub suspicion_timeout: Duration,
    /// Factor by which the timeout of an unconfirmed suspicion exceeds the minimum; 1 to 100
    /// (Lifeguard's beta). With 1, confirmations do not shorten a suspicion.
    pub suspicion_max_mult: u8,
    /// Worst local health score; 0 to 32. A node at score s multiplies its timeouts by s + 1.
    /// With 0, Lifeguard's local health is off.
    pub max_local_health: u8,
    /// Whether a ping tells a suspect about the suspicion (Lifeguard's buddy system), which adds
    /// at least 12 bytes to such a ping. Without it, suspects hear later and more of them die
    /// falsely. A watcher of [`DetectorKind::Rings`] always tells its suspect.
    pub buddy_system: bool,
}

/// Algorithm of failure detection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DetectorKind {
    /// SWIM (Das, Gupta, Motivala, DSN 2002), optionally with Lifeguard's extensions.
    ///
    /// - Each interval, a node probes the next member of a shuffled list with one ping, then
    ///   through relays.
    /// - Any node whose suspicion timeout expires declares the suspect dead.
    Swim,
    /// Eight fixed watchers per member, on eight rings. It costs as many probes as SWIM.
    ///
    /// - *Schedule*: watchers have appointments, so a crash meets its first ping after half an
    ///   interval on average and after one interval at most.
    /// - *Escalation*: a probe sends three to five pings, then three rounds of indirect probes.
    /// - *Confirmation*: the other watchers of a suspect probe it at once.
    /// - *Verdict*: a watcher may declare a suspect dead after its own probe failed twice,
    ///   another member accused the suspect, and this watcher heard from other members in the
    ///   same period.
    /// - *Flapping*: a member that refuted an accusation in the last ten minutes is pinged longer
    ///   before the next accusation. The addition is twice `probe_timeout`, or a third of the
    ///   minimum suspicion timeout if that is longer, and grows threefold after a second
    ///   refutation. A crash of such a member is detected later by the same time.
    #[default]
    Rings,
}

/// Spreading of changed records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RumorsConfig {
    /// Time between two rounds of a rumour; 1 ms to 1 min.
    pub interval: Duration,
    /// Number of random members that receive a rumour per round; 1 to 16.
    pub fanout: u8,
    /// Time for which a new rumour waits for others before the node forwards them together;
    /// 0 to `interval`. Larger values give fewer datagrams and later ones.
    pub coalesce_delay: Duration,
}

/// Comparison of tables and exchange of the records that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairConfig {
    /// Time between two comparisons with random members while a node catches up after a join, and
    /// the minimum time between two repairs; 10 ms to 1 h.
    pub interval: Duration,
    /// Pace of repair by datagrams, in bytes per second; 64 KiB to 1 GiB.
    ///
    /// The node drops what does not leave in time, and the receiver requests it again. Larger
    /// values serve nodes that lack much, and joins of thousands of nodes, sooner. Smaller values
    /// lose less on slow paths and in small socket buffers. Requests follow the pace of their
    /// carrier instead.
    pub bytes_per_second: u32,
}

/// Joining and reconnecting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinConfig {
    /// Time for which a join waits for its seeds; 10 ms to 1 h.
    pub timeout: Duration,
    /// Time between two attempts to reach a dead member or an absent seed; 10 ms to 1 h. These
    /// attempts heal partitions.
    pub reconnect_interval: Duration,
}

/// Requests: a frame there and a frame back over a reliable carrier such as TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestsConfig {
    /// Whether the driver can carry requests. Without them everything works by datagrams, and
    /// bulk takes longer.
    pub enabled: bool,
    /// Time after which a request fails; 10 ms to 10 min.
    pub timeout: Duration,
    /// Largest request or reply frame, in bytes; 4 KiB to 16 MiB. Larger exchanges are split into
    /// pages.
    pub max_frame: usize,
    /// Number of own requests in flight; 1 to 4,096.
    pub max_in_flight: usize,
}

/// Bounds of the output queues.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuesConfig {
    /// Number of queued events; 16 to 2^24. The node drops and counts further ones.
    pub max_events: usize,
    /// Number of queued datagrams; 16 to 2^20. As many again may wait for the pace of repair. The
    /// node drops and counts further ones.
    pub max_transmits: usize,
}

impl Config {
    /// Returns the preset for a data centre: round trips of about a millisecond, some loss.
    #[must_use]
    pub const fn lan() -> Self {
        Self {
            datagram_budget: 1_200,
            leave_timeout: Duration::from_secs(5),
            members: MembersConfig { max: 1 << 17, retention: Duration::from_secs(3_600) },
            detector: DetectorConfig {
                kind: DetectorKind::Rings,
                probe_interval: Duration::from_secs(1),
                probe_timeout: Duration::from_millis(500),
                indirect_probes: 3,
                suspicion_timeout: Duration::from_millis(1_500),
                suspicion_max_mult: 6,
                max_local_health: 8,
                buddy_system: true,
            },
            rumors: RumorsConfig {
                interval: Duration::from_millis(100),
                fanout: 3,
                coalesce_delay: Duration::from_millis(2),
            },
            repair: RepairConfig {
                interval: Duration::from_millis(200),
                bytes_per_second: 4 << 20,
            },
            join: JoinConfig {
                timeout: Duration::from_secs(10),
                reconnect_interval: Duration::from_secs(10),
            },
            requests: RequestsConfig {
                enabled: true,
                timeout: Duration::from_secs(10),
                max_frame: 1 << 20,
                max_in_flight: 64,
            },
            queues: QueuesConfig { max_events: 1 << 16, max_transmits: 1 << 14 },
        }
    }

    /// Returns the preset for links across continents: round trips of hundreds of milliseconds.
    #[must_use]
    pub const fn wan() -> Self {
        let mut config = Self::lan();
        config.leave_timeout = Duration::from_secs(15);
        config.detector.probe_interval = Duration::from_secs(5);
        config.detector.probe_timeout = Duration::from_secs(3);
        config.detector.suspicion_timeout = Duration::from_millis(7_500);
        config.rumors.interval = Duration::from_millis(500);
        config.rumors.fanout = 4;
        config.rumors.coalesce_delay = Duration::from_millis(10);
        config.repair.interval = Duration::from_secs(1);
        config.repair.bytes_per_second = 1 << 20;
        config.join.timeout = Duration::from_secs(30);
        config.join.reconnect_interval = Duration::from_secs(30);
        config.requests.timeout = Duration::from_secs(30);
        config
    }

    /// Returns the preset for several nodes on one host, over loopback.
    #[must_use]
    pub const fn local() -> Self {
        let mut config = Self::lan();
        config.leave_timeout = Duration::from_secs(2);
        config.detector.probe_timeout = Duration::from_millis(200);
        config.detector.indirect_probes = 1;
        config.detector.suspicion_timeout = Duration::from_secs(1);
        config.rumors.coalesce_delay = Duration::from_millis(1);
        config.repair.interval = Duration::from_millis(100);
        config.join.timeout = Duration::from_secs(3);
        config.join.reconnect_interval = Duration::from_secs(2);
        config.requests.timeout = Duration::from_secs(1);
        config
    }

    /// Selects SWIM with Lifeguard's three extensions, as in memberlist: alpha is 5, beta 6
    /// (Dadgar et al., arXiv 1707.00788).
    #[must_use]
    pub const fn lifeguard(mut self) -> Self {
        self.detector.kind = DetectorKind::Swim;
        self.detector.suspicion_timeout = self.detector.probe_interval.saturating_mul(5);
        self.detector.suspicion_max_mult = 6;
        self
    }

    /// Selects plain SWIM: alpha is 5, beta 1, without local health and the buddy system.
    #[must_use]
    pub const fn swim(self) -> Self {
        let mut config = self.lifeguard();
        config.detector.suspicion_max_mult = 1;
        config.detector.max_local_health = 0;
        config.detector.buddy_system = false;
        config
    }

    /// Applies `change` and returns the result.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Checks that every field is within its bounds.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfBounds`] names the first field that is not, and its bounds.
    pub fn validate(&self) -> Result<(), ConfigError> {
        const MILLI: Duration = Duration::from_millis(1);
        const CENTI: Duration = Duration::from_millis(10);
        const SECOND: Duration = Duration::from_secs(1);
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(3_600);
        let Self { members, detector, rumors, repair, join, requests, queues, .. } = self;
        let checks = [
            check(self.datagram_budget, 256..=65_000, "datagram_budget", "256 to 65,000"),
            check(self.leave_timeout, Duration::ZERO..=HOUR, "leave_timeout", "0 to 1 h"),
            check(members.max, 2..=1 << 24, "members.max", "2 to 2^24"),
            check(members.retention, SECOND..=720 * HOUR, "members.retention", "1 s to 30 days"),
            check(
                detector.probe_interval,
                2 * MILLI..=HOUR,
                "detector.probe_interval",
                "2 ms to 1 h",
            ),
            check(
                detector.probe_timeout,
                MILLI..=detector.probe_interval * 4 / 5,
                "detector.probe_timeout",
                "1 ms to 4/5 of detector.probe_interval",
            ),
            check(detector.indirect_probes, 0..=16, "detector.indirect_probes", "0 to 16"),
            check(
                detector.suspicion_timeout,
                MILLI..=HOUR,
                "detector.suspicion_timeout",
                "1 ms to 1 h",
            ),
            check(detector.suspicion_max_mult, 1..=100, "detector.suspicion_max_mult", "1 to 100"),
            check(detector.max_local_health, 0..=32, "detector.max_local_health", "0 to 32"),
            check(rumors.interval, MILLI..=MINUTE, "rumors.interval", "1 ms to 1 min"),
            check(rumors.fanout, 1..=16, "rumors.fanout", "1 to 16"),
            check(
                rumors.coalesce_delay,
                Duration::ZERO..=rumors.interval,
                "rumors.coalesce_delay",
                "0 to rumors.interval",
            ),
            check(repair.interval, CENTI..=HOUR, "repair.interval", "10 ms to 1 h"),
            check(
                repair.bytes_per_second,
                1 << 16..=1 << 30,
                "repair.bytes_per_second",
                "64 KiB to 1 GiB",
            ),
            check(join.timeout, CENTI..=HOUR, "join.timeout", "10 ms to 1 h"),
            check(join.reconnect_interval, CENTI..=HOUR, "join.reconnect_interval", "10 ms to 1 h"),
            check(requests.timeout, CENTI..=10 * MINUTE, "requests.timeout", "10 ms to 10 min"),
            check(requests.max_frame, 4_096..=1 << 24, "requests.max_frame", "4 KiB to 16 MiB"),
            check(requests.max_in_flight, 1..=4_096, "requests.max_in_flight", "1 to 4,096"),
            check(queues.max_events, 16..=1 << 24, "queues.max_events", "16 to 2^24"),
            check(queues.max_transmits, 16..=1 << 20, "queues.max_transmits", "16 to 2^20"),
        ];
        checks.into_iter().collect()
    }
}

impl Default for Config {
    /// Returns [`Config::lan`].
    fn default() -> Self {
        Self::lan()
    }
}

fn check<T: PartialOrd>(
    value: T,
    range: core::ops::RangeInclusive<T>,
    field: &'static str,
    bounds: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(&value) { Ok(()) } else { Err(ConfigError::OutOfBounds { field, bounds }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid() {
        for preset in [Config::local(), Config::lan(), Config::wan()] {
            assert_eq!(preset.validate(), Ok(()));
            assert_eq!(preset.clone().lifeguard().validate(), Ok(()));
            assert_eq!(preset.swim().validate(), Ok(()));
        }
    }

    #[test]
    fn validate_names_field_out_of_bounds() {
        let long = Duration::from_secs(2);
        let config = Config::lan().with(|config| config.detector.probe_timeout = long);
        assert_eq!(
            config.validate(),
            Err(ConfigError::OutOfBounds {
                field: "detector.probe_timeout",
                bounds: "1 ms to 4/5 of detector.probe_interval"
            })
        );
    }
}
