//! Money by what was told of it, as it stood at a moment. All in minor units without the tax, currency by currency.

use serde::Deserialize;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::sql;
use crate::{moment::millis, month::Month};

/// Money that came in during a month, less what was given back in it.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Net {
    pub currency: String,
    pub received: i64,
    pub given_back: i64,
}

/// Subscriptions of a month. Sums of what they cost are twelfths of a minor unit a month, so that a year is a whole number of them.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Subscriptions {
    pub currency: String,
    pub paying_at_start: u64,
    pub paying_at_end: u64,
    pub new: u64,
    pub churned: u64,
    pub twelfths_at_start: i64,
    pub twelfths_at_end: i64,
    pub twelfths_new: i64,
    pub twelfths_expansion: i64,
    pub twelfths_contraction: i64,
    pub twelfths_churned: i64,
}

/// Trials that began in a month.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Trials {
    pub currency: String,
    pub trials: u64,
    pub converted: u64,
}

/// The statement behind [`net`]. A payment's version brings what it has that the one before had not, at the time it was told.
pub fn net_statement(month: Month) -> String {
    let (begins, ends) = (sql::moment(millis(month.begins())), sql::moment(millis(month.ends())));
    format!(
        "SELECT currency, sum(greatest(change, 0)) AS received, sum(greatest(-change, 0)) AS given_back FROM ( \
         SELECT currency, at, kept - lagInFrame(kept, 1, toInt64(0)) OVER \
         (PARTITION BY payment_id ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS change FROM ( \
         SELECT payment_id, sequence, any(currency) AS currency, any(at) AS at, \
         any(amount - tax - (refunded - refunded_tax)) AS kept FROM payment_states WHERE status = 'succeeded' \
         GROUP BY payment_id, sequence)) WHERE at >= {begins} AND at < {ends} GROUP BY currency ORDER BY currency"
    )
}

/// Net revenue of a month.
pub async fn net(client: &ClickHouse, month: Month) -> Result<Vec<Net>, StoreError> {
    Ok(client.query(&net_statement(month)).fetch_all().await?)
}

/// What every subscription costs at a moment: nothing for one that is not paid for.
fn standing(at: OffsetDateTime) -> String {
    let at = sql::moment(millis(at));
    format!(
        "SELECT subscription_id, argMax(currency, sequence) AS currency, argMax(status, sequence) AS status, \
             argMax(grace_to, sequence) AS grace_to, argMax((amount - tax) * if(period = 'year', 1, 12), sequence) AS told, \
             if(status NOT IN ('trialing', 'ended') AND grace_to > {at}, told, toInt64(0)) AS cost \
         FROM subscription_states AS s WHERE s.at < {at} GROUP BY subscription_id"
    )
}

/// Subscriptions from the beginning of a month until its end, or until `now` while it lasts.
pub async fn subscriptions(
    client: &ClickHouse,
    month: Month,
    now: OffsetDateTime,
) -> Result<Vec<Subscriptions>, StoreError> {
    let (before, after) = (standing(month.begins()), standing(month.ends().min(now)));
    let query = format!(
        "SELECT currency, countIf(a > 0) AS paying_at_start, countIf(b > 0) AS paying_at_end, countIf(a = 0 AND b > 0) AS new, \
             countIf(a > 0 AND b = 0) AS churned, sum(a) AS twelfths_at_start, sum(b) AS twelfths_at_end, \
             sumIf(b, a = 0) AS twelfths_new, sumIf(b - a, a > 0 AND b > a) AS twelfths_expansion, \
             sumIf(a - b, b > 0 AND a > b) AS twelfths_contraction, sumIf(a, b = 0) AS twelfths_churned \
         FROM (SELECT currency, subscription_id, sum(was) AS a, sum(is) AS b FROM ( \
             SELECT currency, subscription_id, cost AS was, toInt64(0) AS is FROM ({before}) \
             UNION ALL SELECT currency, subscription_id, toInt64(0) AS was, cost AS is FROM ({after})) \
             GROUP BY currency, subscription_id) \
         WHERE a > 0 OR b > 0 GROUP BY currency ORDER BY currency"
    );
    Ok(client.query(&query).fetch_all().await?)
}

/// Trials that began in a month, and how many of them were paid for since.
pub async fn trials(client: &ClickHouse, month: Month) -> Result<Vec<Trials>, StoreError> {
    let (begins, ends) = (sql::moment(millis(month.begins())), sql::moment(millis(month.ends())));
    let query = format!(
        "SELECT currency, count() AS trials, countIf(paid > 0) AS converted FROM ( \
             SELECT subscription_id, any(s.currency) AS currency, minIf(s.at, s.status = 'trialing') AS began, \
                 countIf(s.status = 'trialing') AS tried, countIf(s.amount > 0) AS paid \
             FROM subscription_states AS s GROUP BY subscription_id) \
         WHERE tried > 0 AND began >= {begins} AND began < {ends} GROUP BY currency ORDER BY currency"
    );
    Ok(client.query(&query).fetch_all().await?)
}
