//! Which module of a crate may import what.

use std::{collections::BTreeSet, fs};

use laws::{Imports, crates_of, files, root};

/// Files that still import each other in a loop. A circle that is cut leaves this list.
const CIRCLES: &[&[&str]] = &[];

/// Files that still answer with HTTP although they are no operation. One that has an error of its own leaves this list.
const HTTP: &[&str] = &["functions/auth/src/keyring.rs", "functions/auth/src/oidc/id_token.rs"];

/// A path of the repository.
fn relative(file: &std::path::Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

#[test]
fn modules_of_a_crate_import_each_other_in_no_circle() {
    let mut wrong = Vec::new();
    let mut known: BTreeSet<Vec<String>> =
        CIRCLES.iter().map(|circle| circle.iter().map(|file| (*file).to_owned()).collect()).collect();
    for folder in ["shared", "functions", "localstack"] {
        for name in crates_of(folder) {
            for circle in Imports::of(&root().join(folder).join(name)).circles() {
                let names: Vec<String> = circle.files.iter().map(|file| relative(file)).collect();
                if !known.remove(&names) {
                    wrong.push(format!("{} import each other:\n  {}", names.join(", "), circle.ties.join("\n  ")));
                }
            }
        }
    }
    wrong.extend(known.iter().map(|circle| format!("{} are no circle: take them off the list", circle.join(", "))));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nouns and stores have errors of their own; what a client is told stands in `operations` and `problems.rs`.
#[test]
fn only_operations_and_problems_of_a_service_know_http() {
    let mut wrong = Vec::new();
    let mut known: BTreeSet<&str> = HTTP.iter().copied().collect();
    for service in crates_of("functions") {
        let src = root().join("functions").join(service).join("src");
        for file in files(&src, "rs") {
            let inside = file.strip_prefix(&src).unwrap_or(&file);
            let is_outermost = ["operations", "bin"].iter().any(|folder| inside.starts_with(folder))
                || ["lib.rs", "problems.rs"].iter().any(|name| inside == std::path::Path::new(name));
            let text = fs::read_to_string(&file).expect("Rust");
            let names_http =
                text.lines().any(|line| line.split("//").next().unwrap_or_default().contains("cinema_http"));
            let name = relative(&file);
            if names_http && !is_outermost && !known.remove(name.as_str()) {
                wrong.push(format!("{name} names cinema_http: only operations and problems.rs may"));
            }
        }
    }
    wrong.extend(known.iter().map(|file| format!("{file} does not name cinema_http: take it off the list")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
