//! Refunds: the intent before the provider is called, the outcome after.

use kernel::{AccountId, Currency, Money, PaymentId, RefundId};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::refund::{Refund, Status};

const COLUMNS: &str =
    "r.id, r.payment_id, r.amount, p.currency, r.reason, r.provider_id, r.status, r.code, r.checks, r.created_at";

fn refund(row: &PgRow) -> Result<Refund, sqlx::Error> {
    let currency: Currency = row.try_get(3)?;
    Ok(Refund {
        id: row.try_get(0)?,
        payment: row.try_get(1)?,
        amount: Money::new(row.try_get(2)?, currency),
        reason: row.try_get(4)?,
        provider_id: row.try_get(5)?,
        status: row.try_get(6)?,
        code: row.try_get(7)?,
        checks: row.try_get(8)?,
        created_at: row.try_get(9)?,
    })
}

/// Notes what is about to be given back. The payment is held and has it in `refunded`.
pub(crate) async fn add(
    connection: &mut PgConnection,
    new: &Refund,
    actor: Option<AccountId>,
    check_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into refunds (id, payment_id, amount, reason, actor, status, check_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.id)
    .bind(new.payment)
    .bind(new.amount.minor)
    .bind(&new.reason)
    .bind(actor)
    .bind(new.status)
    .bind(check_at)
    .bind(new.created_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Writes what is known of a held refund.
pub(crate) async fn put(
    connection: &mut PgConnection,
    refund: &Refund,
    refunded_at: Option<OffsetDateTime>,
    check_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update refunds set provider_id = $2, status = $3, code = $4, checks = $5, refunded_at = $6, check_at = $7 where id = $1",
    )
    .bind(refund.id)
    .bind(&refund.provider_id)
    .bind(refund.status)
    .bind(&refund.code)
    .bind(refund.checks)
    .bind(refunded_at)
    .bind(check_at)
    .execute(connection)
    .await
    .map(drop)
}

/// A refund.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: RefundId) -> Result<Option<Refund>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from refunds r join payments p on p.id = r.payment_id where r.id = $1");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(executor).await?;
    row.as_ref().map(refund).transpose()
}

/// Holds a refund until the transaction ends. Hold its payment first.
pub(crate) async fn lock(connection: &mut PgConnection, id: RefundId) -> Result<Option<Refund>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from refunds r join payments p on p.id = r.payment_id where r.id = $1 for update of r"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(refund).transpose()
}

/// Refunds that must be asked about, the longest due first.
pub(crate) async fn due(
    executor: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<RefundId>, sqlx::Error> {
    sqlx::query_scalar("select id from refunds where check_at <= $1 order by check_at, id limit $2")
        .bind(now)
        .bind(limit)
        .fetch_all(executor)
        .await
}

/// Which refund an object of a provider is.
pub(crate) async fn by_object(
    executor: impl PgExecutor<'_>,
    provider: &str,
    object: &str,
) -> Result<Option<RefundId>, sqlx::Error> {
    sqlx::query_scalar(
        "select r.id from refunds r join payments p on p.id = r.payment_id where p.provider = $1 and r.provider_id = $2",
    )
    .bind(provider)
    .bind(object)
    .fetch_optional(executor)
    .await
}

/// What went back through a provider in a stretch of time, by our ids.
pub(crate) async fn given_back(
    executor: impl PgExecutor<'_>,
    provider: &str,
    (from, to): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<(String, Money)>, sqlx::Error> {
    let rows: Vec<(RefundId, i64, Currency)> = sqlx::query_as(
        "select r.id, r.amount, p.currency from refunds r join payments p on p.id = r.payment_id \
         where p.provider = $1 and r.status = $2 and r.refunded_at >= $3 and r.refunded_at < $4",
    )
    .bind(provider)
    .bind(Status::Succeeded)
    .bind(from)
    .bind(to)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|(id, minor, currency)| (id.to_string(), Money::new(minor, currency))).collect())
}

/// Whose payment it gives back, for whoever must hold that first.
pub(crate) async fn payment_of(executor: impl PgExecutor<'_>, id: RefundId) -> Result<Option<PaymentId>, sqlx::Error> {
    sqlx::query_scalar("select payment_id from refunds where id = $1").bind(id).fetch_optional(executor).await
}

/// How much of a payment was given back so far, in minor units.
pub(crate) async fn sum_given_back(connection: &mut PgConnection, payment: PaymentId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(sum(amount), 0)::bigint from refunds where payment_id = $1 and status = $2")
        .bind(payment)
        .bind(Status::Succeeded)
        .fetch_one(connection)
        .await
}
