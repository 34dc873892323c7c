//! What editors asked providers for.

use events::{Message, Transaction};
use kernel::{AccountId, MetadataImportId, TitleId, TitleKind};
use serde_json::json;
use sqlx::{FromRow, PgConnection, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use super::{ERASED, IMPORTS};
use crate::{
    import::{Import, ImportItem, ImportJob, ImportReason, ItemState, KEPT},
    metadata::{LeftOut, ProviderName},
    text::ExternalId,
};

/// One title of an import, with what is known of the whole.
pub(crate) struct FoundItem {
    pub item: ImportItem,
    pub provider: ProviderName,
    /// The account that asked for it; `erased` when that is gone.
    pub actor: String,
    pub created_at: OffsetDateTime,
    /// Calls without an answer.
    pub tries: u32,
}

fn decoded<T>(found: Option<T>, what: &str) -> Result<T, sqlx::Error> {
    found.ok_or_else(|| sqlx::Error::Decode(format!("unknown {what}").into()))
}

impl FromRow<'_, PgRow> for ImportItem {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (kind, id, state): (&str, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
        let reason: Option<&str> = row.try_get(4)?;
        let Json(left_out): Json<Vec<LeftOut>> = row.try_get(6)?;
        let number: Option<i32> = row.try_get(7)?;
        Ok(Self {
            kind: decoded(kind.parse().ok(), "kind")?,
            external_id: decoded(ExternalId::new(id), "id")?,
            number: number.map(|number| decoded(u16::try_from(number).ok(), "number")).transpose()?,
            title_id: row.try_get(2)?,
            state: decoded(ItemState::of(state), "state")?,
            reason: reason.map(|word| decoded(ImportReason::of(word), "reason")).transpose()?,
            detail: None,
            next_try_at: row.try_get(5)?,
            left_out,
        })
    }
}

impl FromRow<'_, PgRow> for FoundItem {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (provider, tries): (&str, i16) = (row.try_get(8)?, row.try_get(11)?);
        Ok(Self {
            item: ImportItem::from_row(row)?,
            provider: decoded(ProviderName::of(provider), "provider")?,
            actor: row.try_get(9)?,
            created_at: row.try_get(10)?,
            tries: tries.unsigned_abs().into(),
        })
    }
}

/// Begins an import, and forgets those that nobody looks at any more. Its titles are asked for after the commit.
pub(crate) async fn begin(tx: &mut Transaction<'_>, import: &Import, account: AccountId) -> Result<(), sqlx::Error> {
    let forget = sqlx::query("delete from imports where created_at < $1").bind(import.created_at - KEPT);
    forget.execute(&mut **tx).await?;
    sqlx::query(
        // An access token outlives the account it was made for by minutes.
        "insert into imports (id, provider, actor, created_at) select $1, $2, case when exists (select from erased_accounts \
         where digest = encode(sha256(convert_to($3, 'UTF8')), 'hex')) then $5 else $3 end, $4",
    )
    .bind(import.id)
    .bind(import.provider.as_str())
    .bind(account)
    .bind(import.created_at)
    .bind(ERASED)
    .execute(&mut **tx)
    .await?;
    for (place, item) in (0_i16..).zip(&import.items) {
        sqlx::query(
            "insert into import_items (import_id, place, kind, external_id, title_id, state) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(import.id)
        .bind(place)
        .bind(item.kind)
        .bind(item.external_id.as_str())
        .bind(item.title_id)
        .bind(item.state.as_str())
        .execute(&mut **tx)
        .await?;
        let job = ImportJob { import_id: import.id, place };
        tx.send(Message::to_queue(IMPORTS, import.id, json!(job))).await?;
    }
    Ok(())
}

/// Adds the seasons of a series, which are asked for after the commit.
pub(crate) async fn add_seasons(
    tx: &mut Transaction<'_>,
    series: (ImportJob, &ExternalId),
    numbers: &[u16],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    for (job, number) in series.0.of_seasons(numbers) {
        sqlx::query(
            // The import may have begun long ago: it is from now on that something is to be heard of the season.
            "insert into import_items (import_id, place, kind, external_id, number, state, next_try_at) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(job.import_id)
        .bind(job.place)
        .bind(TitleKind::Season)
        .bind(series.1.as_str())
        .bind(i32::from(number))
        .bind(ItemState::Waiting.as_str())
        .bind(now)
        .execute(&mut **tx)
        .await?;
        tx.send(Message::to_queue(IMPORTS, job.import_id, json!(job))).await?;
    }
    Ok(())
}

/// An import with all its titles, as they are told at a moment.
pub(crate) async fn find(
    pool: &PgPool,
    id: MetadataImportId,
    now: OffsetDateTime,
) -> Result<Option<Import>, sqlx::Error> {
    let found: Option<(String, OffsetDateTime)> =
        sqlx::query_as("select provider, created_at from imports where id = $1").bind(id).fetch_optional(pool).await?;
    let Some((provider, created_at)) = found else { return Ok(None) };
    let provider = decoded(ProviderName::of(&provider), "provider")?;
    let items = sqlx::query_as(
        "select kind, external_id, title_id, state, reason, next_try_at, left_out, number from import_items \
         where import_id = $1 order by place",
    );
    let items: Vec<ImportItem> = items.bind(id).fetch_all(pool).await?;
    let items = items.into_iter().map(|item| item.told(created_at, now)).collect();
    Ok(Some(Import { id, provider, created_at, items }))
}

/// One title of an import, which nobody else can change until the transaction ends.
pub(crate) async fn lock_item(connection: &mut PgConnection, job: ImportJob) -> Result<Option<FoundItem>, sqlx::Error> {
    sqlx::query_as(
        "select i.kind, i.external_id, i.title_id, i.state, i.reason, i.next_try_at, i.left_out, i.number, m.provider, m.actor, m.created_at, \
         i.tries from import_items i join imports m on m.id = i.import_id where i.import_id = $1 and i.place = $2 for update of i",
    )
    .bind(job.import_id)
    .bind(job.place)
    .fetch_optional(connection)
    .await
}

/// Ends a title of an import; one that has ended stays as it is.
pub(crate) async fn end(
    connection: &mut PgConnection,
    job: ImportJob,
    ending: Result<TitleId, ImportReason>,
    left_out: &[LeftOut],
) -> Result<(), sqlx::Error> {
    let (state, title, reason) = match ending {
        Ok(title) => (ItemState::Done, Some(title), None),
        Err(reason) => (ItemState::Failed, None, Some(reason.as_str())),
    };
    sqlx::query(
        "update import_items set state = $3, title_id = coalesce($4, title_id), reason = $5, left_out = $6, next_try_at = null \
         where import_id = $1 and place = $2 and state = 'waiting'",
    )
    .bind(job.import_id)
    .bind(job.place)
    .bind(state.as_str())
    .bind(title)
    .bind(reason)
    .bind(Json(left_out))
    .execute(connection)
    .await
    .map(drop)
}

/// Notes that a title is asked for again, after so many calls without an answer in all.
pub(crate) async fn wait(
    connection: &mut PgConnection,
    job: ImportJob,
    reason: ImportReason,
    tries: u32,
    next_try_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update import_items set reason = $3, tries = $4, next_try_at = $5 \
         where import_id = $1 and place = $2 and state = 'waiting'",
    )
    .bind(job.import_id)
    .bind(job.place)
    .bind(reason.as_str())
    .bind(i16::try_from(tries).unwrap_or(i16::MAX))
    .bind(next_try_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Keeps the imports of an account but not that they were its own; returns their number.
pub(crate) async fn erase_actor(connection: &mut PgConnection, account: AccountId) -> Result<u64, sqlx::Error> {
    let renamed = sqlx::query("update imports set actor = $2 where actor = $1").bind(account).bind(ERASED);
    Ok(renamed.execute(connection).await?.rows_affected())
}
