//! The rows of a home page. Pure: the same version and the same [`Inputs`] give the same rows, which is how they are explained later.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{TitleId, policy::Audience};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    catalogue::Catalogue,
    millis,
    model::{FoldIn, Model, Reason},
    places,
    selection::{Candidate, LEAST, Limits, ROW, mixed},
    serving::Serving,
    taste::{Leaning, Taste},
};

/// How long a title is new.
const NEW: Duration = Duration::days(90);
/// Titles that a row could be about: each costs a look at every item.
const MOST_TRIED: usize = 20;
/// Rows of one kind beside each other.
const MOST_BECAUSE: usize = 2;
const MOST_GENRES: usize = 3;
/// Titles that the model does not know: the newest of them have a chance.
const MOST_OUTSIDERS: usize = 200;
/// Deeper in a ranking nothing gets into a row.
const DEPTH: usize = 300;
const MOST_REASONS: usize = 3;
/// What everybody watches: this share of the titles, from the most watched on.
const HEAD: f64 = 0.1;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// Begun and not finished.
    Continue,
    /// What fits the whole history.
    TopPicks,
    /// What fits one title of it.
    Because,
    /// What others watch these days.
    Trending,
    /// The best of a genre.
    Genre,
    /// What came lately.
    New,
    /// What most people liked.
    Popular,
}

/// A title in a row, and why it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    pub title: TitleId,
    /// What the row is ordered by.
    pub score: f32,
    /// What speaks for it, the strongest first.
    pub reasons: Vec<Reason>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub kind: RowKind,
    /// Of a row about one title.
    pub because: Option<TitleId>,
    /// Slug, of a row about a genre.
    pub genre: Option<String>,
    pub picks: Vec<Pick>,
}

/// A title that may be shown and that the model does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outsider {
    pub title: TitleId,
    pub genres: Vec<String>,
    /// Milliseconds since 1970.
    pub published_at: i64,
}

/// All that decides a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Milliseconds since 1970.
    pub at: i64,
    /// The version that was live; none when there was none.
    pub model: Option<String>,
    pub leaning: Leaning,
    /// Places of the model's titles that may be shown: visible then, and neither seen nor refused.
    #[serde(with = "places")]
    pub allowed: Vec<u16>,
    /// Newest first.
    pub outsiders: Vec<Outsider>,
    /// How rows are mixed. Pages that were made before it could be changed were mixed as usual.
    #[serde(default)]
    pub serving: Serving,
}

impl Inputs {
    /// Filters first: what is not in here can be in no row.
    pub fn of(
        taste: &Taste,
        catalogue: &Catalogue,
        model: Option<&Model>,
        audience: &Audience,
        now: OffsetDateTime,
    ) -> Self {
        let excluded = taste.excluded(catalogue);
        let (mut allowed, mut outsiders) = (Vec::new(), Vec::new());
        for title in catalogue.offered(audience, now).filter(|title| !excluded.contains(&title.id)) {
            match model.and_then(|model| model.place(title.id)).and_then(|place| u16::try_from(place).ok()) {
                Some(place) => allowed.push(place),
                None => outsiders.push(Outsider {
                    title: title.id,
                    genres: title.genres.clone(),
                    published_at: title.published_at.unwrap_or_default(),
                }),
            }
        }
        outsiders.sort_by_key(|outsider| (std::cmp::Reverse(outsider.published_at), outsider.title));
        outsiders.truncate(MOST_OUTSIDERS);
        Self {
            at: millis::of(now),
            model: model.map(|model| model.version.clone()),
            leaning: taste.leaning(catalogue, audience, now),
            allowed,
            outsiders,
            serving: Serving::default(),
        }
    }

    /// The same page, mixed in another way.
    #[must_use]
    pub fn served_by(self, serving: Serving) -> Self {
        Self { serving, ..self }
    }

    /// The rows. `model` must be the version of [`Inputs::model`].
    pub fn rows(&self, model: Option<&Model>) -> Vec<Row> {
        let mut page = Page::new(self, model);
        page.continued();
        page.top_picks();
        page.because();
        page.trending();
        page.genres();
        page.new_ones();
        page.popular();
        page.rows
    }
}

/// A title that may be shown.
struct Shown<'a> {
    title: TitleId,
    genres: &'a [String],
    published_at: i64,
    popularity: f32,
    trend: f32,
    score: f32,
    is_head: bool,
    /// Its place in the model.
    place: Option<usize>,
}

/// A page under construction: what is in one row is in no other.
struct Page<'a> {
    inputs: &'a Inputs,
    model: Option<&'a Model>,
    fold_in: Option<FoldIn<'a>>,
    shown: Vec<Shown<'a>>,
    taken: BTreeSet<TitleId>,
    limits: Limits,
    rows: Vec<Row>,
}

impl<'a> Page<'a> {
    fn new(inputs: &'a Inputs, model: Option<&'a Model>) -> Self {
        let sources = &inputs.leaning.sources;
        let history: Vec<(TitleId, f32)> = sources.iter().map(|source| (source.title, source.weight)).collect();
        let fold_in = model.map(|model| model.fold_in(&history));
        let scores = fold_in.as_ref().map(FoldIn::scores).unwrap_or_default();
        let head = model.map_or(f32::INFINITY, head);
        let known = inputs.allowed.iter().filter_map(|place| {
            let place = usize::from(*place);
            let item = model?.items().get(place)?;
            Some(Shown {
                title: item.id,
                genres: &item.genres,
                published_at: item.published_at.unwrap_or_default(),
                popularity: item.popularity,
                trend: item.trend,
                score: scores.get(place).copied().unwrap_or_default(),
                is_head: item.popularity >= head,
                place: Some(place),
            })
        });
        let unknown = inputs.outsiders.iter().map(|outsider| Shown {
            title: outsider.title,
            genres: &outsider.genres,
            published_at: outsider.published_at,
            popularity: 0.0,
            trend: 0.0,
            score: 0.0,
            is_head: false,
            place: None,
        });
        let is_head = |title: TitleId| {
            model.is_some_and(|model| model.place(title).is_some_and(|at| model.items()[at].popularity >= head))
        };
        let of_head = history.iter().filter(|(title, _)| is_head(*title)).count();
        let own = if history.is_empty() { 1.0 } else { of_head as f64 / history.len() as f64 };
        Self {
            shown: known.chain(unknown).collect(),
            taken: BTreeSet::new(),
            // Whoever watches more of the head gets more of it.
            limits: Limits { of_one_genre: inputs.serving.of_one_genre(), heads: own.max(inputs.serving.of_heads()) },
            rows: Vec::new(),
            fold_in,
            inputs,
            model,
        }
    }

    fn continued(&mut self) {
        let pick = |title: &TitleId| Pick { title: *title, score: 0.0, reasons: Vec::new() };
        let picks: Vec<Pick> = self.inputs.leaning.continued.iter().map(pick).collect();
        if !picks.is_empty() {
            self.taken.extend(picks.iter().map(|pick| pick.title));
            self.rows.push(Row { kind: RowKind::Continue, because: None, genre: None, picks });
        }
    }

    fn top_picks(&mut self) {
        let ranked = self.best(|shown| (shown.score > 0.0).then_some(shown.score));
        self.add(RowKind::TopPicks, ranked, None, None, LEAST);
    }

    fn because(&mut self) {
        let Some(model) = self.model else { return };
        let sources = self.inputs.leaning.sources.iter().filter(|source| source.is_liked());
        let mut count = 0;
        for source in sources.take(MOST_TRIED) {
            if count == MOST_BECAUSE {
                break;
            }
            let neighbours: BTreeMap<usize, f32> = model.neighbours(source.title).into_iter().collect();
            let ranked = self.best(|shown| shown.place.and_then(|place| neighbours.get(&place).copied()));
            count += usize::from(self.add(RowKind::Because, ranked, Some(source.title), None, LEAST));
        }
    }

    fn trending(&mut self) {
        let ranked = self.best(|shown| (shown.trend > 0.0).then_some(shown.trend));
        self.add(RowKind::Trending, ranked, None, None, LEAST);
    }

    /// Genres that were chosen, then those of the history by weight.
    fn genres(&mut self) {
        let mut weights: BTreeMap<&str, f32> = BTreeMap::new();
        for source in &self.inputs.leaning.sources {
            for genre in &source.genres {
                *weights.entry(genre).or_default() += source.weight;
            }
        }
        let mut watched: Vec<(&str, f32)> = weights.into_iter().collect();
        watched.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
        let chosen = self.inputs.leaning.genres.iter().map(String::as_str);
        let mut known = BTreeSet::new();
        let genres: Vec<&str> =
            chosen.chain(watched.into_iter().map(|(genre, _)| genre)).filter(|genre| known.insert(*genre)).collect();
        let mut count = 0;
        for genre in genres {
            if count == MOST_GENRES {
                break;
            }
            let has = |shown: &Shown<'_>| shown.genres.iter().any(|own| own == genre);
            let ranked = self.best(|shown| has(shown).then_some(shown.score.max(0.0)));
            count += usize::from(self.add(RowKind::Genre, ranked, None, Some(genre.to_owned()), LEAST));
        }
    }

    fn new_ones(&mut self) {
        let since = self.inputs.at - i64::try_from(NEW.whole_milliseconds()).unwrap_or(i64::MAX);
        let age = |shown: &Shown<'_>| (shown.published_at - since) as f64 / 86_400_000.0;
        let ranked = self.best(|shown| (shown.published_at > since).then(|| age(shown) as f32));
        self.add(RowKind::New, ranked, None, None, LEAST);
    }

    /// Whatever is left: a page is never empty while there is something to show.
    fn popular(&mut self) {
        let ranked = self.best(|shown| Some(shown.popularity));
        self.add(RowKind::Popular, ranked, None, None, 1);
    }

    /// Places of what no row has yet, best first: by the measure, then by popularity, newness and id.
    fn best(&self, measure: impl Fn(&Shown<'a>) -> Option<f32>) -> Vec<(usize, f32)> {
        let free = self.shown.iter().enumerate().filter(|(_, shown)| !self.taken.contains(&shown.title));
        let mut ranked: Vec<(usize, f32)> = free.filter_map(|(at, shown)| Some((at, measure(shown)?))).collect();
        let better = |(one, of_one): &(usize, f32), (other, of_other): &(usize, f32)| {
            let (one, other) = (&self.shown[*one], &self.shown[*other]);
            let by_measure = of_other.total_cmp(of_one).then(other.popularity.total_cmp(&one.popularity));
            by_measure.then(other.published_at.cmp(&one.published_at)).then(one.title.cmp(&other.title))
        };
        // Of tens of thousands only these are put in order.
        if ranked.len() > DEPTH {
            ranked.select_nth_unstable_by(DEPTH, better);
            ranked.truncate(DEPTH);
        }
        ranked.sort_unstable_by(better);
        ranked
    }

    /// Adds a row if enough is left for one.
    fn add(
        &mut self,
        kind: RowKind,
        ranked: Vec<(usize, f32)>,
        because: Option<TitleId>,
        genre: Option<String>,
        least: usize,
    ) -> bool {
        let places: Vec<usize> = match kind {
            RowKind::Genre => (0..ranked.len().min(ROW)).collect(),
            _ => {
                let candidate = |(at, _): &(usize, f32)| Candidate {
                    genres: self.shown[*at].genres,
                    is_head: kind == RowKind::TopPicks && self.shown[*at].is_head,
                };
                mixed(&ranked.iter().map(candidate).collect::<Vec<_>>(), self.limits)
            }
        };
        if places.len() < least {
            return false;
        }
        let picks: Vec<Pick> = places.into_iter().map(|place| self.pick(ranked[place], because)).collect();
        self.taken.extend(picks.iter().map(|pick| pick.title));
        self.rows.push(Row { kind, because, genre, picks });
        true
    }

    fn pick(&self, (at, score): (usize, f32), because: Option<TitleId>) -> Pick {
        let shown = &self.shown[at];
        let reasons = match (because, &self.fold_in, shown.place) {
            (Some(title_id), ..) => vec![Reason { title_id, weight: score }],
            (None, Some(fold_in), Some(place)) => fold_in.reasons(place, MOST_REASONS),
            _ => Vec::new(),
        };
        Pick { title: shown.title, score, reasons }
    }
}

/// From which popularity on a title is of the head.
fn head(model: &Model) -> f32 {
    let mut all: Vec<f32> = model.items().iter().map(|item| item.popularity).collect();
    all.sort_by(|one, other| other.total_cmp(one));
    let count = (all.len() as f64 * HEAD) as usize;
    count.checked_sub(1).and_then(|last| all.get(last).copied()).unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests;
