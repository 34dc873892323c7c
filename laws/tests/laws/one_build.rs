//! Programs and their tests are one build.

use std::collections::BTreeSet;
use std::process::Command;

use laws::root;

/// Every package that cargo compiles along these edges, with its features.
fn packages(edges: &str) -> BTreeSet<String> {
    let tree = ["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p} {f}", "--edges", edges];
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(tree).current_dir(root()).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// A dev-dependency that turns a feature on has everything above that crate compiled twice: every service, and every program.
#[test]
fn a_test_turns_no_feature_on_that_programs_lack() {
    let (programs, tests) = (packages("normal,build"), packages("normal,build,dev"));
    assert!(programs.len() > 300, "{} packages", programs.len());
    let twice: Vec<_> = programs.difference(&tests).collect();
    assert!(twice.is_empty(), "compiled for programs with these features, and again for tests with more: {twice:#?}");
}
