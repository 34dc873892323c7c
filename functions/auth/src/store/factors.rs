//! What proves who an account is, over the tables that hold it.

use kernel::AccountId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// What an account has.
pub(crate) struct Factors {
    pub has_password: bool,
    /// Since when signing in takes its code.
    pub authenticator_since: Option<OffsetDateTime>,
    pub recovery_codes_left: i64,
}

/// What an account has.
pub(crate) async fn of(database: impl PgExecutor<'_>, account: AccountId) -> Result<Factors, sqlx::Error> {
    let (has_password, authenticator_since, recovery_codes_left) = sqlx::query_as(
        "select exists (select from credentials where account_id = $1), (select confirmed_at from totp where account_id = $1), \
         (select count(*) from recovery_codes where account_id = $1 and used_at is null)",
    )
    .bind(account)
    .fetch_one(database)
    .await?;
    Ok(Factors { has_password, authenticator_since, recovery_codes_left })
}
