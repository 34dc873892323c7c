//! What an editor writes about a title: the body of a creation and, merged with a patch, of a change.

use std::collections::{BTreeMap, BTreeSet};

use events::contracts::MarkerKind;
use kernel::{Locale, Territory, TitleId, TitleKind, policy::Window};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;
use utoipa::ToSchema;

use crate::{
    text::{Name, Role, Slug, Synopsis, Year},
    violation::{InvalidDraft, Violation},
    windows,
};

/// A day: no film is longer.
const LONGEST_SECONDS: f64 = 86_400.0;

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
    pub also_known_as: Vec<Name>,
}

/// A stretch of the film that a viewer may want to skip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// What happens there.
    pub kind: MarkerKind,
    /// First second.
    pub from_seconds: f64,
    /// First second after it.
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
    pub countries: Vec<Territory>,
    /// Slugs of genres.
    #[serde(default)]
    pub genres: Vec<Slug>,
    /// Texts by language.
    #[serde(default)]
    pub localisations: BTreeMap<Locale, Localisation>,
    /// Who made it, in the order in which they are shown.
    #[serde(default)]
    pub credits: Vec<Credit>,
    /// Opening and closing titles and the like.
    #[serde(default)]
    pub markers: Vec<Marker>,
    /// When and where it is offered; none means everywhere, from its publication on, in every paid plan.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// The series of a season, the season of an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TitleId>,
    /// Its place in the series or season, from 1 (0 for specials).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9999)]
    pub number: Option<u16>,
}

impl Draft {
    /// A film of which only its file is known: named like the file, without folders and ending.
    pub fn of_file(path: &str) -> Self {
        let name = name_of_file(path);
        let text = Localisation { name: name.clone(), synopsis: None };
        Self {
            kind: TitleKind::Film,
            slug: None,
            original_title: name,
            year: None,
            countries: vec![],
            genres: vec![],
            localisations: BTreeMap::from([(Locale::english(), text)]),
            credits: vec![],
            markers: vec![],
            windows: vec![],
            parent_id: None,
            number: None,
        }
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
        bound("/countries", self.countries.len(), 20);
        bound("/genres", self.genres.len(), 10);
        bound("/localisations", self.localisations.len(), 50);
        bound("/credits", self.credits.len(), 500);
        bound("/markers", self.markers.len(), 20);
        for (at, credit) in self.credits.iter().enumerate() {
            bound(&format!("/credits/{at}/also_known_as"), credit.also_known_as.len(), 20);
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
        if self.number.is_some_and(|number| number > 9999) {
            found.push(Violation::new("/number", "must be at most 9999"));
        }
        found
    }

    /// The draft with a JSON Merge Patch (RFC 7396) applied.
    ///
    /// # Errors
    /// Every part of the outcome that is wrong.
    pub fn patched(&self, patch: &Value) -> Result<Self, InvalidDraft> {
        if !patch.is_object() {
            return Err(InvalidDraft::at("", "a merge patch of a title is a JSON object"));
        }
        let mut document = serde_json::to_value(self).map_err(|error| InvalidDraft::at("", error))?;
        merge(&mut document, patch);
        let patched: Self = serde_path_to_error::deserialize(document)
            .map_err(|error| InvalidDraft::at(pointer(error.path()), error.inner()))?;
        if patched.kind != self.kind {
            return Err(InvalidDraft::at("/kind", "cannot be changed"));
        }
        if patched.slug.is_none() {
            return Err(InvalidDraft::at("/slug", "cannot be removed"));
        }
        patched.checked()
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

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
