//! Compares the manifest with the files of a service: every entry has a program and an operation, and the other way round.
//!
//! The functions return sentences, one per difference, so that a test shows all of them at once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::function::Function;
use crate::manifest::Manifest;
use crate::program;

/// Entries without a program or operation file, programs and operation files without an entry, programs that were not generated.
pub fn files(root: &Path, manifest: &Manifest, service: &str) -> Vec<String> {
    let folder = root.join("functions").join(service);
    let entries: Vec<&Function> = manifest.service(service).collect();
    let expected_bins: BTreeSet<String> = entries.iter().map(|function| function.name.clone()).collect();
    let expected_operations: BTreeSet<String> = entries.iter().map(|function| function.operation()).collect();
    let mut differences = Vec::new();
    let mut compare = |kind: &str, expected: &BTreeSet<String>, found: &BTreeSet<String>| {
        for name in expected.difference(found) {
            differences.push(format!("functions/{service}/src/{kind}/{name}.rs is missing"));
        }
        for name in found.difference(expected) {
            differences.push(format!("functions/{service}/src/{kind}/{name}.rs has no entry in functions.yaml"));
        }
    };
    compare("bin", &expected_bins, &modules(&folder.join("src/bin")));
    compare("operations", &expected_operations, &modules(&folder.join("src/operations")));
    for function in entries {
        let path = program::path(function);
        let found = fs::read_to_string(root.join(&path)).ok();
        if found.is_some() && found != program::text(root, function) {
            differences.push(format!("{} is out of date: run `cargo cinema generate`", path.display()));
        }
    }
    differences
}

/// Functions with a trigger that have no golden payload `events/<function>.json`.
pub fn golden(root: &Path, manifest: &Manifest, service: &str) -> Vec<String> {
    let has_payload = |function: &&Function| !root.join("events").join(format!("{}.json", function.name)).is_file();
    manifest
        .service(service)
        .filter(|function| !function.triggers.is_empty())
        .filter(has_payload)
        .map(|function| format!("events/{}.json is missing", function.name))
        .collect()
}

/// Module names of a folder: `x.rs` and `x/mod.rs`, without `mod.rs` itself.
fn modules(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    let name_of = |path: &Path| -> Option<String> {
        let is_module = path.extension().is_some_and(|extension| extension == "rs") || path.join("mod.rs").is_file();
        let name = path.file_stem()?.to_str()?;
        (is_module && name != "mod").then(|| name.to_owned())
    };
    entries.filter_map(|entry| name_of(&entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("functions/resources.yaml", "{}");
        write(
            "functions/catalog/functions.yaml",
            "service: catalog\nfunctions:\n  catalog-get-title: {http: 'GET /v1/t', access: public}\n  catalog-tick: {schedule: rate(1 minute)}\n",
        );
        write("functions/catalog/src/bin/catalog-get-title.rs", "fn main() {}");
        write("functions/catalog/src/operations/mod.rs", "");
        write("functions/catalog/src/operations/get_title.rs", "");
        write("functions/catalog/src/operations/old.rs", "");
        let manifest = Manifest::load(root.path()).unwrap();
        assert_eq!(
            files(root.path(), &manifest, "catalog"),
            [
                "functions/catalog/src/bin/catalog-tick.rs is missing",
                "functions/catalog/src/operations/tick.rs is missing",
                "functions/catalog/src/operations/old.rs has no entry in functions.yaml",
                "functions/catalog/src/bin/catalog-get-title.rs is out of date: run `cargo cinema generate`",
            ]
        );
        assert_eq!(golden(root.path(), &manifest, "catalog"), ["events/catalog-tick.json is missing"]);
    }
}
