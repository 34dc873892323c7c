//! Titles beside a title, and what is watched these days: lists without a profile's history.

use std::collections::BTreeSet;

use kernel::{TitleId, policy::Audience};
use time::OffsetDateTime;

use crate::{catalogue::Catalogue, content::likeness, model::Model};

/// A title of a list, and what it is ordered by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Related {
    pub title: TitleId,
    pub score: f32,
    /// Whether the score says what people watched together; else how alike the titles are.
    pub is_watched_together: bool,
}

/// Who looks, when, and what is not to be shown to them.
pub struct View<'a> {
    pub audience: &'a Audience,
    pub now: OffsetDateTime,
    /// Films and series.
    pub excluded: &'a BTreeSet<TitleId>,
}

/// What people watched who watched a title, then what is like it: a title that is new has the second alone.
pub fn similar(
    title: TitleId,
    catalogue: &Catalogue,
    model: Option<&Model>,
    view: &View<'_>,
    most: usize,
) -> Vec<Related> {
    let work = catalogue.work_of(title);
    let Some(asked) = catalogue.get(work) else { return Vec::new() };
    let may_be_shown = |id: TitleId| {
        id != work
            && !view.excluded.contains(&id)
            && catalogue.get(id).is_some_and(|title| title.is_work() && title.is_offered(view.audience, view.now))
    };
    let neighbours = model.into_iter().flat_map(|model| {
        let items = model.items();
        model.neighbours(work).into_iter().map(move |(place, score)| (items[place].id, score))
    });
    let mut found: Vec<Related> = neighbours
        .filter(|(id, _)| may_be_shown(*id))
        .take(most)
        .map(|(title, score)| Related { title, score, is_watched_together: true })
        .collect();
    if found.len() < most {
        let known: BTreeSet<TitleId> = found.iter().map(|related| related.title).collect();
        let others = catalogue.offered(view.audience, view.now);
        let others = others.filter(|other| may_be_shown(other.id) && !known.contains(&other.id));
        let alike = others.map(|other| (other.id, likeness(asked, other))).filter(|(_, score)| *score > 0.0);
        let mut alike: Vec<(TitleId, f32)> = alike.collect();
        alike.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let alike = alike.into_iter().take(most - found.len());
        found.extend(alike.map(|(title, score)| Related { title, score, is_watched_together: false }));
    }
    found
}

/// What is watched these days, of a genre or of all; what nobody watched yet comes last, the newest first.
pub fn trending(
    catalogue: &Catalogue,
    model: Option<&Model>,
    genre: Option<&str>,
    view: &View<'_>,
    most: usize,
) -> Vec<Related> {
    let trend = |id: TitleId| model.and_then(|model| Some(model.items()[model.place(id)?].trend)).unwrap_or_default();
    let is_of = |genres: &[String]| genre.is_none_or(|genre| genres.iter().any(|own| own == genre));
    let offered = catalogue.offered(view.audience, view.now);
    let offered = offered.filter(|title| is_of(&title.genres) && !view.excluded.contains(&title.id));
    let mut ranked: Vec<(f32, Option<i64>, TitleId)> =
        offered.map(|title| (trend(title.id), title.published_at, title.id)).collect();
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then(other.1.cmp(&one.1)).then(one.2.cmp(&other.2)));
    let ranked = ranked.into_iter().take(most);
    ranked.map(|(score, _, title)| Related { title, score, is_watched_together: score > 0.0 }).collect()
}
