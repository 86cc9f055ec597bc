//! The cost and speed of the protocol by size and loss, as text that must match exactly. A change
//! of the protocol shows as a change of these figures.

use std::fmt::Write;
use std::path::Path;

use gossip_lab::scenario::{
    Conditions, Scenario, join::Join, reconcile::Reconcile, spread::Spread,
};

/// Environment variable with the name of the snapshot to rewrite.
const WRITE: &str = "GOSSIP_LAB_WRITE_SNAPSHOT";

#[test]
fn joining() {
    let table = by_size_and_loss(|nodes, conditions| Scenario::Join(Join { nodes, conditions }));
    compare("join.txt", &table);
}

#[test]
fn spreading() {
    let table =
        by_size_and_loss(|nodes, conditions| Scenario::Spread(Spread { nodes, conditions }));
    compare("spread.txt", &table);
}

#[test]
fn reconciling() {
    let cases = [(1_000, 1), (1_000, 10), (4_000, 10), (4_000, 100)];
    let rows = cases.iter().flat_map(|&(records, different)| {
        [0.0, 0.1, 0.3].map(|loss| {
            let scenario = Scenario::Reconcile(Reconcile { records, different, loss });
            (format!("loss {:2.0} %", loss * 100.0), scenario)
        })
    });
    compare("reconcile.txt", &table(rows));
}

fn by_size_and_loss(scenario: impl Fn(usize, Conditions) -> Scenario) -> String {
    let rows = [16, 64, 256].into_iter().flat_map(|nodes| {
        let scenario = &scenario;
        [0.0, 0.1, 0.3].map(|loss| {
            (format!("loss {:2.0} %", loss * 100.0), scenario(nodes, Conditions::lan(loss)))
        })
    });
    table(rows)
}

/// Returns a line per case, of one seed.
fn table(cases: impl Iterator<Item = (String, Scenario)>) -> String {
    let mut text = String::new();
    for (case, scenario) in cases {
        let outcome = scenario.run(1).unwrap();
        text.push_str(&case);
        for (name, value) in &outcome.figures {
            let number = value.as_f64().unwrap();
            let number =
                if number.fract() == 0.0 { format!("{number}") } else { format!("{number:.3}") };
            write!(text, "  {name} {number}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn compare(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var(WRITE).is_ok_and(|chosen| chosen == name) {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = expected.lines().zip(found.lines()).filter(|(before, now)| before != now);
    let lines: String = lines.map(|(before, now)| format!("- {before}\n+ {now}\n")).collect();
    assert!(
        expected == found,
        "the figures of {name} have changed:\n{lines}\
         If that is meant, write this one file anew and let it be reviewed:\n\
         {WRITE}={name} cargo test -p gossip-lab --test quality\n"
    );
}
