//! The laws of the protocol, checked at every event.

use gossip_core::{Event, Incarnation, Member, MemberEvent, Node, Status};

/// The state of a subject according to an observer's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Live,
    Suspect,
    Dead,
    Left,
    /// The observer has forgotten the subject.
    Forgotten,
}

#[derive(Clone, Copy, Default)]
struct View {
    said: Said,
    /// The last reported incarnation.
    incarnation: Incarnation,
}

/// A violation, as text.
pub(crate) type Violation = String;

/// The states that all observers reported.
#[derive(Default)]
pub(crate) struct Checks {
    /// States by observer and subject.
    views: Vec<Vec<View>>,
    /// Subjects of the events since the last check of the table.
    told: Vec<usize>,
}

impl Checks {
    /// Resets an observer that begins a new life, or whose events are incomplete.
    pub(crate) fn reset(&mut self, observer: usize) {
        if let Some(views) = self.views.get_mut(observer) {
            views.clear();
        }
        self.told.clear();
    }

    /// Sets the state of a subject from the observer's table.
    pub(crate) fn read(&mut self, observer: usize, subject: usize, member: &Member<u32>) {
        let said = match member.status() {
            Status::Suspect => Said::Suspect,
            Status::Dead => Said::Dead,
            Status::Left => Said::Left,
            _ => Said::Live,
        };
        *self.view(observer, subject) = View { said, incarnation: member.incarnation() };
    }

    /// Checks an event about a subject. `alive` is the truth: whether a process runs with the life
    /// in the event.
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
        // An update does not tell whether a suspect has refuted. The next event does.
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

    /// Checks that the table agrees with the last events, after all outputs are drained.
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

/// Returns the member of an event and its new state, if the event changes it; `None` if the event
/// reports that a member is forgotten.
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

/// Returns whether an event may follow the state before. While a member is known, its incarnation
/// never goes back. A member never returns in a life or incarnation that was reported to have
/// ended.
fn follows(before: View, after: View, event: &Event<u32>, alive: bool) -> bool {
    let later = after.incarnation > before.incarnation;
    let not_earlier = after.incarnation >= before.incarnation;
    let was_live = matches!(before.said, Said::Live | Said::Suspect);
    match event {
        Event::Member(MemberEvent::Up { member }) => match before.said {
            Said::Nothing => true,
            Said::Dead => later,
            // A member that was suspected while leaving may refute and go on leaving.
            Said::Left => life(after) > life(before) || later && member.status() == Status::Leaving,
            Said::Forgotten => later || alive,
            Said::Live | Said::Suspect => false,
        },
        Event::Member(MemberEvent::Updated { .. }) => was_live && not_earlier,
        Event::Member(MemberEvent::Suspected { .. }) => before.said == Said::Live && not_earlier,
        Event::Member(MemberEvent::Refuted { .. }) => before.said == Said::Suspect && not_earlier,
        Event::Member(MemberEvent::Failed { .. }) => was_live && not_earlier,
        // A node may first hear of a later life as dead, without an event, and then as left.
        Event::Member(MemberEvent::Left { .. }) => {
            before.said != Said::Left && not_earlier || life(after) > life(before)
        }
        _ => true,
    }
}

fn life(view: View) -> (gossip_core::Epoch, u32) {
    (view.incarnation.epoch, view.incarnation.nonce)
}
