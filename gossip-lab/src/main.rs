//! `cargo run --release -p gossip-lab -- --help`

mod command;

use std::process::ExitCode;

use clap::Parser;

use command::Options;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    // A run that panics becomes an error, and the command prints its message.
    std::panic::set_hook(Box::new(|_| {}));
    match command::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}
