//! What is held of a person, for their copy.

use kernel::AccountId;
use serde_json::Value;
use sqlx::PgPool;

use crate::{address::digest, store::accounts};

/// Everything that the schema holds on the account, nothing included.
pub(crate) async fn copy(pool: &PgPool, account: AccountId) -> Result<Value, sqlx::Error> {
    let address = accounts::reader(pool, account).await?.map(|reader| digest(&reader.address));
    sqlx::query_scalar(
        "select jsonb_build_object(\
         'account', (select to_jsonb(a) from (select id, email, locale from accounts where id = $1) a), \
         'profiles', (select coalesce(jsonb_agg(p), '[]') from (select id, locale, is_default from profiles \
           where account_id = $1 order by id) p), \
         'notifications', (select coalesce(jsonb_agg(n), '[]') from (select id, workflow, template, is_listed, state, created_at \
           from notifications where account_id = $1 order by id) n), \
         'deliveries', (select coalesce(jsonb_agg(d), '[]') from (select message_id, notification_id, template, channel, status, \
           created_at, finished_at from deliveries where account_id = $1 order by message_id) d), \
         'preferences', (select to_jsonb(p) from (select workflows, time_zone, quiet_from, quiet_until, digest_at from preferences \
           where account_id = $1) p), \
         'devices', (select coalesce(jsonb_agg(d), '[]') from (select id, endpoint, registered_at from devices \
           where account_id = $1 order by id) d), \
         'watchlist', (select coalesce(jsonb_agg(w), '[]') from (select profile_id, title_id, is_listed, territory, changed_at \
           from watchlist where account_id = $1 order by profile_id, title_id) w), \
         'viewings', (select coalesce(jsonb_agg(v), '[]') from (select profile_id, title_id, position_ms, duration_ms, territory, at \
           from viewings where account_id = $1 order by profile_id, title_id) v), \
         'history_erasures', (select coalesce(jsonb_agg(h), '[]') from (select profile_id, title_id, erased_at \
           from history_erasures where account_id = $1 order by profile_id, title_id) h), \
         'subscriptions', (select coalesce(jsonb_agg(s), '[]') from (select id, sequence, status, plan, until, resumes_on, \
           is_suspended, next_plan, next_amount, next_period from subscriptions \
           where account_id = $1 order by id) s), \
         'campaigns', (select coalesce(jsonb_agg(c), '[]') from (select id, name, words, segment, starts_at, state, created_at \
           from campaigns where editor_id = $1 order by id) c), \
         'wordings', (select coalesce(jsonb_agg(w), '[]') from (select template, version, language, subject, body, created_at \
           from wordings where editor_id = $1 order by template, version) w), \
         'suppression', (select to_jsonb(s) from (select reason, created_at from suppressions where digest = $2) s))",
    )
    .bind(account)
    .bind(address)
    .fetch_one(pool)
    .await
}
