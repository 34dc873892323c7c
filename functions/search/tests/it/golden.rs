//! The golden set: real films among five thousand made-up ones, and what people type for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use events::{Event, Outcome};
use futures::{StreamExt, stream};
use kernel::{Id, TitleId, World};
use serde_json::Value;
use testkit::{
    App,
    films::{self, Film, ListedQuery},
};
use time::OffsetDateTime;

use crate::library::{Library, path};

const MADE_UP: usize = 5_000;
const SEED: u64 = 2026;
const BATCH: usize = 250;
/// Searches at the same time.
const PARALLEL: usize = 4;

/// A query and the titles of which one must come first; none where nothing may be found.
struct Query {
    kind: String,
    text: String,
    expected: BTreeSet<usize>,
}

#[derive(Default)]
struct Score {
    queries: usize,
    reciprocal_ranks: f64,
    without_items: usize,
    worst: Vec<String>,
}

fn id(number: usize) -> TitleId {
    TitleId::from_parts(OffsetDateTime::UNIX_EPOCH + Duration::from_millis(number as u64), [7; 10])
}

/// A letter left out, doubled, changed or swapped with its neighbour, in a word of at least four letters; `None` where there is none.
fn with_typo(name: &str, world: &World) -> Option<String> {
    let below = |bound: usize| usize::try_from(world.below(u32::try_from(bound).unwrap())).unwrap();
    let words: Vec<&str> = name.split(' ').collect();
    let is_long = |word: &str| word.chars().count() >= 4 && word.chars().all(char::is_alphabetic);
    let long: Vec<usize> = (0..words.len()).filter(|place| is_long(words[*place])).collect();
    if long.is_empty() {
        return None;
    }
    let place = long[below(long.len())];
    let mut letters: Vec<char> = words[place].chars().collect();
    let at = below(letters.len() - 1);
    match below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => letters[at] = if letters[at].is_ascii() { 'x' } else { 'ъ' },
    }
    let misspelt: String = letters.into_iter().collect();
    let changed: Vec<&str> =
        words.iter().enumerate().map(|(other, word)| if other == place { &misspelt } else { *word }).collect();
    Some(changed.join(" ")).filter(|changed| changed != name)
}

fn queries(set: &[Film]) -> Vec<Query> {
    let called = |name: &str| -> BTreeSet<usize> {
        let is_called = |film: &Film| film.all_names().any(|known| known.to_lowercase() == name.to_lowercase());
        (0..set.len()).filter(|number| is_called(&set[*number])).collect()
    };
    let listed = films::queries().into_iter().map(|ListedQuery { kind, text, meant }| {
        let is_meant = |film: &Film| film.original == meant || format!("{} ({})", film.original, film.year) == meant;
        let expected: BTreeSet<usize> = (0..set.len()).filter(|number| is_meant(&set[*number])).collect();
        assert_eq!(expected.len(), usize::from(meant != "-"), "{meant} is one film of the set");
        Query { kind, text, expected }
    });
    let mut queries: Vec<Query> = listed.collect();
    let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, SEED);
    for (number, film) in set.iter().enumerate() {
        let names: BTreeSet<&str> = film.all_names().collect();
        for name in names {
            queries.push(Query { kind: "every exact".to_owned(), text: name.to_owned(), expected: called(name) });
        }
        let name = &film.names[number % film.names.len()].1;
        queries.extend(with_typo(name, &world).map(|text| Query {
            kind: "every typo".to_owned(),
            text,
            expected: called(name),
        }));
    }
    queries
}

/// The answer, and the place of the first expected title among its items, from 1.
async fn asked<'a>(app: &App, query: &'a Query) -> (&'a Query, Value, Option<usize>) {
    let mut page = Value::Null;
    // On a busy machine the engine may take longer than a search may.
    for _ in 0..5 {
        page = app.get(&path(&[("q", &query.text)])).send().await.expect(200);
        if page["degraded"] == false {
            break;
        }
    }
    assert_eq!(page["degraded"], false, "{}", query.text);
    let expected: BTreeSet<String> = query.expected.iter().map(|number| id(*number).to_string()).collect();
    let is_expected = |item: &Value| expected.contains(item["id"].as_str().unwrap());
    let place = page["items"].as_array().unwrap().iter().position(is_expected).map(|place| place + 1);
    (query, page, place)
}

#[tokio::test]
async fn what_people_type_finds_what_they_mean() {
    let real = films::real();
    assert!(real.len() >= 300, "{}", real.len());
    let queries = queries(&real);
    assert!(queries.iter().filter(|query| !query.kind.starts_with("every")).count() >= 120);
    let others = films::made_up(MADE_UP, &real);
    let library = Library::open().await;
    let films = real.iter().chain(&others).enumerate();
    let events: Vec<Event> = films.map(|(number, film)| film.changed(id(number), number)).collect();
    for batch in events.chunks(BATCH) {
        let outcomes = library.deliver(batch.to_vec()).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }
    library.refresh().await;
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut faults = String::new();
    let mut answers = stream::iter(&queries).map(|query| asked(&library.app, query)).buffered(PARALLEL);
    while let Some((query, page, place)) = answers.next().await {
        let (is_empty, meant) = (page["total"] == 0, &page["did_you_mean"]);
        match query.kind.as_str() {
            "none" if !is_empty => writeln!(faults, "{} finds {}", query.text, page["items"][0]["name"]).unwrap(),
            "proposal" if !is_empty || meant.is_null() => {
                writeln!(faults, "{} finds something or proposes nothing: {page}", query.text).unwrap()
            }
            "none" | "proposal" => {}
            kind => {
                let score = scores.entry(kind).or_default();
                score.queries += 1;
                score.reciprocal_ranks += place.map_or(0.0, |place| 1.0 / place as f64);
                score.without_items += usize::from(is_empty);
                if place != Some(1) {
                    score.worst.push(format!("{} → {:?}, {} is first", query.text, place, page["items"][0]["name"]));
                }
                if is_empty && meant.is_null() {
                    writeln!(faults, "{} finds nothing and proposes nothing", query.text).unwrap();
                }
            }
        }
    }
    drop(answers);
    println!("| queries | number | MRR | nothing found |\n|---|---|---|---|");
    for (kind, score) in &scores {
        let mean = score.reciprocal_ranks / score.queries as f64;
        println!("| {kind} | {} | {mean:.3} | {} |", score.queries, score.without_items);
        let least = if *kind == "every exact" { 1.0 } else { 0.9 };
        if mean < least {
            writeln!(faults, "{kind}: MRR {mean:.3}: {:#?}", score.worst).unwrap();
        }
    }
    for (kind, score) in &scores {
        println!("{kind}: {:#?}", score.worst);
    }
    // A word that is in a title is never taken for a misspelt name.
    let women = library.app.get(&path(&[("q", "woman"), ("limit", "100")])).send().await.expect(200);
    if women["total"] == 0 || women.to_string().contains("\"Carol\"") {
        writeln!(faults, "woman finds {women}").unwrap();
    }
    library.close().await;
    assert!(faults.is_empty(), "{faults}");
}
