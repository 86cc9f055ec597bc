//! Events as text.

use std::fmt::{self, Display};

use gossip_core::Status;

use crate::{
    DetectorEvent, Event, JoinEvent, LocalEvent, Member, MemberEvent, MessageEvent, Update,
};

impl Display for Update {
    /// Writes one line per event, or one line per member of a snapshot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(members) => members.iter().enumerate().try_for_each(|(index, who)| {
                f.write_str(if index == 0 { "" } else { "\n" })?;
                member(f, "is", who)
            }),
            Self::Lagged { lost } => write!(f, "{lost} events lost"),
            Self::Event(happened) => event(f, happened),
        }
    }
}

fn event(f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    match event {
        Event::Member(MemberEvent::Up { member: who }) => member(f, "joined and is", who),
        Event::Member(MemberEvent::Updated { member: who }) => member(f, "changed and is", who),
        Event::Member(MemberEvent::Suspected { member: who }) => {
            member(f, "does not answer and is", who)
        }
        Event::Member(MemberEvent::Refuted { member: who }) => {
            member(f, "refuted the suspicion and is", who)
        }
        Event::Member(MemberEvent::Failed { member: who, why }) => {
            member(f, "failed and is", who)?;
            let accusers = why.accusers.iter().enumerate();
            accusers.into_iter().try_for_each(|(index, accuser)| {
                let before = if index == 0 { ", accused by" } else { " and" };
                write!(f, "{before} {accuser:.8}")
            })
        }
        Event::Member(MemberEvent::Left { member: who }) => member(f, "left and is", who),
        Event::Member(MemberEvent::Forgotten { id }) => write!(f, "{id:.8} is forgotten"),
        Event::Join(JoinEvent::Finished { outcomes, .. }) => {
            let joined = outcomes.iter().filter(|(_, result)| result.is_ok()).count();
            write!(f, "{joined} of {} seeds answered", outcomes.len())
        }
        Event::Message(MessageEvent::Received { from, payload }) => {
            write!(f, "{from:.8} sends \"{}\"", payload.escape_ascii())
        }
        Event::Message(MessageEvent::Delivered { .. }) => f.write_str("a message was delivered"),
        Event::Message(MessageEvent::Failed { .. }) => {
            f.write_str("a message was not acknowledged")
        }
        Event::Detector(DetectorEvent::Isolated) => f.write_str("no member answers us"),
        Event::Detector(DetectorEvent::Reconnected) => f.write_str("members answer us again"),
        Event::Detector(DetectorEvent::DatagramsBlocked { id }) => {
            write!(f, "{id:.8} answers requests, but no datagrams")
        }
        Event::Member(MemberEvent::TableFull) => f.write_str("the member table is full"),
        Event::Local(LocalEvent::Conflict { address }) => {
            write!(f, "another node has our id and the better claim to it, at {address}")
        }
        Event::Local(LocalEvent::Left) => f.write_str("we have left"),
        other => write!(f, "{other:?}"),
    }
}

fn member(f: &mut fmt::Formatter<'_>, what: &str, member: &Member) -> fmt::Result {
    let status = match member.status() {
        Status::Up => "up",
        Status::Leaving => "leaving",
        Status::Suspect => "suspected",
        Status::Dead => "dead",
        Status::Left => "gone",
        _ => "unknown",
    };
    write!(f, "{:.8} {what} {status}, at {}", member.id(), member.address())?;
    if !member.meta().is_empty() {
        write!(f, ", meta \"{}\"", member.meta().escape_ascii())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gossip_core::{Config, Epoch, Instant, Local, NodeId};

    use super::*;
    use crate::Node;

    #[test]
    fn update_takes_one_line_per_item() {
        let local = Local::new(NodeId::from_u128(7 << 96), Epoch::default(), {
            "10.0.0.1:7946".parse().unwrap()
        });
        let node =
            Node::new(Instant::ORIGIN, local.meta("zone\n"), Config::lan(), [0; 32]).unwrap();
        let who = node.local().clone();
        let snapshot = Update::Snapshot(vec![who.clone(), who.clone()]);
        let line = r#"00000007 is up, at 10.0.0.1:7946, meta "zone\n""#;
        assert_eq!(snapshot.to_string(), format!("{line}\n{line}"));
        let event = Update::Event(Event::Member(MemberEvent::Forgotten { id: who.id() }));
        assert_eq!(event.to_string(), "00000007 is forgotten");
        assert_eq!(Update::Lagged { lost: 3 }.to_string(), "3 events lost");
    }
}
