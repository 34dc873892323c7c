//! Invoices and their numbers.

use kernel::{AccountId, Currency, InvoiceId, Money, Names, PurchaseId, SubscriptionId};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use super::{column, number};
use crate::invoice::{Invoice, Sold, Status};

const COLUMNS: &str = "id, account_id, subscription_id, kind, period, corrects, status, amount, currency, tax, \
     tax_basis_points, description, terms, covers_from, covers_to, seller, year, number, issued_at, created_at, purchase_id, \
     goods_names";

fn invoice(row: &PgRow) -> Result<Invoice, sqlx::Error> {
    let (year, place): (Option<i32>, Option<i64>) = (row.try_get(16)?, row.try_get(17)?);
    let currency: Currency = row.try_get(8)?;
    let period: Option<i32> = row.try_get(4)?;
    let sold: Option<Json<Sold>> = row.try_get(12)?;
    Ok(Invoice {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        subscription: row.try_get(2)?,
        kind: row.try_get(3)?,
        period: period.map(number).transpose()?,
        corrects: row.try_get(5)?,
        status: row.try_get(6)?,
        amount: Money::new(row.try_get(7)?, currency),
        tax: row.try_get(9)?,
        tax_basis_points: number(row.try_get(10)?)?,
        description: row.try_get(11)?,
        names: Names::of_column(row.try_get(21)?),
        sold: sold.map(|Json(sold)| sold),
        covers_from: row.try_get(13)?,
        covers_to: row.try_get(14)?,
        seller: row.try_get(15)?,
        number: year.zip(place),
        issued_at: row.try_get(18)?,
        created_at: row.try_get(19)?,
        purchase: row.try_get(20)?,
    })
}

/// Makes an open invoice, opens a void one again, and leaves any other as it is. Returns it as it is then, held until the transaction ends.
pub(crate) async fn open(connection: &mut PgConnection, new: &Invoice) -> Result<Invoice, sqlx::Error> {
    sqlx::query(
        "insert into invoices (id, account_id, subscription_id, kind, period, corrects, status, amount, currency, tax, \
         tax_basis_points, description, terms, seller, created_at, purchase_id, goods_names, payer_digest) \
         values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         (select payer_digest from invoices where id = $6)) on conflict (id) do update \
         set status = 'open', amount = excluded.amount, currency = excluded.currency, tax = excluded.tax, \
         tax_basis_points = excluded.tax_basis_points, description = excluded.description, terms = excluded.terms, \
         seller = excluded.seller, goods_names = excluded.goods_names where invoices.status = 'void'",
    )
    .bind(new.id)
    .bind(new.account)
    .bind(new.subscription)
    .bind(new.kind)
    .bind(new.period.map(column))
    .bind(new.corrects)
    .bind(new.amount.minor)
    .bind(new.amount.currency)
    .bind(new.tax)
    .bind(i32::from(new.tax_basis_points))
    .bind(&new.description)
    .bind(new.sold.as_ref().map(Json))
    .bind(&new.seller)
    .bind(new.created_at)
    .bind(new.purchase)
    .bind(new.names.column())
    .execute(&mut *connection)
    .await?;
    lock(connection, new.id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// What an open invoice costs and brings, told anew: the next period's may have changed since it was made. Nobody must be paying it.
pub(crate) async fn reprice(connection: &mut PgConnection, new: &Invoice) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update invoices set amount = $2, currency = $3, tax = $4, tax_basis_points = $5, description = $6, terms = $7, \
         seller = $8, goods_names = $9 where id = $1 and status = 'open'",
    )
    .bind(new.id)
    .bind(new.amount.minor)
    .bind(new.amount.currency)
    .bind(new.tax)
    .bind(i32::from(new.tax_basis_points))
    .bind(&new.description)
    .bind(new.sold.as_ref().map(Json))
    .bind(&new.seller)
    .bind(new.names.column())
    .execute(connection)
    .await
    .map(drop)
}

/// Holds an invoice until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: InvoiceId) -> Result<Option<Invoice>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from invoices where id = $1 for update");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(invoice).transpose()
}

/// Marks a held invoice as paid and gives it the next number of its seller's year. Whoever else wants one waits until this transaction ends:
/// that is why there is no gap.
pub(crate) async fn issue(
    connection: &mut PgConnection,
    invoice: &mut Invoice,
    covers: Option<(OffsetDateTime, OffsetDateTime)>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let year = now.year();
    let next: i64 = sqlx::query_scalar(
        "insert into invoice_numbers (seller, year, last) values ($1, $2, 1) \
         on conflict (seller, year) do update set last = invoice_numbers.last + 1 returning last",
    )
    .bind(&invoice.seller)
    .bind(year)
    .fetch_one(&mut *connection)
    .await?;
    (invoice.status, invoice.number, invoice.issued_at) = (Status::Paid, Some((year, next)), Some(now));
    (invoice.covers_from, invoice.covers_to) = covers.unzip();
    sqlx::query(
        "update invoices set status = 'paid', year = $2, number = $3, issued_at = $4, covers_from = $5, covers_to = $6 where id = $1",
    )
    .bind(invoice.id)
    .bind(year)
    .bind(next)
    .bind(now)
    .bind(invoice.covers_from)
    .bind(invoice.covers_to)
    .execute(connection)
    .await
    .map(drop)
}

/// What of a subscription that has ended is open will not be paid.
pub(crate) async fn void_all(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    void_those(connection, "subscription_id = $1", &subscription.to_string(), now).await
}

/// An open invoice will not be paid.
pub(crate) async fn void(connection: &mut PgConnection, id: InvoiceId, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    void_those(connection, "id = $1", &id.to_string(), now).await
}

/// What a purchase costs will not be paid.
pub(crate) async fn void_purchase(
    connection: &mut PgConnection,
    purchase: PurchaseId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    void_those(connection, "purchase_id = $1", &purchase.to_string(), now).await
}

/// What a change of a subscription costs will not be paid.
pub(crate) async fn void_changes(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    void_those(connection, "subscription_id = $1 and kind = 'change'", &subscription.to_string(), now).await
}

/// What somebody could pay of a subscription on a page will not be paid; a charge that is under way goes on.
pub(crate) async fn void_pages(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let which = "subscription_id = $1 and exists (select from payments p where p.invoice_id = invoices.id \
         and p.way = 'checkout' and p.status in ('pending', 'unknown'))";
    void_those(connection, which, &subscription.to_string(), now).await
}

/// Pages on which such an invoice could be paid are closed with the resolver's next run. Needs what the invoice is for to be held.
async fn void_those(
    connection: &mut PgConnection,
    which: &str,
    id: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "with void as (update invoices set status = 'void' where {which} and status = 'open' returning id) \
         update payments set check_at = $2 from void where invoice_id = void.id and way = 'checkout' \
         and payments.status in ('pending', 'unknown')"
    );
    sqlx::query(AssertSqlSafe(statement)).bind(id).bind(now).execute(connection).await.map(drop)
}

/// The number of the next change within a period of a held subscription.
pub(crate) async fn next_change(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    period: u32,
) -> Result<u32, sqlx::Error> {
    let count =
        "select (count(*) + 1)::int from invoices where subscription_id = $1 and period = $2 and kind = 'change'";
    let next: i32 = sqlx::query_scalar(count).bind(subscription).bind(column(period)).fetch_one(connection).await?;
    number(next)
}

/// What is paid for in a period and was not given back as a whole, the newest of it, `without` one that is being given back.
pub(crate) async fn find_paid_for(
    connection: &mut PgConnection,
    (subscription, period): (SubscriptionId, u32),
    without: InvoiceId,
) -> Result<Option<Invoice>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from invoices i where subscription_id = $1 and period = $2 and kind in ('period', 'change') \
         and status = 'paid' and id <> $3 and not exists (select from payments p where p.invoice_id = i.id \
         and p.status = 'succeeded' and not p.is_surplus and p.amount = (select coalesce(sum(r.amount), 0) from refunds r \
         where r.payment_id = p.id and r.status = 'succeeded')) \
         order by kind = 'change' desc, issued_at desc, year desc, number desc limit 1"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(subscription)
        .bind(column(period))
        .bind(without)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(invoice).transpose()
}

/// The account's numbered invoices, the newest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    before: Option<(OffsetDateTime, InvoiceId)>,
    limit: i64,
) -> Result<Vec<Invoice>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from invoices where account_id = $1 and status = 'paid' \
         and ($2::timestamptz is null or (issued_at, id) < ($2, $3)) order by issued_at desc, id desc limit $4"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(account)
        .bind(before.map(|(at, _)| at))
        .bind(before.map(|(_, id)| id))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(invoice).collect()
}

/// A numbered invoice of the account.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    id: InvoiceId,
) -> Result<Option<Invoice>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from invoices where id = $1 and account_id = $2 and status = 'paid'");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).bind(account).fetch_optional(executor).await?;
    row.as_ref().map(invoice).transpose()
}
