//! Payments: the intent before the provider is called, the outcome after.

use kernel::{AccountId, Currency, InvoiceId, MethodId, Money, PaymentId, PurchaseId, SubscriptionId};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::column;
use crate::payment::{Payment, Status};

const COLUMNS: &str = "p.id, p.account_id, p.invoice_id, i.subscription_id, p.way, p.provider, p.provider_id, \
     p.method_id, p.method_token, p.amount, p.currency, p.status, p.code, p.is_surplus, p.refunded, p.checkout_id, p.checkout_url, \
     p.expires_at, p.checks, p.captured_at, p.created_at, p.return_url, p.version, i.purchase_id, i.status = 'void'";

fn payment(row: &PgRow) -> Result<Payment, sqlx::Error> {
    let currency: Currency = row.try_get(10)?;
    Ok(Payment {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        invoice: row.try_get(2)?,
        subscription: row.try_get(3)?,
        way: row.try_get(4)?,
        provider: row.try_get(5)?,
        provider_id: row.try_get(6)?,
        method: row.try_get(7)?,
        method_token: row.try_get(8)?,
        amount: Money::new(row.try_get(9)?, currency),
        status: row.try_get(11)?,
        code: row.try_get(12)?,
        is_surplus: row.try_get(13)?,
        refunded: row.try_get(14)?,
        checkout_id: row.try_get(15)?,
        checkout_url: row.try_get(16)?,
        expires_at: row.try_get(17)?,
        checks: row.try_get(18)?,
        captured_at: row.try_get(19)?,
        created_at: row.try_get(20)?,
        return_url: row.try_get(21)?,
        version: row.try_get(22)?,
        purchase: row.try_get(23)?,
        is_withdrawn: row.try_get(24)?,
    })
}

/// The number of the invoice's next attempt. Needs the invoice to be held.
pub(crate) async fn next_attempt(connection: &mut PgConnection, invoice: InvoiceId) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(attempt), 0) + 1 from payments where invoice_id = $1")
        .bind(invoice)
        .fetch_one(connection)
        .await
}

/// Notes what is about to be asked of the provider.
pub(crate) async fn add(
    connection: &mut PgConnection,
    new: &Payment,
    attempt: i32,
    check_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into payments (id, account_id, invoice_id, attempt, way, provider, method_id, method_token, amount, currency, status, \
         expires_at, check_at, created_at, return_url) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(new.id)
    .bind(new.account)
    .bind(new.invoice)
    .bind(attempt)
    .bind(new.way)
    .bind(&new.provider)
    .bind(new.method)
    .bind(&new.method_token)
    .bind(new.amount.minor)
    .bind(new.amount.currency)
    .bind(new.status)
    .bind(new.expires_at)
    .bind(check_at)
    .bind(new.created_at)
    .bind(&new.return_url)
    .execute(connection)
    .await
    .map(drop)
}

/// Writes what is known of a held payment. Its version goes up.
pub(crate) async fn put(
    connection: &mut PgConnection,
    payment: &mut Payment,
    check_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    payment.version = sqlx::query_scalar(
        "update payments set provider_id = $2, status = $3, code = $4, is_surplus = $5, refunded = $6, checkout_id = $7, \
         checkout_url = $8, checks = $9, captured_at = $10, check_at = $11, version = version + 1 where id = $1 \
         returning version",
    )
    .bind(payment.id)
    .bind(&payment.provider_id)
    .bind(payment.status)
    .bind(&payment.code)
    .bind(payment.is_surplus)
    .bind(payment.refunded)
    .bind(&payment.checkout_id)
    .bind(&payment.checkout_url)
    .bind(payment.checks)
    .bind(payment.captured_at)
    .bind(check_at)
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn one(executor: impl PgExecutor<'_>, tail: &str, id: &str) -> Result<Option<Payment>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from payments p join invoices i on i.id = p.invoice_id where {tail}");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(executor).await?;
    row.as_ref().map(payment).transpose()
}

/// A payment.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    one(executor, "p.id = $1", &id.to_string()).await
}

/// Holds a payment until the transaction ends. Hold its subscription first.
pub(crate) async fn lock(connection: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    one(connection, "p.id = $1 for update of p", &id.to_string()).await
}

/// The attempt on an invoice whose outcome is to come. Needs the invoice to be held.
pub(crate) async fn under_way(
    connection: &mut PgConnection,
    invoice: InvoiceId,
) -> Result<Option<Payment>, sqlx::Error> {
    one(connection, "p.invoice_id = $1 and p.status in ('pending', 'unknown')", &invoice.to_string()).await
}

/// An attempt of a subscription whose outcome is to come; none that nothing needs any more.
pub(crate) async fn under_way_of(
    executor: impl PgExecutor<'_>,
    subscription: SubscriptionId,
) -> Result<Option<Payment>, sqlx::Error> {
    let tail = "i.subscription_id = $1 and i.status <> 'void' and p.status in ('pending', 'unknown') \
         order by p.created_at desc limit 1";
    one(executor, tail, &subscription.to_string()).await
}

/// A page on which somebody could still pay a period of a subscription that nothing needs any more.
pub(crate) async fn withdrawn_of(
    executor: impl PgExecutor<'_>,
    subscription: SubscriptionId,
) -> Result<Option<Payment>, sqlx::Error> {
    let tail = "i.subscription_id = $1 and i.status = 'void' and i.kind = 'period' and p.way = 'checkout' \
         and p.status in ('pending', 'unknown') order by p.created_at desc limit 1";
    one(executor, tail, &subscription.to_string()).await
}

/// An attempt to collect a purchase, the last one.
pub(crate) async fn last_of_purchase(
    executor: impl PgExecutor<'_>,
    purchase: PurchaseId,
) -> Result<Option<Payment>, sqlx::Error> {
    one(executor, "i.purchase_id = $1 and i.kind = 'purchase' order by p.attempt desc limit 1", &purchase.to_string())
        .await
}

/// How often a subscription's periods were charged to a saved method since a moment, whatever came of it.
pub(crate) async fn count_charges(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    since: OffsetDateTime,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "select count(*) from payments p join invoices i on i.id = p.invoice_id where i.subscription_id = $1 \
         and i.kind = 'period' and p.way = 'charge' and p.created_at > $2",
    )
    .bind(subscription)
    .bind(since)
    .fetch_one(connection)
    .await
}

/// Whether a charge of a saved method was declined since a moment.
pub(crate) async fn was_declined(
    connection: &mut PgConnection,
    account: AccountId,
    method: MethodId,
    since: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from payments where account_id = $1 and method_id = $2 and way = 'charge' and status = 'failed' \
         and created_at > $3)",
    )
    .bind(account)
    .bind(method)
    .bind(since)
    .fetch_one(connection)
    .await
}

/// The newest payment for a better plan within a period that was not given back as a whole.
pub(crate) async fn kept_change(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    period: u32,
) -> Result<Option<PaymentId>, sqlx::Error> {
    sqlx::query_scalar(
        "select p.id from payments p join invoices i on i.id = p.invoice_id where i.subscription_id = $1 and i.period = $2 \
         and i.kind = 'change' and i.status = 'paid' and p.status = 'succeeded' and not p.is_surplus and p.amount > \
         (select coalesce(sum(r.amount), 0) from refunds r where r.payment_id = p.id and r.status = 'succeeded') \
         order by i.issued_at desc, i.year desc, i.number desc limit 1",
    )
    .bind(subscription)
    .bind(column(period))
    .fetch_optional(connection)
    .await
}

/// Holds what came from an account since a moment, or for what has not begun now, and has not gone back as a whole or is about to.
pub(crate) async fn lock_captured(
    connection: &mut PgConnection,
    account: AccountId,
    (since, now): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<Payment>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from payments p join invoices i on i.id = p.invoice_id where p.account_id = $1 and p.status = 'succeeded' \
         and not p.is_surplus and p.refunded < p.amount and (p.captured_at > $2 or i.covers_from > $3) \
         order by p.created_at, p.id for update of p"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(account).bind(since).bind(now).fetch_all(connection).await?;
    rows.iter().map(payment).collect()
}

/// Whether what was paid for a period went back as a whole, or is on its way.
pub(crate) async fn is_period_given_back(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    period: u32,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from payments p join invoices i on i.id = p.invoice_id where i.subscription_id = $1 \
         and i.period = $2 and i.kind = 'period' and p.status = 'succeeded' and not p.is_surplus and p.refunded = p.amount)",
    )
    .bind(subscription)
    .bind(column(period))
    .fetch_one(connection)
    .await
}

/// Payments that must be asked about, the longest due first.
pub(crate) async fn due(
    executor: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<PaymentId>, sqlx::Error> {
    sqlx::query_scalar("select id from payments where check_at <= $1 order by check_at, id limit $2")
        .bind(now)
        .bind(limit)
        .fetch_all(executor)
        .await
}

/// The account's payments, the newest first. One that nobody went to pay is not among them.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    before: Option<(OffsetDateTime, PaymentId)>,
    limit: i64,
) -> Result<Vec<Payment>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from payments p join invoices i on i.id = p.invoice_id where p.account_id = $1 \
         and ($2::timestamptz is null or (p.created_at, p.id) < ($2, $3)) order by p.created_at desc, p.id desc limit $4"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(account)
        .bind(before.map(|(at, _)| at))
        .bind(before.map(|(_, id)| id))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(payment).collect()
}

/// A payment of the account.
pub(crate) async fn find_own(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    id: PaymentId,
) -> Result<Option<Payment>, sqlx::Error> {
    Ok(find(executor, id).await?.filter(|payment| payment.account == Some(account)))
}

/// Whose payment an object of a provider is, by its id or by that of its page.
pub(crate) async fn by_object(
    executor: impl PgExecutor<'_>,
    provider: &str,
    object: &str,
) -> Result<Option<PaymentId>, sqlx::Error> {
    sqlx::query_scalar("select id from payments where provider = $1 and (provider_id = $2 or checkout_id = $2)")
        .bind(provider)
        .bind(object)
        .fetch_optional(executor)
        .await
}

/// What came in from a provider in a stretch of time, by the provider's id: what its report must say as well.
pub(crate) async fn captured(
    executor: impl PgExecutor<'_>,
    provider: &str,
    (from, to): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<(String, Money)>, sqlx::Error> {
    let rows: Vec<(PaymentId, i64, Currency)> = sqlx::query_as(
        "select id, amount, currency from payments where provider = $1 and status = $2 and captured_at >= $3 and captured_at < $4",
    )
    .bind(provider)
    .bind(Status::Succeeded)
    .bind(from)
    .bind(to)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|(id, minor, currency)| (id.to_string(), Money::new(minor, currency))).collect())
}
