//! What must hold whenever nothing runs, reckoned from what was sold and not by the service's own code.

use std::collections::BTreeMap;

use crate::stage::Stage;

/// Statements that count what is wrong.
const NONE_OF: [(&str, &str); 18] = [
    (
        "refunds that a payment does not know of",
        "select count(*) from payments p where refunded <> \
         (select coalesce(sum(amount), 0) from refunds r where r.payment_id = p.id and r.status <> 'failed')",
    ),
    (
        "documents that the ledger does not have",
        "select count(*) from (select (select coalesce(sum(amount), 0) from ledger_entries where account = 'tax' \
         or account like 'revenue:%') + (select coalesce(sum(amount), 0) from invoices where status = 'paid') as all_of_it, \
         (select coalesce(sum(amount), 0) from ledger_entries where account = 'tax') \
         + (select coalesce(sum(tax), 0) from invoices where status = 'paid') as tax) x where all_of_it <> 0 or tax <> 0",
    ),
    (
        "paid invoices without money",
        "select count(*) from invoices i where status = 'paid' and amount > 0 and not exists (select from payments p \
         where p.invoice_id = i.id and p.status = 'succeeded' and not p.is_surplus and p.amount = i.amount)",
    ),
    (
        "money that nothing needs and that does not go back",
        "select count(*) from payments p where is_surplus and refunded <> amount",
    ),
    (
        "periods at another price",
        // A half goes to the even neighbour.
        "select count(*) from (select amount, (terms->'terms'->'amount'->>'amount')::bigint * (100 - (terms->>'percent_off')::int) as hundredths \
         from invoices where kind = 'period' and status = 'paid') x where amount <> \
         case when hundredths % 100 = 50 then hundredths / 100 + hundredths / 100 % 2 else (hundredths + 50) / 100 end",
    ),
    (
        "promo codes that were used more often than they can be",
        "select count(*) from promos p where uses > most_uses or uses <> (select count(*) from promo_uses u where u.code = p.code)",
    ),
    (
        "periods that a promo code took too much off",
        "select count(*) from (select i.subscription_id, count(*) as periods, max((i.terms->>'percent_off')::int) as percent \
         from invoices i where kind = 'period' and status = 'paid' and (i.terms->>'percent_off')::int > 0 group by 1) i \
         left join promo_uses u on u.subscription_id = i.subscription_id left join promos p on p.code = u.code \
         where p.code is null or i.periods > p.periods or i.percent <> p.percent_off",
    ),
    (
        "payments that are not tried on days 3, 5 and 7",
        "select count(*) from subscriptions where status = 'past_due' and due_at is distinct from \
         (document->'dunning'->>'since')::timestamptz + case (document->'dunning'->>'declines')::int \
         when 1 then interval '72 hours' when 2 then interval '120 hours' when 3 then interval '168 hours' end",
    ),
    (
        "suspensions before the last try, or without an end after 30 days",
        "select count(*) from subscriptions where status = 'suspended' and ((document->'dunning'->>'declines')::int not in (1, 4) \
         or due_at is distinct from (document->'dunning'->>'since')::timestamptz + interval '888 hours')",
    ),
    (
        "periods that do not end on the day that they began",
        "select count(*) from subscriptions where status in ('active', 'past_due') and (document->>'cycle')::int > 0 \
         and (document->>'to')::timestamptz <> ((document->>'anchor')::timestamptz at time zone 'UTC' \
         + make_interval(months => (document->>'cycle')::int)) at time zone 'UTC'",
    ),
    (
        "access that is told other than what is paid for and grace",
        "select count(*) from subscriptions s join lateral (select body->'data' as told from outbox where body->>'subject' = s.id \
         and body->>'type' = 'cinema.payment.subscription_changed.v1' order by (body->>'sequence')::bigint desc limit 1) o on true \
         where (told->>'valid_to')::timestamptz <> (document->>'to')::timestamptz or (told->>'grace_to')::timestamptz <> \
         (document->>'to')::timestamptz + case when status in ('suspended', 'paused', 'ended') or document->>'leaving' is not null \
         then interval '0' when (document->>'period')::int = 0 then interval '24 hours' else interval '192 hours' end",
    ),
    (
        "subscriptions that bring other than what is paid for and was not given back",
        "select count(*) from subscriptions s where status not in ('pending', 'trialing', 'ended') \
         and (document->>'period')::int > 0 and document->'terms' is distinct from (select i.terms->'terms' from invoices i \
         where i.subscription_id = s.id and i.period = (document->>'period')::int and i.kind in ('period', 'change') \
         and i.status = 'paid' and not exists (select from payments p where p.invoice_id = i.id and p.status = 'succeeded' \
         and not p.is_surplus and p.amount = (select sum(r.amount) from refunds r where r.payment_id = p.id \
         and r.status = 'succeeded')) order by i.kind = 'change' desc, i.issued_at desc, i.year desc, i.number desc limit 1)",
    ),
    (
        "changes that were kept while their period was given back",
        "select count(*) from invoices c join payments y on y.invoice_id = c.id and y.status = 'succeeded' and not y.is_surplus \
         join invoices i on i.subscription_id = c.subscription_id and i.period = c.period and i.kind = 'period' and i.status = 'paid' \
         join payments p on p.invoice_id = i.id and p.status = 'succeeded' and not p.is_surplus \
         where c.kind = 'change' and y.refunded < y.amount and p.refunded = p.amount",
    ),
    (
        "pauses that are told other than they are",
        "select count(*) from subscriptions s join lateral (select body->'data' as told from outbox where body->>'subject' = s.id \
         and body->>'type' = 'cinema.payment.subscription_changed.v1' order by (body->>'sequence')::bigint desc limit 1) o on true \
         where coalesce(told->>'resumes_at', '') <> '' and (told->>'resumes_at')::timestamptz is distinct from \
         case when status = 'paused' then (document->>'paused_until')::timestamptz when document->'leaving'->>'pause' is not null then \
         ((document->>'to')::timestamptz at time zone 'UTC' + make_interval(months => (document->'leaving'->>'pause')::int)) \
         at time zone 'UTC' end or (coalesce(told->>'resumes_at', '') = '') = \
         (status = 'paused' or document->'leaving'->>'pause' is not null)",
    ),
    (
        "access that nobody was told of",
        "select count(*) from subscriptions s where status not in ('pending', 'ended') and not exists (select from outbox \
         where body->>'subject' = s.id and body->>'type' = 'cinema.payment.subscription_changed.v1')",
    ),
    (
        "ends that were told of what nobody was told had begun",
        "select count(*) from outbox o where body->>'type' = 'cinema.payment.subscription_changed.v1' \
         and body->'data'->>'status' = 'ended' and not exists (select from outbox b where b.body->>'type' = o.body->>'type' \
         and b.body->>'subject' = o.body->>'subject' and (b.body->>'sequence')::bigint < (o.body->>'sequence')::bigint)",
    ),
    (
        "versions that were told twice, or never were",
        "select count(*) from (select from outbox o left join subscriptions s on s.id = body->>'subject' \
         where body->>'type' = 'cinema.payment.subscription_changed.v1' group by body->>'subject', body->>'sequence' \
         having count(*) > 1 or max(s.version) is null or (body->>'sequence')::bigint > max(s.version)) x",
    ),
    (
        "accounts with two trials",
        "select count(*) from (select from outbox where body->>'type' = 'cinema.payment.subscription_changed.v1' \
         and body->'data'->>'status' = 'trialing' group by body->'data'->>'account_id' having count(distinct body->>'subject') > 1) x",
    ),
];

/// Looks at everything.
///
/// # Panics
/// When something does not hold.
pub async fn check(stage: &Stage) {
    stage.check_books().await;
    for (what, statement) in NONE_OF {
        assert_eq!(stage.number(statement).await, 0, "{what}");
    }
    assert_eq!(stage.bank.complaints(), Vec::<String>::new(), "what a bank would not have let pass");
    check_bank(stage).await;
}

/// Nothing is asked of the bank before it is kept, nothing is booked that the bank does not have, and no charge failed that it took.
async fn check_bank(stage: &Stage) {
    let ours: Vec<(String, String, String)> =
        sqlx::query_as("select id, way, status from payments").fetch_all(&stage.pool).await.unwrap();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (reference, status) in stage.bank.payments() {
        *taken.entry(reference).or_default() += usize::from(status == "succeeded");
    }
    for (id, way, status) in ours {
        let times = taken.remove(&id).unwrap_or_default();
        assert!(times < 2, "the bank took {id} {times} times");
        assert!(status != "succeeded" || times == 1, "{id} is booked and the bank did not take it");
        assert!(way != "charge" || status != "failed" || times == 0, "{id} is called failed and the bank took it");
    }
    assert_eq!(taken, BTreeMap::new(), "the bank was asked for what nobody knows of");
}
