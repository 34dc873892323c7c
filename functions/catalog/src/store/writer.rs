//! Changes of titles: state, audit row and event in one transaction.

use cinema_http::Problem;
use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{TitleId, TitleKind, World};
use proto::types::TITLE_CHANGED;
use runtime::{Boot, BootError};
use sqlx::{PgConnection, PgPool, Postgres, Transaction, types::Json};
use stores::postgres::violated_constraint;

use super::{people, reports};
use crate::{
    asset::{Ended, Report},
    draft::Draft,
    slug,
    text::Name,
    title::Title,
};

/// The actor in the audit of what the pipeline did.
const PIPELINE: &str = "catalog-attach-asset";

/// Changes titles.
#[derive(Clone)]
pub(crate) struct Writer {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Another title has the address.
    #[error("slug taken")]
    SlugTaken,
    /// Another season or episode has the number.
    #[error("number taken")]
    NumberTaken,
    /// There is no such genre.
    #[error("unknown genre {1}")]
    UnknownGenre(usize, String),
    /// The parent does not exist or is of another kind.
    #[error("unknown parent")]
    UnknownParent(TitleKind),
    /// The database did not do it.
    #[error(transparent)]
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        match violated_constraint(&error) {
            Some("titles_slug_key") => Self::SlugTaken,
            Some("titles_number_key") => Self::NumberTaken,
            _ => Self::Sql(error),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::SlugTaken => {
                Self::conflict("slug_taken", "Another title has this slug.").at("/slug", "is taken")
            }
            WriteError::NumberTaken => {
                Self::conflict("number_taken", "There is already one with this number.").at("/number", "is taken")
            }
            WriteError::UnknownGenre(at, genre) => {
                Self::invalid(&format!("/genres/{at}"), format!("there is no genre {genre}"))
            }
            WriteError::UnknownParent(kind) => {
                Self::invalid("/parent_id", format!("there is no such {}", kind.as_str()))
            }
            WriteError::Sql(error) => error.into(),
        }
    }
}

impl Writer {
    /// Asks for the schema and the stream of events.
    pub(crate) fn new(boot: &Boot) -> Result<Self, BootError> {
        let pool = boot.postgres()?;
        let outbox = Outbox::new(pool.clone()).stream("domain-events", boot.stream("domain-events")?);
        Ok(Self { pool, outbox, world: boot.world() })
    }

    /// Clock and entropy.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The service's outbox.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Begins a change.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.pool.begin().await
    }

    /// Ends a change and tells the others.
    pub(crate) async fn commit(
        &self,
        transaction: Transaction<'static, Postgres>,
        posted: Posted,
    ) -> Result<(), sqlx::Error> {
        transaction.commit().await?;
        self.outbox.publish(posted).await;
        Ok(())
    }

    /// The title, which nobody else can change until the transaction ends.
    pub(crate) async fn lock(&self, connection: &mut PgConnection, id: TitleId) -> Result<Option<Title>, sqlx::Error> {
        let found: Option<Json<Title>> = sqlx::query_scalar("select document from titles where id = $1 for update")
            .bind(id.to_string())
            .fetch_optional(connection)
            .await?;
        Ok(found.map(|Json(title)| title))
    }

    /// Creates a draft title; `reports` are those that came before it.
    pub(crate) async fn create(
        &self,
        connection: &mut PgConnection,
        id: TitleId,
        mut about: Draft,
        reports: &[Ended],
        actor: &str,
    ) -> Result<(Title, Posted), WriteError> {
        self.check_references(connection, &about).await?;
        let people = people::resolve(connection, &self.world, &about.credits).await?;
        let wanted = about.slug.clone();
        about.slug = Some(wanted.clone().unwrap_or_else(|| slug::from_name(&about.original_title, id)));
        let mut title = Title::new(id, about, people).with_reports(reports);
        if !insert(connection, &title).await? {
            if wanted.is_some() {
                return Err(WriteError::SlugTaken);
            }
            title.about.slug = Some(slug::distinct(&title.about.original_title, id));
            if !insert(connection, &title).await? {
                return Err(WriteError::SlugTaken);
            }
        }
        let posted = self.record(connection, None, &title, (actor, "created")).await?;
        Ok((title, posted))
    }

    /// Writes the next version of a title; `after` without a difference changes nothing.
    pub(crate) async fn save(
        &self,
        connection: &mut PgConnection,
        before: &Title,
        mut after: Title,
        (actor, action): (&str, &str),
    ) -> Result<(Title, Posted), WriteError> {
        if *before == after {
            return Ok((after, Posted::default()));
        }
        if before.about != after.about {
            self.check_references(connection, &after.about).await?;
            after.people = people::resolve(connection, &self.world, &after.about.credits).await?;
        }
        after.version = before.version + 1;
        sqlx::query("update titles set document = $2, published_at = $3, names = $4 where id = $1")
            .bind(after.id.to_string())
            .bind(Json(&after))
            .bind(after.published_at)
            .bind(after.names())
            .execute(&mut *connection)
            .await?;
        let posted = self.record(connection, Some(before), &after, (actor, action)).await?;
        Ok((after, posted))
    }

    async fn check_references(&self, connection: &mut PgConnection, about: &Draft) -> Result<(), WriteError> {
        if !about.genres.is_empty() {
            let wanted: Vec<&str> = about.genres.iter().map(|genre| genre.as_str()).collect();
            let known: Vec<String> = sqlx::query_scalar("select slug from genres where slug = any($1)")
                .bind(&wanted)
                .fetch_all(&mut *connection)
                .await?;
            if let Some(at) = wanted.iter().position(|genre| !known.iter().any(|slug| slug == genre)) {
                return Err(WriteError::UnknownGenre(at, wanted[at].to_owned()));
            }
        }
        let (Some(kind), Some(parent)) = (about.kind.parent(), about.parent_id) else { return Ok(()) };
        let exists = sqlx::query_scalar("select exists (select from titles where id = $1 and kind = $2)");
        let exists: bool = exists.bind(parent.to_string()).bind(kind.as_str()).fetch_one(connection).await?;
        if exists { Ok(()) } else { Err(WriteError::UnknownParent(kind)) }
    }

    async fn record(
        &self,
        connection: &mut PgConnection,
        before: Option<&Title>,
        after: &Title,
        (actor, action): (&str, &str),
    ) -> Result<Posted, sqlx::Error> {
        sqlx::query(
            // An access token outlives the account it was made for by minutes.
            "insert into audit (title_id, actor, action, before, after, happened_at) select $1, case when exists (select from erased_accounts \
             where digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) then 'erased' else $2 end, $3, $4, $5, $6",
        )
        .bind(after.id.to_string())
        .bind(actor)
        .bind(action)
        .bind(before.map(Json))
        .bind(Json(after))
        .bind(self.world.now())
        .execute(&mut *connection)
        .await?;
        let event = Event::new(&self.world, TITLE_CHANGED, after.id, after.version, &after.event());
        self.outbox.post(connection, [Letter::event(&event)]).await
    }

    /// Applies what the pipeline reported; again or in another order it changes nothing more.
    pub(crate) async fn apply(&self, report: &Report) -> Result<(), WriteError> {
        let mut transaction = self.begin().await?;
        let id = match report {
            Report::Ended(ended) => ended.title,
            Report::Dropped { title, .. } => *title,
        };
        // A film may be reported before the title that a dropped file makes: whoever comes second must see the first.
        let alone = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))").bind(id.to_string());
        alone.execute(&mut *transaction).await?;
        let posted = match report {
            Report::Ended(ended) => self.apply_ended(&mut transaction, ended).await?,
            Report::Dropped { title, name } => self.apply_dropped(&mut transaction, *title, name).await?,
        };
        self.commit(transaction, posted).await?;
        Ok(())
    }

    async fn apply_ended(&self, connection: &mut PgConnection, ended: &Ended) -> Result<Posted, WriteError> {
        reports::keep(connection, ended).await?;
        let Some(before) = self.lock(connection, ended.title).await? else {
            tracing::info!(title_id = %ended.title, "report about a title that is not there yet");
            return Ok(Posted::default());
        };
        let reports = reports::of_title(connection, before.id).await?;
        let after = before.with_reports(&reports);
        self.save(connection, &before, after, (PIPELINE, "asset_changed")).await.map(|(_, posted)| posted)
    }

    async fn apply_dropped(
        &self,
        connection: &mut PgConnection,
        id: TitleId,
        name: &Name,
    ) -> Result<Posted, WriteError> {
        if self.lock(connection, id).await?.is_some() {
            return Ok(Posted::default());
        }
        let reports = reports::of_title(connection, id).await?;
        self.create(connection, id, Draft::of_film(name.clone()), &reports, PIPELINE).await.map(|(_, posted)| posted)
    }
}

async fn insert(connection: &mut PgConnection, title: &Title) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into titles (id, document, published_at, names) values ($1, $2, $3, $4) on conflict on constraint titles_slug_key do nothing",
    )
    .bind(title.id.to_string())
    .bind(Json(title))
    .bind(title.published_at)
    .bind(title.names())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
