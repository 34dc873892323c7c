//! Single titles that people rent and buy.

use kernel::{AccountId, Currency, Money, PurchaseId, TitleId};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::purchase::{NOTICE_TO_BEGIN, NOTICE_TO_WATCH, Purchase};

const COLUMNS: &str = "id, account_id, title_id, kind, price_id, amount, currency, territory, status, paid_at, begun_at, \
     created_at, version";

fn purchase(row: &PgRow) -> Result<Purchase, sqlx::Error> {
    let currency: Currency = row.try_get(6)?;
    Ok(Purchase {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        title: row.try_get(2)?,
        kind: row.try_get(3)?,
        price: row.try_get(4)?,
        amount: Money::new(row.try_get(5)?, currency),
        territory: row.try_get(7)?,
        status: row.try_get(8)?,
        paid_at: row.try_get(9)?,
        begun_at: row.try_get(10)?,
        created_at: row.try_get(11)?,
        version: row.try_get(12)?,
    })
}

/// Adds a purchase that waits for its payment, in version 1.
pub(crate) async fn add(connection: &mut PgConnection, new: &Purchase) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into purchases (id, account_id, title_id, kind, price_id, amount, currency, territory, status, version, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)",
    )
    .bind(new.id)
    .bind(new.account)
    .bind(new.title)
    .bind(new.kind)
    .bind(new.price)
    .bind(new.amount.minor)
    .bind(new.amount.currency)
    .bind(&new.territory)
    .bind(new.status)
    .bind(new.created_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Writes a held purchase. Its version goes up.
pub(crate) async fn put(connection: &mut PgConnection, purchase: &mut Purchase) -> Result<(), sqlx::Error> {
    purchase.version = sqlx::query_scalar(
        "update purchases set status = $2, paid_at = $3, begun_at = $4, valid_to = $5, version = version + 1 where id = $1 \
         returning version",
    )
    .bind(purchase.id)
    .bind(purchase.status)
    .bind(purchase.paid_at)
    .bind(purchase.begun_at)
    .bind(purchase.valid_to())
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// A purchase.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: PurchaseId) -> Result<Option<Purchase>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from purchases where id = $1");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(executor).await?;
    row.as_ref().map(purchase).transpose()
}

/// Holds a purchase until the transaction ends. Hold its account first.
pub(crate) async fn lock(connection: &mut PgConnection, id: PurchaseId) -> Result<Option<Purchase>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from purchases where id = $1 for update");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(purchase).transpose()
}

/// Holds what an account has of a title that waits or runs; some of it may be over without anybody having noted it.
pub(crate) async fn lock_running(
    connection: &mut PgConnection,
    account: AccountId,
    title: TitleId,
) -> Result<Vec<Purchase>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from purchases where account_id = $1 and title_id = $2 and status in ('pending', 'active') \
         order by id for update"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(account).bind(title).fetch_all(connection).await?;
    rows.iter().map(purchase).collect()
}

/// How many of an account's purchases wait or run.
pub(crate) async fn count_running(connection: &mut PgConnection, account: AccountId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from purchases where account_id = $1 and status in ('pending', 'active')")
        .bind(account)
        .fetch_one(connection)
        .await
}

/// Rentals whose time is over and which nobody has ended, the longest over first.
pub(crate) async fn due(
    executor: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<PurchaseId>, sqlx::Error> {
    sqlx::query_scalar(
        "select id from purchases where status = 'active' and valid_to <= $1 order by valid_to, id limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(executor)
    .await
}

/// Rentals that end soon and whose person was not told of that end, the next to end first, from behind `after` on.
pub(crate) async fn ending(
    executor: impl PgExecutor<'_>,
    now: OffsetDateTime,
    after: Option<(OffsetDateTime, PurchaseId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, PurchaseId)>, sqlx::Error> {
    sqlx::query_as(
        "select valid_to, id from purchases where status = 'active' and announced_to is distinct from valid_to \
         and account_id is not null and valid_to > $1 and valid_to <= case when begun_at is null then $2 else $3 end \
         and ($4::timestamptz is null or (valid_to, id) > ($4, $5)) order by valid_to, id limit $6",
    )
    .bind(now)
    .bind(now + NOTICE_TO_BEGIN)
    .bind(now + NOTICE_TO_WATCH)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(executor)
    .await
}

/// Notes that the person of a held rental is told of its end; `false` when they were. Its version goes up.
pub(crate) async fn announce(
    connection: &mut PgConnection,
    purchase: &mut Purchase,
    ends_at: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let version = sqlx::query_scalar(
        "update purchases set announced_to = $2, version = version + 1 where id = $1 and announced_to is distinct from $2 \
         returning version",
    )
    .bind(purchase.id)
    .bind(ends_at)
    .fetch_optional(connection)
    .await?;
    purchase.version = version.unwrap_or(purchase.version);
    Ok(version.is_some())
}

/// The account's purchases, the newest first. One that nobody went to pay is not among them.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    before: Option<(OffsetDateTime, PurchaseId)>,
    limit: i64,
) -> Result<Vec<Purchase>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from purchases where account_id = $1 and status <> 'not_paid' \
         and ($2::timestamptz is null or (created_at, id) < ($2, $3)) order by created_at desc, id desc limit $4"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(account)
        .bind(before.map(|(at, _)| at))
        .bind(before.map(|(_, id)| id))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(purchase).collect()
}
