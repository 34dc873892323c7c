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

/// A link as its owner sees it.
pub(crate) struct Link {
    pub provider: String,
    pub linked_at: OffsetDateTime,
}

/// Links; `false`: the account has a link with the provider, or the person's account there has one.
pub(crate) async fn add(
    connection: &mut PgConnection,
    foreign: ForeignAccount<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    insert(connection, foreign, (account, false), now).await
}

/// The link that makes an account; `false`: somebody was faster.
pub(crate) async fn add_first(
    connection: &mut PgConnection,
    foreign: ForeignAccount<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    insert(connection, foreign, (account, true), now).await
}

async fn insert(
    connection: &mut PgConnection,
    foreign: ForeignAccount<'_>,
    (account, made_account): (AccountId, bool),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into oauth_links (provider, subject, account_id, linked_at, made_account) values ($1, $2, $3, $4, $5) \
         on conflict do nothing",
    )
    .bind(foreign.provider)
    .bind(foreign.subject)
    .bind(account)
    .bind(now)
    .bind(made_account)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The links of an account, the oldest first.
pub(crate) async fn list(database: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<Link>, sqlx::Error> {
    let rows: Vec<(String, OffsetDateTime)> = sqlx::query_as(
        "select provider, linked_at from oauth_links where account_id = $1 order by linked_at, provider",
    )
    .bind(account)
    .fetch_all(database)
    .await?;
    Ok(rows.into_iter().map(|(provider, linked_at)| Link { provider, linked_at }).collect())
}

/// Whether an account has a link with a provider; it is not removed before the transaction ends.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    account: AccountId,
    provider: &str,
) -> Result<bool, sqlx::Error> {
    let found: Option<i32> =
        sqlx::query_scalar("select 1 from oauth_links where account_id = $1 and provider = $2 for share")
            .bind(account)
            .bind(provider)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// Removes every link but the one that made the account; their providers.
pub(crate) async fn remove_added(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("delete from oauth_links where account_id = $1 and not made_account returning provider")
        .bind(account)
        .fetch_all(connection)
        .await
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
