//! Imports of histories: who began them, how far they are and what they came to.

use kernel::{AccountId, HistoryImportId, ProfileId, Territory, policy::Audience};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row, postgres::PgRow};

use super::{profiles, titles::visible};
use crate::{
    import::{
        options::Options,
        preview::Preview,
        summary::{ARRIVAL, Counts, Import, MAX_CONFIRMED, PATIENCE, Refused, Written},
        words::{DateOrder, List, Refusal, Source, Status},
    },
    viewpoint::Viewpoint,
};

/// Why an import cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error("the account has no such profile")]
    NoProfile,
    #[error("{0} is running")]
    Running(HistoryImportId),
    #[error("the profile has enough of them")]
    TooMany,
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// An import whose file is to be read.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub id: HistoryImportId,
    pub options: Options,
    pub audience: Audience,
}

fn unknown_word(word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown word {word:?}").into())
}

/// A word of a column.
fn word<T>(row: &PgRow, column: usize, of: fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let word: &str = row.try_get(column)?;
    of(word).ok_or_else(|| unknown_word(word))
}

/// A word of a column that may be empty.
fn maybe<T>(row: &PgRow, column: usize, of: fn(&str) -> Option<T>) -> Result<Option<T>, sqlx::Error> {
    let word: Option<&str> = row.try_get(column)?;
    word.map(|word| of(word).ok_or_else(|| unknown_word(word))).transpose()
}

impl FromRow<'_, PgRow> for Import {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let status = word(row, 2, Status::of)?;
        let matched: i64 = row.try_get(11)?;
        let all: i64 = row.try_get(12)?;
        let counts = Counts {
            lines: row.try_get(4)?,
            matched,
            missed: all - matched,
            duplicates: row.try_get(5)?,
            skipped: row.try_get(6)?,
        };
        let written = Written { history: row.try_get(8)?, ratings: row.try_get(9)?, watchlist: row.try_get(10)? };
        let reason = maybe(row, 7, Refusal::of)?;
        Ok(Self {
            id: row.try_get(0)?,
            source: word(row, 1, Source::of)?,
            status,
            created_at: row.try_get(3)?,
            counts: matches!(status, Status::Ready | Status::Confirmed).then_some(counts),
            written: (status == Status::Confirmed).then_some(written),
            refused: reason.map(|reason| Refused { reason, detail: reason.detail() }),
        })
    }
}

/// Begins an import, after giving up those of the profile that came to nothing.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    id: HistoryImportId,
    viewpoint: &Viewpoint,
    options: &Options,
) -> Result<(), BeginError> {
    let (account, profile, now) = (viewpoint.account, viewpoint.profile, viewpoint.now);
    // Whoever begins another one waits here.
    profiles::lock(connection, account, profile).await?.ok_or(BeginError::NoProfile)?;
    sqlx::query(
        "delete from imports where profile_id = $1 and (status = 'refused' \
         or (status = 'waiting' and created_at <= $2) or (status = 'ready' and created_at <= $3))",
    )
    .bind(profile)
    .bind(now - ARRIVAL)
    .bind(now - PATIENCE)
    .execute(&mut *connection)
    .await?;
    let (running, confirmed): (Option<HistoryImportId>, i64) = sqlx::query_as(
        "select max(id) filter (where status <> 'confirmed'), count(*) filter (where status = 'confirmed') \
         from imports where profile_id = $1",
    )
    .bind(profile)
    .fetch_one(&mut *connection)
    .await?;
    if let Some(running) = running {
        return Err(BeginError::Running(running));
    }
    if confirmed >= MAX_CONFIRMED {
        return Err(BeginError::TooMany);
    }
    sqlx::query(
        "insert into imports (id, profile_id, account_id, source, list, date_order, source_profile, territory, max_rating, \
         status, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(profile)
    .bind(account)
    .bind(options.source.as_str())
    .bind(options.list.map(List::as_str))
    .bind(options.date_order.map(DateOrder::as_str))
    .bind(&options.source_profile)
    .bind(&viewpoint.audience.territory)
    .bind(i16::from(viewpoint.audience.max_rating))
    .bind(Status::Waiting.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// One import of the profile or, without an id, all of them, the newest first. What the profile may not see now counts as missed.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    id: Option<HistoryImportId>,
) -> Result<Vec<Import>, sqlx::Error> {
    let visible = visible("t");
    let statement = format!(
        "select i.id, i.source, i.status, i.created_at, i.lines, i.duplicates, i.skipped, i.reason, i.history, i.ratings, \
         i.watchlist, (select count(*) from import_lines l join titles t on t.id = l.title_id where l.import_id = i.id and {visible}), \
         (select count(*) from import_lines l where l.import_id = i.id) \
         from imports i where i.profile_id = $4 and ($5::text is null or i.id = $5) order by i.created_at desc, i.id desc"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(viewpoint.audience.max_rating))
        .bind(&viewpoint.audience.territory)
        .bind(viewpoint.now)
        .bind(viewpoint.profile)
        .bind(id)
        .fetch_all(pool)
        .await
}

/// How far an import of the profile is; holds it until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    profile: ProfileId,
    id: HistoryImportId,
) -> Result<Option<Status>, sqlx::Error> {
    let row = sqlx::query("select status from imports where id = $1 and profile_id = $2 for update")
        .bind(id)
        .bind(profile)
        .fetch_optional(connection)
        .await?;
    row.map(|row| word(&row, 0, Status::of)).transpose()
}

/// The import, if its file was not read yet.
pub(crate) async fn waiting(pool: &PgPool, id: HistoryImportId) -> Result<Option<Waiting>, sqlx::Error> {
    let row = sqlx::query(
        "select source, list, date_order, source_profile, territory, max_rating from imports where id = $1 and status = 'waiting'",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    let waiting = |row: PgRow| {
        let options = Options {
            source: word(&row, 0, Source::of)?,
            list: maybe(&row, 1, List::of)?,
            date_order: maybe(&row, 2, DateOrder::of)?,
            source_profile: row.try_get(3)?,
        };
        let max_rating: i16 = row.try_get(5)?;
        let max_rating = u8::try_from(max_rating).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let territory: Territory = row.try_get(4)?;
        Ok(Waiting { id, options, audience: Audience { territory, max_rating } })
    };
    row.map(waiting).transpose()
}

/// Keeps why the file of a waiting import cannot be read.
pub(crate) async fn refuse(pool: &PgPool, id: HistoryImportId, refusal: Refusal) -> Result<(), sqlx::Error> {
    sqlx::query("update imports set status = 'refused', reason = $2 where id = $1 and status = 'waiting'")
        .bind(id)
        .bind(refusal.as_str())
        .execute(pool)
        .await
        .map(drop)
}

/// Keeps what the file of a waiting import came to; `false`: it is not waiting any more.
pub(crate) async fn read(
    connection: &mut PgConnection,
    id: HistoryImportId,
    (lines, skipped): (u32, u32),
    preview: &Preview,
) -> Result<bool, sqlx::Error> {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let read = sqlx::query(
        "update imports set status = 'ready', lines = $2, skipped = $3, duplicates = $4 where id = $1 and status = 'waiting'",
    )
    .bind(id)
    .bind(count(lines))
    .bind(count(skipped))
    .bind(count(preview.duplicates))
    .execute(connection)
    .await?;
    Ok(read.rows_affected() == 1)
}

/// Keeps that a locked import was confirmed, and what it wrote.
pub(crate) async fn confirm(
    connection: &mut PgConnection,
    id: HistoryImportId,
    written: Written,
) -> Result<(), sqlx::Error> {
    sqlx::query("update imports set status = 'confirmed', history = $2, ratings = $3, watchlist = $4 where id = $1")
        .bind(id)
        .bind(written.history)
        .bind(written.ratings)
        .bind(written.watchlist)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a locked import with its lines. What it wrote must be gone.
pub(crate) async fn delete(connection: &mut PgConnection, id: HistoryImportId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from imports where id = $1").bind(id).execute(connection).await.map(drop)
}

/// The imports of a profile whose files may lie in the bucket.
pub(crate) async fn with_files(
    connection: &mut PgConnection,
    account: AccountId,
    profile: Option<ProfileId>,
) -> Result<Vec<HistoryImportId>, sqlx::Error> {
    sqlx::query_scalar(
        "select id from imports where account_id = $1 and ($2::text is null or profile_id = $2) and status = 'waiting' order by id",
    )
    .bind(account)
    .bind(profile)
    .fetch_all(connection)
    .await
}
