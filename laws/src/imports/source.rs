//! The `use` declarations of one file.

use std::collections::BTreeMap;

/// From the crate's root: `["store", "sessions"]`; in a `use` also relative, or ending with a name.
pub(super) type Place = Vec<String>;

/// What one file imports, and which names it hands on.
pub(super) struct Module {
    pub imports: Vec<Place>,
    pub exports: BTreeMap<String, Place>,
}

impl Module {
    pub fn read(text: &str) -> Self {
        let mut module = Self { imports: Vec::new(), exports: BTreeMap::new() };
        let text = without_tests_and_comments(text);
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let is_public = line.starts_with("pub");
            let declaration = match line.split_once("use ") {
                Some((before, rest)) if before.is_empty() || is_public && !before.contains(['(', '{']) => rest,
                Some((before, rest)) if before.starts_with("pub(") && before.ends_with(") ") => rest,
                _ => {
                    module.imports.extend(inline_paths(line));
                    continue;
                }
            };
            let mut tree = declaration.to_owned();
            while !tree.contains(';') {
                let Some(line) = lines.next() else { break };
                tree.push_str(line);
            }
            let tree = tree.split(';').next().unwrap_or_default().replace(char::is_whitespace, " ");
            for (path, name) in leaves(&tree) {
                if is_public {
                    module.exports.insert(name, path);
                } else {
                    module.imports.push(path);
                }
            }
        }
        module
    }
}

/// Test modules stand at the end of a file.
fn without_tests_and_comments(text: &str) -> String {
    let code = match text.find("#[cfg(test)]\nmod ") {
        Some(tests) if text[tests..].lines().nth(1).is_some_and(|line| line.ends_with('{')) => &text[..tests],
        _ => text,
    };
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Paths that begin with `crate::` in the midst of code.
fn inline_paths(line: &str) -> Vec<Place> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let starts = line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with([':', '$']));
    let paths = starts.map(|(at, _)| {
        let end = line[at..].find(|letter: char| !is_name(letter) && letter != ':').unwrap_or(line.len() - at);
        line[at..at + end].split("::").map(str::to_owned).filter(|part| !part.is_empty()).collect()
    });
    paths.collect()
}

/// The paths of a `use` tree, each with the name under which it is known.
fn leaves(tree: &str) -> Vec<(Place, String)> {
    let tree = tree.trim();
    if let Some((before, inside)) = tree.split_once('{') {
        let before: Place =
            before.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
        let grown = branches(inside).into_iter().flat_map(leaves);
        return grown
            .map(|(path, name)| {
                let name = if path == ["self"] { before.last().cloned().unwrap_or_default() } else { name };
                let rest = path.into_iter().filter(|part| part != "self");
                (before.iter().cloned().chain(rest).collect(), name)
            })
            .collect();
    }
    let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim())));
    let path: Place = path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let Some(last) = path.last() else { return Vec::new() };
    let name = name.unwrap_or(last).to_owned();
    vec![(path, name)]
}

/// What commas separate, outside of braces.
fn branches(inside: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut found) = (0_usize, 0, Vec::new());
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&inside[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[begin..]);
    found
}
