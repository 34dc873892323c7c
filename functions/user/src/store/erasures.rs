//! Forgetting an account, and not hearing of it any more.

use kernel::{AccountId, ProfileId, tombstone};
use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

/// Everything that is held of an account, `$1`; profiles go before it. A test holds the list against the schema.
const RECORDS: &[&str] = &[
    "delete from ratings where profile_id in (select id from profiles where account_id = $1)",
    "delete from watchlist where profile_id in (select id from profiles where account_id = $1)",
    "delete from progress where account_id = $1",
    "delete from viewings where account_id = $1",
    "delete from history_erasures where account_id = $1",
    "delete from exports where account_id = $1",
    "delete from subscriptions where account_id = $1",
    "delete from entitlements where account_id = $1",
    "delete from idempotency_keys where split_part(scope, ' ', 1) = $1 \
     or split_part(scope, ' ', 1) in (select id from profiles where account_id = $1)",
    "delete from profiles where account_id = $1",
    "delete from accounts where id = $1",
];

/// An account that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// How many records were removed.
    pub records: i64,
    /// When.
    pub erased_at: OffsetDateTime,
    /// Every profile the account ever had, as far as it is still known.
    pub profiles: Vec<ProfileId>,
    /// The copies that were made for the person.
    pub exports: Vec<String>,
}

/// Whether the account was erased. It cannot be until the transaction ends: an erasure waits for it, or it for the erasure.
pub async fn is_erased(transaction: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))")
        .bind(account.to_string())
        .execute(&mut *transaction)
        .await?;
    // A statement of its own, so that it sees what those before us committed.
    sqlx::query_scalar("select exists (select from erased_accounts where digest = $1)")
        .bind(tombstone(account))
        .fetch_one(transaction)
        .await
}

/// The tombstone of an account that was erased.
pub async fn find(transaction: &mut PgConnection, account: AccountId) -> Result<Option<Erased>, sqlx::Error> {
    let row = sqlx::query("select records, erased_at, export_ids from erased_accounts where digest = $1")
        .bind(tombstone(account))
        .fetch_optional(transaction)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Erased {
        records: row.try_get("records")?,
        erased_at: row.try_get("erased_at")?,
        profiles: Vec::new(),
        exports: row.try_get("export_ids")?,
    }))
}

/// Forgets an account and every profile it ever had; the same tombstone when there is one already.
pub async fn erase(
    transaction: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    // Whoever applies an event about the account holds this lock shared.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(account.to_string())
        .execute(&mut *transaction)
        .await?;
    if let Some(erased) = find(transaction, account).await? {
        return Ok(erased);
    }
    let profiles: Vec<String> = sqlx::query_scalar(
        "select id from profiles where account_id = $1 union select profile_id from viewings where account_id = $1 order by 1",
    )
    .bind(account.to_string())
    .fetch_all(&mut *transaction)
    .await?;
    let exports: Vec<String> = sqlx::query_scalar("select id from exports where account_id = $1 order by id")
        .bind(account.to_string())
        .fetch_all(&mut *transaction)
        .await?;
    let mut records = 0;
    for statement in RECORDS {
        records += sqlx::query(*statement).bind(account.to_string()).execute(&mut *transaction).await?.rows_affected();
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
    .fetch_one(transaction)
    .await?;
    let profiles = profiles.iter().filter_map(|id| id.parse().ok()).collect();
    Ok(Erased { records, erased_at, profiles, exports })
}
