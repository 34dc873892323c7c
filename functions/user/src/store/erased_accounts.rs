//! Accounts that were erased: everything about them goes, and what is told of them late does not bring it back.

use kernel::{AccountId, ExportId, HistoryImportId, ProfileId, tombstone};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::imports;

/// Everything that is held of an account, `$1`; profiles go before it. A test holds the list against the schema.
const RECORDS: &[&str] = &[
    "delete from ratings where profile_id in (select id from profiles where account_id = $1)",
    "delete from watchlist where profile_id in (select id from profiles where account_id = $1)",
    "delete from continue_watching_hidden where profile_id in (select id from profiles where account_id = $1)",
    "delete from imported_viewings where profile_id in (select id from profiles where account_id = $1)",
    "delete from import_lines where import_id in (select id from imports where account_id = $1)",
    "delete from imports where account_id = $1",
    "delete from progress where account_id = $1",
    "delete from viewings where account_id = $1",
    "delete from history_erasures where account_id = $1",
    "delete from exports where account_id = $1",
    "delete from subscriptions where account_id = $1",
    "delete from purchases where account_id = $1",
    "delete from entitlements where account_id = $1",
    "delete from idempotency_keys where split_part(scope, ' ', 1) = $1 \
     or split_part(scope, ' ', 1) in (select id from profiles where account_id = $1)",
    "delete from profiles where account_id = $1",
    "delete from accounts where id = $1",
];

/// An account that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erased {
    pub records: i64,
    pub erased_at: OffsetDateTime,
    /// Every profile the account ever had, as far as it is still known.
    pub profiles: Vec<ProfileId>,
    /// The copies that were made for the person.
    pub exports: Vec<ExportId>,
    /// Imports whose files may lie in the bucket; none for a repetition, which deleted them before.
    pub imports: Vec<HistoryImportId>,
}

/// Whether the account was erased. It cannot be until the transaction ends: an erasure waits for it, or it for the erasure.
pub(crate) async fn contains(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    // A statement of its own, so that it sees what those before us committed.
    sqlx::query_scalar("select exists (select from erased_accounts where digest = $1)")
        .bind(tombstone(account))
        .fetch_one(connection)
        .await
}

/// The tombstone of an account that was erased.
pub(crate) async fn find(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Erased>, sqlx::Error> {
    let row = sqlx::query("select records, erased_at, export_ids from erased_accounts where digest = $1")
        .bind(tombstone(account))
        .fetch_optional(executor)
        .await?;
    let erased = |row: PgRow| {
        let profiles = Vec::new();
        let imports = Vec::new();
        Ok(Erased { records: row.try_get(0)?, erased_at: row.try_get(1)?, profiles, exports: row.try_get(2)?, imports })
    };
    row.map(erased).transpose()
}

/// Forgets an account and every profile it ever had; the same tombstone when there is one already.
pub(crate) async fn erase(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    // Whoever applies an event about the account holds this lock shared.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    if let Some(erased) = find(&mut *connection, account).await? {
        return Ok(erased);
    }
    let profiles: Vec<ProfileId> = sqlx::query_scalar(
        "select id from profiles where account_id = $1 union select profile_id from viewings where account_id = $1 order by 1",
    )
    .bind(account)
    .fetch_all(&mut *connection)
    .await?;
    let exports: Vec<ExportId> = sqlx::query_scalar("select id from exports where account_id = $1 order by id")
        .bind(account)
        .fetch_all(&mut *connection)
        .await?;
    let imports = imports::with_files(&mut *connection, account, None).await?;
    let mut records = 0;
    for statement in RECORDS {
        records += sqlx::query(*statement).bind(account).execute(&mut *connection).await?.rows_affected();
    }
    let records = i64::try_from(records).unwrap_or(i64::MAX);
    // As Postgres keeps it: a repeated receipt must name the same moment.
    let erased_at = sqlx::query_scalar(
        "insert into erased_accounts (digest, records, erased_at, export_ids) values ($1, $2, $3, $4) returning erased_at",
    )
    .bind(tombstone(account))
    .bind(records)
    .bind(now)
    .bind(&exports)
    .fetch_one(connection)
    .await?;
    Ok(Erased { records, erased_at, profiles, exports, imports })
}
