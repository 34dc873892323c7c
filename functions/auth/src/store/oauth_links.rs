//! Links with accounts of other providers.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// A person's account at a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForeignAccount<'a> {
    pub provider: &'a str,
    /// The provider's id of the person.
    pub subject: &'a str,
}

/// The account that is linked.
pub(crate) async fn find(
    database: impl PgExecutor<'_>,
    foreign: ForeignAccount<'_>,
) -> Result<Option<AccountId>, sqlx::Error> {
    sqlx::query_scalar("select account_id from oauth_links where provider = $1 and subject = $2")
        .bind(foreign.provider)
        .bind(foreign.subject)
        .fetch_optional(database)
        .await
}

/// Links; `false`: the account has a link with the provider, or somebody was faster.
pub(crate) async fn add(
    connection: &mut PgConnection,
    foreign: ForeignAccount<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into oauth_links (provider, subject, account_id, linked_at) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(foreign.provider)
    .bind(foreign.subject)
    .bind(account)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a link; `false`: there is none.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    account: AccountId,
    provider: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from oauth_links where account_id = $1 and provider = $2")
        .bind(account)
        .bind(provider)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a password or a link can sign somebody in.
pub(crate) async fn can_sign_in(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists(select 1 from credentials where account_id = $1) or exists(select 1 from oauth_links where account_id = $1)",
    )
    .bind(account)
    .fetch_one(connection)
    .await
}
