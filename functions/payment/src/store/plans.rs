//! Plans and the versions of their prices.

use std::collections::BTreeMap;

use kernel::{Currency, Money, Names, PriceId, Territory};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{column, number};
use crate::plan::{PlanRequest, Price, PriceRequest, StoredPlan};

/// `id, names, max_streams, max_height` from a column on.
fn plan(row: &PgRow, at: usize) -> Result<StoredPlan, sqlx::Error> {
    Ok(StoredPlan {
        id: row.try_get(at)?,
        names: Names::of_column(row.try_get(at + 1)?),
        max_streams: number(row.try_get(at + 2)?)?,
        max_height: number(row.try_get(at + 3)?)?,
    })
}

const PRICE: &str =
    "r.id, r.territory, r.period, r.amount, r.currency, r.trial_days, r.tax_basis_points, r.seller, r.created_at";

fn price(row: &PgRow) -> Result<Price, sqlx::Error> {
    let currency: Currency = row.try_get(4)?;
    let territory: Option<Territory> = row.try_get(1)?;
    Ok(Price {
        id: row.try_get(0)?,
        price: PriceRequest {
            territory,
            period: row.try_get(2)?,
            amount: Money::new(row.try_get(3)?, currency),
            trial_days: number(row.try_get(5)?)?,
            tax_basis_points: number(row.try_get(6)?)?,
            seller: row.try_get(7)?,
        },
        created_at: row.try_get(8)?,
    })
}

/// What plans are called now, by their keys.
pub(crate) async fn names(
    executor: impl PgExecutor<'_>,
    keys: &[&str],
) -> Result<BTreeMap<String, Names>, sqlx::Error> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as("select id, names from plans where id = any($1)").bind(keys).fetch_all(executor).await?;
    Ok(rows.into_iter().map(|(id, names)| (id, Names::of_column(names))).collect())
}

/// Every plan that is offered, with the prices at which it is, in the order of their keys.
pub(crate) async fn list_offered(executor: impl PgExecutor<'_>) -> Result<Vec<(StoredPlan, Vec<Price>)>, sqlx::Error> {
    let statement = format!(
        "select {PRICE}, p.id, p.names, p.max_streams, p.max_height from plans p join prices r on r.plan_id = p.id \
         where p.is_offered and r.is_offered order by r.amount, p.id, r.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(executor).await?;
    let mut plans: Vec<(StoredPlan, Vec<Price>)> = Vec::new();
    for row in &rows {
        let (plan, price) = (plan(row, 9)?, price(row)?);
        match plans.iter_mut().find(|(known, _)| known.id == plan.id) {
            Some((_, prices)) => prices.push(price),
            None => plans.push((plan, vec![price])),
        }
    }
    Ok(plans)
}

/// A price at which something can begin in a territory, with its plan.
pub(crate) async fn find_offered(
    connection: &mut PgConnection,
    id: PriceId,
    territory: &Territory,
) -> Result<Option<(StoredPlan, Price)>, sqlx::Error> {
    // A territory that has prices of its own for the plan does not get those for everywhere.
    let statement = format!(
        "select {PRICE}, p.id, p.names, p.max_streams, p.max_height from plans p join prices r on r.plan_id = p.id \
         where r.id = $1 and p.is_offered and r.is_offered and (r.territory = $2 or (r.territory is null and not exists (\
         select from prices o where o.plan_id = p.id and o.is_offered and o.territory = $2)))"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id).bind(territory).fetch_optional(connection).await?;
    row.map(|row| Ok((plan(&row, 9)?, price(&row)?))).transpose()
}

/// Writes a plan with all its prices: those that stay keep their ids, others are withdrawn or added. Returns its version.
pub(crate) async fn put(
    connection: &mut PgConnection,
    id: &str,
    request: &PlanRequest,
    mut new_id: impl FnMut() -> PriceId,
    now: OffsetDateTime,
) -> Result<(i64, Vec<Price>), sqlx::Error> {
    let version = sqlx::query_scalar(
        "insert into plans (id, names, max_streams, max_height, is_offered, version) values ($1, $2, $3, $4, $5, 1) \
         on conflict (id) do update set names = excluded.names, max_streams = excluded.max_streams, \
         max_height = excluded.max_height, is_offered = excluded.is_offered, version = plans.version + 1 returning version",
    )
    .bind(id)
    .bind(request.names().column())
    .bind(column(request.max_streams))
    .bind(column(request.max_height))
    .bind(request.is_offered)
    .fetch_one(&mut *connection)
    .await?;
    let statement = format!("select {PRICE} from prices r where r.plan_id = $1 and r.is_offered for update");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id).fetch_all(&mut *connection).await?;
    let present: Vec<Price> = rows.iter().map(price).collect::<Result<_, _>>()?;
    let withdrawn: Vec<PriceId> =
        present.iter().filter(|price| !request.prices.contains(&price.price)).map(|price| price.id).collect();
    sqlx::query("update prices set is_offered = false where id = any($1)")
        .bind(withdrawn)
        .execute(&mut *connection)
        .await?;
    let mut prices = Vec::new();
    for wanted in &request.prices {
        if let Some(known) = present.iter().find(|price| price.price == *wanted) {
            prices.push(known.clone());
            continue;
        }
        let price = Price { id: new_id(), price: wanted.clone(), created_at: now };
        add_price(connection, id, &price).await?;
        prices.push(price);
    }
    Ok((version, prices))
}

async fn add_price(connection: &mut PgConnection, plan: &str, price: &Price) -> Result<(), sqlx::Error> {
    let Price { id, price, created_at } = price;
    sqlx::query(
        "insert into prices (id, plan_id, territory, period, amount, currency, trial_days, tax_basis_points, seller, is_offered, \
         created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10)",
    )
    .bind(id)
    .bind(plan)
    .bind(&price.territory)
    .bind(price.period)
    .bind(price.amount.minor)
    .bind(price.amount.currency)
    .bind(i32::from(price.trial_days))
    .bind(i32::from(price.tax_basis_points))
    .bind(&price.seller)
    .bind(created_at)
    .execute(connection)
    .await
    .map(drop)
}
