//! Titles, the live version and the experiment that runs, as they were moments ago. What does not answer or is damaged leaves what was known before in place.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration as Patience,
};

use runtime::{Access, Boot, BootError, Wire};
use stores::{Bucket, StoreError, Table};
use time::{Duration, OffsetDateTime};

use crate::{
    catalogue::Catalogue,
    experiment::Experiment,
    model::Model,
    store::{experiments, models, titles},
};

/// A withdrawn title is proposed no longer than that; a window opens and closes at its moment.
const TITLES_KEPT: Duration = Duration::seconds(20);
/// A version that was published is live everywhere after that.
const MODEL_KEPT: Duration = Duration::seconds(60);
/// An experiment that was begun or stopped is so everywhere after that.
const EXPERIMENT_KEPT: Duration = Duration::seconds(60);
/// Longer, and the page is made of what is known.
const PATIENCE: Patience = Patience::from_millis(2_500);

/// When it was looked for, and what there was.
type Known<T> = Arc<Mutex<(Option<OffsetDateTime>, Option<Arc<T>>)>>;

/// Reads them, each at most so often.
#[derive(Clone)]
pub struct Library {
    table: Table,
    bucket: Bucket,
    titles: Known<Catalogue>,
    model: Known<Model>,
    experiment: Known<Experiment>,
}

impl Wire for Library {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let library = Self {
            table: boot.table("tastes", Access::Read)?,
            bucket: boot.bucket("models", Access::Read)?,
            titles: Arc::default(),
            model: Arc::default(),
            experiment: Arc::default(),
        };
        let (warm, now) = (library.clone(), boot.world().now());
        boot.also_warm(async move {
            let _ = futures::join!(warm.titles(now), warm.model(now));
        });
        Ok(library)
    }
}

impl Library {
    /// All titles: from the table, else as they were, else as the bucket has them.
    ///
    /// # Errors
    /// When neither answers and nothing is known.
    pub async fn titles(&self, now: OffsetDateTime) -> Result<Arc<Catalogue>, StoreError> {
        let known = match fresh(&self.titles, now, TITLES_KEPT) {
            Ok(titles) => return titles.ok_or_else(|| unanswered("titles")),
            Err(known) => known,
        };
        let read = answered(titles::all(&self.table)).await;
        let titles = match read {
            Ok(titles) => Arc::new(titles),
            Err(error) => {
                tracing::warn!(%error, "titles are as they were");
                match known {
                    Some(known) => known,
                    None => Arc::new(answered(models::titles(&self.bucket)).await?.ok_or(error)?),
                }
            }
        };
        keep(&self.titles, now, Some(titles.clone()));
        Ok(titles)
    }

    /// The live version, else the one that was, else the one before it; none where there is none.
    pub async fn model(&self, now: OffsetDateTime) -> Option<Arc<Model>> {
        let known = match fresh(&self.model, now, MODEL_KEPT) {
            Ok(model) => return model,
            Err(known) => known,
        };
        let model = match answered(self.live(known.as_ref())).await {
            Ok(model) => model,
            Err(error) => {
                tracing::warn!(%error, "the version from before is served");
                known
            }
        };
        keep(&self.model, now, model.clone());
        model
    }

    /// The experiment that runs; while the table does not answer, the one that ran before.
    pub async fn experiment(&self, now: OffsetDateTime) -> Option<Arc<Experiment>> {
        let known = match fresh(&self.experiment, now, EXPERIMENT_KEPT) {
            Ok(experiment) => return experiment,
            Err(known) => known,
        };
        let experiment = match answered(experiments::running(&self.table)).await {
            Ok(experiment) => experiment.map(Arc::new),
            Err(error) => {
                tracing::warn!(%error, "the experiment from before decides");
                known
            }
        };
        keep(&self.experiment, now, experiment.clone());
        experiment
    }

    async fn live(&self, known: Option<&Arc<Model>>) -> Result<Option<Arc<Model>>, StoreError> {
        let Some(pointer) = models::pointer(&self.bucket).await? else { return Ok(None) };
        if let Some(known) = known.filter(|known| known.version == pointer.version) {
            return Ok(Some(known.clone()));
        }
        let failure = match models::model(&self.bucket, &pointer.version).await {
            Ok(Some(model)) => return Ok(Some(Arc::new(model))),
            Ok(None) => unanswered("the live version"),
            Err(error) => error,
        };
        // Only an environment that has nothing yet looks further back.
        let (None, Some(previous)) = (known, &pointer.previous) else { return Err(failure) };
        tracing::warn!(error = %failure, previous, "the version before the live one is served");
        Ok(models::model(&self.bucket, previous).await?.map(Arc::new))
    }

    /// A version by its name: the live one, or one that was.
    pub async fn version(&self, name: &str, now: OffsetDateTime) -> Result<Option<Arc<Model>>, StoreError> {
        if let Some(live) = self.model(now).await.filter(|live| live.version == name) {
            return Ok(Some(live));
        }
        Ok(answered(models::model(&self.bucket, name)).await?.map(Arc::new))
    }
}

/// What is known and fresh, or, as an error, what is known and is not.
fn fresh<T>(known: &Known<T>, now: OffsetDateTime, kept: Duration) -> Result<Option<Arc<T>>, Option<Arc<T>>> {
    let (since, value) = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if since.is_some_and(|since| now - since < kept) { Ok(value) } else { Err(value) }
}

fn keep<T>(known: &Known<T>, now: OffsetDateTime, value: Option<Arc<T>>) {
    *known.lock().unwrap_or_else(PoisonError::into_inner) = (Some(now), value);
}

/// An answer in time.
pub async fn answered<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(unanswered("a store")))
}

fn unanswered(what: &str) -> StoreError {
    StoreError { engine: "recommendation", detail: format!("{what} does not answer") }
}
