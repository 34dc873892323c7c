//! All titles, as they are known at a moment.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Territory, TitleId, policy::Audience};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::title::Title;

/// Series, season, episode: nothing lies deeper.
const DEEPEST: usize = 3;

/// Titles by their ids, in the order of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    titles: BTreeMap<TitleId, Title>,
}

impl FromIterator<Title> for Catalogue {
    fn from_iter<I: IntoIterator<Item = Title>>(titles: I) -> Self {
        Self { titles: titles.into_iter().map(|title| (title.id, title)).collect() }
    }
}

impl Catalogue {
    /// A title.
    pub fn get(&self, id: TitleId) -> Option<&Title> {
        self.titles.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.titles.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.titles.is_empty()
    }

    /// Every territory that a window names.
    pub fn territories(&self) -> BTreeSet<Territory> {
        let windows = self.titles.values().flat_map(|title| &title.rules.windows);
        windows.flat_map(|window| window.territories.iter().cloned()).collect()
    }

    /// The film or series that a title belongs to; the title itself where that is not known.
    pub fn work_of(&self, id: TitleId) -> TitleId {
        let mut work = id;
        for _ in 0..DEEPEST {
            match self.get(work).and_then(|title| title.parent) {
                Some(parent) => work = parent,
                None => break,
            }
        }
        work
    }

    /// Whether somebody may be offered it: the title, and the season and the series it belongs to.
    pub fn is_offered(&self, id: TitleId, audience: &Audience, now: OffsetDateTime) -> bool {
        let mut id = id;
        for _ in 0..DEEPEST {
            let Some(title) = self.get(id) else { return false };
            if !title.is_offered(audience, now) {
                return false;
            }
            let Some(parent) = title.parent else { return true };
            id = parent;
        }
        false
    }

    /// The films and series that somebody may be offered.
    pub fn offered<'a>(
        &'a self,
        audience: &'a Audience,
        now: OffsetDateTime,
    ) -> impl Iterator<Item = &'a Title> + use<'a> {
        self.titles.values().filter(move |title| title.is_work() && title.is_offered(audience, now))
    }
}
