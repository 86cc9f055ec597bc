//! The process of a host: one node, which reports its view.

use std::process::ExitCode;
use std::{env, io, thread};

use gossip_core::NodeId;
use gossip_driver::{Builder, Event, Gossip, Member, MemberEvent, Update};

use crate::adapters;
use crate::shell;

/// Environment variable of a host's process: its number.
pub(crate) const HOST: &str = "GOSSIP_HOST";

/// The line that the process prints once it is in its namespace.
pub(crate) const HERE: &str = "here";

/// The line on which the process starts its node.
pub(crate) const START: &str = "start";

/// Returns the number of this host, if the process is one.
pub(crate) fn number() -> Option<usize> {
    env::var(HOST).ok()?.parse().ok()
}

/// Runs command lines, and the node after [`START`], until the input ends.
pub(crate) fn run(number: usize) -> ExitCode {
    println!("{HERE}");
    let mut node = None;
    for line in io::stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            START => node = Some(start(number)),
            command => shell::run(command),
        }
    }
    drop(node);
    ExitCode::SUCCESS
}

fn start(number: usize) -> Gossip {
    let start = adapters::ALL[number % adapters::ALL.len()];
    let builder = Builder::new(format!("{}:7946", address(number)), start).id(id(number));
    let node = builder.start().expect("the node starts");
    let mut events = node.events();
    thread::spawn(move || events.iter().for_each(|update| tell(&update)));
    if number > 0 {
        drop(node.join([format!("{}:7946", address(0))]));
    }
    node
}

/// Prints one line per member: its id and status.
fn tell(update: &Update) {
    match update {
        Update::Snapshot(members) => members.iter().for_each(tell_member),
        Update::Event(
            Event::Member(MemberEvent::Up { member })
            | Event::Member(MemberEvent::Updated { member })
            | Event::Member(MemberEvent::Suspected { member })
            | Event::Member(MemberEvent::Refuted { member })
            | Event::Member(MemberEvent::Failed { member, .. })
            | Event::Member(MemberEvent::Left { member }),
        ) => tell_member(member),
        _ => {}
    }
}

fn tell_member(member: &Member) {
    println!("{} {:?}", member.id(), member.status());
}

/// Returns the id of a host's node.
pub(crate) fn id(number: usize) -> NodeId {
    NodeId::from_u128(number as u128 + 1)
}

/// Returns the address of a host's node, which is alone in its namespace.
pub(crate) fn address(number: usize) -> String {
    format!("10.0.0.{}", number + 1)
}
