//! A change spreads at a loss of 30 %.

use gossip_lab::scenario::{Conditions, Scenario, spread::Spread};

#[test]
fn at_thirty_percent_loss_hardly_anybody_is_missed_and_repair_is_quick() {
    const NODES: usize = 300;
    let scenario = Scenario::Spread(Spread { nodes: NODES, conditions: Conditions::lan(0.3) });
    let outcome = scenario.run(1).unwrap();
    let figure = |name: &str| outcome.figures[name].as_f64().unwrap();
    assert!(figure("missed") <= 0.01 * NODES as f64, "{:?}", outcome.figures);
    assert!(figure("all_know_s") <= 3.0, "{:?}", outcome.figures);
    assert!(figure("copies_per_node") <= 2.0, "{:?}", outcome.figures);
    assert!(figure("ids_per_node") <= 17.0, "{:?}", outcome.figures);
    assert_eq!(figure("residue"), 0.0, "{:?}", outcome.figures);
}
