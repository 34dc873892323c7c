//! The versions of single titles' prices.

use kernel::{Currency, Money, PriceId, TitleId};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::number;
use crate::title_price::{TitlePrice, TitlePriceRequest};

fn price(row: &PgRow) -> Result<TitlePrice, sqlx::Error> {
    let currency: Currency = row.try_get(4)?;
    Ok(TitlePrice {
        id: row.try_get(0)?,
        price: TitlePriceRequest {
            territory: row.try_get(1)?,
            kind: row.try_get(2)?,
            amount: Money::new(row.try_get(3)?, currency),
            tax_basis_points: number(row.try_get(5)?)?,
            seller: row.try_get(6)?,
        },
        created_at: row.try_get(7)?,
    })
}

/// Every price at which a title is offered, the cheapest first.
pub(crate) async fn list_offered(
    executor: impl PgExecutor<'_>,
    title: TitleId,
) -> Result<Vec<TitlePrice>, sqlx::Error> {
    let rows = sqlx::query(
        "select id, territory, kind, amount, currency, tax_basis_points, seller, created_at from title_prices \
         where title_id = $1 and is_offered order by amount, id",
    )
    .bind(title)
    .fetch_all(executor)
    .await?;
    rows.iter().map(price).collect()
}

/// Writes all prices of a title: those that stay keep their ids, others are withdrawn or added. Returns the version.
pub(crate) async fn put(
    connection: &mut PgConnection,
    title: TitleId,
    wanted: &[TitlePriceRequest],
    mut new_id: impl FnMut() -> PriceId,
    now: OffsetDateTime,
) -> Result<(i64, Vec<TitlePrice>), sqlx::Error> {
    // Whoever else changes the same title's prices waits for this row.
    let version = sqlx::query_scalar(
        "insert into priced_titles (title_id, version) values ($1, 1) \
         on conflict (title_id) do update set version = priced_titles.version + 1 returning version",
    )
    .bind(title)
    .fetch_one(&mut *connection)
    .await?;
    let present = list_offered(&mut *connection, title).await?;
    let withdrawn: Vec<PriceId> =
        present.iter().filter(|price| !wanted.contains(&price.price)).map(|price| price.id).collect();
    sqlx::query("update title_prices set is_offered = false where id = any($1)")
        .bind(withdrawn)
        .execute(&mut *connection)
        .await?;
    let mut prices = Vec::new();
    for wanted in wanted {
        if let Some(known) = present.iter().find(|price| price.price == *wanted) {
            prices.push(known.clone());
            continue;
        }
        let price = TitlePrice { id: new_id(), price: wanted.clone(), created_at: now };
        add(connection, title, &price).await?;
        prices.push(price);
    }
    Ok((version, prices))
}

async fn add(connection: &mut PgConnection, title: TitleId, price: &TitlePrice) -> Result<(), sqlx::Error> {
    let TitlePrice { id, price, created_at } = price;
    sqlx::query(
        "insert into title_prices (id, title_id, territory, kind, amount, currency, tax_basis_points, seller, is_offered, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9)",
    )
    .bind(id)
    .bind(title)
    .bind(&price.territory)
    .bind(price.kind)
    .bind(price.amount.minor)
    .bind(price.amount.currency)
    .bind(i32::from(price.tax_basis_points))
    .bind(&price.seller)
    .bind(created_at)
    .execute(connection)
    .await
    .map(drop)
}
