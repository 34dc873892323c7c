//! What is known of a profile, and what ranking makes of it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{TitleId, policy::Audience};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    catalogue::Catalogue,
    feedback::{Feedback, Onboarding, Verdict},
    record::Record,
    viewing::Viewing,
};

/// A profile is scored with its whole history; nobody watches more than that.
pub const MOST_SOURCES: usize = 500;
const WATCHED: f32 = 1.0;
const LIKED: f32 = 1.0;
/// Chosen from a list, not watched.
const CHOSEN: f32 = 0.5;
/// Wanted, not watched yet.
const LISTED: f32 = 0.5;
/// Titles to watch on that a row has room for.
const MOST_CONTINUED: usize = 20;

/// All that is kept of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taste {
    pub viewings: BTreeMap<TitleId, Viewing>,
    pub feedback: BTreeMap<TitleId, Feedback>,
    /// What is not offered to watch on until it is played after that, in milliseconds since 1970.
    pub hidden: BTreeMap<TitleId, i64>,
    /// What is wanted to be watched some day, and since when in milliseconds since 1970.
    pub watchlist: BTreeMap<TitleId, i64>,
    /// Ratings, and what was seen elsewhere.
    pub records: BTreeMap<TitleId, Record>,
    pub onboarding: Onboarding,
}

/// A film or series that speaks for others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub title: TitleId,
    pub weight: f32,
    /// Milliseconds since 1970; 0: chosen at the beginning.
    pub at: i64,
    /// Slugs, as they were then.
    pub genres: Vec<String>,
}

/// What ranking needs of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Leaning {
    /// Newest first.
    pub sources: Vec<Source>,
    /// Films and episodes to watch on, newest first.
    pub continued: Vec<TitleId>,
    /// Slugs that were chosen at the beginning.
    pub genres: Vec<String>,
}

impl Source {
    /// Whether the profile watched or liked it, and did not only choose it or want it.
    pub fn is_liked(&self) -> bool {
        self.weight >= WATCHED.min(LIKED)
    }
}

impl Taste {
    /// What speaks for others, by film or series: newest first, ties by id.
    pub fn sources(&self, catalogue: &Catalogue) -> Vec<Source> {
        let mut sources: BTreeMap<TitleId, (f32, i64)> = BTreeMap::new();
        let mut add = |title: TitleId, weight: f32, at: i64| {
            let source = sources.entry(catalogue.work_of(title)).or_insert((weight, at));
            *source = (source.0.max(weight), source.1.max(at));
        };
        for title in &self.onboarding.titles {
            add(*title, CHOSEN, 0);
        }
        for (title, at) in &self.watchlist {
            add(*title, LISTED, *at);
        }
        for (title, viewing) in self.viewings.iter().filter(|(_, viewing)| viewing.is_liked()) {
            add(*title, WATCHED, viewing.last_at());
        }
        for (title, feedback) in self.feedback.iter().filter(|(_, feedback)| feedback.verdict == Verdict::Like) {
            add(*title, LIKED, feedback.at);
        }
        for (title, at) in self.records.iter().filter_map(|(title, record)| Some((title, record.liked_at()?))) {
            add(*title, LIKED, at);
        }
        let refused = self.refused(catalogue);
        let sources = sources.into_iter().filter(|(title, _)| !refused.contains(title));
        let mut sources: Vec<Source> = sources
            .map(|(title, (weight, at))| {
                let genres = catalogue.get(title).map(|title| title.genres.clone()).unwrap_or_default();
                Source { title, weight, at, genres }
            })
            .collect();
        sources.sort_by_key(|source| (std::cmp::Reverse(source.at), source.title));
        sources.truncate(MOST_SOURCES);
        sources
    }

    fn refused(&self, catalogue: &Catalogue) -> BTreeSet<TitleId> {
        let refused = self.feedback.iter().filter(|(_, feedback)| feedback.verdict != Verdict::Like);
        let disliked = self.records.iter().filter(|(_, record)| record.is_disliked()).map(|(title, _)| title);
        refused.map(|(title, _)| title).chain(disliked).map(|title| catalogue.work_of(*title)).collect()
    }

    /// Films and series that are proposed no more: seen, refused, or known to the profile anyway.
    pub fn excluded(&self, catalogue: &Catalogue) -> BTreeSet<TitleId> {
        let seen = self.viewings.iter().filter(|(_, viewing)| viewing.is_seen()).map(|(title, _)| title);
        let recorded = self.records.iter().filter(|(_, record)| record.is_known()).map(|(title, _)| title);
        let known = seen.chain(self.feedback.keys()).chain(recorded).chain(&self.onboarding.titles);
        known.map(|title| catalogue.work_of(*title)).collect()
    }

    /// Films and series that were not played since they were hidden: each of their episodes is hidden, and brings all of them back.
    fn hidden(&self, catalogue: &Catalogue) -> BTreeSet<TitleId> {
        let mut hidden: BTreeMap<TitleId, i64> = BTreeMap::new();
        for (title, at) in &self.hidden {
            let latest = hidden.entry(catalogue.work_of(*title)).or_insert(*at);
            *latest = (*latest).max(*at);
        }
        for (title, viewing) in &self.viewings {
            let work = catalogue.work_of(*title);
            if hidden.get(&work).is_some_and(|at| *at < viewing.played_at()) {
                hidden.remove(&work);
            }
        }
        hidden.into_keys().collect()
    }

    /// What is begun and may be watched on, newest first; nothing that was refused, or hidden since it was played.
    fn continued(&self, catalogue: &Catalogue, audience: &Audience, now: OffsetDateTime) -> Vec<TitleId> {
        let refused: BTreeSet<TitleId> = self.refused(catalogue).into_iter().chain(self.hidden(catalogue)).collect();
        let begun = self.viewings.iter().filter(|(title, viewing)| {
            viewing.is_continued()
                && !refused.contains(&catalogue.work_of(**title))
                && catalogue.is_offered(**title, audience, now)
        });
        let mut begun: Vec<(i64, TitleId)> = begun.map(|(title, viewing)| (viewing.last_at(), *title)).collect();
        begun.sort_by_key(|(at, title)| (std::cmp::Reverse(*at), *title));
        // Of a series the episode that was played last.
        let mut works = BTreeSet::new();
        let begun = begun.into_iter().filter(|(_, title)| works.insert(catalogue.work_of(*title)));
        begun.map(|(_, title)| title).take(MOST_CONTINUED).collect()
    }

    /// What ranking needs of it.
    pub fn leaning(&self, catalogue: &Catalogue, audience: &Audience, now: OffsetDateTime) -> Leaning {
        Leaning {
            sources: self.sources(catalogue),
            continued: self.continued(catalogue, audience, now),
            genres: self.onboarding.genres.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    #[test]
    fn what_is_wanted_speaks_less_than_what_was_liked_and_is_still_proposed() {
        let catalogue = Catalogue::default();
        let [wanted, both]: [TitleId; 2] = [World::system().id(), World::system().id()];
        let mut taste = Taste { watchlist: [(wanted, 5), (both, 3)].into(), ..Taste::default() };
        taste.records.insert(both, Record { sequence: 1, stars: Some(9), seen_elsewhere_at: None, at: 4 });
        let sources = taste.sources(&catalogue);
        let shown: Vec<_> = sources.iter().map(|it| (it.title, it.weight, it.at, it.is_liked())).collect();
        assert_eq!(shown, [(wanted, LISTED, 5, false), (both, LIKED, 4, true)]);
        assert_eq!(taste.excluded(&catalogue), [both].into());
    }
}
