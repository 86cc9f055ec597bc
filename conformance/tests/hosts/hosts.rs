//! The real world: processes in network namespaces, joined by a bridge.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use std::{env, thread};

use gossip_core::Status;

use crate::node::{self, HERE, HOST, START};
use crate::shell;
use crate::world::{Cut, NODES, Views, World, all_see, pairs};

/// A report of a node: the status of another one in its view, or `None` at its end.
type Told = (usize, Option<(usize, Status)>);

/// Five hosts, and the bridge between them.
pub(crate) struct Hosts {
    /// The number of this bridge in the process's namespace.
    network: usize,
    hosts: Vec<Host>,
    told: Receiver<Told>,
    views: [[Option<Status>; NODES]; NODES],
    verdicts: BTreeSet<(usize, usize)>,
}

/// A process in a namespace. Both end when this is dropped.
struct Host {
    process: Child,
    input: ChildStdin,
}

impl Drop for Host {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Hosts {
    /// Starts the hosts. Their nodes join at the same time.
    pub(crate) fn new() -> Self {
        static NETWORKS: AtomicUsize = AtomicUsize::new(0);
        let network = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = channel();
        let (views, verdicts) = ([[None; NODES]; NODES], BTreeSet::new());
        let mut hosts = Self { network, hosts: Vec::new(), told, views, verdicts };
        shell::run(&format!("ip link add name bridge{network} type bridge"));
        shell::run(&format!("ip link set bridge{network} up"));
        for number in 0..NODES {
            hosts.add(number, tell.clone());
        }
        for number in 0..NODES {
            hosts.order(number, &format!("ip address add {}/24 dev eth0", node::address(number)));
            hosts.order(number, "ip link set eth0 up");
            hosts.order(number, START);
        }
        hosts
    }

    fn add(&mut self, number: usize, tell: Sender<Told>) {
        let this = env::current_exe().expect("this program has a path");
        let mut command = Command::new("unshare");
        command.arg("--net").arg(this).env(HOST, number.to_string());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let input = process.stdin.take().expect("it is piped");
        let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
        let id = process.id();
        self.hosts.push(Host { process, input });

        let mut line = String::new();
        output.read_line(&mut line).expect("the host runs");
        assert_eq!(line.trim_end(), HERE, "host {number} is in its namespace");
        let port = self.port(number);
        shell::run(&format!("ip link add name {port} type veth peer name eth0 netns {id}"));
        shell::run(&format!("ip link set {port} master bridge{} up", self.network));
        thread::spawn(move || listen(number, output, &tell));
    }

    /// Sends a host a command line, or [`START`].
    fn order(&mut self, number: usize, line: &str) {
        writeln!(self.hosts[number].input, "{line}").expect("the host runs");
    }

    /// Returns the name of the host's interface at the bridge.
    fn port(&self, number: usize) -> String {
        format!("port{}-{number}", self.network)
    }

    fn note(&mut self, (observer, told): Told) {
        let (subject, status) = told.unwrap_or_else(|| panic!("host {observer} has ended"));
        self.views[observer][subject] = Some(status);
        if status == Status::Dead {
            self.verdicts.insert((observer, subject));
        }
    }
}

/// Forwards the reports of a host's node.
fn listen(observer: usize, output: BufReader<ChildStdout>, tell: &Sender<Told>) {
    let lines = output.lines().map_while(Result::ok);
    let told = lines.map(|line| (observer, Some(parse(&line))));
    for told in told.chain([(observer, None)]) {
        if tell.send(told).is_err() {
            return;
        }
    }
}

fn parse(line: &str) -> (usize, Status) {
    const ALL: [Status; 5] =
        [Status::Up, Status::Leaving, Status::Suspect, Status::Dead, Status::Left];
    let known = |(id, status): (&str, &str)| {
        let subject = (0..NODES).find(|&number| node::id(number).to_string() == id)?;
        Some((subject, ALL.into_iter().find(|known| format!("{known:?}") == status)?))
    };
    line.split_once(' ').and_then(known).unwrap_or_else(|| panic!("a host says `{line}`"))
}

impl World for Hosts {
    fn cut(&mut self, cut: Cut) {
        let table = format!("bridge network{}", self.network);
        let mut rules = format!(
            "table {table} {{ chain forward {{ type filter hook forward priority 0; }}; }}\n\
             flush chain {table} forward\n"
        );
        for (from, to) in pairs().filter(|&(from, to)| cut(from, to)) {
            let (from, to) = (self.port(from), self.port(to));
            rules += &format!("add rule {table} forward iifname {from} oifname {to} drop\n");
        }
        shell::load(&rules);
    }

    fn set_link(&mut self, node: usize, up: bool) {
        let state = if up { "up" } else { "down" };
        self.order(node, &format!("ip link set eth0 {state}"));
    }

    fn sees(&self, observer: usize, subject: usize) -> Option<Status> {
        self.views[observer][subject]
    }

    fn verdicts(&self) -> BTreeSet<(usize, usize)> {
        self.verdicts.clone()
    }

    fn run_until(&mut self, limit: Duration, expected: Views<'_>) -> Option<Duration> {
        let begin = Instant::now();
        loop {
            if all_see(|observer, subject| self.sees(observer, subject), expected) {
                return Some(begin.elapsed());
            }
            match self.told.recv_timeout(limit.saturating_sub(begin.elapsed())) {
                Ok(told) => self.note(told),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => panic!("all hosts have ended"),
            }
        }
    }
}
