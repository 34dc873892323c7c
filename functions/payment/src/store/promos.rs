//! Promo codes and who has used them.

use kernel::{AccountId, SubscriptionId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    promo::Promo,
    store::{column, number},
    terms::Discount,
};

/// Adds a code; `false` when there is one already.
pub(crate) async fn add(
    connection: &mut PgConnection,
    promo: &Promo,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into promos (code, percent_off, periods, most_uses, valid_from, valid_until, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
    )
    .bind(promo.code.as_str())
    .bind(i16::from(promo.percent_off))
    .bind(column(promo.periods))
    .bind(promo.most_uses.map(column))
    .bind(promo.valid_from)
    .bind(promo.valid_until)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What a code takes off now; `None` for one that nobody may use, or that is used up.
pub(crate) async fn find(
    connection: &mut PgConnection,
    code: &str,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Option<Discount>, sqlx::Error> {
    let row: Option<(i16, i32)> = sqlx::query_as(
        "select percent_off, periods from promos where code = $1 and (valid_from is null or valid_from <= $3) \
         and (valid_until is null or $3 < valid_until) and (most_uses is null or uses < most_uses) \
         and not exists (select from promo_uses where code = $1 and account_id = $2)",
    )
    .bind(code)
    .bind(account)
    .bind(now)
    .fetch_optional(connection)
    .await?;
    row.map(|(percent_off, periods)| {
        Ok(Discount { percent_off: number(i32::from(percent_off))?, periods_left: number(periods)? })
    })
    .transpose()
}

/// Counts a use of a code that [`find`] has just found; `false` when somebody else was faster. Uses in parallel wait for each other at the row.
pub(crate) async fn redeem(
    connection: &mut PgConnection,
    code: &str,
    account: AccountId,
    subscription: SubscriptionId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let counted =
        sqlx::query("update promos set uses = uses + 1 where code = $1 and (most_uses is null or uses < most_uses)")
            .bind(code)
            .execute(&mut *connection)
            .await?;
    if counted.rows_affected() == 0 {
        return Ok(false);
    }
    let used = sqlx::query(
        "insert into promo_uses (code, account_id, subscription_id, used_at) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(code)
    .bind(account)
    .bind(subscription)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// The code that a subscription began with.
pub(crate) async fn used_for(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select code from promo_uses where subscription_id = $1")
        .bind(subscription)
        .fetch_optional(connection)
        .await
}

/// Gives the use of a code back for a subscription that was never paid.
pub(crate) async fn release(connection: &mut PgConnection, subscription: SubscriptionId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with released as (delete from promo_uses where subscription_id = $1 returning code) \
         update promos set uses = uses - 1 where code in (select code from released)",
    )
    .bind(subscription)
    .execute(connection)
    .await
    .map(drop)
}
