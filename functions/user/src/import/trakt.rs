//! Trakt: a list of items, or an object of such lists, as its API and its exports give them. What an item says follows from its own dates.

use std::{
    fmt,
    io::{BufReader, Read},
};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Deserializer, Number, error::Category, value::RawValue};
use time::OffsetDateTime;

use super::{
    contents::{Contents, Entry, Fault, FileError, Wanted, shown},
    date, name,
    words::{Reason, Refusal, What},
};

pub(super) fn read(text: impl Read, now: OffsetDateTime) -> Result<Contents, FileError> {
    let mut lists = Lists { contents: Contents::default(), now, refusal: None, has_list: false };
    let mut text = Deserializer::from_reader(BufReader::new(text));
    let ended = text.deserialize_any(Outer(&mut lists)).and_then(|()| text.end());
    if let Some(refusal) = lists.refusal {
        return Err(refusal.into());
    }
    match ended.as_ref().map_err(serde_json::Error::classify) {
        Ok(()) if lists.has_list => Ok(lists.contents),
        Ok(()) | Err(Category::Data) => Err(Refusal::WrongShape.into()),
        Err(Category::Io) => {
            Err(ended.err().map_or(Refusal::NotJson.into(), |error| std::io::Error::from(error).into()))
        }
        // Nothing but white space.
        Err(Category::Eof) if !lists.has_begun() => Err(Refusal::EmptyFile.into()),
        Err(_) => Err(Refusal::NotJson.into()),
    }
}

struct Lists {
    contents: Contents,
    now: OffsetDateTime,
    /// Why reading ended early.
    refusal: Option<Refusal>,
    has_list: bool,
}

impl Lists {
    fn has_begun(&self) -> bool {
        self.has_list || self.contents.lines > 0
    }

    fn item(&mut self, json: &str) -> Result<(), Refusal> {
        let contents = &mut self.contents;
        contents.lines = contents.lines.saturating_add(1);
        let line = contents.lines;
        let Ok(item) = serde_json::from_str::<Item>(json) else {
            return contents.fault(Fault { line, what: None, text: shown(json), reason: Reason::Unreadable });
        };
        item.say(line, self.now, contents)
    }
}

/// The whole text.
struct Outer<'a>(&'a mut Lists);

impl<'de> Visitor<'de> for Outer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lists of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        Inner(self.0).visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut lists: A) -> Result<(), A::Error> {
        while lists.next_key::<IgnoredAny>()?.is_some() {
            lists.next_value_seed(Inner(self.0))?;
        }
        Ok(())
    }
}

/// A list of items; whatever else there is is passed over.
struct Inner<'a>(&'a mut Lists);

impl<'de> DeserializeSeed<'de> for Inner<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.has_list = true;
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            if let Err(refusal) = self.0.item(item.get()) {
                self.0.refusal = Some(refusal);
                return Err(A::Error::custom(refusal));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut other: A) -> Result<(), A::Error> {
        while other.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[derive(Deserialize)]
struct Item {
    watched_at: Option<String>,
    last_watched_at: Option<String>,
    rated_at: Option<String>,
    rating: Option<Number>,
    listed_at: Option<String>,
    collected_at: Option<String>,
    movie: Option<Work>,
    show: Option<Work>,
    season: Option<Part>,
    episode: Option<Part>,
    /// Of a series that was watched: all its episodes.
    seasons: Option<Vec<Season>>,
}

#[derive(Deserialize)]
struct Work {
    title: Option<String>,
    year: Option<i16>,
}

#[derive(Deserialize)]
struct Part {
    season: Option<i32>,
    number: Option<i32>,
}

#[derive(Deserialize)]
struct Season {
    number: i32,
    #[serde(default)]
    episodes: Vec<Episode>,
}

#[derive(Deserialize)]
struct Episode {
    number: i32,
    last_watched_at: Option<String>,
}

impl Item {
    fn say(self, line: u32, now: OffsetDateTime, contents: &mut Contents) -> Result<(), Refusal> {
        let (what, written) = match &self {
            Self { rating: None, rated_at: None, listed_at: None, watched_at, last_watched_at, .. } => {
                (What::Watched, watched_at.as_ref().or(last_watched_at.as_ref()))
            }
            Self { rating: None, rated_at: None, listed_at, .. } => (What::Listed, listed_at.as_ref()),
            Self { rated_at, .. } => (What::Rated, rated_at.as_ref()),
        };
        if what == What::Watched && written.is_none() && self.collected_at.is_some() {
            contents.skipped = contents.skipped.saturating_add(1);
            return Ok(());
        }
        let written = written.map(String::as_str).unwrap_or_default().to_owned();
        if let (What::Watched, None, Some(show), Some(seasons)) = (what, &self.episode, &self.show, &self.seasons) {
            for (season, episode) in
                seasons.iter().flat_map(|season| season.episodes.iter().map(move |it| (season, it)))
            {
                let part = Part { season: Some(season.number), number: Some(episode.number) };
                let at = date::moment(episode.last_watched_at.as_deref().unwrap_or(&written), now);
                add(contents, (line, what), wanted(None, Some(show), None, Some(&part)), at, Ok(None))?;
            }
            return Ok(());
        }
        let value = match what {
            What::Rated => points(self.rating.as_ref()).map(Some),
            _ => Ok(None),
        };
        let wanted = wanted(self.movie.as_ref(), self.show.as_ref(), self.season.as_ref(), self.episode.as_ref());
        add(contents, (line, what), wanted, date::moment(&written, now), value)
    }
}

fn add(
    contents: &mut Contents,
    (line, what): (u32, What),
    wanted: (String, Option<Wanted>),
    at: Result<OffsetDateTime, Reason>,
    value: Result<Option<i16>, Reason>,
) -> Result<(), Refusal> {
    let (text, wanted) = wanted;
    match (wanted.ok_or(Reason::Unreadable), at, value) {
        (Ok(wanted), Ok(at), Ok(value)) => contents.add(Entry { line, what, text, wanted, at, value }),
        (Err(reason), ..) | (_, Err(reason), _) | (.., Err(reason)) => {
            contents.fault(Fault { line, what: Some(what), text, reason })
        }
    }
}

/// What an item is about, for people and for the catalogue.
fn wanted(
    movie: Option<&Work>,
    show: Option<&Work>,
    season: Option<&Part>,
    episode: Option<&Part>,
) -> (String, Option<Wanted>) {
    let Some((work, is_series)) = movie.map(|work| (work, false)).or(show.map(|work| (work, true))) else {
        return (String::new(), None);
    };
    let title = work.title.as_deref().unwrap_or_default();
    let (text, year, series) = (shown(title), work.year, name::key(title));
    if text.is_empty() {
        return (text, None);
    }
    let numbers = |part: &Part| part.season.zip(part.number);
    match (is_series, episode, season) {
        (true, Some(episode), _) => match numbers(episode) {
            Some((season, number)) => {
                (format!("{text} {season}×{number}"), Some(Wanted::Episode { series, year, season, number }))
            }
            None => (text, None),
        },
        (true, None, Some(season)) => match season.number {
            Some(season) => (format!("{text} {season}"), Some(Wanted::Season { series, year, season })),
            None => (text, None),
        },
        _ => (text, Some(Wanted::Work { name: series, year, is_series: Some(is_series) })),
    }
}

/// 1 to 10 there as here.
fn points(rating: Option<&Number>) -> Result<i16, Reason> {
    match rating.and_then(Number::as_i64) {
        Some(points @ 1..=10) => i16::try_from(points).map_err(|_| Reason::InvalidRating),
        _ => Err(Reason::InvalidRating),
    }
}

#[cfg(test)]
mod tests;
