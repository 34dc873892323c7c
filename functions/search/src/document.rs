//! A title as search knows it.

use std::collections::{BTreeMap, BTreeSet};

use events::{ContractError, Event, Title};
use kernel::{
    Locale, Names, TitleId, TitleKind,
    policy::{TitleRules, search_fields},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    forms, sound,
    words::{folded, signs, words},
};

/// What is searched, filtered by and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub title_id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    /// When it first appeared.
    pub year: Option<i16>,
    /// When it became public.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
    /// Slugs.
    pub genres: Vec<String>,
    pub names: BTreeMap<Locale, String>,
    /// The name in the language in which it was made.
    pub original_title: String,
    /// Names of those who made it, in every known spelling; not read where nobody is shown them.
    #[serde(default)]
    pub people: Vec<String>,
    /// Path of the poster below `/media/`.
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    /// Who may see it.
    pub rules: TitleRules,
}

/// The part of a document by which a title is suggested.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NamedTitle {
    pub title_id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    pub year: Option<i16>,
    pub names: BTreeMap<Locale, String>,
    pub original_title: String,
}

/// A title in one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    pub sequence: i64,
    pub document: Document,
}

impl Revision {
    /// Reads a title's event.
    ///
    /// # Errors
    /// Why no retry can help.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let title = Title::read(event)?;
        Ok(Self { sequence: title.sequence, document: Document::of(title) })
    }
}

impl Document {
    fn of(title: Title) -> Self {
        let duration_seconds = title.duration_seconds();
        let spellings = title.credits.into_iter().flat_map(|credit| [vec![credit.name], credit.also_known_as].concat());
        let mut people: Vec<String> = spellings.filter(|name| !name.is_empty()).collect();
        people.sort();
        people.dedup();
        Self {
            title_id: title.id,
            kind: title.kind,
            slug: title.slug,
            year: title.year,
            published_at: title.published_at,
            genres: title.genres,
            names: title.names.by_locale,
            original_title: title.names.original,
            people,
            poster: title.poster,
            duration_seconds,
            rules: title.rules,
        }
    }

    /// For a reader.
    pub(crate) fn names(&self) -> Names {
        Names { by_locale: self.names.clone(), original: self.original_title.clone() }
    }

    /// Every name of the title.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.names.values().chain([&self.original_title]).map(String::as_str)
    }

    /// Whole names in folded form, with `&` as a sign and as a word, and names of signs alone: a query that equals one comes first.
    pub fn exact(&self) -> Vec<String> {
        let spoken = |name: &str| ["and", "и"].map(|and| folded(&name.replace('&', &format!(" {and} "))).join(" "));
        let written = |name: &str| signs(name).unwrap_or_else(|| folded(name).join(" "));
        distinct(self.titles().flat_map(|name| {
            let spoken = name.contains('&').then(|| spoken(name));
            spoken.into_iter().flatten().chain([written(name)]).collect::<Vec<_>>()
        }))
    }

    /// Whole names without what people leave out or write otherwise.
    pub(crate) fn cores(&self) -> Vec<String> {
        distinct(self.titles().map(|name| forms::core(&folded(name))))
    }

    /// Keys of the cores, to be compared with cores in the other alphabet.
    pub(crate) fn core_sounds(&self) -> Vec<String> {
        distinct(self.cores().iter().filter_map(|core| sound::of_cyrillic(core).or_else(|| sound::of_latin(core))))
    }

    /// Other forms of the words of names and people.
    pub(crate) fn forms(&self) -> Vec<String> {
        distinct(self.texts().flat_map(|text| forms::forms(&folded(text))))
    }

    /// Keys of the words of names and people by `key`, joined words among them.
    fn sounds(&self, key: fn(&str) -> Option<String>) -> Vec<String> {
        distinct(self.texts().flat_map(folded).chain(self.forms()).filter_map(|word| key(&word)))
    }

    /// Keys of the words in Cyrillic letters.
    pub(crate) fn cyrillic_sounds(&self) -> Vec<String> {
        self.sounds(sound::of_cyrillic)
    }

    /// Keys of the words in Latin letters.
    pub(crate) fn latin_sounds(&self) -> Vec<String> {
        self.sounds(sound::of_latin)
    }

    /// Names of the title and of people.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.titles().chain(self.people.iter().map(String::as_str))
    }

    /// Whatever a word of a query may be compared with, each after a space.
    pub fn terms(&self) -> String {
        let words = self.texts().flat_map(folded).chain(self.forms());
        let others =
            self.cyrillic_sounds().into_iter().chain(self.latin_sounds()).chain(self.titles().filter_map(signs));
        words.chain(others).map(|word| format!(" {word}")).collect()
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
            "published_at": self.published_millis(),
            "sort_keys": self.sort_keys(),
            "exact": self.exact(),
            "core": self.cores(),
            "core_sound": self.core_sounds(),
            "forms": self.forms(),
            "cyrillic_sounds": self.cyrillic_sounds(),
            "latin_sounds": self.latin_sounds(),
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

/// In order, each once, without empty ones.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let texts: BTreeSet<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use kernel::{World, policy::Publication};
    use proto::types::TITLE_CHANGED;

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
        assert!(
            document.terms().starts_with(" the valkyrie валькирия die walkure yolka елка diewalkure "),
            "{}",
            document.terms()
        );
        assert_eq!(
            (document.cores(), document.cyrillic_sounds()),
            (
                vec!["diewalkure".to_owned(), "valkyrie".to_owned(), "валькирия".to_owned()],
                vec!["elka".to_owned(), "valkiria".to_owned()]
            )
        );
        assert_eq!(document.indexed()["names"][2], "die walküre");
    }

    #[test]
    fn a_deleted_title_is_hidden() {
        let mut data = title();
        data["deleted"] = json!(true);
        assert_eq!(Revision::read(&event(data)).unwrap().document.rules.publication, Publication::Draft);
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
