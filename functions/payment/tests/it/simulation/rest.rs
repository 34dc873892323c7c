//! What must hold when everything has come to rest.

use time::OffsetDateTime;

use super::steps;
use crate::stage::Stage;

/// Statements that count what is wrong.
const NONE_OF: [(&str, &str); 14] = [
    ("outcomes that were never found out", "select count(*) from payments where status in ('pending', 'unknown')"),
    ("refunds that were never found out", "select count(*) from refunds where status in ('pending', 'unknown')"),
    (
        "ends of rentals that were announced twice",
        "select count(*) from (select from outbox where body->>'type' = 'cinema.payment.rental_announced.v1' \
         group by body->>'subject', body->'data'->>'ends_at' having count(*) > 1) x",
    ),
    ("surplus that was kept", "select coalesce(sum(amount), 0)::bigint from ledger_entries where account = 'surplus'"),
    (
        "periods that were not billed, or twice",
        "select count(*) from (select s.id from subscriptions s left join invoices i on i.subscription_id = s.id and i.kind = 'period' \
         and i.status = 'paid' group by s.id having count(distinct i.period) <> (s.document->>'period')::int \
         or count(i.id) <> count(distinct i.period) or coalesce(max(i.period), 0) <> (s.document->>'period')::int) x",
    ),
    (
        "moments that were paid twice",
        "select count(*) from invoices a join invoices b on a.subscription_id = b.subscription_id and a.kind = 'period' \
         and b.kind = 'period' and a.status = 'paid' and b.status = 'paid' and b.period = a.period + 1 and b.covers_from < a.covers_to",
    ),
    (
        "access that was not paid for",
        "select count(*) from subscriptions s where s.status = 'active' and (s.document->>'to')::timestamptz <> \
         (select max(covers_to) from invoices i where i.subscription_id = s.id and i.kind = 'period' and i.status = 'paid')",
    ),
    ("purchases that still wait", "select count(*) from purchases where status = 'pending'"),
    (
        "titles that were had without being paid, or paid and not had",
        "select count(*) from purchases p where (p.status in ('active', 'ended')) <> (select count(*) = 1 from invoices i \
         join payments y on y.invoice_id = i.id where i.purchase_id = p.id and i.kind = 'purchase' and i.status = 'paid' \
         and y.status = 'succeeded' and not y.is_surplus and y.refunded < y.amount)",
    ),
    (
        "purchases that were charged twice",
        "select count(*) from (select from invoices i join payments y on y.invoice_id = i.id and y.status = 'succeeded' \
         and not y.is_surplus where i.kind = 'purchase' group by i.purchase_id having count(*) > 1) x",
    ),
    (
        "titles that were rented or bought twice at once",
        "select count(*) from purchases a join purchases b on a.account_id = b.account_id and a.title_id = b.title_id \
         and a.id < b.id and a.kind = b.kind and a.status in ('active', 'ended') and b.status in ('active', 'ended') \
         and tstzrange(a.paid_at, a.valid_to) && tstzrange(b.paid_at, b.valid_to) \
         and not (a.status = 'ended' and a.begun_at > a.paid_at + interval '28 days') \
         and not (b.status = 'ended' and b.begun_at > b.paid_at + interval '28 days')",
    ),
    (
        "rentals whose time is not what was sold",
        "select count(*) from purchases where kind = 'rent' and paid_at is not null and valid_to <> \
         coalesce(begun_at + interval '48 hours', paid_at + interval '30 days')",
    ),
    (
        "purchases of which the last event does not tell",
        "select count(*) from purchases p left join lateral (select body from outbox where body->>'subject' = p.id \
         and body->>'type' = 'cinema.payment.purchase_changed.v1' order by (body->>'sequence')::bigint desc limit 1) o on true where coalesce(o.body->'data'->>'status', 'ended') <> \
         case p.status when 'active' then 'active' else 'ended' end",
    ),
    (
        "accounts with two live subscriptions",
        "select count(*) from (select from subscriptions where status <> 'ended' group by account_id having count(*) > 1) x",
    ),
];

/// Looks at everything; `begun` are the first seconds of rentals that were ever told.
///
/// # Panics
/// When something does not hold.
pub async fn check(stage: &Stage, begun: &[(String, OffsetDateTime)]) {
    steps::check(stage).await;
    for (what, statement) in NONE_OF {
        assert_eq!(stage.number(statement).await, 0, "{what}");
    }
    check_beginnings(stage, begun).await;
    for taken in stage.bank.captured() {
        let id = taken["reference"].as_str().unwrap();
        let (way, status, page): (String, String, Option<String>) =
            sqlx::query_as("select way, status, checkout_id from payments where id = $1")
                .bind(id)
                .fetch_one(&stage.pool)
                .await
                .unwrap();
        assert_eq!(status, "succeeded", "what the bank took is not what was booked: {way} {id} of page {page:?}");
    }
    let theirs: i64 = stage.bank.captured().iter().filter_map(|payment| payment["amount"]["amount"].as_i64()).sum();
    let ours = stage.number("select coalesce(sum(amount), 0)::bigint from payments where status = 'succeeded'").await;
    assert_eq!(ours, theirs, "what the bank took is not what was booked");
    let back = stage.number("select coalesce(sum(amount), 0)::bigint from refunds where status = 'succeeded'").await;
    assert_eq!(back, stage.bank.given_back(), "what the bank gave back is not what was booked");
}

/// The earliest first second that was ever told of is the beginning, whatever came late, twice or in another order.
async fn check_beginnings(stage: &Stage, begun: &[(String, OffsetDateTime)]) {
    let kept: Vec<(String, Option<OffsetDateTime>)> =
        sqlx::query_as("select id, begun_at from purchases where kind = 'rent' and status in ('active', 'ended')")
            .fetch_all(&stage.pool)
            .await
            .unwrap();
    for (purchase, begun_at) in kept {
        let told = begun.iter().filter(|(of, _)| *of == purchase).map(|(_, at)| at.unix_timestamp());
        assert_eq!(begun_at.map(OffsetDateTime::unix_timestamp), told.min(), "{purchase}");
    }
}
