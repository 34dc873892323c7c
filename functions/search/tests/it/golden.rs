//! The golden set: real films among five thousand generated ones, and what people type for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use events::{Event, Outcome};
use futures::{StreamExt, stream};
use kernel::{Id, TitleId, World};
use serde_json::{Value, json};
use testkit::App;
use time::OffsetDateTime;

use crate::library::{Library, event, path};

const GENERATED: usize = 5_000;
const SEED: u64 = 2026;
const BATCH: usize = 250;
/// Searches at the same time.
const PARALLEL: usize = 4;

struct Film {
    original: String,
    names: Vec<(&'static str, String)>,
    year: i16,
    people: Vec<Vec<String>>,
}

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

impl Film {
    fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(_, name)| name.as_str()).chain([self.original.as_str()])
    }

    fn event(&self, number: usize) -> Event {
        let names: Vec<Value> =
            self.names.iter().map(|(locale, name)| json!({"locale": locale, "name": name})).collect();
        let credit =
            |spellings: &Vec<String>| json!({"name": spellings[0], "role": "actor", "also_known_as": spellings[1..]});
        let genre = ["drama", "comedy", "thriller"][number % 3];
        let title = json!({
            "kind": "film", "slug": format!("film-{number}"), "publication": "published", "rating": 12, "year": self.year,
            "original_title": self.original, "genres": [genre], "localisations": names,
            "credits": self.people.iter().map(credit).collect::<Vec<_>>(),
        });
        event(id(number), 1, &title)
    }
}

fn id(number: usize) -> TitleId {
    TitleId::from_parts(OffsetDateTime::UNIX_EPOCH + Duration::from_millis(number as u64), [7; 10])
}

fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('|').collect())
}

fn real() -> Vec<Film> {
    let film = |fields: Vec<&str>| {
        let [original, english, russian, year, people] = fields[..] else { panic!("five fields: {fields:?}") };
        let or_original = |name: &str| if name.is_empty() { original.to_owned() } else { name.to_owned() };
        let spellings = |person: &str| person.trim().split('/').map(str::to_owned).collect();
        Film {
            original: original.to_owned(),
            names: vec![("en", or_original(english)), ("ru", or_original(russian))],
            year: year.parse().unwrap(),
            people: people.split(';').map(spellings).collect(),
        }
    };
    lines(include_str!("../golden/films.txt")).map(film).collect()
}

/// Plausible titles that no real film of the set has, the same in every run.
fn generated(real: &[Film]) -> Vec<Film> {
    const ADJECTIVES: &str = "silent distant broken golden hidden last first lost burning frozen dark secret wild quiet lonely endless crimson \
        hollow bright forgotten restless electric paper iron velvet bitter gentle crooked northern southern midnight second stolen falling empty \
        perfect ordinary invisible savage tender";
    const NOUNS: &str = "river harbour winter summer house garden road letter promise shadow mirror stranger sister brother daughter \
        soldier captain teacher doctor painter dancer king queen prince thief witness island mountain forest desert ocean city station train \
        bridge tower window door song dream memory storm fire heart star moon horse wolf bird lion tiger knight empire kingdom machine planet";
    const PLACES: &str = "Paris London Berlin Vienna Prague Lisbon Havana Tokyo Shanghai Istanbul Cairo Oslo Dublin Boston Chicago Texas \
        Alaska Siberia Crimea Odessa Riga Minsk Kazan Baku";
    const FIRST: &str = "Anna Maria Elena Olga Irina Sofia Laura Julia Emma Clara Ivan Pavel Sergei Dmitri Nikolai Viktor Oleg Peter Paul \
        Thomas Martin Robert Edward George Henri Marcel Luis Carlos Kenji Hiro";
    const LAST: &str = "Volkova Petrov Smirnov Kuznetsov Orlov Sokolov Morozov Lebedev Novak Horvath Kowalski Schmidt Weber Keller Bauer \
        Dubois Lefevre Moreau Rossi Bianchi Ferrari Garcia Fernandez Silva Costa Tanaka Suzuki Walker Harris Clark Lewis Young Allen Wright \
        Hughes Fisher";
    const RUSSIAN_ADJECTIVES: &str = "тихий далёкий золотой тайный последний первый забытый холодный тёмный дикий одинокий бесконечный \
        красный пустой светлый северный южный полночный второй украденный железный бумажный горький обычный невидимый чужой весенний старый \
        новый белый";
    const RUSSIAN_NOUNS: &str = "берег дом сад город остров лес поезд мост дождь снег ветер свет день вечер август странник солдат капитан \
        учитель доктор художник король принц вор свидетель брат сын зверь волк лев конь сон голос путь след огонь рассвет закат океан вокзал";
    const GENITIVES: &str = "надежды любви дождя моря зимы весны осени памяти сердца города войны мира королевы учителя капитана звезды луны \
        тишины свободы судьбы";
    let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, SEED);
    let below = |bound: usize| usize::try_from(world.below(u32::try_from(bound).unwrap())).unwrap();
    let pick = |words: &'static str| words.split_whitespace().nth(below(words.split_whitespace().count())).unwrap();
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    let english = || {
        let (adjective, noun, other) = (capital(pick(ADJECTIVES)), capital(pick(NOUNS)), capital(pick(NOUNS)));
        match below(8) {
            0 | 1 => format!("The {adjective} {noun}"),
            2 => format!("{noun} of {}", pick(PLACES)),
            3 => format!("{}'s {noun}", pick(FIRST)),
            4 => format!("A {noun} in {}", pick(PLACES)),
            5 => format!("{noun} and {other}"),
            6 => format!("The {adjective} {noun}: {other}'s {}", capital(pick(NOUNS))),
            _ => format!("{adjective} {noun} of the {other}"),
        }
    };
    let russian = || {
        let (adjective, noun) = (pick(RUSSIAN_ADJECTIVES), pick(RUSSIAN_NOUNS));
        match below(4) {
            0 => format!("{} {noun}", capital(adjective)),
            1 => format!("{} {}", capital(noun), pick(GENITIVES)),
            2 => format!("{} {noun} {}", capital(adjective), pick(GENITIVES)),
            _ => format!("{} и {}", capital(noun), pick(RUSSIAN_NOUNS)),
        }
    };
    let taken: BTreeSet<String> = real.iter().flat_map(Film::all_names).map(str::to_lowercase).collect();
    let mut films = Vec::with_capacity(GENERATED);
    while films.len() < GENERATED {
        let (english, russian) = (english(), russian());
        if taken.contains(&english.to_lowercase()) || taken.contains(&russian.to_lowercase()) {
            continue;
        }
        let original = if below(2) == 0 { english.clone() } else { russian.clone() };
        let person = || vec![format!("{} {}", pick(FIRST), pick(LAST))];
        let people = vec![person(), person(), person()];
        let year = i16::try_from(1930 + below(95)).unwrap();
        films.push(Film { original, names: vec![("en", english), ("ru", russian)], year, people });
    }
    films
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

fn queries(films: &[Film]) -> Vec<Query> {
    let called = |name: &str| -> BTreeSet<usize> {
        let is_called = |film: &Film| film.all_names().any(|known| known.to_lowercase() == name.to_lowercase());
        (0..films.len()).filter(|number| is_called(&films[*number])).collect()
    };
    let listed = lines(include_str!("../golden/queries.txt")).map(|fields| {
        let [kind, text, wanted] = fields[..] else { panic!("three fields: {fields:?}") };
        let is_wanted = |film: &Film| film.original == wanted || format!("{} ({})", film.original, film.year) == wanted;
        let expected: BTreeSet<usize> = (0..films.len()).filter(|number| is_wanted(&films[*number])).collect();
        assert_eq!(expected.len(), usize::from(wanted != "-"), "{wanted} is one film of the set");
        Query { kind: kind.to_owned(), text: text.to_owned(), expected }
    });
    let mut queries: Vec<Query> = listed.collect();
    let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, SEED);
    for (number, film) in films.iter().enumerate() {
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
    let films = real();
    assert!(films.len() >= 300, "{}", films.len());
    let queries = queries(&films);
    assert!(queries.iter().filter(|query| !query.kind.starts_with("every")).count() >= 120);
    let others = generated(&films);
    let library = Library::open().await;
    let events: Vec<Event> = films.iter().chain(&others).enumerate().map(|(number, film)| film.event(number)).collect();
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
