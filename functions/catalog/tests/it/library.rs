//! A provider of metadata for tests, on a real socket: it tells what it was given, and fails as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use cinema_http::{
    IntoResponse, Response, StatusCode,
    axum::{
        self, Router,
        http::{HeaderMap, Uri},
    },
};
use serde_json::{Value, json};

/// What happens to the next call.
#[derive(Debug, Clone)]
pub enum Mood {
    /// It answers as it should.
    Well,
    /// 429 with this `Retry-After`.
    Busy(&'static str),
    /// This status, and no document.
    Status(u16),
    /// 200 with this body.
    Says(String),
}

#[derive(Default)]
struct State {
    /// By path.
    titles: BTreeMap<String, Value>,
    moods: VecDeque<Mood>,
    calls: Vec<String>,
}

/// The provider; it ends with the test's runtime.
#[derive(Clone)]
pub struct Library {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Library {
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tmdb", listener.local_addr().unwrap());
        let library = Self { url, state: Arc::default() };
        let clerk = library.clone();
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
            let clerk = clerk.clone();
            async move { clerk.serve(&uri, &headers) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        library
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The setting with this provider in it.
    pub fn setting(&self) -> String {
        json!([{"provider": "tmdb", "url": self.url}]).to_string()
    }

    /// What the next calls meet, in this order.
    pub fn expect(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state().moods = moods.into_iter().collect();
    }

    /// What it says of a film from now on.
    pub fn film(&self, id: u32, document: Value) {
        self.state().titles.insert(format!("/tmdb/3/movie/{id}"), document);
    }

    /// What it says of a series from now on.
    pub fn series(&self, id: u32, document: Value) {
        self.state().titles.insert(format!("/tmdb/3/tv/{id}"), document);
    }

    /// What it says of a season of series 1 from now on, in English and in Russian.
    pub fn season(&self, number: u16, english: Value, russian: Value) {
        let path = |language: &str| format!("/tmdb/3/tv/1/season/{number} {language}");
        self.state().titles.extend([(path("en-US"), english), (path("ru"), russian)]);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.state().calls.len()
    }

    fn serve(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let mut state = self.state();
        state.calls.push(uri.to_string());
        let bearer = headers.get("authorization").and_then(|header| header.to_str().ok()).unwrap_or_default();
        assert!(bearer.starts_with("Bearer ") && bearer.len() > 20, "{bearer}");
        let query = uri.query().unwrap();
        let path = if uri.path().contains("/season/") {
            format!("{} {}", uri.path(), query.strip_prefix("language=").unwrap())
        } else {
            assert!(query.contains("append_to_response=credits,translations,external_ids"), "{uri}");
            uri.path().to_owned()
        };
        match state.moods.pop_front().unwrap_or(Mood::Well) {
            Mood::Busy(after) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", after)]).into_response(),
            Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
            Mood::Says(body) => body.into_response(),
            Mood::Well => match state.titles.get(&path) {
                Some(document) => axum::Json(document.clone()).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        }
    }
}

/// A film as the provider tells of it.
pub fn film(id: u32, name: &str, year: u16) -> Value {
    json!({
        "id": id, "title": name, "original_title": name, "overview": format!("{name}, told."), "release_date": format!("{year}-05-30"),
        "genres": [{"id": 16, "name": "Animation"}, {"id": 10770, "name": "TV Movie"}],
        "production_countries": [{"iso_3166_1": "NL", "name": "Netherlands"}],
        "credits": {"cast": [{"name": "Ann", "character": "A"}], "crew": [{"name": "Cy", "job": "Director"}]},
        "translations": {"translations": [
            {"iso_639_1": "ru", "iso_3166_1": "RU", "data": {"title": format!("{name} по-русски"), "overview": "Рассказано."}}
        ]},
        "external_ids": {"imdb_id": format!("tt{id:07}"), "wikidata_id": null},
    })
}

/// A season as the provider tells of it: names by number of the episode, in English and in Russian.
pub fn season(number: u16, episodes: &[(u16, &str, &str)]) -> [Value; 2] {
    let of = |id: u16, number: u16, name: String, overview: String| {
        json!({"id": id, "episode_number": number, "season_number": 1, "name": name, "overview": overview, "air_date": "2010-06-16",
            "crew": [{"name": "Cy", "job": "Director"}], "guest_stars": [{"name": "Ann", "character": "A"}]})
    };
    let told = |name: &str, told: &str| if name.is_empty() { String::new() } else { format!("{name}{told}") };
    let english =
        episodes.iter().map(|(at, name, _)| of(100 * number + at, *at, (*name).to_owned(), told(name, ", told.")));
    let russian = episodes.iter().map(|(at, name, russian)| {
        let own = if russian.is_empty() { name } else { russian };
        of(100 * number + at, *at, (*own).to_owned(), told(russian, ", рассказано."))
    });
    let season = |name: String, episodes: Vec<Value>| json!({"id": 1000 + number, "season_number": number, "name": name, "overview": "", "air_date": "2010-06-16", "episodes": episodes});
    [season(format!("Season {number}"), english.collect()), season(format!("Сезон {number}"), russian.collect())]
}
