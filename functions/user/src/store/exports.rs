//! Exports, and what this service itself holds on a person.

use kernel::{AccountId, ExportId, ProfileId};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// When the account asked for its last export. Needs the account to be locked.
pub(crate) async fn last(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar("select max(requested_at) from exports where account_id = $1")
        .bind(account)
        .fetch_one(connection)
        .await
}

/// Notes a new export and names every profile that the account ever had.
pub(crate) async fn add(
    connection: &mut PgConnection,
    id: ExportId,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<ProfileId>, sqlx::Error> {
    sqlx::query("insert into exports (id, account_id, requested_at) values ($1, $2, $3)")
        .bind(id)
        .bind(account)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar("select id from profiles where account_id = $1 order by id")
        .bind(account)
        .fetch_all(connection)
        .await
}

/// When an export of the account was asked for.
pub(crate) async fn find(
    pool: &PgPool,
    id: ExportId,
    account: AccountId,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar("select requested_at from exports where id = $1 and account_id = $2")
        .bind(id)
        .bind(account)
        .fetch_optional(pool)
        .await
}

/// Those that were asked for since a moment and are not ready, in their order, from behind `after` on.
pub(crate) async fn unfinished(
    pool: &PgPool,
    since: OffsetDateTime,
    after: Option<(OffsetDateTime, ExportId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, ExportId)>, sqlx::Error> {
    sqlx::query_as(
        "select requested_at, id from exports where ready_at is null and requested_at > $1 \
         and ($2::timestamptz is null or (requested_at, id) > ($2, $3)) order by requested_at, id limit $4",
    )
    .bind(since)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Notes that one is ready. Whose it is; `None` when it was ready before, or is nobody's any more.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    id: ExportId,
    now: OffsetDateTime,
) -> Result<Option<AccountId>, sqlx::Error> {
    sqlx::query_scalar("update exports set ready_at = $2 where id = $1 and ready_at is null returning account_id")
        .bind(id)
        .bind(now)
        .fetch_optional(connection)
        .await
}

/// Whether it is still somebody's.
pub(crate) async fn exists(pool: &PgPool, id: ExportId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from exports where id = $1)").bind(id).fetch_one(pool).await
}

/// Everything that this service holds on the account; `None` when it holds nothing.
pub(crate) async fn holdings(pool: &PgPool, account: AccountId) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "select jsonb_build_object(\
         'account', (select to_jsonb(a) from (select id, email, name, coalesce(chosen_locale, locale) as locale, territory, \
           default_profile_id, created_at from accounts where id = $1) a), \
         'profiles', (select coalesce(jsonb_agg(p), '[]') from (select id, name, avatar, locale, max_rating, is_default, has_pin, \
           autoplay, deleted, created_at from profiles where account_id = $1 order by created_at, id) p), \
         'watchlist', (select coalesce(jsonb_agg(w), '[]') from (select profile_id, title_id, added_at, import_id from watchlist \
           where profile_id in (select id from profiles where account_id = $1) order by added_at, title_id) w), \
         'ratings', (select coalesce(jsonb_agg(r), '[]') from (select profile_id, title_id, value, rated_at, import_id from ratings \
           where profile_id in (select id from profiles where account_id = $1) order by rated_at, title_id) r), \
         'continue_watching_hidden', (select coalesce(jsonb_agg(c), '[]') from (select profile_id, title_id, hidden_at \
           from continue_watching_hidden where profile_id in (select id from profiles where account_id = $1) \
           order by hidden_at, title_id) c), \
         'imports', (select coalesce(jsonb_agg(i), '[]') from (select id, profile_id, source, list, date_order, source_profile, territory, \
           max_rating, status, reason, lines, duplicates, skipped, history, ratings, watchlist, created_at from imports \
           where account_id = $1 order by created_at, id) i), \
         'import_lines', (select coalesce(jsonb_agg(l), '[]') from (select l.import_id, l.line, l.what, l.text, l.title_id, l.reason, \
           l.at, l.value from import_lines l join imports i on i.id = l.import_id where i.account_id = $1 \
           order by l.import_id, l.place) l), \
         'imported_viewings', (select coalesce(jsonb_agg(n), '[]') from (select profile_id, title_id, watched_at, import_id \
           from imported_viewings where profile_id in (select id from profiles where account_id = $1) \
           order by watched_at, title_id) n), \
         'viewings', (select coalesce(jsonb_agg(v), '[]') from (select session_id, profile_id, title_id, position_ms, watched_ms, \
           duration_ms, started_at, at from viewings where account_id = $1 order by started_at, session_id) v), \
         'history_erasures', (select coalesce(jsonb_agg(h), '[]') from (select profile_id, title_id, erased_at from history_erasures \
           where account_id = $1 order by erased_at, title_id) h), \
         'subscriptions', (select coalesce(jsonb_agg(s), '[]') from (select id, status, plan, max_streams, max_height, valid_to, \
           grace_to from subscriptions where account_id = $1 order by id) s), \
         'purchases', (select coalesce(jsonb_agg(b), '[]') from (select id, title_id, kind, status, valid_to from purchases \
           where account_id = $1 order by id) b), \
         'exports', (select coalesce(jsonb_agg(e), '[]') from (select id, requested_at, ready_at from exports where account_id = $1 \
           order by requested_at) e)) \
         from accounts where id = $1",
    )
    .bind(account)
    .fetch_optional(pool)
    .await
}
