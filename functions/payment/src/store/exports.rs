//! What this service holds on a person.

use kernel::AccountId;
use serde_json::Value;
use sqlx::PgPool;

use crate::invoice::printed;

/// Everything that is held on the account; empty lists for one that has paid nothing.
pub(crate) async fn holdings(pool: &PgPool, account: AccountId) -> Result<Value, sqlx::Error> {
    let mut holdings: Value = sqlx::query_scalar(
        "select jsonb_build_object(\
         'subscriptions', (select coalesce(jsonb_agg(s), '[]') from (select id, status, document, created_at from subscriptions \
           where account_id = $1 order by created_at, id) s), \
         'invoices', (select coalesce(jsonb_agg(i), '[]') from (select id, kind, status, amount, tax, currency, description, seller, \
           year, number, goods_names, covers_from, covers_to, issued_at, created_at from invoices where account_id = $1 order by created_at, id) i), \
         'payments', (select coalesce(jsonb_agg(p), '[]') from (select id, invoice_id, way, provider, amount, currency, status, code, \
           refunded, captured_at, created_at from payments where account_id = $1 order by created_at, id) p), \
         'refunds', (select coalesce(jsonb_agg(r), '[]') from (select r.id, r.payment_id, r.amount, p.currency, r.reason, r.status, r.code, \
           r.refunded_at, r.created_at from refunds r join payments p on p.id = r.payment_id where p.account_id = $1 \
           order by r.created_at, r.id) r), \
         'purchases', (select coalesce(jsonb_agg(b), '[]') from (select id, title_id, kind, status, amount, currency, territory, paid_at, \
           begun_at, valid_to, created_at from purchases where account_id = $1 order by created_at, id) b), \
         'methods', (select coalesce(jsonb_agg(m), '[]') from (select id, provider, brand, last4, expires_year, expires_month, \
           is_default, created_at from methods where account_id = $1 order by created_at, id) m), \
         'promos', (select coalesce(jsonb_agg(u), '[]') from (select code, used_at from promo_uses where account_id = $1 \
           order by used_at, code) u))",
    )
    .bind(account)
    .fetch_one(pool)
    .await?;
    // Numbers as they stand on the documents.
    for invoice in holdings["invoices"].as_array_mut().into_iter().flatten() {
        if let (Some(seller), Some(year), Some(number)) =
            (invoice["seller"].as_str(), invoice["year"].as_i64(), invoice["number"].as_i64())
            && let Ok(year) = i32::try_from(year)
        {
            invoice["number"] = printed(seller, (year, number)).into();
        }
    }
    Ok(holdings)
}
