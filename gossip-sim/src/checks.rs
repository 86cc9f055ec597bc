//! The laws that every run must keep, checked at every event.

use gossip_core::{Event, Incarnation, Member, MemberEvent, Node, Status};

/// What an observer's events have said of a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Live,
    Suspect,
    Dead,
    Left,
    /// Known once; the record is dropped.
    Forgotten,
}

#[derive(Clone, Copy, Default)]
struct View {
    said: Said,
    /// The last incarnation that was told of.
    incarnation: Incarnation,
}

/// What is wrong.
pub(crate) type Violation = String;

/// Follows the events of all observers.
#[derive(Default)]
pub(crate) struct Checks {
    /// By observer, by subject.
    views: Vec<Vec<View>>,
    /// Subjects of the events since the last look at the table.
    told: Vec<usize>,
}

impl Checks {
    /// The observer begins a new life, or its events are incomplete: what it said is void.
    pub(crate) fn reset(&mut self, observer: usize) {
        if let Some(views) = self.views.get_mut(observer) {
            views.clear();
        }
        self.told.clear();
    }

    /// The observer's table says this of a subject.
    pub(crate) fn read(&mut self, observer: usize, subject: usize, member: &Member<u32>) {
        let said = match member.status() {
            Status::Suspect => Said::Suspect,
            Status::Dead => Said::Dead,
            Status::Left => Said::Left,
            _ => Said::Live,
        };
        *self.view(observer, subject) = View { said, incarnation: member.incarnation() };
    }

    /// One event about a subject. `alive` is the truth: whether a process runs that lives the
    /// life in the event.
    pub(crate) fn event(
        &mut self,
        observer: usize,
        subject: usize,
        event: &Event<u32>,
        alive: bool,
    ) -> Result<(), Violation> {
        let view = self.view(observer, subject);
        let before = *view;
        let Some((said, member)) = read(event) else {
            view.said = Said::Forgotten;
            return match before.said {
                Said::Live | Said::Suspect => Err(format!("a live member is forgotten: {event:?}")),
                _ => Ok(()),
            };
        };
        // An update does not say whether a suspect has refuted; that is said next.
        let said = said.unwrap_or(before.said);
        let after = View { said, incarnation: member.incarnation() };
        *view = after;
        self.told.push(subject);
        if !follows(before, after, event, alive) {
            let View { said, incarnation } = before;
            return Err(format!("after {said:?} at {incarnation:?} cannot come {event:?}"));
        }
        Ok(())
    }

    /// After all outputs are drained the table says what the last events said.
    pub(crate) fn drained(
        &mut self,
        observer: usize,
        node: &Node<u32>,
        id: impl Fn(usize) -> gossip_core::NodeId,
    ) -> Result<(), Violation> {
        while let Some(subject) = self.told.pop() {
            let view = *self.view(observer, subject);
            let member = node.member(&id(subject));
            let consistent = match (view.said, member) {
                (Said::Forgotten | Said::Nothing, _) => true,
                (said, Some(member)) => {
                    status_fits(said, member.status()) && member.incarnation() == view.incarnation
                }
                (_, None) => false,
            };
            if !consistent {
                let View { said, incarnation } = view;
                return Err(format!(
                    "events say {said:?} at {incarnation:?}, the table says {member:?}"
                ));
            }
        }
        Ok(())
    }

    fn view(&mut self, observer: usize, subject: usize) -> &mut View {
        if self.views.len() <= observer {
            self.views.resize_with(observer + 1, Vec::new);
        }
        let views = &mut self.views[observer];
        if views.len() <= subject {
            views.resize(subject + 1, View::default());
        }
        &mut views[subject]
    }
}

/// What an event says of which member, or that it says nothing new of its status; `None` if it
/// says that a member is forgotten.
fn read(event: &Event<u32>) -> Option<(Option<Said>, &Member<u32>)> {
    match event {
        Event::Member(MemberEvent::Up { member })
        | Event::Member(MemberEvent::Refuted { member }) => Some((Some(Said::Live), member)),
        Event::Member(MemberEvent::Updated { member }) => Some((None, member)),
        Event::Member(MemberEvent::Suspected { member }) => Some((Some(Said::Suspect), member)),
        Event::Member(MemberEvent::Failed { member, .. }) => Some((Some(Said::Dead), member)),
        Event::Member(MemberEvent::Left { member }) => Some((Some(Said::Left), member)),
        _ => None,
    }
}

fn status_fits(said: Said, status: Status) -> bool {
    match said {
        Said::Live => matches!(status, Status::Up | Status::Leaving),
        Said::Suspect => status == Status::Suspect,
        Said::Dead => status == Status::Dead,
        Said::Left => status == Status::Left,
        Said::Nothing | Said::Forgotten => true,
    }
}

/// Whether an event may follow what was said before. An incarnation never goes back while a
/// member is known, and nobody returns in a life, or at a point of it, that was seen to end.
fn follows(before: View, after: View, event: &Event<u32>, alive: bool) -> bool {
    let later = after.incarnation > before.incarnation;
    let not_earlier = after.incarnation >= before.incarnation;
    let was_live = matches!(before.said, Said::Live | Said::Suspect);
    match event {
        Event::Member(MemberEvent::Up { member }) => match before.said {
            Said::Nothing => true,
            Said::Dead => later,
            // Who was given up while it was leaving may still refute and go on leaving.
            Said::Left => life(after) > life(before) || later && member.status() == Status::Leaving,
            Said::Forgotten => later || alive,
            Said::Live | Said::Suspect => false,
        },
        Event::Member(MemberEvent::Updated { .. }) => was_live && not_earlier,
        Event::Member(MemberEvent::Suspected { .. }) => before.said == Said::Live && not_earlier,
        Event::Member(MemberEvent::Refuted { .. }) => before.said == Said::Suspect && not_earlier,
        Event::Member(MemberEvent::Failed { .. }) => was_live && not_earlier,
        // A later life may be first heard of as dead, of which nothing is said, and then as left.
        Event::Member(MemberEvent::Left { .. }) => {
            before.said != Said::Left && not_earlier || life(after) > life(before)
        }
        _ => true,
    }
}

fn life(view: View) -> (gossip_core::Epoch, u32) {
    (view.incarnation.epoch, view.incarnation.nonce)
}
