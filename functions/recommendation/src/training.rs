//! From what people liked to a version and its report. Pure: the same data and titles give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use kernel::TitleId;
use time::Duration;

use crate::{
    artefact::{Artefact, Damaged, Header, Item},
    catalogue::Catalogue,
    dataset::{Dataset, Split},
    ease::{Gram, NoInverse},
    gate::{Report, objections},
    measure::{DEPTH, Quality, quality},
    model::Model,
};

/// What λ is chosen from, on the last fifth of what the judged model may know.
const LAMBDAS: [f64; 4] = [100.0, 200.0, 400.0, 800.0];
/// When there is nothing to choose by.
const USUAL_LAMBDA: f64 = 200.0;
/// After so long a view counts half for what is watched these days.
const TREND_HALVES: Duration = Duration::days(3);
/// More lists than these judge no better.
const MOST_JUDGED: usize = 20_000;

/// Why there is no version.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error(transparent)]
    NoInverse(#[from] NoInverse),
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
/// what they must not.
///
/// # Errors
/// When the numbers allow no model.
pub fn train(
    data: &Dataset,
    catalogue: &Catalogue,
    live: Option<&Report>,
    pages: impl FnOnce(&Model) -> (usize, usize),
) -> Result<Trained, TrainingError> {
    let split = data.split_by_time();
    let inner = split.known.split_by_time();
    let lambda = best_lambda(&inner, catalogue)?;
    let (_, judged) = fit(&split.known, &Gram::of(&split.known), catalogue, lambda)?;
    let (bytes, model) = fit(data, &Gram::of(data), catalogue, lambda)?;
    let (judged, popularity) = (of_model(&judged, &split), of_popularity(&judged, &split));
    let (pages, bad_pages) = pages(&model);
    let report = Report {
        version: model.version.clone(),
        data_until: data.newest_at(),
        people: data.people().len(),
        titles: model.items().len(),
        lambda,
        model: judged,
        popularity,
        pages,
        bad_pages,
        objections: objections(judged, popularity, live.map(|live| live.model), bad_pages),
    };
    Ok(Trained { bytes, model, report })
}

/// The λ with the best lists; the smaller one of two that are as good.
fn best_lambda(split: &Split, catalogue: &Catalogue) -> Result<f64, TrainingError> {
    if split.hidden.is_empty() {
        return Ok(USUAL_LAMBDA);
    }
    let gram = Gram::of(&split.known);
    let (mut best, mut lambda) = (f64::NEG_INFINITY, USUAL_LAMBDA);
    for candidate in LAMBDAS {
        let (_, model) = fit(&split.known, &gram, catalogue, candidate)?;
        let ndcg = of_model(&model, split).ndcg;
        if ndcg > best {
            (best, lambda) = (ndcg, candidate);
        }
    }
    Ok(lambda)
}

/// A model as it will be served: read from its own bytes.
fn fit(data: &Dataset, gram: &Gram, catalogue: &Catalogue, lambda: f64) -> Result<(Vec<u8>, Model), TrainingError> {
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
    let header = Header { data_until: newest_at, lambda, items: gram.items.iter().map(item).collect() };
    let bytes = Artefact { header, weights: gram.solve(lambda)? }.encode()?;
    let model = Model::read(&bytes)?;
    Ok((bytes, model))
}

fn of_model(model: &Model, split: &Split) -> Quality {
    judge(model, split, |history| model.scores(history))
}

fn of_popularity(model: &Model, split: &Split) -> Quality {
    judge(model, split, |_| model.items().iter().map(|item| item.popularity).collect())
}

fn judge(model: &Model, split: &Split, scores: impl Fn(&[(TitleId, f32)]) -> Vec<f32>) -> Quality {
    let lists: Vec<(Vec<TitleId>, &BTreeSet<TitleId>)> = split
        .hidden
        .iter()
        .take(MOST_JUDGED)
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
