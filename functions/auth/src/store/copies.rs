//! What a person gets to read of what auth holds. Digests, keys and secrets are not among it: they prove who somebody is, and say nothing.

use kernel::AccountId;
use serde_json::Value;
use sqlx::PgExecutor;

const COPY: &str = "select jsonb_build_object( \
    'account', (select jsonb_build_object('id', a.id, 'email', a.email, 'locale', a.locale, 'default_profile_id', a.default_profile_id, \
        'created_at', a.created_at, 'verified_at', a.verified_at) from accounts a where a.id = $1), \
    'password_changed_at', (select changed_at from credentials where account_id = $1), \
    'roles', (select coalesce(jsonb_agg(jsonb_build_object('role', role, 'granted_at', granted_at) order by role), '[]') \
        from roles where account_id = $1), \
    'authenticator', (select jsonb_build_object('enrolled_at', enrolled_at, 'confirmed_at', confirmed_at) from totp where account_id = $1), \
    'recovery_codes_left', (select count(*) from recovery_codes where account_id = $1 and used_at is null), \
    'linked_accounts', (select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'subject', subject, 'linked_at', linked_at) \
        order by provider), '[]') from oauth_links where account_id = $1), \
    'wanted_email', (select jsonb_build_object('email', email, 'expires_at', expires_at) from email_changes where account_id = $1), \
    'sessions', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'device_name', device_name, 'address', address, \
        'territory', territory, 'profile_id', profile_id, 'methods', amr, 'created_at', created_at, 'last_used_at', rotated_at, \
        'ended_at', revoked_at) order by created_at, id), '[]') from sessions where account_id = $1), \
    'security_events', (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'at', at, 'address', address, \
        'territory', territory, 'session_id', session_id, 'detail', detail) order by at, id), '[]') from security_events \
        where account_id = $1))";

/// Everything there is to read about an account.
pub(crate) async fn of(database: impl PgExecutor<'_>, account: AccountId) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar(COPY).bind(account).fetch_one(database).await
}
