//! Socket errors do not end a driver on tokio.

use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use conformance::Adapter;
use gossip_tokio::{Error, Gossip, Options};
use tokio::runtime;

/// Starts a node on a runtime and a thread of its own.
fn start(options: Options) -> Result<Gossip, Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::System)?;
    let (started, starting) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(async {
            let node = gossip_tokio::start(options).await;
            let end = node.as_ref().ok().map(|node| node.until(|_| false));
            started.send(node).expect("it is waited for");
            if let Some(end) = end {
                end.await;
            }
        });
    });
    starting.recv().expect("it is told")
}

fn main() -> ExitCode {
    conformance::run_faults(Adapter::new(start))
}
