use crate::stage::Stage;

async fn attempt(stage: &Stage, statement: &'static str) -> Result<(), String> {
    sqlx::query(statement).execute(&stage.service.pool()).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_does_not_balance_cannot_be_booked() {
    let stage = Stage::start().await;
    let lonely = "insert into ledger_entries (transaction_id, account, amount, currency, booked_at) values \
                  ('a', 'tax', 5, 'EUR', now())";
    assert!(attempt(&stage, lonely).await.unwrap_err().contains("do not balance"));
    let mixed = "insert into ledger_entries (transaction_id, account, amount, currency, booked_at) values \
                 ('b', 'tax', 5, 'EUR', now()), ('b', 'surplus', -5, 'USD', now())";
    assert!(attempt(&stage, mixed).await.unwrap_err().contains("do not balance"));
    let balanced = "insert into ledger_entries (transaction_id, account, amount, currency, booked_at) values \
                    ('c', 'tax', 5, 'EUR', now()), ('c', 'surplus', -5, 'EUR', now())";
    assert_eq!(attempt(&stage, balanced).await, Ok(()));
}

#[tokio::test]
async fn what_was_booked_cannot_be_changed_by_the_service() {
    let stage = Stage::start().await;
    for statement in ["update ledger_entries set amount = 1", "delete from ledger_entries", "truncate ledger_entries"] {
        assert!(attempt(&stage, statement).await.unwrap_err().contains("permission denied"), "{statement}");
    }
}

#[tokio::test]
async fn numbers_have_no_gap_however_many_are_paid_at_once() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let begun =
        futures::future::join_all((0..12).map(|_| stage.subscribe(crate::stage::Customer::new(), &price))).await;
    let pages: Vec<_> = begun.iter().map(|answer| answer.json()).collect();
    futures::future::join_all(pages.iter().map(|page| stage.pay(page))).await;
    assert_eq!(stage.number("select max(number) from invoices").await, 12);
    stage.check_books().await;
}
