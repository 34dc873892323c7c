//! What an editor writes about a title: the body of a creation and, merged with a patch, of a change.

use std::collections::{BTreeMap, BTreeSet};

use events::contracts::MarkerKind;
use kernel::{Locale, Territory, TitleId, TitleKind, policy::Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    text::{Name, Role, Slug, Synopsis, Year},
    violation::{InvalidDraft, Violation},
    windows,
};

/// A day: no film is longer.
const LONGEST_SECONDS: f64 = 86_400.0;
/// Most entries of each list, and of each credit's other names.
pub(crate) const MOST_COUNTRIES: usize = 20;
pub(crate) const MOST_GENRES: usize = 10;
const MOST_LOCALISATIONS: usize = 50;
const MOST_CREDITS: usize = 500;
const MOST_MARKERS: usize = 20;
const MOST_OTHER_NAMES: usize = 20;
/// Of a season or an episode.
pub(crate) const GREATEST_NUMBER: u16 = 9999;

/// Name and synopsis in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Localisation {
    /// The title's name.
    pub name: Name,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synopsis: Option<Synopsis>,
}

/// Somebody's part in a title. Whoever is named for the first time becomes a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    pub name: Name,
    /// director, writer, actor, composer…
    pub role: Role,
    /// Whom an actor plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<Name>,
    /// The person's name in other languages or spellings, added to those that are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub also_known_as: Vec<Name>,
}

/// A stretch of the film that a viewer may want to skip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// What happens there.
    pub kind: MarkerKind,
    /// First second.
    #[schema(minimum = 0, maximum = 86400)]
    pub from_seconds: f64,
    /// First second after it.
    #[schema(minimum = 0, maximum = 86400)]
    pub until_seconds: f64,
}

impl Marker {
    fn fits(&self) -> bool {
        let begins_before_end = 0.0 <= self.from_seconds && self.from_seconds < self.until_seconds;
        begins_before_end && self.until_seconds <= LONGEST_SECONDS
    }
}

/// What an editor writes about a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What it is; cannot be changed later.
    pub kind: TitleKind,
    /// Its address; derived from the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<Slug>,
    /// The name in the language in which it was made.
    pub original_title: Name,
    /// When it first appeared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<Year>,
    /// Where it was made.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub countries: Vec<Territory>,
    /// Slugs of genres.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub genres: Vec<Slug>,
    /// Texts by language.
    #[serde(default)]
    pub localisations: BTreeMap<Locale, Localisation>,
    /// Who made it, in the order in which they are shown.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub credits: Vec<Credit>,
    /// Opening and closing titles and the like.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub markers: Vec<Marker>,
    /// When and where it is offered; none means everywhere, from its publication on, in every paid plan.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub windows: Vec<Window>,
    /// The series of a season, the season of an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TitleId>,
    /// Its place in the series or season, from 1 (0 for specials).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9999)]
    pub number: Option<u16>,
    /// Who is paid for what is watched of it, as statements of royalties name them. Viewers never see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights_holder: Option<Name>,
}

impl Draft {
    /// A title of which only a name is known.
    pub fn named(kind: TitleKind, original_title: Name) -> Self {
        Self {
            kind,
            slug: None,
            original_title,
            year: None,
            countries: vec![],
            genres: vec![],
            localisations: BTreeMap::new(),
            credits: vec![],
            markers: vec![],
            windows: vec![],
            parent_id: None,
            number: None,
            rights_holder: None,
        }
    }

    /// A film of which only its file is known: named like the file, without folders and ending.
    pub fn of_file(path: &str) -> Self {
        let name = name_of_file(path);
        let text = Localisation { name: name.clone(), synopsis: None };
        Self { localisations: BTreeMap::from([(Locale::english(), text)]), ..Self::named(TitleKind::Film, name) }
    }

    /// The draft in its stored form.
    ///
    /// # Errors
    /// Every part that is wrong.
    pub fn checked(mut self) -> Result<Self, InvalidDraft> {
        InvalidDraft::unless_empty(self.violations())?;
        self.windows = self.windows.into_iter().map(windows::normalise).collect();
        Ok(self)
    }

    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut bound = |pointer: &str, count: usize, most: usize| {
            if count > most {
                found.push(Violation::new(pointer, format!("must have at most {most} entries")));
            }
        };
        bound("/countries", self.countries.len(), MOST_COUNTRIES);
        bound("/genres", self.genres.len(), MOST_GENRES);
        bound("/localisations", self.localisations.len(), MOST_LOCALISATIONS);
        bound("/credits", self.credits.len(), MOST_CREDITS);
        bound("/markers", self.markers.len(), MOST_MARKERS);
        for (at, credit) in self.credits.iter().enumerate() {
            bound(&format!("/credits/{at}/also_known_as"), credit.also_known_as.len(), MOST_OTHER_NAMES);
        }
        for (pointer, is_distinct) in [("/countries", distinct(&self.countries)), ("/genres", distinct(&self.genres))] {
            if !is_distinct {
                found.push(Violation::new(pointer, "must not repeat an entry"));
            }
        }
        for (at, marker) in self.markers.iter().enumerate() {
            if !marker.fits() {
                let reason = "must begin at 0 or later and end after its beginning";
                found.push(Violation::new(format!("/markers/{at}"), reason));
            }
        }
        found.extend(self.place_violations());
        found.extend(windows::violations(&self.windows).into_iter().map(|violation| violation.below("/windows")));
        found
    }

    /// Seasons and episodes have a place in their series or season; films and series have none.
    fn place_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (pointer, is_given) in [("/parent_id", self.parent_id.is_some()), ("/number", self.number.is_some())] {
            match self.kind.parent() {
                Some(parent) if !is_given => {
                    found.push(Violation::new(pointer, format!("must say the place in its {parent}")))
                }
                None if is_given => found.push(Violation::new(pointer, format!("a {} stands alone", self.kind))),
                _ => {}
            }
        }
        if self.number.is_some_and(|number| number > GREATEST_NUMBER) {
            found.push(Violation::new("/number", format!("must be at most {GREATEST_NUMBER}")));
        }
        found
    }
}

fn name_of_file(path: &str) -> Name {
    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = Name::lossy(stem).or_else(|| Name::lossy(file)).or_else(|| Name::new("Untitled"));
    name.unwrap_or_else(|| unreachable!("`Untitled` is a name"))
}

fn distinct<T: Ord>(items: &[T]) -> bool {
    items.iter().collect::<BTreeSet<_>>().len() == items.len()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
