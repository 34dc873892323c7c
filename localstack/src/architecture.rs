//! Rules about the shape of the workspace that no compiler checks.

use std::{collections::BTreeSet, fs, path::Path};

/// Who may depend on whom: a crate may use those of the rows above it.
const LAYERS: [&[&str]; 7] = [
    &["kernel", "manifest", "transport"],
    &["proto"],
    &["stores", "migrations"],
    &["events"],
    &["runtime"],
    &["http"],
    &["testkit"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

/// The crates of this workspace that a crate's section names, without `cinema-`.
fn dependencies(manifest: &Path, section: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(manifest).expect("a Cargo.toml");
    let lines = text.lines().skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.strip_prefix("cinema-")?.split(['.', ' ', '=']).next());
    names.map(str::to_owned).collect()
}

fn folders(of: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(of)).expect("a folder").flatten();
    let mut names: Vec<_> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

#[test]
fn shared_crates_depend_only_downwards() {
    let below = |name: &str| -> BTreeSet<&str> {
        let layer =
            LAYERS.iter().position(|layer| layer.contains(&name)).unwrap_or_else(|| panic!("{name} has no layer"));
        LAYERS[..layer].iter().flat_map(|layer| layer.iter().copied()).collect()
    };
    for name in folders("shared") {
        let found = dependencies(&root().join("shared").join(&name).join("Cargo.toml"), "[dependencies]");
        for dependency in found {
            assert!(below(&name).contains(dependency.as_str()), "shared/{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn a_service_depends_on_no_other_service_and_the_platform_on_none() {
    let services: BTreeSet<String> = folders("functions").into_iter().collect();
    for service in &services {
        let manifest = root().join("functions").join(service).join("Cargo.toml");
        for section in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            let others: Vec<_> = dependencies(&manifest, section).intersection(&services).cloned().collect();
            assert!(others.is_empty(), "{service} depends on {others:?}");
        }
        assert!(!dependencies(&manifest, "[dependencies]").contains("testkit"), "{service} ships the test kit");
    }
    let platform = dependencies(&root().join("localstack/Cargo.toml"), "[dependencies]");
    assert!(platform.is_disjoint(&services), "the local platform depends on a service");
}

#[test]
fn nothing_in_the_manifests_is_unused() {
    let loose = manifest::Manifest::load(root()).expect("the manifests").loose_ends();
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

#[test]
fn the_route_table_is_up_to_date() {
    crate::generate::check_route_table(root()).expect("CargoLambda.toml");
}

#[test]
fn forbidden_crates_are_absent() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    for name in ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name} is in Cargo.lock");
    }
    let hyper = lock.split("[[package]]").filter(|package| package.contains("name = \"hyper\"\n"));
    for package in hyper {
        assert!(package.contains("version = \"1."), "an old hyper: {package}");
    }
}
