//! A node on async-std: `cargo run -p gossip-smol --example node_async_std`. It joins the node of
//! another terminal at 127.0.0.1:7946, for instance that of `--example node_smol`.
//!
//! async-std is discontinued: use it only where you have it already.

use async_std::task;
use gossip_smol::Error;

#[async_std::main]
async fn main() -> Result<(), Error> {
    let (gossip, driver) = gossip_smol::bind("127.0.0.1:0").meta("on async-std").start().await?;
    task::spawn(driver);
    for seed in gossip.join(["127.0.0.1:7946"]).await {
        println!("{}: {:?}", seed.seed, seed.result);
    }
    let mut events = gossip.events();
    while let Some(update) = events.next().await {
        println!("{update}");
    }
    Ok(())
}
