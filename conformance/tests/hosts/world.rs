//! What a scenario can do to a cluster, be it simulated or one of hosts.

use std::collections::BTreeSet;
use std::time::Duration;

use gossip_core::Status;

/// How many nodes there are: 0 to 4, who join through node 0.
pub(crate) const NODES: usize = 5;

/// By far longer than anything takes.
const LONG: Duration = Duration::from_secs(90);

/// Whether packets of the first node do not reach the second.
pub(crate) type Cut = fn(usize, usize) -> bool;

/// What one node, the first, thinks of another; `None` if it does not matter.
pub(crate) type Views<'a> = &'a dyn Fn(usize, usize) -> Option<Status>;

/// Five nodes, and the network between them.
pub(crate) trait World {
    /// Cuts the network wherever `cut` holds; it replaces an earlier cut.
    fn cut(&mut self, cut: Cut);

    /// The link of one node to the network goes down or comes up.
    fn set_link(&mut self, node: usize, up: bool);

    /// What one node thinks of another.
    fn sees(&self, observer: usize, subject: usize) -> Option<Status>;

    /// Who was ever declared dead, in whose eyes: observers and subjects.
    fn verdicts(&self) -> BTreeSet<(usize, usize)>;

    /// Lets the time pass until everybody sees what is expected, at most for `limit`; says how
    /// long it took.
    fn run_until(&mut self, limit: Duration, expected: Views<'_>) -> Option<Duration>;
}

/// Ends the cut.
pub(crate) fn heal(world: &mut dyn World) {
    world.cut(|_, _| false);
}

/// Lets the time pass until everybody sees what is expected.
#[track_caller]
pub(crate) fn until(world: &mut dyn World, expected: Views<'_>) -> Duration {
    let took = world.run_until(LONG, expected);
    took.unwrap_or_else(|| panic!("after {LONG:?} they see {}", table(world)))
}

/// Until all know all.
#[track_caller]
pub(crate) fn until_whole(world: &mut dyn World) -> Duration {
    until(world, &|_, _| Some(Status::Up))
}

/// Until all others have found this one dead, and nobody else; what it thinks itself is its own
/// affair.
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

/// Lets this time pass.
pub(crate) fn wait(world: &mut dyn World, time: Duration) {
    // Nobody ever thinks so of anybody here.
    world.run_until(time, &|_, _| Some(Status::Left));
}

/// Whether what everybody sees is what is expected.
pub(crate) fn all_see(sees: impl Fn(usize, usize) -> Option<Status>, expected: Views<'_>) -> bool {
    pairs().all(|(observer, subject)| {
        let expected = expected(observer, subject);
        expected.is_none() || expected == sees(observer, subject)
    })
}

/// All observers and subjects.
pub(crate) fn pairs() -> impl Iterator<Item = (usize, usize)> {
    let all = (0..NODES).flat_map(|observer| (0..NODES).map(move |subject| (observer, subject)));
    all.filter(|(observer, subject)| observer != subject)
}

/// For messages.
fn table(world: &dyn World) -> String {
    let views = pairs().map(|(observer, subject)| match world.sees(observer, subject) {
        Some(status) => format!("{observer}: {subject} {status:?}"),
        None => format!("{observer}: {subject} unknown"),
    });
    views.collect::<Vec<_>>().join(", ")
}
