//! Cargo as this program calls it.

use std::path::Path;

use tokio::process::Command;

/// What `cargo run` tells the program that it starts; everything else named `CARGO_…` is the user's.
const OF_THE_CALLER: [&str; 5] =
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE"];

/// Cargo in the repository. Without the caller's variables: ring's build script watches them, and a changed one compiles
/// everything that stands on it again.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_THE_CALLER.iter().any(|start| name.starts_with(start))) {
            command.env_remove(name);
        }
    }
    command
}
