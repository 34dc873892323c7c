//! Which crate may depend on which.

use std::{collections::BTreeSet, fs};

use laws::{crates_of, dependencies, root};

/// Who may depend on whom: a crate may use those of the rows above it.
const LAYERS: [&[&str]; 11] = [
    &["algebra", "kernel", "manifest", "simulation", "transport"],
    &["proto", "collation", "telemetry"],
    &["stores", "migrations"],
    &["events"],
    &["runtime"],
    &["http", "password", "playback"],
    &["testkit"],
    &["engines"],
    &["deploy", "edge"],
    &["cli"],
    &["launcher"],
];

#[test]
fn crates_depend_only_downwards() {
    let below = |name: &str| -> BTreeSet<&str> {
        let layer =
            LAYERS.iter().position(|layer| layer.contains(&name)).unwrap_or_else(|| panic!("{name} has no layer"));
        LAYERS[..layer].iter().flat_map(|layer| layer.iter().copied()).collect()
    };
    for folder in ["shared", "localstack"] {
        for name in crates_of(folder) {
            for dependency in dependencies(&root().join(folder).join(&name), "[dependencies]") {
                assert!(below(&name).contains(dependency.as_str()), "{folder}/{name} must not depend on {dependency}");
            }
        }
    }
}

#[test]
fn only_the_local_platform_and_the_laws_know_the_local_platform() {
    let platform: BTreeSet<String> = crates_of("localstack").into_iter().collect();
    for folder in ["shared", "functions"] {
        for name in crates_of(folder) {
            for section in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
                let found = dependencies(&root().join(folder).join(&name), section);
                assert!(found.is_disjoint(&platform), "{folder}/{name} depends on the local platform: {found:?}");
            }
        }
    }
}

#[test]
fn a_service_depends_on_no_other_service_and_the_platform_on_none() {
    let services: BTreeSet<String> = crates_of("functions").into_iter().collect();
    for service in &services {
        let folder = root().join("functions").join(service);
        for section in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            let others: Vec<_> = dependencies(&folder, section).intersection(&services).cloned().collect();
            assert!(others.is_empty(), "{service} depends on {others:?}");
        }
        assert!(!dependencies(&folder, "[dependencies]").contains("testkit"), "{service} ships the test kit");
    }
    for name in crates_of("localstack") {
        let found = dependencies(&root().join("localstack").join(&name), "[dependencies]");
        assert!(found.is_disjoint(&services), "localstack/{name} depends on a service: {found:?}");
    }
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
