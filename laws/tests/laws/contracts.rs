//! An event is written where its service says so and read in `shared/events/src/contracts`, nowhere else.

use std::fs;

use laws::{crates_of, files, root};

/// Which service writes the messages of a package of `shared/proto`.
const WRITERS: [(&str, &str); 7] = [
    ("auth", "auth"),
    ("user", "user"),
    ("payment", "payment"),
    ("catalog", "catalog"),
    ("media", "media"),
    ("streaming", "streaming"),
    ("player", "analytics"),
];

/// The modules of `proto` that a source names: `proto::a::B` and `use proto::{a::B, c}`.
fn packages(source: &str) -> Vec<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name_end = |path: &'_ str| path.trim_start().find(|letter| !is_name(letter)).unwrap_or(path.len());
    let mut found = Vec::new();
    for (at, _) in source.match_indices("proto::") {
        let before = source[..at].chars().next_back();
        let rest = &source[at + "proto::".len()..];
        if before.is_some_and(is_name) {
            continue;
        }
        let Some(list) = rest.strip_prefix('{') else {
            found.push(&rest[..name_end(rest)]);
            continue;
        };
        let mut depth = 0_usize;
        let mut begin = 0;
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    let path = list[begin..at].trim();
                    found.extend(Some(&path[..name_end(path)]).filter(|name| !name.is_empty()));
                    begin = at + 1;
                    if letter == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn a_service_names_only_the_messages_that_it_writes() {
    for service in crates_of("functions") {
        for file in files(&root().join("functions").join(&service).join("src"), "rs") {
            if file.ends_with("tests.rs") {
                continue;
            }
            let source = fs::read_to_string(&file).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for package in packages(code) {
                let writer = WRITERS.iter().find(|(name, _)| *name == package).map(|(_, writer)| *writer);
                assert!(
                    writer.is_none_or(|writer| writer == service),
                    "{} names a message of {}: read the event with its contract in `events::contracts`",
                    file.display(),
                    writer.unwrap_or_default()
                );
            }
            for decoder in [".data()", ".data::<"] {
                assert!(!code.contains(decoder), "{} decodes an event by hand with `{decoder}`", file.display());
            }
        }
    }
}

#[test]
fn names_are_found_in_every_form() {
    let source =
        "use proto::{types, user::{A, B}, auth::C};\nlet a = proto::catalog::TitleChanged {};\nuse my_proto::media::X;";
    assert_eq!(packages(source), ["types", "user", "auth", "catalog"]);
}
