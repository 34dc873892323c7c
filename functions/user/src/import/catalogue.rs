//! Which titles the lines of a file mean, among those that the profile may see.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::TitleId;

use super::{
    contents::{Entry, Wanted},
    name,
    words::{Reason, What},
};

/// A name with more parts is no title.
const MAX_PARTS: usize = 8;
/// Years of a film differ by one between catalogues: a festival's and a cinema's.
const YEARS_APART: i16 = 1;

/// A film or a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Work {
    id: TitleId,
    is_series: bool,
    year: Option<i16>,
}

/// A season, or an episode of it.
#[derive(Debug)]
struct Part {
    id: TitleId,
    season: i32,
    /// Its number and the keys of its names.
    episode: Option<(i32, Vec<String>)>,
}

/// The titles whose names are in a file.
#[derive(Debug, Default)]
pub struct Catalogue {
    wanted: HashSet<String>,
    works: HashMap<String, BTreeSet<Work>>,
    parts: BTreeMap<TitleId, Vec<Part>>,
}

impl Catalogue {
    /// Without titles: knows which names to keep.
    pub fn of(entries: &[Entry]) -> Self {
        let mut wanted = HashSet::new();
        for entry in entries {
            match &entry.wanted {
                Wanted::Work { name, .. } => _ = wanted.insert(name.clone()),
                Wanted::Season { series, .. } | Wanted::Episode { series, .. } => _ = wanted.insert(series.clone()),
                Wanted::Path(path) => {
                    wanted.insert(name::key(path));
                    wanted.extend(splits(path).map(|(series, _)| name::key(series)));
                }
            }
        }
        Self { wanted, ..Self::default() }
    }

    /// Takes a film or series in, if the file names it.
    pub fn add_work<'a>(
        &mut self,
        id: TitleId,
        is_series: bool,
        year: Option<i16>,
        names: impl IntoIterator<Item = &'a str>,
    ) {
        for key in names.into_iter().map(name::key).filter(|key| self.wanted.contains(key)) {
            self.works.entry(key).or_default().insert(Work { id, is_series, year });
        }
    }

    /// The series that the file names.
    pub fn series(&self) -> Vec<TitleId> {
        let all = self.works.values().flatten().filter(|work| work.is_series).map(|work| work.id);
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes a season of a series in.
    pub fn add_season(&mut self, id: TitleId, series: TitleId, season: i32) {
        self.parts.entry(series).or_default().push(Part { id, season, episode: None });
    }

    /// Takes an episode of a series in.
    pub fn add_episode<'a>(
        &mut self,
        id: TitleId,
        series: TitleId,
        (season, number): (i32, i32),
        names: impl IntoIterator<Item = &'a str>,
    ) {
        let episode = Some((number, names.into_iter().map(name::key).collect()));
        self.parts.entry(series).or_default().push(Part { id, season, episode });
    }

    /// The one title that the line means.
    ///
    /// # Errors
    /// [`Reason::UnknownTitle`] for none, and for a series that is said to have been watched: only its episodes can be.
    /// [`Reason::Ambiguous`] for several.
    pub fn find(&self, what: What, wanted: &Wanted) -> Result<TitleId, Reason> {
        match wanted {
            Wanted::Work { name, year, is_series } => self.work(what, name, *year, *is_series),
            Wanted::Season { series, year, season } => {
                let series = pick(self.named(series, true), *year)?;
                only(self.parts_of(series.id).filter(|part| part.episode.is_none() && part.season == *season))
            }
            Wanted::Episode { series, year, season, number } => {
                let series = pick(self.named(series, true), *year)?;
                self.numbered(series.id, Some(*season), *number)
            }
            Wanted::Path(path) => self.path(path),
        }
    }

    fn named(&self, key: &str, is_series: bool) -> impl Iterator<Item = &Work> {
        self.works.get(key).into_iter().flatten().filter(move |work| work.is_series == is_series)
    }

    fn parts_of(&self, series: TitleId) -> impl Iterator<Item = &Part> {
        self.parts.get(&series).into_iter().flatten()
    }

    /// A file that does not tell films from series means a film, if there is one.
    fn work(&self, what: What, name: &str, year: Option<i16>, is_series: Option<bool>) -> Result<TitleId, Reason> {
        let find = |is_series: bool| match (what, is_series) {
            (What::Watched, true) => Err(Reason::UnknownTitle),
            _ => pick(self.named(name, is_series), year).map(|work| work.id),
        };
        match is_series {
            Some(is_series) => find(is_series),
            None => match find(false) {
                Err(Reason::UnknownTitle) => find(true),
                found => found,
            },
        }
    }

    fn numbered(&self, series: TitleId, season: Option<i32>, number: i32) -> Result<TitleId, Reason> {
        let is_it = |part: &&Part| {
            let is_number = part.episode.as_ref().is_some_and(|(own, _)| *own == number);
            is_number && season.is_none_or(|season| part.season == season)
        };
        only(self.parts_of(series).filter(is_it))
    }

    /// A film of the whole name, else an episode of a series whose name is its beginning, the longest first.
    fn path(&self, path: &str) -> Result<TitleId, Reason> {
        match pick(self.named(&name::key(path), false), None) {
            Err(Reason::UnknownTitle) => {}
            found => return found.map(|work| work.id),
        }
        for (series, rest) in splits(path) {
            let found = match pick(self.named(&name::key(series), true), None) {
                Ok(series) => self.episode(series.id, rest),
                Err(reason) => Err(reason),
            };
            match found {
                Err(Reason::UnknownTitle) => {}
                found => return found,
            }
        }
        Err(Reason::UnknownTitle)
    }

    /// `Season 1: Secrets`, `Season 1: Episode 3`, `Secrets`, `Season 1: Secrets (Episode 1)`.
    fn episode(&self, series: TitleId, rest: &str) -> Result<TitleId, Reason> {
        let mut readings = vec![(None, rest)];
        if let Some((season, episode)) = rest.split_once(':') {
            // A season without a number is the only one, or has a name that nobody here knows.
            readings.insert(0, (name::number(season), episode));
        }
        for (season, episode) in readings {
            let (called, number) = match episode.trim().strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
                Some((called, number)) if name::number(number).is_some() => (called, name::number(number)),
                _ => (episode, None),
            };
            let key = name::key(called);
            let is_it = |part: &&Part| {
                let is_called = part.episode.as_ref().is_some_and(|(_, names)| names.contains(&key));
                is_called && season.is_none_or(|season| part.season == season)
            };
            let number = number.or_else(|| number_of(&key));
            let found = match (only(self.parts_of(series).filter(is_it)), number) {
                (Err(_), Some(number)) => self.numbered(series, season, number),
                (found, _) => found,
            };
            match found {
                Err(Reason::UnknownTitle) => {}
                found => return found,
            }
        }
        Err(Reason::UnknownTitle)
    }
}

/// The number of an episode that has no other name.
fn number_of(key: &str) -> Option<i32> {
    const WORDS: [&str; 8] = ["episode", "chapter", "folge", "kapitel", "episodio", "capitulo", "серия", "эпизод"];
    let (word, number) = key.split_once(' ')?;
    let is_word = WORDS.iter().any(|known| name::key(known) == word);
    number.parse().ok().filter(|_| is_word)
}

/// The beginnings of a name at its colons with what follows them, the longest first.
fn splits(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let colons: Vec<usize> = path.match_indices(':').map(|(place, _)| place).take(MAX_PARTS).collect();
    colons.into_iter().rev().map(|place| (&path[..place], &path[place + 1..]))
}

fn only<'a>(mut parts: impl Iterator<Item = &'a Part>) -> Result<TitleId, Reason> {
    let part = parts.next().ok_or(Reason::UnknownTitle)?;
    if parts.next().is_some() { Err(Reason::Ambiguous) } else { Ok(part.id) }
}

/// The one of a name: the one of its year, else of a year beside it, else one without a year.
fn pick<'a>(works: impl Iterator<Item = &'a Work>, year: Option<i16>) -> Result<&'a Work, Reason> {
    let works: Vec<&Work> = works.collect();
    let Some(year) = year else {
        return match works[..] {
            [] => Err(Reason::UnknownTitle),
            [work] => Ok(work),
            _ => Err(Reason::Ambiguous),
        };
    };
    let is_near = |own: i16| i32::from(own).abs_diff(i32::from(year)) <= u32::from(YEARS_APART.unsigned_abs());
    let readings: [&dyn Fn(&Work) -> bool; 3] =
        [&|work| work.year == Some(year), &|work| work.year.is_some_and(is_near), &|work| work.year.is_none()];
    for reading in readings {
        let mut of_it = works.iter().copied().filter(|work| reading(work));
        match (of_it.next(), of_it.next()) {
            (None, _) => {}
            (Some(work), None) => return Ok(work),
            (Some(_), Some(_)) => return Err(Reason::Ambiguous),
        }
    }
    Err(Reason::UnknownTitle)
}

#[cfg(test)]
mod tests;
