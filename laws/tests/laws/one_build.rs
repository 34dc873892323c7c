//! Programs and their tests are one build.

use std::collections::BTreeSet;
use std::process::Command;

use laws::root;

/// What `cargo tree` says of these arguments, a package to a line.
fn tree(arguments: &[String]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let always = ["tree", "--locked", "--prefix", "none"];
    let output = Command::new(cargo).args(always).args(arguments).current_dir(root()).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// Every package that cargo compiles along these edges, with its features.
fn packages(edges: &str) -> BTreeSet<String> {
    tree(&["--workspace", "--format", "{p} {f}", "--edges", edges].map(str::to_owned))
}

/// A dev-dependency that turns a feature on has everything above that crate compiled twice: every service, and every program.
#[test]
fn a_test_turns_no_feature_on_that_programs_lack() {
    let (programs, tests) = (packages("normal,build"), packages("normal,build,dev"));
    assert!(programs.len() > 300, "{} packages", programs.len());
    let twice: Vec<_> = programs.difference(&tests).collect();
    assert!(twice.is_empty(), "compiled for programs with these features, and again for tests with more: {twice:#?}");
}

/// Packages in a section of the workspace's Cargo.toml whose line ends so.
fn with_level(section: &str, end: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let lines = text.lines().skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('['));
    lines.filter(|line| line.ends_with(end)).filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect()
}

/// The profile of what is shipped inherits from the one of tests, in which some packages are compiled fast rather than well.
#[test]
fn nothing_is_shipped_as_it_is_compiled_for_tests_alone() {
    let fast = with_level("[profile.release.package]", "{ opt-level = 0 }");
    let well = with_level("[profile.lambda.package]", "\" }");
    let services =
        laws::crates_of("functions").into_iter().flat_map(|name| ["--package".to_owned(), format!("cinema-{name}")]);
    let shipped = tree(
        &["--format", "{p}", "--edges", "normal"].map(str::to_owned).into_iter().chain(services).collect::<Vec<_>>(),
    );
    let shipped: BTreeSet<String> =
        shipped.iter().filter_map(|package| Some(package.split_once(' ')?.0.to_owned())).collect();
    assert!(fast.len() > 20 && shipped.len() > 200, "{} and {} packages", fast.len(), shipped.len());
    let badly: Vec<_> = fast.intersection(&shipped).filter(|name| !well.contains(*name)).collect();
    assert!(badly.is_empty(), "[profile.lambda.package] says nothing of {badly:?}");
}
