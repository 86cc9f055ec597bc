//! The operations of a scenario on a cluster, simulated or real.

use std::collections::BTreeSet;
use std::time::Duration;

use gossip_core::Status;

/// Number of nodes: 0 to 4, which join through node 0.
pub(crate) const NODES: usize = 5;

/// Time limit, far longer than any stage takes.
const LONG: Duration = Duration::from_secs(90);

/// A cut: whether packets of the first node do not reach the second.
pub(crate) type Cut = fn(usize, usize) -> bool;

/// Expected views: the status of the second node in the view of the first; `None` if it does not
/// matter.
pub(crate) type Views<'a> = &'a dyn Fn(usize, usize) -> Option<Status>;

/// Five nodes, and the network between them.
pub(crate) trait World {
    /// Cuts the network where `cut` holds. Replaces an earlier cut.
    fn cut(&mut self, cut: Cut);

    /// Takes the link of one node down, or up.
    fn set_link(&mut self, node: usize, up: bool);

    /// Returns the status of one node in the view of another.
    fn sees(&self, observer: usize, subject: usize) -> Option<Status>;

    /// Returns the pairs of observer and subject in which the observer ever saw the subject dead.
    fn verdicts(&self) -> BTreeSet<(usize, usize)>;

    /// Waits until all views are as expected, at most for `limit`. Returns how long it took.
    fn run_until(&mut self, limit: Duration, expected: Views<'_>) -> Option<Duration>;
}

/// Ends the cut.
pub(crate) fn heal(world: &mut dyn World) {
    world.cut(|_, _| false);
}

/// Waits until all views are as expected.
#[track_caller]
pub(crate) fn until(world: &mut dyn World, expected: Views<'_>) -> Duration {
    let took = world.run_until(LONG, expected);
    took.unwrap_or_else(|| panic!("after {LONG:?} they see {}", table(world)))
}

/// Waits until every node sees every other up.
#[track_caller]
pub(crate) fn until_whole(world: &mut dyn World) -> Duration {
    until(world, &|_, _| Some(Status::Up))
}

/// Waits until all others see this node dead, and no other. The views of the node itself do not
/// matter.
#[track_caller]
pub(crate) fn until_dead(world: &mut dyn World, dead: usize) -> Duration {
    let took = until(world, &|observer, subject| match (observer == dead, subject == dead) {
        (true, _) => None,
        (false, true) => Some(Status::Dead),
        (false, false) => Some(Status::Up),
    });
    let verdicts = world.verdicts();
    let concern = |&(observer, subject)| observer == dead || subject == dead;
    assert!(verdicts.iter().all(concern), "{verdicts:?}");
    took
}

/// Waits for this time.
pub(crate) fn wait(world: &mut dyn World, time: Duration) {
    // No view is ever like this.
    world.run_until(time, &|_, _| Some(Status::Left));
}

/// Returns whether all views are as expected.
pub(crate) fn all_see(sees: impl Fn(usize, usize) -> Option<Status>, expected: Views<'_>) -> bool {
    pairs().all(|(observer, subject)| {
        let expected = expected(observer, subject);
        expected.is_none() || expected == sees(observer, subject)
    })
}

/// Iterates over all pairs of observer and subject.
pub(crate) fn pairs() -> impl Iterator<Item = (usize, usize)> {
    let all = (0..NODES).flat_map(|observer| (0..NODES).map(move |subject| (observer, subject)));
    all.filter(|(observer, subject)| observer != subject)
}

/// Formats all views for messages.
fn table(world: &dyn World) -> String {
    let views = pairs().map(|(observer, subject)| match world.sees(observer, subject) {
        Some(status) => format!("{observer}: {subject} {status:?}"),
        None => format!("{observer}: {subject} unknown"),
    });
    views.collect::<Vec<_>>().join(", ")
}
