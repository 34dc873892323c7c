//! What people want to be told.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor, types::Json};

use crate::{
    preferences::{Preferences, Workflows},
    quiet::{ClockTime, QuietHours, TimeZone},
};

type Row = (Json<Workflows>, String, Option<i16>, Option<i16>, Option<i16>);

/// Those of an account, or the defaults.
pub(crate) async fn find(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Preferences, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select workflows, time_zone, quiet_from, quiet_until, digest_at from preferences where account_id = $1",
    )
    .bind(account)
    .fetch_optional(executor)
    .await?;
    Ok(row.map(read).unwrap_or_default())
}

fn read((Json(workflows), time_zone, from, until, digest_at): Row) -> Preferences {
    let time = |minutes: Option<i16>| ClockTime::from_minutes(u16::try_from(minutes?).ok()?);
    let quiet_hours = time(from).zip(time(until)).and_then(|(from, until)| QuietHours::new(from, until));
    // A zone that the database once had: better a mail at the wrong hour than none.
    let time_zone = time_zone.parse().unwrap_or_else(|_| TimeZone::utc());
    Preferences { workflows, time_zone, quiet_hours, digest_at: time(digest_at) }
}

/// The last word counts.
pub(crate) async fn put(
    connection: &mut PgConnection,
    account: AccountId,
    preferences: &Preferences,
) -> Result<(), sqlx::Error> {
    let minutes = |time: ClockTime| i16::try_from(time.minutes()).unwrap_or_default();
    let times = preferences.quiet_hours.map(|hours| hours.times());
    sqlx::query(
        "insert into preferences (account_id, workflows, time_zone, quiet_from, quiet_until, digest_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (account_id) do update set workflows = excluded.workflows, time_zone = excluded.time_zone, \
         quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, digest_at = excluded.digest_at",
    )
    .bind(account)
    .bind(Json(preferences.workflows))
    .bind(preferences.time_zone.as_str())
    .bind(times.map(|(from, _)| minutes(from)))
    .bind(times.map(|(_, until)| minutes(until)))
    .bind(preferences.digest_at.map(minutes))
    .execute(connection)
    .await
    .map(drop)
}

/// No marketing by mail or push any more; the rest stays as it is, the inbox too: it calls nobody.
pub(crate) async fn end_marketing(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    // Without a row there is none: the default is no.
    sqlx::query(
        "update preferences set workflows = jsonb_set(workflows, '{marketing}', \
         workflows -> 'marketing' || '{\"email\": false, \"push\": false}') where account_id = $1",
    )
    .bind(account)
    .execute(connection)
    .await
    .map(drop)
}
