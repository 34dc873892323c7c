//! An event is written where its service says so and read in `shared/events/src/contracts`, nowhere else.

use std::{collections::BTreeSet, fs};

use laws::{crates_of, files, root};
use serde_norway::Value;

/// Which service writes the messages of a package of `shared/proto`.
const WRITERS: [(&str, &str); 8] = [
    ("auth", "auth"),
    ("user", "user"),
    ("payment", "payment"),
    ("catalog", "catalog"),
    ("media", "media"),
    ("streaming", "streaming"),
    ("player", "analytics"),
    ("recommendation", "recommendation"),
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

/// Whatever these services write goes onto the stream `playback-events`, whose readers take everything.
const STREAMED: [&str; 2] = ["cinema.streaming.", "cinema.player."];

/// What is sent to a queue and never onto a stream.
const QUEUED: [&str; 1] = [proto::types::PROFILE_SECRET_CHANGED];

/// The types of events that functions of `functions.yaml` ask for.
fn asked_for(functions: &Value) -> BTreeSet<String> {
    let lists = functions["functions"].as_mapping().into_iter().flatten().map(|(_, function)| &function["events"]);
    let types = lists.flat_map(|list| list.as_sequence().map_or(std::slice::from_ref(list), Vec::as_slice));
    types.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn somebody_listens_to_every_event() {
    let mut heard = BTreeSet::new();
    for service in crates_of("functions") {
        let path = root().join("functions").join(&service).join("functions.yaml");
        heard.extend(asked_for(&serde_norway::from_str(&fs::read_to_string(path).unwrap()).unwrap()));
    }
    let silent: Vec<&&str> = proto::types::ALL
        .iter()
        .filter(|kind| !heard.contains(**kind) && !QUEUED.contains(kind))
        .filter(|kind| !STREAMED.iter().any(|start| kind.starts_with(start)))
        .collect();
    assert!(silent.is_empty(), "nobody listens to {silent:?}: what they tell is lost");
    let unknown: Vec<&String> = heard.iter().filter(|kind| !proto::types::ALL.contains(&kind.as_str())).collect();
    assert!(unknown.is_empty(), "nobody writes {unknown:?}");
}

#[test]
fn names_are_found_in_every_form() {
    let source =
        "use proto::{types, user::{A, B}, auth::C};\nlet a = proto::catalog::TitleChanged {};\nuse my_proto::media::X;";
    assert_eq!(packages(source), ["types", "user", "auth", "catalog"]);
}
