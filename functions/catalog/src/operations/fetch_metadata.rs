//! Queue `imports` → a provider of metadata is asked for a title, which becomes a draft or is filled in; a series brings a job for each of its
//! seasons, and a season its episodes. A provider that is busy is left alone for as
//! long as it says; the titles that wait go on afterwards. Copies and any order give the same state.

use events::{Consumer, Deadline, Outbox, Outcome, Transaction};
use kernel::{TitleId, TitleKind, World};
use runtime::SqsMessage;
use stores::{PgPool, Queue, StoreError, postgres};
use time::{Duration, OffsetDateTime};

use crate::{
    change::{self, Author, ChangeError},
    draft::Draft,
    import::{ImportItem, ImportJob, ImportReason, ItemState, MOST_TRIES, PATIENCE, back_off, pause},
    metadata::{FetchError, LeftOut, Metadata, Part, Providers, Season},
    publication::still_publishable,
    store::{
        IMPORTS, genres,
        imports::{self, FoundItem},
        imports_outbox, provider_pauses, titles,
    },
    text::ExternalId,
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

/// A title to write.
struct Subject<'a> {
    kind: TitleKind,
    /// What the provider calls it.
    id: &'a ExternalId,
    /// Which title it is to be.
    wanted: Option<TitleId>,
    /// The series and the number in it, or the season.
    place: Option<(TitleId, u16)>,
    metadata: &'a Metadata,
}

impl<'a> Subject<'a> {
    fn part(kind: TitleKind, part: &'a Part, whole: TitleId) -> Self {
        Self { kind, id: &part.id, wanted: None, place: Some((whole, part.number)), metadata: &part.about }
    }
}

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
        let FoundItem { item, .. } = &found;
        let answered = match item.number {
            Some(number) => match provider.fetch_season(&item.external_id, number).await {
                Ok(season) => Ok(self.keep_season(job, &found, season, now).await?),
                Err(error) => Err(error),
            },
            None => match provider.fetch(item.kind, &item.external_id).await {
                Ok(metadata) => Ok(self.keep(job, &found, metadata, now).await),
                Err(error) => Err(error),
            },
        };
        match answered {
            Ok(outcome) => Ok(outcome),
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

    /// Writes what the provider said at a moment, with the item's ending, the jobs of its seasons and the change's audit entry and event.
    async fn keep(&self, job: ImportJob, found: &FoundItem, metadata: Metadata, at: OffsetDateTime) -> Outcome {
        let kept = self.outbox.transact(async |tx| {
            let Some(found) = imports::lock_item(tx, job).await? else { return Ok(()) };
            if found.item.state != ItemState::Waiting {
                return Ok(());
            }
            let mut metadata = metadata.clone();
            leave_out_genres(tx, &mut metadata).await?;
            let ImportItem { kind, external_id: id, title_id: wanted, .. } = &found.item;
            let subject = Subject { kind: *kind, id, wanted: *wanted, place: None, metadata: &metadata };
            let ending = self.write(tx, &found, &subject, at).await?;
            imports::end(tx, job, ending, &metadata.left_out).await?;
            if ending.is_ok() {
                imports::add_seasons(tx, (job, id), &metadata.seasons, self.world.now()).await?;
            }
            Ok::<_, ChangeError>(())
        });
        kept.await.map_or_else(|error| meets_another_change(job, found, &error), |()| Outcome::Done)
    }

    /// The same for a season. Each title is a transaction of its own, so that nobody waits for a whole season; the item ends when all are written, and
    /// whoever repeats them changes nothing.
    async fn keep_season(
        &self,
        job: ImportJob,
        found: &FoundItem,
        season: Season,
        at: OffsetDateTime,
    ) -> Result<Outcome, StoreError> {
        match self.write_season(found, season, at).await {
            Ok((ending, left_out)) => {
                let mut connection = self.pool().acquire().await?;
                imports::end(&mut connection, job, ending, &left_out).await?;
                Ok(Outcome::Done)
            }
            Err(error) => Ok(meets_another_change(job, found, &error)),
        }
    }

    async fn write_season(
        &self,
        found: &FoundItem,
        Season { mut part, episodes }: Season,
        at: OffsetDateTime,
    ) -> Result<(Ending, Vec<LeftOut>), ChangeError> {
        let series = (found.provider.as_str(), &found.item.external_id);
        let ending = self.outbox.transact(async |tx| {
            let series = titles::with_external_id(tx, TitleKind::Series, series).await?;
            let Some(series) = series else { return Ok(Err(ImportReason::NoTitle)) };
            self.write(tx, found, &Subject::part(TitleKind::Season, &part, series), at).await
        });
        let ending = ending.await?;
        if let Ok(season) = ending {
            for episode in &episodes {
                let subject = Subject::part(TitleKind::Episode, episode, season);
                let written = self.outbox.transact(async |tx| self.write(tx, found, &subject, at).await);
                if let Err(reason) = written.await? {
                    part.about.leave_out(&episode.pointer, reason.detail());
                }
            }
        }
        Ok((ending, part.about.left_out))
    }

    async fn write(
        &self,
        tx: &mut Transaction<'_>,
        FoundItem { provider, actor, .. }: &FoundItem,
        subject: &Subject<'_>,
        at: OffsetDateTime,
    ) -> Result<Ending, ChangeError> {
        let Subject { kind, metadata, .. } = *subject;
        let author = Author { world: &self.world, actor };
        let name = (provider.as_str(), subject.id);
        titles::lock_external_id(tx, kind, name).await?;
        let known = titles::with_external_id(tx, kind, name).await?;
        let wanted = match (subject.wanted, known, subject.place) {
            (Some(wanted), Some(known), _) if wanted != known => return Ok(Err(ImportReason::OtherTitle)),
            (None, None, Some(place)) => titles::at_place(tx, place).await?,
            (wanted, known, _) => wanted.or(known),
        };
        let before = match wanted {
            Some(id) => titles::lock(tx, id).await?,
            None => None,
        };
        let Some(before) = before else {
            if subject.wanted.is_some() {
                return Ok(Err(ImportReason::NoTitle));
            }
            let Some(best_name) = metadata.best_name() else { return Ok(Err(ImportReason::Nameless)) };
            let (parent_id, number) = subject.place.unzip();
            let about = Draft { parent_id, number, ..Draft::named(kind, best_name.clone()) };
            let blank = Title::new(self.world.id(), about, vec![]);
            let title = blank.named_by_provider(*provider, at).with_metadata(metadata, *provider, at);
            return match title.about.clone().checked() {
                Ok(_) => Ok(Ok(change::create_as_is(tx, &author, ACTION, title).await?.id)),
                Err(_) => Ok(Err(ImportReason::DoesNotFit)),
            };
        };
        // Found by its place, and of another id: what the provider says is about another part.
        if known.is_none() && subject.place.is_some() && before.is_called_by(provider.as_str()) {
            return Ok(Err(ImportReason::NumberTaken));
        }
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

/// A genre that went, or a slug or number that came, in this moment; or the database.
fn meets_another_change(job: ImportJob, found: &FoundItem, error: &ChangeError) -> Outcome {
    if !matches!(error, ChangeError::Sql(_)) {
        tracing::warn!(import_id = %job.import_id, title_id = ?found.item.title_id, %error, "an import meets another change");
    }
    Outcome::retry(error)
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
