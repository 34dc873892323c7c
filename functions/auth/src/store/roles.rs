//! Roles of accounts.

use kernel::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::role::Role;

/// Gives a role; `false`: the account had it.
pub(crate) async fn grant(
    connection: &mut PgConnection,
    account: AccountId,
    role: Role,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("insert into roles (account_id, role, granted_at) values ($1, $2, $3) on conflict do nothing")
            .bind(account)
            .bind(role)
            .bind(now)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an account the administrator; `false`: there is one, this account or another. Who calls this holds the lock of the one account that may
/// be the first.
pub(crate) async fn grant_first_admin(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into roles (account_id, role, granted_at) select $1, 'admin', $2 \
         where not exists (select 1 from roles where role = 'admin')",
    )
    .bind(account)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a role away; `false`: the account did not have it.
pub(crate) async fn revoke(connection: &mut PgConnection, account: AccountId, role: Role) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from roles where account_id = $1 and role = $2")
        .bind(account)
        .bind(role)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether an administrator is left without this account; one that is none can lose nothing. Locks every administrator's row, in one order: of
/// two who remove each other at the same time the second sees what the first has done.
pub(crate) async fn others_administrate(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<bool, sqlx::Error> {
    let admins: Vec<AccountId> =
        sqlx::query_scalar("select account_id from roles where role = 'admin' order by account_id for update")
            .fetch_all(connection)
            .await?;
    Ok(!admins.contains(&account) || admins.len() > 1)
}
