//! A title as the catalogue tells it: what lists show, and what decides who may see it.

use kernel::{
    TitleId, TitleKind,
    policy::{Publication, Window},
};
use proto::catalog::TitleChanged;
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const LONGEST_TEXT: usize = 1000;

/// The newest state of a title.
#[derive(Debug, Clone, PartialEq)]
pub struct Title {
    /// The title.
    pub id: TitleId,
    /// What it is.
    pub kind: TitleKind,
    /// Its address.
    pub slug: String,
    /// By language and, under the empty key, for everybody else.
    pub names: Value,
    /// When it first appeared.
    pub year: Option<i16>,
    /// Path of its poster below `/media/`.
    pub poster: Option<String>,
    /// Length in seconds; absent while there is nothing to play.
    pub duration: Option<f64>,
    /// Series of a season, season of an episode.
    pub parent: Option<TitleId>,
    /// Place among its siblings.
    pub number: i32,
    /// How far it is.
    pub publication: Publication,
    /// Lowest age it is meant for.
    pub rating: Option<u8>,
    /// When and where it is offered.
    pub windows: Vec<Window>,
}

/// The event does not describe a title; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a title: {0}")]
pub struct NotATitle(String);

fn wrong(reason: impl ToString) -> NotATitle {
    NotATitle(reason.to_string())
}

impl TryFrom<TitleChanged> for Title {
    type Error = NotATitle;

    fn try_from(event: TitleChanged) -> Result<Self, NotATitle> {
        let publication = match event.publication.as_str() {
            // Whatever was deleted was never public.
            _ if event.deleted => Publication::Draft,
            "draft" => Publication::Draft,
            "scheduled" => Publication::Scheduled,
            "published" => Publication::Published,
            "withdrawn" => Publication::Withdrawn,
            other => return Err(wrong(format!("unknown publication {other:?}"))),
        };
        let parent = Some(event.parent_id.as_str()).filter(|parent| !parent.is_empty());
        Ok(Self {
            id: event.title_id.parse().map_err(wrong)?,
            kind: event.kind.parse().map_err(wrong)?,
            names: names(&event)?,
            slug: text(event.slug)?,
            year: i16::try_from(event.year).ok().filter(|year| *year != 0),
            poster: Some(text(event.poster)?).filter(|poster| !poster.is_empty()),
            duration: event.asset.as_ref().map(|asset| asset.duration_seconds.max(0.0)),
            parent: parent.map(str::parse).transpose().map_err(wrong)?,
            number: event.number.try_into().map_err(wrong)?,
            publication,
            rating: event.rating.map(u8::try_from).transpose().map_err(wrong)?,
            windows: event.windows.into_iter().map(window).collect::<Result<_, _>>()?,
        })
    }
}

fn names(event: &TitleChanged) -> Result<Value, NotATitle> {
    let mut names = Map::new();
    for local in &event.localisations {
        names.insert(local.locale.clone(), text(local.name.clone())?.into());
    }
    let any = event.localisations.first().map_or(&event.original_title, |local| &local.name);
    names.insert(String::new(), text(any.clone())?.into());
    Ok(Value::Object(names))
}

/// Postgres takes no zero bytes.
fn text(text: String) -> Result<String, NotATitle> {
    if text.len() > LONGEST_TEXT || text.contains('\0') {
        return Err(wrong("a text is too long or not text"));
    }
    Ok(text)
}

fn window(window: proto::catalog::Window) -> Result<Window, NotATitle> {
    let moment = |text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        text.map(|text| OffsetDateTime::parse(&text, &Rfc3339).map_err(wrong)).transpose()
    };
    Ok(Window {
        territories: window.territories.iter().map(|code| code.parse().map_err(wrong)).collect::<Result<_, _>>()?,
        plans: window.plans.into_iter().map(text).collect::<Result<_, _>>()?,
        from: moment(window.from)?,
        until: moment(window.until)?,
    })
}

#[cfg(test)]
mod tests {
    use proto::catalog::{Asset, Localisation};

    use super::*;

    fn event() -> TitleChanged {
        let local = |locale: &str, name: &str| Localisation {
            locale: locale.to_owned(),
            name: name.to_owned(),
            synopsis: String::new(),
        };
        TitleChanged {
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            kind: "film".to_owned(),
            publication: "published".to_owned(),
            localisations: vec![local("ru", "Сталкер"), local("en", "Stalker")],
            year: 1979,
            ..TitleChanged::default()
        }
    }

    #[test]
    fn a_title_is_read_with_its_names() {
        let title = Title::try_from(event()).unwrap();
        assert_eq!(title.names, serde_json::json!({"ru": "Сталкер", "en": "Stalker", "": "Сталкер"}));
        assert_eq!((title.year, title.duration, title.parent), (Some(1979), None, None));
        let deleted = Title::try_from(TitleChanged { deleted: true, publication: String::new(), ..event() });
        assert_eq!(deleted.unwrap().publication, Publication::Draft);
    }

    #[test]
    fn what_is_no_title_is_refused() {
        for change in [
            (|event| event.title_id.clear()) as fn(&mut TitleChanged),
            |event| event.kind = "song".to_owned(),
            |event| event.publication = "hidden".to_owned(),
            |event| event.parent_id = "none".to_owned(),
            |event| event.rating = Some(1000),
            |event| event.number = u32::MAX,
            |event| event.localisations[0].name = "a\0".to_owned(),
            |event| event.slug = "x".repeat(LONGEST_TEXT + 1),
            |event| {
                event.windows = vec![proto::catalog::Window { from: Some("soon".to_owned()), ..Default::default() }]
            },
        ] {
            let mut event = event();
            change(&mut event);
            assert!(Title::try_from(event.clone()).is_err(), "{event:?}");
        }
        let asset = Some(Asset { duration_seconds: -1.0, ..Asset::default() });
        assert_eq!(Title::try_from(TitleChanged { asset, ..event() }).unwrap().duration, Some(0.0));
    }
}
