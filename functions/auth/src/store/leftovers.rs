//! What nobody needs any more.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{session, totp};

/// Rows that one statement deletes: a long one would hold its locks and its connection for too long.
const BATCH: i64 = 2_000;

/// A kind of leftover.
pub(crate) struct Leftover {
    /// For the log.
    pub what: &'static str,
    table: &'static str,
    /// Rows older than this are leftovers; `$1` is the present less `keep`.
    condition: &'static str,
    keep: Duration,
}

/// In an order in which nothing is deleted that something else still points to.
pub(crate) const LEFTOVERS: &[Leftover] = &[
    Leftover {
        what: "codes",
        table: "codes",
        condition: "expires_at < $1",
        // A right code that is repeated is 204, and a late one is told apart from a wrong one, for a day.
        keep: Duration::DAY,
    },
    Leftover { what: "reset codes", table: "reset_codes", condition: "expires_at < $1", keep: Duration::DAY },
    Leftover { what: "wanted addresses", table: "email_changes", condition: "expires_at < $1", keep: Duration::DAY },
    Leftover {
        what: "sign-ins without a code",
        table: "mfa_tokens",
        condition: "expires_at < $1",
        keep: Duration::ZERO,
    },
    Leftover {
        what: "unconfirmed authenticators",
        table: "totp",
        condition: "confirmed_at is null and enrolled_at < $1",
        keep: totp::ENROLMENT,
    },
    Leftover {
        what: "idle sessions",
        table: "sessions",
        condition: "rotated_at < $1",
        keep: session::IDLE.saturating_add(AFTERLIFE),
    },
    Leftover {
        what: "aged sessions",
        table: "sessions",
        condition: "created_at < $1",
        keep: session::ABSOLUTE.saturating_add(AFTERLIFE),
    },
    Leftover { what: "revoked sessions", table: "sessions", condition: "revoked_at < $1", keep: AFTERLIFE },
    Leftover { what: "idempotency keys", table: "idempotency_keys", condition: "created_at < $1", keep: Duration::DAY },
    Leftover { what: "security events", table: "security_events", condition: "at < $1", keep: Duration::days(400) },
];

/// A dead family stays so long, so that whoever comes back hears why it ended.
const AFTERLIFE: Duration = Duration::days(7);

/// Deletes one batch; how many rows, and whether there may be more.
pub(crate) async fn delete_batch(
    database: impl PgExecutor<'_>,
    leftover: &Leftover,
    now: OffsetDateTime,
) -> Result<(u64, bool), sqlx::Error> {
    let Leftover { table, condition, keep, .. } = leftover;
    // Nothing but constants of this file stands in the statement.
    let statement = format!(
        "delete from {table} where ctid = any(array(select ctid from {table} where {condition} limit {BATCH} for update skip locked))"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(now - *keep).execute(database).await?;
    let deleted = done.rows_affected();
    Ok((deleted, deleted == BATCH.unsigned_abs()))
}
