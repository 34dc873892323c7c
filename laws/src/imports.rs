//! Which module of a crate imports which, read from the source.
//!
//! What counts is a `use` that is not public and a path that begins with `crate::`. A public `use` only hands a name
//! on: an import of that name leads to the module that defines it. Tests do not count.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::files;
use source::{Module, Place};

/// A public `use` may lead to another one; nobody chains more than a few.
const LONGEST_CHAIN: usize = 8;

/// The modules of a crate and what they import from each other.
pub struct Imports {
    files: BTreeMap<Place, PathBuf>,
    edges: BTreeMap<Place, BTreeMap<Place, BTreeSet<String>>>,
}

/// Files that import each other in a loop.
#[derive(Debug, PartialEq, Eq)]
pub struct Circle {
    /// Sorted.
    pub files: Vec<PathBuf>,
    /// `a.rs -> b.rs: names`.
    pub ties: Vec<String>,
}

impl Imports {
    /// Of the crate in a folder.
    pub fn of(folder: &Path) -> Self {
        let src = folder.join("src");
        let mut modules = BTreeMap::new();
        let mut paths = BTreeMap::new();
        for file in files(&src, "rs") {
            let Some(place) = file.strip_prefix(&src).ok().and_then(place) else { continue };
            modules.insert(place.clone(), Module::read(&fs::read_to_string(&file).unwrap_or_default()));
            paths.insert(place, file);
        }
        let mut edges: BTreeMap<Place, BTreeMap<Place, BTreeSet<String>>> = BTreeMap::new();
        for (from, module) in &modules {
            for path in &module.imports {
                let Some(to) = resolve(&modules, from, path, LONGEST_CHAIN).filter(|to| to != from) else { continue };
                let name = path.last().cloned().unwrap_or_default();
                edges.entry(from.clone()).or_default().entry(to).or_default().insert(name);
            }
        }
        Self { files: paths, edges }
    }

    /// All circles.
    pub fn circles(&self) -> Vec<Circle> {
        let mut left: BTreeSet<&Place> = self.edges.keys().collect();
        let mut found = Vec::new();
        while let Some(place) = left.pop_first() {
            let there = self.reachable(place);
            let members: BTreeSet<&Place> =
                there.iter().copied().filter(|other| self.reachable(other).contains(place)).collect();
            if members.len() > 1 {
                left.retain(|other| !members.contains(other));
                found.push(self.circle(&members));
            }
        }
        found
    }

    fn reachable<'a>(&'a self, from: &'a Place) -> BTreeSet<&'a Place> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(place) = open.pop() {
            let next = self.edges.get(place).into_iter().flat_map(BTreeMap::keys);
            open.extend(next.filter(|place| seen.insert(*place)));
        }
        seen
    }

    fn circle(&self, members: &BTreeSet<&Place>) -> Circle {
        let name = |place: &Place| self.files[place].file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut ties = Vec::new();
        for from in members {
            for (to, names) in self.edges.get(*from).into_iter().flatten().filter(|(to, _)| members.contains(to)) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                ties.push(format!("{} -> {}: {}", name(from), name(to), names.join(", ")));
            }
        }
        Circle { files: members.iter().map(|place| self.files[*place].clone()).collect(), ties }
    }
}

/// The module of a file below `src`; none for a program.
fn place(file: &Path) -> Option<Place> {
    let mut parts: Place = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.first().is_some_and(|first| first == "bin" || first == "main") {
        return None;
    }
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    Some(parts)
}

/// The module that defines what a path in the module `from` names; none outside of the crate.
fn resolve(modules: &BTreeMap<Place, Module>, from: &Place, path: &[String], chain: usize) -> Option<Place> {
    let absolute = absolute(modules, from, path)?;
    let end = (0..=absolute.len()).rev().find(|end| modules.contains_key(&absolute[..*end]))?;
    let (module, item) = absolute.split_at(end);
    let handed_on = item.first().and_then(|name| modules[module].exports.get(name));
    match handed_on {
        Some(path) if chain > 0 => {
            let module = module.to_vec();
            resolve(modules, &module, path, chain - 1).or(Some(module))
        }
        _ => Some(module.to_vec()),
    }
}

fn absolute(modules: &BTreeMap<Place, Module>, from: &Place, path: &[String]) -> Option<Place> {
    let mut base = from.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        child => {
            base.push(child.to_owned());
            return modules.contains_key(&base).then(|| [&base[..], &path[1..]].concat());
        }
    }
    base.extend_from_slice(rest);
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in sources {
            let file = folder.path().join("src").join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Imports::of(folder.path()).circles().into_iter().map(|circle| circle.ties).collect()
    }

    #[test]
    fn a_loop_is_found_with_the_names_that_tie_it() {
        let found = circles(&[
            ("lib.rs", "mod job;\nmod failure;\n"),
            ("job.rs", "use crate::{\n    failure::{Failure, trouble},\n};\n"),
            ("failure.rs", "fn f() -> crate::job::Job {}\n"),
        ]);
        assert_eq!(found, [["failure.rs -> job.rs: Job", "job.rs -> failure.rs: Failure, trouble"]]);
    }

    #[test]
    fn a_name_that_is_handed_on_leads_to_where_it_is_defined() {
        let parent = "mod child;\npub use child::Child;\npub struct Parent;\n";
        let one_way = [("store.rs", parent), ("store/child.rs", "use super::Parent;\n")];
        assert!(circles(&one_way).is_empty());
        let back = [("store.rs", parent), ("store/child.rs", "use super::Parent;\n"), ("lib.rs", "pub mod store;\n")];
        assert!(circles(&back).is_empty());
        let user = ("user.rs", "use crate::store::{Child as Found, self};\n");
        assert!(circles(&[one_way[0], ("store/child.rs", "use super::Parent;\nuse crate::user;\n"), user]).len() == 1);
        let private = "mod child;\nuse child::Child;\npub struct Parent;\n";
        assert_eq!(circles(&[("store/mod.rs", private), one_way[1]]).len(), 1);
    }

    #[test]
    fn tests_comments_and_other_crates_tie_nothing() {
        let found = circles(&[
            ("a.rs", "use crate::b::B;\nuse serde::b;\n"),
            ("b.rs", "// use crate::a;\n/// [`crate::a`]\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }
}
