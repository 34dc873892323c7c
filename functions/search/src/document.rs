//! A title as search knows it.

use std::collections::BTreeMap;

use events::Event;
use kernel::{
    Locale, TitleId,
    policy::{Publication, TitleRules, Window, search_fields},
};
use proto::{catalog, types::TITLE_CHANGED};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::words::{folded, words};

/// What is searched, filtered by and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub title_id: TitleId,
    /// film, series, season, episode
    pub kind: String,
    pub slug: String,
    /// When it first appeared.
    pub year: Option<i16>,
    /// Slugs.
    pub genres: Vec<String>,
    /// Names by language.
    pub names: BTreeMap<String, String>,
    /// The name in the language in which it was made.
    pub original_title: String,
    /// Names of those who made it, in every known spelling.
    pub people: Vec<String>,
    /// Path of the poster below `/media/`.
    pub poster: Option<String>,
    /// Length in seconds.
    pub duration_seconds: Option<f64>,
    /// Who may see it.
    pub rules: TitleRules,
}

/// A title in one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The version.
    pub sequence: i64,
    pub document: Document,
}

/// What a search found: a slice of documents and how many there are in all.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub documents: Vec<Document>,
    pub total: u64,
}

impl Revision {
    /// Reads a title's event.
    ///
    /// # Errors
    /// Why no retry can help.
    pub fn read(event: &Event) -> Result<Self, String> {
        if event.kind != TITLE_CHANGED {
            return Err(format!("{} is not this consumer's event", event.kind));
        }
        if event.sequence < 1 {
            return Err("the sequence begins at 1".to_owned());
        }
        let data: catalog::TitleChanged = event.data().map_err(|error| error.to_string())?;
        Ok(Self { sequence: event.sequence, document: Document::of(data)? })
    }
}

impl Document {
    fn of(data: catalog::TitleChanged) -> Result<Self, String> {
        let spellings = |credit: &catalog::Credit| {
            let names = std::iter::once(&credit.name).chain(&credit.also_known_as);
            names.map(|name| plain(name)).collect::<Vec<_>>()
        };
        let mut people: Vec<String> = data.credits.iter().flat_map(spellings).filter(|name| !name.is_empty()).collect();
        people.sort();
        people.dedup();
        Ok(Self {
            title_id: data.title_id.parse().map_err(|error| format!("title_id: {error}"))?,
            rules: rules(&data)?,
            kind: plain(&data.kind),
            slug: plain(&data.slug),
            year: i16::try_from(data.year).ok().filter(|year| *year > 0),
            genres: data.genres.iter().map(|genre| plain(genre)).collect(),
            names: data.localisations.iter().map(|text| (plain(&text.locale), plain(&text.name))).collect(),
            original_title: plain(&data.original_title),
            people,
            poster: Some(plain(&data.poster)).filter(|path| !path.is_empty()),
            duration_seconds: data.asset.map(|asset| asset.duration_seconds),
        })
    }

    /// The name for a reader: their own language, English, any, the original.
    pub fn name(&self, reader: &Locale) -> &str {
        let own = self.names.get(reader.as_str()).or_else(|| self.names.get(reader.language()));
        let name = own.or_else(|| self.names.get("en")).or_else(|| self.names.values().next());
        name.unwrap_or(&self.original_title)
    }

    /// Every name of the title.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.names.values().chain([&self.original_title]).map(String::as_str)
    }

    /// Whole names in folded form: a query that equals one comes first.
    pub fn exact(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.titles().map(|name| folded(name).join(" ")).filter(|name| !name.is_empty()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Folded words of names and people, each after a space.
    pub fn terms(&self) -> String {
        let texts = self.titles().chain(self.people.iter().map(String::as_str));
        texts.flat_map(folded).map(|word| format!(" {word}")).collect()
    }

    /// What the index gets.
    pub fn indexed(&self) -> Value {
        let text = |text: &str| words(text).join(" ");
        let mut body = search_fields(&self.rules);
        let fields = json!({
            "title_id": self.title_id,
            "kind": self.kind,
            "genres": self.genres,
            "year": self.year,
            "exact": self.exact(),
            "names": self.titles().map(text).collect::<Vec<_>>(),
            "people": self.people.iter().map(|name| text(name)).collect::<Vec<_>>(),
            "document": self,
        });
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        body
    }
}

fn rules(data: &catalog::TitleChanged) -> Result<TitleRules, String> {
    let publication = match data.publication.as_str() {
        // A deleted title was public at most once: it stays as withdrawn, so that an older event cannot bring it back.
        _ if data.deleted => Publication::Withdrawn,
        "draft" => Publication::Draft,
        "scheduled" => Publication::Scheduled,
        "published" => Publication::Published,
        "withdrawn" => Publication::Withdrawn,
        other => return Err(format!("publication: {other}")),
    };
    let rating = data.rating.map(|rating| u8::try_from(rating).map_err(|error| format!("rating: {error}")));
    let windows = data.windows.iter().map(window).collect::<Result<_, _>>()?;
    Ok(TitleRules { publication, rating: rating.transpose()?, windows, has_asset: data.asset.is_some() })
}

fn window(window: &catalog::Window) -> Result<Window, String> {
    let time = |text: &Option<String>| {
        let parse = |text: &String| OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("windows: {error}"));
        text.as_ref().map(parse).transpose()
    };
    let territories = window.territories.iter().map(|code| code.parse().map_err(|error| format!("windows: {error}")));
    Ok(Window {
        territories: territories.collect::<Result<_, _>>()?,
        plans: window.plans.iter().map(|plan| plain(plan)).collect(),
        from: time(&window.from)?,
        until: time(&window.until)?,
    })
}

/// Without what Postgres cannot store.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').collect()
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    fn event(data: Value) -> Event {
        Event::new(&World::system(), TITLE_CHANGED, "ttl_01jd3k5m7n9pqrstvwxyz01234", 3, &data)
    }

    fn title() -> Value {
        json!({
            "title_id": "ttl_01jd3k5m7n9pqrstvwxyz01234", "kind": "film", "slug": "walkure", "publication": "published", "rating": 12,
            "original_title": "Die Walküre", "localisations": [{"locale": "ru", "name": "Валькирия"}, {"locale": "en", "name": "The Valkyrie"}],
            "credits": [{"name": "Ёлка", "role": "actor", "also_known_as": ["Yolka"]}, {"name": "Ёлка", "role": "writer"}],
            "windows": [{"territories": ["DE"], "from": "2026-01-01T00:00:00Z"}],
        })
    }

    #[test]
    fn a_document_has_what_is_searched() {
        let revision = Revision::read(&event(title())).unwrap();
        let document = &revision.document;
        assert_eq!(document.exact(), ["die walkure", "the valkyrie", "валькирия"]);
        assert_eq!(document.terms(), " the valkyrie валькирия die walkure yolka елка");
        assert_eq!(document.name(&"de".parse().unwrap()), "The Valkyrie");
        assert_eq!(document.name(&"ru-RU".parse().unwrap()), "Валькирия");
        assert_eq!(document.indexed()["names"][2], "die walküre");
    }

    #[test]
    fn a_deleted_title_is_hidden_for_ever() {
        let mut data = title();
        data["deleted"] = json!(true);
        assert_eq!(Revision::read(&event(data)).unwrap().document.rules.publication, Publication::Withdrawn);
    }

    #[test]
    fn what_is_no_title_is_poison() {
        for (field, value) in [
            ("title_id", json!("film")),
            ("publication", json!("secret")),
            ("rating", json!(400)),
            ("windows", json!([{"from": "soon"}])),
            ("windows", json!([{"territories": ["Germany"]}])),
        ] {
            let mut data = title();
            data[field] = value;
            assert!(Revision::read(&event(data)).is_err(), "{field}");
        }
    }
}
