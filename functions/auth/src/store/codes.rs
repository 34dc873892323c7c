//! Codes to the addresses of new accounts.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    code::{self, Sent},
    email::Email,
};

/// Makes a code the live one of an address.
pub(crate) async fn put(
    connection: &mut PgConnection,
    email: &Email,
    digest: &[u8],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into codes (email, digest, expires_at) values ($1, $2, $3) on conflict (email) do update \
         set digest = excluded.digest, expires_at = excluded.expires_at, tries = 0, used_at = null",
    )
    .bind(email)
    .bind(digest)
    .bind(now + code::LIFETIME)
    .execute(connection)
    .await
    .map(drop)
}

/// Counts a try; what was sent.
pub(crate) async fn count_try(connection: &mut PgConnection, email: &Email) -> Result<Option<Sent>, sqlx::Error> {
    sqlx::query_as("update codes set tries = tries + 1 where email = $1 returning digest, expires_at, tries, used_at")
        .bind(email)
        .fetch_optional(connection)
        .await
}

/// The code was right.
pub(crate) async fn mark_used(
    connection: &mut PgConnection,
    email: &Email,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update codes set used_at = $2 where email = $1")
        .bind(email)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Codes of these addresses are good for nothing any more.
pub(crate) async fn forget(connection: &mut PgConnection, emails: [&Email; 2]) -> Result<(), sqlx::Error> {
    let [one, other] = emails;
    sqlx::query("delete from codes where email in ($1, $2)").bind(one).bind(other).execute(connection).await.map(drop)
}
