//! Metrics of a node, published with the `metrics` crate (feature `metrics`).
//!
//! Install the recorder before the node starts. All metrics carry the label `node`, the id of the
//! node. The node publishes them once per second and at its end.
//!
//! **Counters**: each counter of [`Stats`] by its group and name, as in
//! `gossip_traffic_datagrams_sent_total`. `gossip_messages_sent_total` and
//! `gossip_messages_received_total` have a label `kind`, as in `detector_ping`.
//!
//! **Gauges**:
//!
//! | name | meaning |
//! |---|---|
//! | `gossip_members` | known members, this node and departed ones included |
//! | `gossip_live_peers` | other members that are live |
//! | `gossip_local_health` | Lifeguard's local health score: 0 is healthy |
//! | `gossip_settled` | 1 if the cluster has settled as far as this node can see, else 0 |

use std::time::Duration;

use gossip_core::{Instant, MessageStats, NodeId, Stats};
use metrics::{Counter, Gauge, counter, gauge};

use crate::Node;

/// Time between two publications.
const PERIOD: Duration = Duration::from_secs(1);

/// The metrics of one node.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of [`Stats::each`].
    counters: Vec<Counter>,
    /// By kind of message, in the order of [`MessageStats::each`].
    sent: Vec<Counter>,
    received: Vec<Counter>,
    members: Gauge,
    live_peers: Gauge,
    local_health: Gauge,
    settled: Gauge,
    deadline: Instant,
}

impl Metrics {
    pub(crate) fn new(now: Instant, node: NodeId) -> Self {
        let id = node.to_string();
        let mut counters = Vec::new();
        Stats::default().each(|group, name, _| {
            let name = format!("gossip_{group}_{name}_total");
            counters.push(counter!(name, "node" => id.clone()));
        });
        let by_kind = |name: &'static str| {
            let mut counters = Vec::new();
            MessageStats::default().each(|module, kind, _| {
                let kind = format!("{module}_{kind}");
                counters.push(counter!(name, "node" => id.clone(), "kind" => kind));
            });
            counters
        };
        Self {
            counters,
            sent: by_kind("gossip_messages_sent_total"),
            received: by_kind("gossip_messages_received_total"),
            members: gauge!("gossip_members", "node" => id.clone()),
            live_peers: gauge!("gossip_live_peers", "node" => id.clone()),
            local_health: gauge!("gossip_local_health", "node" => id.clone()),
            settled: gauge!("gossip_settled", "node" => id.clone()),
            deadline: now,
        }
    }

    /// Returns when to call [`publish_if_due`](Self::publish_if_due).
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn publish_if_due(&mut self, now: Instant, node: &Node) {
        if self.deadline <= now {
            self.deadline = now + PERIOD;
            self.publish(node);
        }
    }

    pub(crate) fn publish(&self, node: &Node) {
        let stats = node.stats();
        let mut counters = self.counters.iter();
        stats.each(|_, _, value| counters.next().into_iter().for_each(|it| it.absolute(value)));
        for (counters, messages) in [(&self.sent, stats.sent), (&self.received, stats.received)] {
            let mut counters = counters.iter();
            messages.each(|_, _, value| {
                counters.next().into_iter().for_each(|it| it.absolute(value));
            });
        }
        self.members.set(node.members().count() as f64);
        self.live_peers.set(node.live_peers() as f64);
        self.local_health.set(node.health());
        self.settled.set(u8::from(node.is_settled()));
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::{Config, Epoch, Local};
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;

    #[test]
    fn metrics_are_published_when_due() {
        let id = NodeId::from_u128(1);
        let local = Local::new(id, Epoch::default(), "10.0.0.1:1".parse().unwrap());
        let mut node = Node::new(Instant::ORIGIN, local, Config::lan(), [0; 32]).unwrap();
        let recorder = DebuggingRecorder::new();
        let mut metrics =
            metrics::with_local_recorder(&recorder, || Metrics::new(Instant::ORIGIN, id));

        let now = metrics.deadline();
        assert!(node.handle_datagram(now, &"10.0.0.2:1".parse().unwrap(), &mut [0]).is_err());
        metrics.publish_if_due(now, &node);
        assert_eq!(metrics.deadline(), now + PERIOD);
        let published = recorder.snapshotter().snapshot().into_vec();
        let value = |name: &str| {
            let mut named = published.iter().filter(|(key, ..)| key.key().name() == name);
            let (key, .., value) = named.next().expect("it is published");
            let label = key.key().labels().next().unwrap();
            assert_eq!((label.key(), label.value()), ("node", id.to_string().as_str()));
            value
        };
        assert_eq!(*value("gossip_rejected_too_short_total"), DebugValue::Counter(1));
        assert_eq!(*value("gossip_members"), DebugValue::Gauge(1.0.into()));
        assert_eq!(*value("gossip_messages_sent_total"), DebugValue::Counter(0));
    }
}
