//! Queue `imports` → a provider of metadata is asked for a title, which becomes a draft or is filled in. A provider that is busy is left alone for as
//! long as it says; the titles that wait go on afterwards. Copies and any order give the same state.

use events::{Consumer, Deadline, Outbox, Outcome, Transaction};
use kernel::{TitleId, World};
use runtime::SqsMessage;
use stores::{PgPool, Queue, StoreError, postgres};
use time::{Duration, OffsetDateTime};

use crate::{
    change::{self, Author, ChangeError},
    draft::Draft,
    import::{ImportJob, ImportReason, ItemState, MOST_TRIES, PATIENCE, back_off, pause},
    metadata::{FetchError, Metadata, Providers},
    publication::still_publishable,
    store::{
        IMPORTS, genres,
        imports::{self, FoundItem},
        imports_outbox, provider_pauses, titles,
    },
    title::Title,
};

runtime::wire! {
    pub struct FetchMetadata {
        outbox: Outbox = imports_outbox,
        queue: Queue = |boot| boot.queue(IMPORTS),
        providers: Providers,
        world: World,
    }
}

/// The audit's word.
const ACTION: &str = "imported";

/// What a title has come to.
type Ending = Result<TitleId, ImportReason>;

impl Consumer<SqsMessage> for FetchMetadata {
    async fn consume(&self, message: SqsMessage, _: &Deadline) -> Outcome {
        match serde_json::from_str(&message.body) {
            Ok(job) => self.work(job, &message.body).await.unwrap_or_else(Outcome::retry),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl FetchMetadata {
    async fn work(&self, job: ImportJob, body: &str) -> Result<Outcome, StoreError> {
        let now = self.world.now();
        let found = postgres::transact(self.pool(), async |tx| {
            let Some(found) = imports::lock_item(tx, job).await? else { return Ok(None) };
            let paused = provider_pauses::find(tx, found.provider, now).await?;
            Ok::<_, sqlx::Error>(Some((found, paused)))
        });
        let Some((found, paused)) = found.await? else { return Ok(Outcome::Done) };
        if found.item.state != ItemState::Waiting {
            return Ok(Outcome::Done);
        }
        if let Some(until) = paused {
            return self.put_off(job, body, &found, ImportReason::ProviderBusy, until).await;
        }
        let Some(provider) = self.providers.find(found.provider) else {
            return self.fail(job, ImportReason::ProviderRefuses).await;
        };
        match provider.fetch(found.item.kind, &found.item.external_id).await {
            Ok(metadata) => self.keep(job, &found, metadata, now).await,
            Err(error) => {
                tracing::info!(import_id = %job.import_id, place = job.place, %error, "the provider says nothing of a title");
                self.go_on(job, body, found, error).await
            }
        }
    }

    /// What comes after a call without an answer that can be used.
    async fn go_on(
        &self,
        job: ImportJob,
        body: &str,
        found: FoundItem,
        error: FetchError,
    ) -> Result<Outcome, StoreError> {
        let now = self.world.now();
        match error {
            FetchError::NotFound => self.fail(job, ImportReason::NotFound).await,
            FetchError::Unreadable(_) => self.fail(job, ImportReason::Unreadable).await,
            FetchError::NoAccess(_) => self.fail(job, ImportReason::ProviderRefuses).await,
            FetchError::Busy(said) => {
                let until = now + pause(said);
                let mut connection = self.pool().acquire().await?;
                provider_pauses::extend(&mut connection, found.provider, until).await?;
                drop(connection);
                self.put_off(job, body, &found, ImportReason::ProviderBusy, until).await
            }
            FetchError::Unavailable(_) => {
                let found = FoundItem { tries: found.tries + 1, ..found };
                let until = now + back_off(found.tries);
                self.put_off(job, body, &found, ImportReason::ProviderUnavailable, until).await
            }
        }
    }

    /// Sends the job once more, for later. It is sent before that is noted: a crash between the two makes a copy, and never loses it.
    async fn put_off(
        &self,
        job: ImportJob,
        body: &str,
        found: &FoundItem,
        reason: ImportReason,
        until: OffsetDateTime,
    ) -> Result<Outcome, StoreError> {
        let now = self.world.now();
        if now - found.created_at > PATIENCE || found.tries >= MOST_TRIES {
            return self.fail(job, reason).await;
        }
        // A whole second later than it was said: SQS knows no parts of one.
        let delay = (until - now + Duration::SECOND).max(Duration::SECOND);
        let delay = std::time::Duration::try_from(delay).map_err(|error| StoreError::new("sqs", error))?;
        self.queue.send(body, Some(delay)).await?;
        let mut connection = self.pool().acquire().await?;
        imports::wait(&mut connection, job, reason, found.tries, until).await?;
        Ok(Outcome::Done)
    }

    async fn fail(&self, job: ImportJob, reason: ImportReason) -> Result<Outcome, StoreError> {
        let mut connection = self.pool().acquire().await?;
        imports::end(&mut connection, job, Err(reason), &[]).await?;
        Ok(Outcome::Done)
    }

    /// Writes what the provider said at a moment, with the item's ending and the change's audit entry and event.
    async fn keep(
        &self,
        job: ImportJob,
        found: &FoundItem,
        metadata: Metadata,
        at: OffsetDateTime,
    ) -> Result<Outcome, StoreError> {
        let kept = self.outbox.transact(async |tx| {
            let Some(found) = imports::lock_item(tx, job).await? else { return Ok(()) };
            if found.item.state != ItemState::Waiting {
                return Ok(());
            }
            let mut metadata = metadata.clone();
            leave_out_genres(tx, &mut metadata).await?;
            let ending = self.write(tx, &found, &metadata, at).await?;
            imports::end(tx, job, ending, &metadata.left_out).await?;
            Ok::<_, ChangeError>(())
        });
        match kept.await {
            Ok(()) => Ok(Outcome::Done),
            Err(ChangeError::Sql(error)) => Ok(Outcome::retry(error)),
            // A genre that went, or a slug that came, in this moment.
            Err(error) => {
                tracing::warn!(import_id = %job.import_id, title_id = ?found.item.title_id, %error, "an import meets another change");
                Ok(Outcome::retry(error))
            }
        }
    }

    async fn write(
        &self,
        tx: &mut Transaction<'_>,
        found: &FoundItem,
        metadata: &Metadata,
        at: OffsetDateTime,
    ) -> Result<Ending, ChangeError> {
        let FoundItem { item, provider, actor, .. } = found;
        let author = Author { world: &self.world, actor };
        let name = (provider.as_str(), &item.external_id);
        titles::lock_external_id(tx, item.kind, name).await?;
        let known = titles::with_external_id(tx, item.kind, name).await?;
        let wanted = match (item.title_id, known) {
            (Some(wanted), Some(known)) if wanted != known => return Ok(Err(ImportReason::OtherTitle)),
            (wanted, known) => wanted.or(known),
        };
        let before = match wanted {
            Some(id) => titles::lock(tx, id).await?,
            None => None,
        };
        let Some(before) = before else {
            if item.title_id.is_some() {
                return Ok(Err(ImportReason::NoTitle));
            }
            let Some(best_name) = metadata.best_name() else { return Ok(Err(ImportReason::Nameless)) };
            let blank = Title::new(self.world.id(), Draft::named(item.kind, best_name.clone()), vec![]);
            let title = blank.named_by_provider(*provider, at).with_metadata(metadata, *provider, at);
            return match title.about.clone().checked() {
                Ok(_) => Ok(Ok(change::create_as_is(tx, &author, ACTION, title).await?.id)),
                Err(_) => Ok(Err(ImportReason::DoesNotFit)),
            };
        };
        let after = before.with_metadata(metadata, *provider, at);
        let fits =
            after.about.clone().checked().is_ok() && still_publishable(&before, &after, self.world.now()).is_ok();
        if !fits {
            return Ok(Err(ImportReason::DoesNotFit));
        }
        Ok(Ok(change::save_as_is(tx, &author, ACTION, &before, after).await?.id))
    }

    fn pool(&self) -> &PgPool {
        self.outbox.pool()
    }
}

/// Leaves out genres that this catalogue does not have, or has no longer.
async fn leave_out_genres(tx: &mut Transaction<'_>, metadata: &mut Metadata) -> Result<(), sqlx::Error> {
    let slugs: Vec<&str> = metadata.genres.iter().map(|slug| slug.as_str()).collect();
    let known = genres::known(tx, &slugs).await?;
    let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut metadata.genres)
        .into_iter()
        .partition(|slug| known.iter().any(|known| known == slug.as_str()));
    metadata.genres = kept;
    for _ in gone {
        metadata.leave_out("/genres", "is no genre of this catalogue");
    }
    Ok(())
}
