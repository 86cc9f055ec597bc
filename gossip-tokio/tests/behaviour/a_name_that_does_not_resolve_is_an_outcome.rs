use gossip_tokio::{Error, Gossip, SeedError};

use crate::cluster::{node, within};

#[tokio::test]
async fn a_name_that_does_not_resolve_is_an_outcome() {
    let first = node(1).start().await.unwrap();
    let second = node(2).start().await.unwrap();
    let seeds = ["no-such-name.invalid:7946".to_owned(), first.local_addr().to_string()];
    let outcomes = within(second.join(&seeds)).await;
    assert_eq!(
        outcomes.iter().map(|outcome| &outcome.seed).collect::<Vec<_>>(),
        [&seeds[0], &seeds[1]]
    );
    assert!(matches!(outcomes[0].result, Err(SeedError::Resolve(_))), "{outcomes:?}");
    assert!(matches!(outcomes[1].result, Ok(id) if id == first.id()), "{outcomes:?}");
}

#[tokio::test]
async fn a_name_that_resolves_is_as_good_as_an_address() {
    let first = Gossip::bind("localhost:0").start().await.unwrap();
    assert!(first.local_addr().ip().is_loopback());
    let second = Gossip::bind(format!("{}:0", "127.0.0.1")).start().await.unwrap();
    let seed = format!("localhost:{}", second.local_addr().port());
    assert!(within(second.join([seed])).await[0].result.is_ok());
}

#[tokio::test]
async fn an_address_without_port_is_an_error_that_names_it() {
    let error = Gossip::bind("127.0.0.1").start().await.unwrap_err();
    assert!(matches!(&error, Error::Resolve { name, .. } if name == "127.0.0.1"));
    assert!(error.to_string().starts_with("cannot resolve `127.0.0.1`: "));
}
