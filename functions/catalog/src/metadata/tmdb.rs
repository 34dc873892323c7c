//! The Movie Database, API version 3: one call tells a film or series with credits, translations and other ids, two tell a season.
//!
//! <https://developer.themoviedb.org/reference/movie-details>. Its terms ask whoever shows its data to name it as the source.

mod seasons;

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, Request, Response, StatusCode, header};
use kernel::{Locale, Territory, TitleKind};
use runtime::Keys;
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use stores::{Fetch, StoreError, is_on_this_machine};

use super::{FetchError, Metadata, Provider, ProviderName, Season, Text};
use crate::{
    draft::{Credit, MOST_COUNTRIES, MOST_GENRES},
    text::{ExternalId, Name, Role, Slug, Synopsis, Year},
};

pub(super) const NAME: &str = "tmdb";
const ADDRESS: &str = "https://api.themoviedb.org";
/// The name under which a stand-in on this machine has its key.
const STAND_IN: &str = "sandbox";
/// A call that takes longer has no answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most of the cast, and most of the crew.
const MOST_PEOPLE: usize = 40;
/// What is asked for in one language comes in English; this is read from the translations.
const TRANSLATED: &str = "ru";

/// What the setting says of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// A stand-in on this machine; absent for the real one.
    #[serde(default, deserialize_with = "on_this_machine")]
    url: Option<String>,
}

fn on_this_machine<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(deserializer)?;
    if is_on_this_machine(&url) { Ok(Some(url)) } else { Err(D::Error::custom("not a URL of this machine")) }
}

/// The Movie Database.
pub(super) struct Tmdb {
    base: String,
    /// The member of the secret.
    key: &'static str,
    keys: Keys,
    fetch: Fetch,
}

impl Tmdb {
    pub fn new(config: &Config, keys: Keys) -> Self {
        let (base, key) = config.url.as_deref().map_or((ADDRESS, NAME), |url| (url, STAND_IN));
        Self { base: base.trim_end_matches('/').to_owned(), key, keys, fetch: Fetch::default() }
    }

    async fn details(&self, kind: TitleKind, id: &ExternalId) -> Result<Metadata, FetchError> {
        let folder = folder(kind).filter(|_| self.takes(id)).ok_or(FetchError::NotFound)?;
        let path = format!("{folder}/{id}?language=en-US&append_to_response=credits,translations,external_ids");
        read(&self.ask(&path).await?, kind, id)
    }

    /// The document at a path below the version.
    async fn ask(&self, path: &str) -> Result<Value, FetchError> {
        let key = self.keys.find(self.key).await.map_err(|error| FetchError::Unavailable(error.to_string()))?;
        let key = key.ok_or_else(|| FetchError::NoAccess("none is configured".to_owned()))?;
        let address = format!("{}/3/{path}", self.base);
        let request = Request::get(address)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", key.expose_secret()))
            .body(Bytes::new())
            .map_err(|error| FetchError::NoAccess(error.to_string()))?;
        let answer = self.fetch.exchange(request, PATIENCE).await;
        let answer = answer.map_err(|error| FetchError::Unavailable(error.to_string()))?;
        document(&answer)
    }
}

impl Provider for Tmdb {
    fn name(&self) -> ProviderName {
        ProviderName::Tmdb
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        async { Ok(self.keys.find(self.key).await?.is_some()) }.boxed()
    }

    fn takes(&self, id: &ExternalId) -> bool {
        id.as_str().parse::<u32>().is_ok_and(|number| number > 0 && number.to_string() == id.as_str())
    }

    fn fetch<'a>(&'a self, kind: TitleKind, id: &'a ExternalId) -> BoxFuture<'a, Result<Metadata, FetchError>> {
        self.details(kind, id).boxed()
    }

    fn fetch_season<'a>(&'a self, series: &'a ExternalId, number: u16) -> BoxFuture<'a, Result<Season, FetchError>> {
        self.season(series, number).boxed()
    }
}

fn folder(kind: TitleKind) -> Option<&'static str> {
    match kind {
        TitleKind::Film => Some("movie"),
        TitleKind::Series => Some("tv"),
        TitleKind::Season | TitleKind::Episode => None,
    }
}

fn document(answer: &Response<Bytes>) -> Result<Value, FetchError> {
    let status = answer.status();
    match status {
        StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|error| {
            FetchError::Unreadable(format!("no JSON at line {} column {}", error.line(), error.column()))
        }),
        StatusCode::NOT_FOUND => Err(FetchError::NotFound),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(FetchError::NoAccess(format!("answered {status}"))),
        StatusCode::TOO_MANY_REQUESTS => Err(FetchError::Busy(retry_after(answer.headers()))),
        status if status.is_server_error() => Err(FetchError::Unavailable(format!("answered {status}"))),
        status => Err(FetchError::Unreadable(format!("answered {status}"))),
    }
}

/// Seconds; a date says nothing to us.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What the document says, as far as it can be kept.
fn read(document: &Value, kind: TitleKind, id: &ExternalId) -> Result<Metadata, FetchError> {
    if !document.is_object() {
        return Err(FetchError::Unreadable("no object".to_owned()));
    }
    // Whatever else it is, it is not what was asked for.
    if document["id"].as_u64().map(|number| number.to_string()).as_deref() != Some(id.as_str()) {
        return Err(FetchError::Unreadable("about another id".to_owned()));
    }
    let is_film = kind == TitleKind::Film;
    let (name, original, date) =
        if is_film { ("title", "original_title", "release_date") } else { ("name", "original_name", "first_air_date") };
    let mut reader = Reader { document, found: Metadata::default() };
    let english = reader.name(name);
    reader.found.original_title = reader.name(original).or_else(|| english.clone());
    reader.year(date);
    reader.countries();
    reader.genres();
    reader.english(english.clone());
    reader.translation(name, english);
    reader.credits(is_film);
    reader.external_ids(id);
    if !is_film {
        reader.seasons();
    }
    Ok(reader.found)
}

/// Reads one document; notes what it leaves out.
struct Reader<'a> {
    document: &'a Value,
    found: Metadata,
}

const NAME_RULE: &str = "must be a line of 1 to 200 characters without control characters";
const SYNOPSIS_RULE: &str = "must be a text of at most 5000 characters without control characters";

impl<'a> Reader<'a> {
    /// A text that says something; what is absent, null or empty is nothing, and no mistake.
    fn text(&mut self, value: &'a Value, pointer: &str, rule: &str) -> Option<&'a str> {
        match value {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text),
            _ => {
                self.found.leave_out(pointer, rule);
                None
            }
        }
    }

    fn parsed<T>(&mut self, value: &'a Value, pointer: &str, parse: fn(&str) -> Option<T>, rule: &str) -> Option<T> {
        let parsed = parse(self.text(value, pointer, rule)?);
        if parsed.is_none() {
            self.found.leave_out(pointer, rule);
        }
        parsed
    }

    /// A list; anything else than one is none.
    fn list(&mut self, value: &'a Value, pointer: &str) -> &'a [Value] {
        match value {
            Value::Array(items) => items,
            Value::Null => &[],
            _ => {
                self.found.leave_out(pointer, "must be a list");
                &[]
            }
        }
    }

    fn name(&mut self, member: &str) -> Option<Name> {
        let document = self.document;
        self.parsed(&document[member], &format!("/{member}"), Name::new, NAME_RULE)
    }

    fn year(&mut self, member: &str) {
        let document = self.document;
        let year = |date: &str| {
            let (year, _) = date.split_once('-')?;
            let number: i16 = year.parse().ok().filter(|_| year.len() == 4)?;
            serde_json::from_value::<Year>(number.into()).ok()
        };
        let rule = "must be a date of a year from 1870 to 2100";
        self.found.year = self.parsed(&document[member], &format!("/{member}"), year, rule);
    }

    fn countries(&mut self) {
        let document = self.document;
        let mut seen = BTreeSet::new();
        for (at, country) in self.list(&document["production_countries"], "/production_countries").iter().enumerate() {
            let pointer = format!("/production_countries/{at}/iso_3166_1");
            let rule = "must be a territory such as DE";
            let territory = self.parsed(&country["iso_3166_1"], &pointer, |text| text.parse::<Territory>().ok(), rule);
            let Some(territory) = territory.filter(|territory| seen.insert(territory.clone())) else { continue };
            if self.found.countries.len() == MOST_COUNTRIES {
                return self.found.leave_out(pointer, "is one of too many countries");
            }
            self.found.countries.push(territory);
        }
    }

    fn genres(&mut self) {
        let document = self.document;
        for (at, genre) in self.list(&document["genres"], "/genres").iter().enumerate() {
            let pointer = format!("/genres/{at}");
            let Some(slugs) = genre["id"].as_u64().and_then(genre_slugs) else {
                self.found.leave_out(pointer, "is no genre of this catalogue");
                continue;
            };
            for slug in slugs.iter().filter_map(|slug| Slug::new(slug)) {
                if self.found.genres.contains(&slug) {
                    continue;
                }
                if self.found.genres.len() == MOST_GENRES {
                    return self.found.leave_out(pointer, "is one of too many genres");
                }
                self.found.genres.push(slug);
            }
        }
    }

    fn english(&mut self, name: Option<Name>) {
        let document = self.document;
        let synopsis = self.parsed(&document["overview"], "/overview", Synopsis::new, SYNOPSIS_RULE);
        self.found.texts.insert(Locale::english(), Text { name, synopsis });
    }

    /// A translation without a name has the one that everybody sees.
    fn translation(&mut self, name: &str, english: Option<Name>) {
        let document = self.document;
        let translations = self.list(&document["translations"]["translations"], "/translations/translations");
        for (at, translation) in translations.iter().enumerate() {
            if translation["iso_639_1"] != TRANSLATED {
                continue;
            }
            let pointer = format!("/translations/translations/{at}/data");
            if self.translated(&translation["data"], name, &pointer, english.clone()) {
                return;
            }
        }
    }

    /// Takes texts in the other language; whether there were any.
    fn translated(&mut self, data: &'a Value, name: &str, pointer: &str, english: Option<Name>) -> bool {
        let Ok(locale) = TRANSLATED.parse::<Locale>() else { return false };
        let own = self.parsed(&data[name], &format!("{pointer}/{name}"), Name::new, NAME_RULE);
        let synopsis = self.parsed(&data["overview"], &format!("{pointer}/overview"), Synopsis::new, SYNOPSIS_RULE);
        let says_something = own.is_some() || synopsis.is_some();
        if says_something {
            self.found.texts.insert(locale, Text { name: own.or(english), synopsis });
        }
        says_something
    }

    fn credits(&mut self, is_film: bool) {
        let document = self.document;
        if !is_film {
            self.people(&document["created_by"], "/created_by", |_| Some("creator"));
        }
        self.people(&document["credits"]["crew"], "/credits/crew", |person| role(person["job"].as_str()?));
        self.people(&document["credits"]["cast"], "/credits/cast", |_| Some("actor"));
    }

    fn people(&mut self, list: &'a Value, pointer: &str, role: fn(&Value) -> Option<&'static str>) {
        let mut taken = 0;
        for (at, person) in self.list(list, pointer).iter().enumerate() {
            let Some(role) = role(person).and_then(Role::new) else { continue };
            if taken == MOST_PEOPLE {
                return self.found.leave_out(format!("{pointer}/{at}"), "is one of too many people");
            }
            let at = format!("{pointer}/{at}");
            if person["name"].is_null() {
                self.found.leave_out(format!("{at}/name"), NAME_RULE);
            }
            let Some(name) = self.parsed(&person["name"], &format!("{at}/name"), Name::new, NAME_RULE) else {
                continue;
            };
            let character = self.parsed(&person["character"], &format!("{at}/character"), Name::new, NAME_RULE);
            let is_known =
                |credit: &Credit| credit.name == name && credit.role == role && credit.character == character;
            if !self.found.credits.iter().any(is_known) {
                self.found.credits.push(Credit { name, role, character, also_known_as: vec![] });
                taken += 1;
            }
        }
    }

    fn external_ids(&mut self, id: &ExternalId) {
        let document = self.document;
        for (member, name) in [("imdb_id", "imdb"), ("wikidata_id", "wikidata")] {
            let pointer = format!("/external_ids/{member}");
            let rule = "must be 1 to 40 letters, digits, hyphens or underscores";
            let found = self.parsed(&document["external_ids"][member], &pointer, ExternalId::new, rule);
            if let (Some(found), Some(name)) = (found, Slug::new(name)) {
                self.found.external_ids.insert(name, found);
            }
        }
        self.own_id(id);
    }

    fn own_id(&mut self, id: &ExternalId) {
        if let Some(name) = Slug::new(NAME) {
            self.found.external_ids.insert(name, id.clone());
        }
    }
}

/// What people of the crew did, of those who are shown.
fn role(job: &str) -> Option<&'static str> {
    Some(match job {
        "Director" => "director",
        "Writer" | "Screenplay" => "writer",
        "Original Music Composer" => "composer",
        "Director of Photography" => "cinematographer",
        "Producer" => "producer",
        "Editor" => "editor",
        _ => return None,
    })
}

/// Ours for theirs: <https://developer.themoviedb.org/reference/genre-movie-list>, and `genre-tv-list`.
fn genre_slugs(id: u64) -> Option<&'static [&'static str]> {
    Some(match id {
        28 => &["action"],
        12 => &["adventure"],
        16 => &["animation"],
        35 => &["comedy"],
        80 => &["crime"],
        99 => &["documentary"],
        18 | 10766 => &["drama"],
        10751 | 10762 => &["family"],
        14 => &["fantasy"],
        36 => &["history"],
        27 => &["horror"],
        10402 => &["music"],
        9648 => &["mystery"],
        10749 => &["romance"],
        878 => &["science-fiction"],
        53 => &["thriller"],
        10752 | 10768 => &["war"],
        37 => &["western"],
        10759 => &["action", "adventure"],
        10765 => &["science-fiction", "fantasy"],
        _ => return None,
    })
}

#[cfg(test)]
#[path = "tmdb_tests.rs"]
mod tests;
