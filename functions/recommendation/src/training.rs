//! From what people liked to a version and its report. Pure: the same data and titles give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use kernel::TitleId;
use time::Duration;

use crate::{
    algorithm::Algorithm,
    artefact::{Artefact, Damaged, Header, Item},
    catalogue::Catalogue,
    dataset::{Dataset, Split},
    ease::Gram,
    gate::{Report, objections},
    ials::Interactions,
    learner::{Learner, Unlearnable},
    limits::Limits,
    measure::{DEPTH, Quality, quality},
    model::Model,
};

/// After so long a view counts half for what is watched these days.
const TREND_HALVES: Duration = Duration::days(3);
/// More lists than these judge no better.
const MOST_JUDGED: usize = 20_000;
/// Nor are more scores than so many lists of 8,000 titles worth their time.
const MOST_SCORES: usize = MOST_JUDGED * 8_000;

/// Why there is no version.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error(transparent)]
    Unlearnable(#[from] Unlearnable),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error("the header cannot be written: {0}")]
    Header(#[from] serde_json::Error),
}

/// A version that is not live yet.
pub struct Trained {
    pub bytes: Vec<u8>,
    pub model: Model,
    pub report: Report,
}

/// Learns, judges, and learns again from everything. `pages` looks at home pages that the version would make: how many, and how many of them show
/// what they must not. What learns follows from how many titles there are.
///
/// # Errors
/// When the numbers allow no model.
pub fn train(
    data: &Dataset,
    catalogue: &Catalogue,
    live: Option<&Report>,
    pages: impl FnOnce(&Model) -> (usize, usize),
) -> Result<Trained, TrainingError> {
    train_within(&Limits::default(), data, catalogue, live, pages)
}

/// The same within other limits.
///
/// # Errors
/// When the numbers allow no model.
pub fn train_within(
    limits: &Limits,
    data: &Dataset,
    catalogue: &Catalogue,
    live: Option<&Report>,
    pages: impl FnOnce(&Model) -> (usize, usize),
) -> Result<Trained, TrainingError> {
    // Decided once: what is judged has fewer titles than what is published, and is of the same kind.
    match Algorithm::for_titles(data.count_titles(), limits) {
        Algorithm::Ease => train_by::<Gram>(limits, data, catalogue, live, pages),
        Algorithm::Ials => train_by::<Interactions>(limits, data, catalogue, live, pages),
    }
}

fn train_by<L: Learner>(
    limits: &Limits,
    data: &Dataset,
    catalogue: &Catalogue,
    live: Option<&Report>,
    pages: impl FnOnce(&Model) -> (usize, usize),
) -> Result<Trained, TrainingError> {
    let split = data.split_by_time();
    let parameters = best_parameters::<L>(limits, &split.known, catalogue)?;
    let (_, judged) = fit(&split.known, &L::of(&split.known, limits), catalogue, parameters)?;
    let (judged, popularity) = (of_model(&judged, &split), of_popularity(&judged, &split));
    drop(split);
    let (bytes, model) = fit(data, &L::of(data, limits), catalogue, parameters)?;
    let (pages, bad_pages) = pages(&model);
    let report = Report {
        version: model.version.clone(),
        data_until: data.newest_at(),
        people: data.people().len(),
        titles: model.items().len(),
        parameters: parameters.into(),
        model: judged,
        popularity,
        pages,
        bad_pages,
        objections: objections(judged, popularity, live.map(|live| live.model), bad_pages),
    };
    Ok(Trained { bytes, model, report })
}

/// Those with the best lists on the last fifth of what the judged model may know; the first of two that are as good.
fn best_parameters<L: Learner>(
    limits: &Limits,
    known: &Dataset,
    catalogue: &Catalogue,
) -> Result<L::Parameters, TrainingError> {
    let split = known.split_by_time();
    if split.hidden.is_empty() {
        return Ok(L::USUAL);
    }
    let learner = L::of(&split.known, &limits.to_choose());
    let (mut best, mut parameters) = (f64::NEG_INFINITY, L::USUAL);
    for candidate in L::CANDIDATES {
        let (_, model) = fit(&split.known, &learner, catalogue, *candidate)?;
        let ndcg = of_model(&model, &split).ndcg;
        if ndcg > best {
            (best, parameters) = (ndcg, *candidate);
        }
    }
    Ok(parameters)
}

/// A model as it will be served: read from its own bytes.
fn fit<L: Learner>(
    data: &Dataset,
    learner: &L,
    catalogue: &Catalogue,
    parameters: L::Parameters,
) -> Result<(Vec<u8>, Model), TrainingError> {
    let newest_at = data.newest_at();
    let mut counts: BTreeMap<TitleId, (f64, f64)> = BTreeMap::new();
    for positive in data.people().iter().flatten() {
        let age = (newest_at - positive.at) as f64 / TREND_HALVES.whole_milliseconds() as f64;
        let count = counts.entry(positive.title).or_default();
        *count = (count.0 + f64::from(positive.weight), count.1 + f64::from(positive.weight) * 0.5_f64.powf(age));
    }
    let item = |id: &TitleId| {
        let (popularity, trend) = counts.get(id).copied().unwrap_or_default();
        let title = catalogue.get(*id);
        Item {
            id: *id,
            genres: title.map(|title| title.genres.clone()).unwrap_or_default(),
            published_at: title.and_then(|title| title.published_at),
            popularity: popularity as f32,
            trend: trend as f32,
        }
    };
    let items = learner.items().iter().map(item).collect();
    let header = Header { data_until: newest_at, parameters: parameters.into(), items };
    let bytes = Artefact { header, learnt: learner.fit(parameters)? }.encode()?;
    let model = Model::read(&bytes)?;
    Ok((bytes, model))
}

fn of_model(model: &Model, split: &Split) -> Quality {
    judge(model, split, |history| model.fold_in(history).scores())
}

fn of_popularity(model: &Model, split: &Split) -> Quality {
    judge(model, split, |_| model.items().iter().map(|item| item.popularity).collect())
}

fn judge(model: &Model, split: &Split, scores: impl Fn(&[(TitleId, f32)]) -> Vec<f32>) -> Quality {
    let lists: Vec<(Vec<TitleId>, &BTreeSet<TitleId>)> = split
        .hidden
        .iter()
        .take(MOST_JUDGED.min(MOST_SCORES / model.items().len().max(1)))
        .map(|(person, wanted)| {
            let known = &split.known.people()[*person];
            let history: Vec<(TitleId, f32)> = known.iter().map(|positive| (positive.title, positive.weight)).collect();
            let seen: BTreeSet<TitleId> = known.iter().map(|positive| positive.title).collect();
            let is_new = |place: usize| !seen.contains(&model.items()[place].id);
            let ranked = model.ranked(&scores(&history), is_new, DEPTH);
            (ranked.into_iter().map(|place| model.items()[place].id).collect(), wanted)
        })
        .collect();
    quality(&lists, model.items().len())
}

#[cfg(test)]
mod tests;
