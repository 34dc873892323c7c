//! Daily: a version from what everybody watched. It goes live if nothing is against it; else the one from before stays.

use std::collections::BTreeSet;

use events::{Consumer, Deadline, Outcome};
use kernel::{
    World,
    policy::{ADULT, Audience},
};
use runtime::{Access, Tick};
use stores::{Bucket, StoreError, Table};
use time::OffsetDateTime;

use crate::{
    catalogue::Catalogue,
    dataset::{Dataset, Positive},
    gate::Report,
    home::{Inputs, RowKind},
    model::Model,
    store::{
        models::{self, Pointer},
        tastes, titles,
    },
    taste::Taste,
    training::{TrainingError, train},
};

/// Profiles whose pages are looked at before a version goes live.
const SAMPLE: usize = 1_000;
/// Highest ratings of the people who look.
const RATINGS: [u8; 4] = [0, 6, 12, ADULT];

runtime::wire! {
    pub struct Train {
        table: Table = |boot| boot.table("tastes", Access::Read),
        bucket: Bucket = |boot| boot.bucket("models", Access::ReadWrite),
        world: World,
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl Consumer<Tick> for Train {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        match self.train().await {
            Ok(report) => {
                let is_live = report.objections.is_empty();
                tracing::info!(
                    version = report.version,
                    is_live,
                    objections = ?report.objections,
                    people = report.people,
                    titles = report.titles,
                    ndcg = report.model.ndcg,
                    popularity_ndcg = report.popularity.ndcg,
                    coverage = report.model.coverage,
                    "a version was made"
                );
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

impl Train {
    async fn train(&self) -> Result<Report, Failure> {
        let (catalogue, tastes) = futures::try_join!(titles::all(&self.table), tastes::all(&self.table))?;
        let live = models::pointer(&self.bucket).await?;
        let live_report = match &live {
            Some(live) => models::report(&self.bucket, &live.version).await?,
            None => None,
        };
        let now = self.world.now();
        let data = Dataset::new(tastes.iter().map(|taste| positives(taste, &catalogue)));
        let trained = train(&data, &catalogue, live_report.as_ref(), |model| pages(&tastes, &catalogue, model, now))?;
        let version = trained.report.version.clone();
        // The same people watched the same: there is nothing to publish, and the report of the day that made it stays.
        if live.as_ref().is_some_and(|live| live.version == version) {
            return Ok(trained.report);
        }
        models::put(&self.bucket, trained.bytes, &trained.report).await?;
        if trained.report.objections.is_empty() {
            let previous = live.map(|live| live.version);
            models::point(&self.bucket, &Pointer { version, previous, published_at: now }).await?;
        }
        Ok(trained.report)
    }
}

/// What a profile watched or liked; what it chose at the beginning is a wish.
fn positives(taste: &Taste, catalogue: &Catalogue) -> Vec<Positive> {
    let sources = taste.sources(catalogue).into_iter().filter(|source| source.at > 0);
    sources.map(|source| Positive { title: source.title, weight: source.weight, at: source.at }).collect()
}

/// How many pages were looked at, and how many showed something that the policy or the profile forbids.
fn pages(tastes: &[Taste], catalogue: &Catalogue, model: &Model, now: OffsetDateTime) -> (usize, usize) {
    let mut territories: BTreeSet<_> = catalogue.territories();
    territories.insert(kernel::Territory::unknown());
    let audiences: Vec<Audience> = territories
        .iter()
        .flat_map(|territory| RATINGS.map(|max_rating| Audience { territory: territory.clone(), max_rating }))
        .collect();
    let nobody = Taste::default();
    let sample = tastes.iter().chain([&nobody]).take(SAMPLE);
    let bad = sample.clone().zip(audiences.iter().cycle()).filter(|(taste, audience)| {
        let excluded = taste.excluded(catalogue);
        let rows = Inputs::of(taste, catalogue, Some(model), audience, now).rows(Some(model));
        rows.iter().any(|row| {
            row.picks.iter().any(|pick| {
                let is_old = row.kind != RowKind::Continue && excluded.contains(&pick.title);
                is_old || !catalogue.is_offered(pick.title, audience, now)
            })
        })
    });
    (sample.clone().count(), bad.count())
}
