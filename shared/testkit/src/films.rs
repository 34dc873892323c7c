//! Films to search among: real ones, made-up ones, and what people type for them. `functions/search/tests/golden` lists what is real.

use std::collections::BTreeSet;

use events::Event;
use kernel::{AssetId, TitleId, World};
use proto::{
    media::{AssetReady, Rendition},
    types::{ASSET_READY, TITLE_CHANGED},
};
use serde_json::{Value, json};
use simulation::{MadeUpTitle, MadeUpTitles};

const SEED: u64 = 2026;
const GENRES: [&str; 3] = ["drama", "comedy", "thriller"];

/// A film of the set.
pub struct Film {
    pub original: String,
    /// By locale.
    pub names: Vec<(&'static str, String)>,
    pub year: i16,
    /// The spellings of each name.
    pub people: Vec<Vec<String>>,
}

/// What somebody types.
pub struct ListedQuery {
    /// What is difficult about it; `none` and `proposal` find nothing.
    pub kind: String,
    pub text: String,
    /// The original name of the film that is meant, with the year where two share it; `-`: none.
    pub meant: String,
}

impl Film {
    /// Every name that it has, the original one last.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(_, name)| name.as_str()).chain([self.original.as_str()])
    }

    /// The catalogue's event of the published film; its genre and slug follow from its number.
    pub fn changed(&self, id: TitleId, number: usize) -> Event {
        let names: Vec<Value> =
            self.names.iter().map(|(locale, name)| json!({"locale": locale, "name": name})).collect();
        let mut title = self.about(number);
        title["localisations"] = json!(names);
        (title["title_id"], title["publication"], title["rating"]) = (json!(id), json!("published"), json!(12));
        Event::new(&World::system(), TITLE_CHANGED, id, 1, &title)
    }

    /// What an editor writes to have the same film in the catalogue.
    pub fn draft(&self, number: usize) -> Value {
        let names: serde_json::Map<String, Value> =
            self.names.iter().map(|(locale, name)| ((*locale).to_owned(), json!({ "name": name }))).collect();
        let mut draft = self.about(number);
        draft["localisations"] = names.into();
        draft
    }

    /// What both say in the same words.
    fn about(&self, number: usize) -> Value {
        let credit =
            |spellings: &Vec<String>| json!({"name": spellings[0], "role": "actor", "also_known_as": spellings[1..]});
        json!({
            "kind": "film", "slug": format!("film-{number}"), "original_title": self.original, "year": self.year,
            "genres": [GENRES[number % GENRES.len()]], "credits": self.people.iter().map(credit).collect::<Vec<_>>(),
        })
    }

    fn made_up(title: MadeUpTitle) -> Self {
        Self {
            original: title.original,
            names: vec![("en", title.english), ("ru", title.russian)],
            year: title.year,
            people: title.people.into_iter().map(|name| vec![name]).collect(),
        }
    }
}

/// What the pipeline tells of a film that is ready for a title.
pub fn asset_ready(title: &str) -> Event {
    let asset: AssetId = World::system().id();
    let rendition = |name: &str, width, height| Rendition { name: name.into(), width, height, bandwidth: 2_000_000 };
    let data = AssetReady {
        asset_id: asset.to_string(),
        title_id: title.to_owned(),
        duration_seconds: 5400.0,
        renditions: vec![rendition("v1080", 1920, 1080), rendition("v720", 1280, 720)],
        audio_languages: vec!["en".into()],
        poster: format!("{asset}/poster.jpg"),
        trickplay: format!("{asset}/sprites/index.vtt"),
        ..Default::default()
    };
    Event::new(&World::system(), ASSET_READY, asset, 1, &data)
}

/// The fields of each line of a list of the set.
fn lines(file: &str) -> Vec<Vec<String>> {
    let path = crate::root().join("functions/search/tests/golden").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

/// Films that exist.
pub fn real() -> Vec<Film> {
    let film = |fields: Vec<String>| {
        let [original, english, russian, year, people] = &fields[..] else { panic!("five fields: {fields:?}") };
        let or_original = |name: &String| if name.is_empty() { original.clone() } else { name.clone() };
        let spellings = |person: &str| person.trim().split('/').map(str::to_owned).collect();
        Film {
            original: original.clone(),
            names: vec![("en", or_original(english)), ("ru", or_original(russian))],
            year: year.parse().expect("a year"),
            people: people.split(';').map(spellings).collect(),
        }
    };
    lines("films.txt").into_iter().map(film).collect()
}

/// So many that none of the real ones is called like, the same in every run.
pub fn made_up(count: usize, real: &[Film]) -> Vec<Film> {
    let taken: BTreeSet<String> = real.iter().flat_map(Film::all_names).map(str::to_lowercase).collect();
    let is_new = |film: &Film| !film.all_names().any(|name| taken.contains(&name.to_lowercase()));
    MadeUpTitles::new(SEED).map(Film::made_up).filter(is_new).take(count).collect()
}

/// What people type for the real ones.
pub fn queries() -> Vec<ListedQuery> {
    let query = |fields: Vec<String>| {
        let [kind, text, meant] = fields.try_into().unwrap_or_else(|fields| panic!("three fields: {fields:?}"));
        ListedQuery { kind, text, meant }
    };
    lines("queries.txt").into_iter().map(query).collect()
}
