//! `cargo cinema` in any folder of the repository: runs the real program from the root's point of view.
//!
//! Cargo looks for a program only in the package of the current folder, and `-p cinema-cli` would resolve features for that crate alone:
//! everything that it shares with the functions would be compiled twice. This program has no dependencies, so naming it costs nothing.

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode},
};

/// What `cargo run` told this program; everything else named `CARGO_…` is the user's. Build scripts watch some of them.
const OF_THE_CALLER: [&str; 5] =
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE"];

fn main() -> ExitCode {
    let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2) else {
        eprintln!("error: the repository is not where this program was built");
        return ExitCode::FAILURE;
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The current folder stays, so that paths among the arguments mean what the user sees.
    cargo.args(["run", "--release", "--bin", "cinema", "--manifest-path"]).arg(root.join("Cargo.toml"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_THE_CALLER.iter().any(|start| name.starts_with(start))) {
            cargo.env_remove(name);
        }
    }
    let error = cargo.arg("--").args(std::env::args_os().skip(1)).exec();
    eprintln!("error: cargo cannot be started: {error}");
    ExitCode::FAILURE
}
