//! The commands of the system that create networks.

use std::env;
use std::process::{Command, Output};

/// Runs a command line, which must succeed.
#[track_caller]
pub(crate) fn run(line: &str) {
    let mut words = line.split_whitespace();
    succeed(Command::new(words.next().expect("a command")).args(words));
}

/// Loads rules of nftables atomically.
#[track_caller]
pub(crate) fn load(rules: &str) {
    succeed(Command::new("nft").arg(rules));
}

#[track_caller]
fn succeed(command: &mut Command) {
    if let Err(reason) = tried(command) {
        panic!("{command:?}: {reason}");
    }
}

/// Returns the command that runs a program in a network namespace of its own, as root there. The
/// program's name is still to be added.
///
/// # Errors
///
/// A reason why the namespaces, or another tool, are not available here.
pub(crate) fn namespace() -> Result<Command, String> {
    const NEEDED: &str = "ip link add name bridge0 type bridge && nft add table bridge tried";
    let ways: [&[&str]; 2] = [&["--net"], &["--net", "--map-root-user"]];
    // Some users have no path to the tools of root.
    let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
    let unshare = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).env("PATH", &path);
        command
    };
    let mut reason = String::new();
    for way in ways {
        match tried(unshare(way).args(["sh", "-c", NEEDED])) {
            Ok(()) => return Ok(unshare(way)),
            Err(why) => reason = why,
        }
    }
    Err(reason)
}

fn tried(command: &mut Command) -> Result<(), String> {
    let Output { status, stderr, .. } = command.output().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        format!("{program}: {error}")
    })?;
    let said = String::from_utf8_lossy(&stderr);
    if status.success() { Ok(()) } else { Err(format!("{} ({status})", said.trim())) }
}
