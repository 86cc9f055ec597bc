//! One cluster of nodes on tokio, smol, async-std and threads.

mod adapters;

use conformance::{Adapter, scenarios};

#[test]
fn one_cluster_of_all_adapters() {
    scenarios::one_cluster_of_all_adapters(&adapters::ALL.map(Adapter::new));
}
