//! The projection of profiles, and the tries of their PINs.

use events::{Profile as ChangedProfile, ProfileSecret, contracts::PinDigest};
use kernel::{AccountId, Locale, ProfileId};
use sqlx::{PgConnection, PgExecutor, Row};
use time::{Duration, OffsetDateTime};

use crate::{person, profile::Profile, tries::Tries};

/// The default profile of a new account. Signing in works before the user service has made it; its first event has a higher sequence.
pub(crate) async fn add_default(
    connection: &mut PgConnection,
    id: ProfileId,
    account: AccountId,
    locale: &Locale,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into profiles (id, account_id, sequence, locale, is_default) values ($1, $2, 0, $3, true)")
        .bind(id)
        .bind(account)
        .bind(locale)
        .execute(connection)
        .await
        .map(drop)
}

/// A profile of an account that can be chosen, with the digest of its PIN (empty: none has arrived).
pub(crate) async fn find(
    database: impl PgExecutor<'_>,
    account: AccountId,
    id: ProfileId,
) -> Result<Option<(Profile, String)>, sqlx::Error> {
    let row = sqlx::query(
        "select id, locale, max_rating, needs_pin, pin_digest from live_profiles where id = $1 and account_id = $2",
    )
    .bind(id)
    .bind(account)
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let digest: String = row.try_get(4)?;
    Ok(person::profile(&row, 0)?.map(|profile| (profile, digest)))
}

/// Counts a try of a PIN before it is looked at; `Err` inside: how long the profile is locked.
pub(crate) async fn count_pin_try(
    connection: &mut PgConnection,
    id: ProfileId,
    now: OffsetDateTime,
) -> Result<Result<(), Duration>, sqlx::Error> {
    let (tries, locked_until) =
        sqlx::query_as("select pin_tries, pin_locked_until from profiles where id = $1 for update")
            .bind(id)
            .fetch_one(&mut *connection)
            .await?;
    let counted = match (Tries { tries, locked_until }).count(now) {
        Ok(counted) => counted,
        Err(wait) => return Ok(Err(wait)),
    };
    sqlx::query("update profiles set pin_tries = $2, pin_locked_until = $3 where id = $1")
        .bind(id)
        .bind(counted.tries)
        .bind(counted.locked_until)
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

/// The PIN was right.
pub(crate) async fn forget_pin_tries(database: impl PgExecutor<'_>, id: ProfileId) -> Result<(), sqlx::Error> {
    sqlx::query("update profiles set pin_tries = 0, pin_locked_until = null where id = $1")
        .bind(id)
        .execute(database)
        .await
        .map(drop)
}

/// Takes over a profile's state unless a newer one is known, or its account is being erased.
pub(crate) async fn project(database: impl PgExecutor<'_>, state: &ChangedProfile) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into profiles (id, account_id, sequence, locale, max_rating, is_default, has_pin, deleted) \
         select $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select from erasures \
         where account_digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) \
         on conflict (id) do update set sequence = excluded.sequence, \
         locale = excluded.locale, max_rating = excluded.max_rating, is_default = excluded.is_default, \
         has_pin = excluded.has_pin, deleted = excluded.deleted \
         where profiles.sequence < excluded.sequence and profiles.account_id = excluded.account_id",
    )
    .bind(state.id)
    .bind(state.account)
    .bind(state.sequence)
    .bind(&state.locale)
    .bind(i16::from(state.max_rating))
    .bind(state.is_default)
    .bind(state.has_pin)
    .bind(state.is_deleted)
    .execute(database)
    .await
    .map(drop)
}

/// Takes over a PIN's digest unless a newer one is known, or the account is being erased; a new PIN starts without tries.
pub(crate) async fn project_secret(database: impl PgExecutor<'_>, state: &ProfileSecret) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into profiles (id, account_id, secret_sequence, pin_digest) select $1, $2, $3, $4 \
         where not exists (select from erasures where account_digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) \
         on conflict (id) do update set secret_sequence = excluded.secret_sequence, pin_digest = excluded.pin_digest, \
         pin_tries = 0, pin_locked_until = null \
         where profiles.secret_sequence < excluded.secret_sequence and profiles.account_id = excluded.account_id",
    )
    .bind(state.id)
    .bind(state.account)
    .bind(state.sequence)
    .bind(state.pin.as_ref().map_or("", PinDigest::as_str))
    .execute(database)
    .await
    .map(drop)
}
