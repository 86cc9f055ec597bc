//! The nodes, and the observation of their knowledge.

use std::time::Duration;

use cpu_time::ProcessTime;
use gossip_tokio::{Config, Error, Gossip, NodeId, Status};
use tokio::time::{Instant, sleep, timeout};

use crate::model::{Idle, Notice};
use crate::view::{Step, View};

/// Time between two looks at the nodes: the resolution of all times.
const TICK: Duration = Duration::from_millis(5);

/// Time after which a step fails.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    nodes: Vec<Gossip>,
}

impl Cluster {
    pub(crate) async fn start(size: usize) -> Result<Self, Error> {
        let mut nodes = Vec::with_capacity(size);
        for number in 0..size {
            nodes.push(start(number).await?);
        }
        Ok(Self { nodes })
    }

    /// Lets all nodes join through the first at once.
    pub(crate) async fn meet(&self, view: &View) -> Result<Notice, String> {
        let others = self.nodes.len() - 1;
        let begin = Instant::now();
        let seed = self.nodes[0].local_addr();
        let _joining: Vec<_> = self.nodes[1..].iter().map(|node| node.join([seed])).collect();
        let mut watch = Watch::new(begin, view.step("meet"));
        loop {
            let known: Vec<_> = self.nodes.iter().map(Gossip::live_peers).collect();
            let knowing = known.iter().filter(|&&known| known >= others).count();
            let strip = known.iter().map(|&known| level(known, others)).collect();
            if watch.look(strip, knowing, self.nodes.len(), "know all").await? {
                return Ok(watch.done("all nodes know each other"));
            }
        }
    }

    /// Measures the traffic of the idle cluster.
    pub(crate) async fn idle(&self, window: Duration, view: &View) -> Idle {
        let step = view.step("idle");
        step.update("waiting until the news of the joins has spread");
        let settled = async {
            for node in &self.nodes {
                node.settled().await;
            }
        };
        // A longer wait shows in the figures.
        _ = timeout(LIMIT, settled).await;
        step.update(&format!("measuring the idle cluster for {} s", window.as_secs()));
        let (begin, cpu, before) = (Instant::now(), ProcessTime::now(), self.sent());
        sleep(window).await;
        let per_node = begin.elapsed().as_secs_f64() * self.nodes.len() as f64;
        let after = self.sent();
        let idle = Idle {
            packets: (after.0 - before.0) as f64 / per_node,
            bytes: (after.1 - before.1) as f64 / per_node,
            cpu_us: cpu.elapsed().as_secs_f64() * 1e6 / per_node,
        };
        step.done(&format!("{:.1} packets per node and second", idle.packets));
        idle
    }

    /// Returns the datagrams and bytes of all nodes.
    fn sent(&self) -> (u64, u64) {
        let stats = self.nodes.iter().map(|node| node.stats());
        stats.fold((0, 0), |(datagrams, bytes), stats| {
            (datagrams + stats.traffic.datagrams_sent, bytes + stats.traffic.datagram_bytes_sent)
        })
    }

    /// Kills a node. Returns when the others suspected it, and when they knew that it was dead.
    pub(crate) async fn kill(
        &mut self,
        victim: usize,
        view: &View,
    ) -> Result<(Notice, Notice), String> {
        let id = self.nodes[victim].id();
        let mut suspicion = Watch::new(Instant::now(), view.step("crash"));
        self.nodes[victim].shutdown().await;
        let all = self.nodes.len() - 1;
        loop {
            let (strip, statuses) = self.look_at(id, victim);
            let suspecting =
                statuses.iter().filter(|status| !matches!(status, Some(Status::Up))).count();
            if suspicion.look(strip, suspecting, all, "suspect it").await? {
                break;
            }
        }
        let mut verdict = Watch::new(suspicion.begin, view.step("verdict"));
        let suspicion = suspicion.done(&format!("{} was killed: all suspect it", name(victim)));
        loop {
            let (strip, statuses) = self.look_at(id, victim);
            let knowing = statuses.iter().filter(|&&status| status == Some(Status::Dead)).count();
            if verdict.look(strip, knowing, all, "know that it is dead").await? {
                return Ok((suspicion, verdict.done("all know that it is dead")));
            }
        }
    }

    /// Starts the same node again, in a new life and at a new address.
    pub(crate) async fn restart(
        &mut self,
        victim: usize,
        view: &View,
    ) -> Result<Notice, Box<dyn std::error::Error>> {
        let step = view.step("return");
        let begin = Instant::now();
        let node = start(victim).await?;
        let (id, others) = (node.id(), self.nodes.len() - 1);
        let epoch = node.local().epoch();
        let _joining = node.join([self.nodes[0].local_addr()]);
        self.nodes[victim] = node;
        let mut watch = Watch::new(begin, step);
        loop {
            let (strip, _) = self.look_at(id, victim);
            let back = |node: &gossip_tokio::Node| {
                node.live_peers() == others && node.member(&id).is_some_and(|m| m.epoch() == epoch)
            };
            let knowing = self.nodes.iter().filter(|node| node.read(back)).count();
            if watch.look(strip, knowing, self.nodes.len(), "know that it is back").await? {
                let what = format!("{} is back, with the same id and a new epoch", name(victim));
                return Ok(watch.done(&what));
            }
        }
    }

    /// Lets a node leave.
    pub(crate) async fn leave(&mut self, leaver: usize, view: &View) -> Result<Notice, String> {
        let id = self.nodes[leaver].id();
        let mut watch = Watch::new(Instant::now(), view.step("leave"));
        let _leaving = self.nodes[leaver].leave();
        loop {
            let (strip, statuses) = self.look_at(id, leaver);
            let knowing = statuses.iter().filter(|&&status| status == Some(Status::Left)).count();
            if watch.look(strip, knowing, self.nodes.len() - 1, "know that it left").await? {
                return Ok(watch.done(&format!("{} has left", name(leaver))));
            }
        }
    }

    /// Returns the status of a member in the view of each other node.
    fn look_at(&self, id: NodeId, subject: usize) -> (String, Vec<Option<Status>>) {
        let mut strip = String::new();
        let mut statuses = Vec::with_capacity(self.nodes.len());
        for (number, node) in self.nodes.iter().enumerate() {
            if number == subject {
                strip.push(' ');
                continue;
            }
            let status = node.member(&id).map(|member| member.status());
            strip.push(match status {
                Some(Status::Up) => '█',
                Some(Status::Suspect) => '?',
                Some(Status::Leaving) => '>',
                Some(Status::Dead) => 'x',
                _ => '·',
            });
            statuses.push(status);
        }
        (strip, statuses)
    }
}

async fn start(number: usize) -> Result<Gossip, Error> {
    let id = NodeId::from_u128(number as u128 + 1);
    gossip_tokio::bind("127.0.0.1:0").id(id).config(Config::local()).start().await
}

fn name(number: usize) -> String {
    format!("node {}", number + 1)
}

/// Returns how much of the cluster a node knows, as a bar of one character.
fn level(known: usize, all: usize) -> char {
    const LEVELS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    LEVELS[known.min(all) * (LEVELS.len() - 1) / all]
}

/// Looks repeatedly until all nodes know.
struct Watch {
    begin: Instant,
    first: Option<Duration>,
    last: Duration,
    step: Step,
}

impl Watch {
    fn new(begin: Instant, step: Step) -> Self {
        Self { begin, first: None, last: Duration::ZERO, step }
    }

    /// Notes how many nodes know. Returns whether all do; if not, waits for a tick.
    async fn look(
        &mut self,
        strip: String,
        knowing: usize,
        all: usize,
        what: &str,
    ) -> Result<bool, String> {
        self.last = self.begin.elapsed();
        if knowing > 0 {
            self.first.get_or_insert(self.last);
        }
        let state = format!("{knowing} of {all} {what}");
        self.step.progress(&strip, &format!("{state}, {:.1} s", self.last.as_secs_f64()));
        if knowing >= all {
            return Ok(true);
        }
        if self.last > LIMIT {
            return Err(format!("after {} s only {state}", LIMIT.as_secs()));
        }
        sleep(TICK).await;
        Ok(false)
    }

    fn done(self, what: &str) -> Notice {
        let notice = Notice { first: self.first.unwrap_or(self.last), last: self.last };
        self.step.done(&format!("{what}: {:.2} s", notice.last.as_secs_f64()));
        notice
    }
}
