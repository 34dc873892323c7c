use events::{Consumer, Event, Outcome};
use kernel::{ErasureId, World};
use proto::{auth::AccountErased, types};
use serde_json::json;
use time::Duration;

use crate::stage::{Customer, Stage};

fn forgotten(erasure: ErasureId, customer: Customer) -> Event {
    let data = AccountErased {
        erasure_id: erasure.to_string(),
        account_id: customer.0.to_string(),
        erased_at: "2027-02-01T00:00:00Z".to_owned(),
        ..AccountErased::default()
    };
    Event::new(&World::system(), types::USER_ACCOUNT_ERASED, erasure, 1, &data)
}

async fn erase(stage: &Stage, event: Event) -> Outcome {
    let consumer = payment::operations::consumers::erase_account(&stage.boot()).unwrap();
    consumer.consume(event, &stage.deadline()).await
}

#[tokio::test]
async fn invoices_stay_and_the_person_goes() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let (customer, other) = (stage.paying(&price).await, stage.paying(&price).await);
    let (rented, waiting) = (stage.film(399, 999).await, stage.film(499, 1_499).await);
    stage.purchase(customer, rented, "rent").await.expect(201);
    stage.bank.expect([crate::bank::Mood::LostAfter]);
    stage.purchase(customer, waiting, "buy").await.expect(201);
    stage.advance(Duration::minutes(6));
    let erasure: ErasureId = World::system().id();
    for _ in 0..2 {
        assert_eq!(erase(&stage, forgotten(erasure, customer)).await, Outcome::Done);
    }
    let receipts = stage.told("cinema.payment.account_erased.v1", &erasure.to_string()).await;
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[0], receipts[1]);
    assert_eq!(stage.bank.forgotten(), [format!("sm_{}", customer.0)]);
    // Whatever table still names the account fails here, also one that is added later.
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'payment' and table_type = 'BASE TABLE'",
    )
    .fetch_all(&stage.service.pool())
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables.iter().filter(|table| *table != "outbox" && *table != "_sqlx_migrations") {
        let statement = format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
        let named: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(customer.0)
            .fetch_one(&stage.service.pool())
            .await
            .unwrap();
        assert_eq!(named, 0, "{table}");
    }
    assert_eq!(stage.number("select count(*) from invoices where payer_digest is not null and number = 1").await, 1);
    assert_eq!(stage.number("select count(*) from purchases where status in ('pending', 'active')").await, 0);
    // What was still to be paid goes back when it comes.
    stage.advance(Duration::minutes(6));
    stage.resolve().await;
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 1_499);
    // Nothing is charged any more, nobody comes back under the name, and nobody else was touched.
    stage.advance(Duration::days(29));
    stage.renew().await;
    assert_eq!(stage.bank.captured().len(), 5);
    stage.subscribe(customer, &price).await.expect_problem(401, "invalid_token");
    assert_eq!(stage.subscription(other).await["status"], "active");
    stage.check_books().await;
}

#[tokio::test]
async fn what_was_paid_at_the_last_goes_back() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let (customer, title) = (stage.paying(&price).await, stage.film(399, 999).await);
    stage.advance(Duration::hours(1));
    // The token that deleted the account is good for moments more.
    stage.purchase(customer, title, "buy").await.expect(201);
    assert_eq!(erase(&stage, forgotten(World::system().id(), customer)).await, Outcome::Done);
    for _ in 0..2 {
        stage.resolve().await;
    }
    assert_eq!(stage.bank.given_back(), 999, "the plan was had for an hour");
    let notes = "select count(*) from invoices where kind = 'credit_note' and payer_digest is not null";
    assert_eq!(stage.number(notes).await, 1, "it is still one payer's");
    stage.check_books().await;
}

#[tokio::test]
async fn what_was_paid_ahead_of_a_trials_end_goes_back() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 14).await;
    let customer = Customer::new();
    stage.subscribe(customer, &price).await.expect(201);
    let page = stage.post_empty(customer, "/v1/subscriptions/me/resume").await.expect(200);
    stage.pay(&page).await;
    stage.advance(Duration::days(3));
    assert_eq!(erase(&stage, forgotten(World::system().id(), customer)).await, Outcome::Done);
    for _ in 0..2 {
        stage.resolve().await;
    }
    assert_eq!(stage.bank.given_back(), 1_000, "the period that was paid for never began");
    stage.check_books().await;
}

#[tokio::test]
async fn a_page_that_is_paid_after_the_erasure_leaves_no_method_behind() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = Customer::new();
    let begun = stage.subscribe(customer, &price).await.expect(201);
    assert_eq!(erase(&stage, forgotten(World::system().id(), customer)).await, Outcome::Done);
    assert_eq!(stage.bank.forgotten(), Vec::<String>::new());
    stage.pay(&begun).await;
    stage.resolve().await;
    assert_eq!(stage.bank.forgotten(), [format!("sm_{}", customer.0)]);
    assert_eq!(stage.bank.given_back(), 1_000);
    stage.check_books().await;
}

#[tokio::test]
async fn a_copy_holds_what_was_paid_and_no_token() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let paid = stage.get(customer, "/v1/payments").await.expect(200);
    let path = format!("/v1/admin/payments/{}/refund", paid["items"][0]["id"].as_str().unwrap());
    let refund = json!({"amount": 100, "reason": "a goodwill"});
    stage.app.post(&path, &refund).token(&stage.staff("support")).send().await.expect(201);
    let export: kernel::ExportId = World::system().id();
    for account in [customer.0, World::system().id()] {
        let data = proto::user::ExportRequested {
            export_id: export.to_string(),
            account_id: account.to_string(),
            ..Default::default()
        };
        let event = Event::new(&World::system(), types::EXPORT_REQUESTED, export, 1, &data);
        let consumer = payment::operations::consumers::export_account(&stage.boot()).unwrap();
        assert_eq!(consumer.consume(event, &stage.deadline()).await, Outcome::Done);
        let bucket = stores::Bucket::new(stage.service.aws(), stage.service.var("BUCKET_EXPORTS"));
        let part =
            bucket.client.get_object().bucket(&bucket.name).key(format!("{export}/payment.json")).send().await.unwrap();
        let bytes = part.body.collect().await.unwrap().into_bytes();
        let part: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let is_customer = account == customer.0;
        // The invoice and its credit note.
        assert_eq!(part["invoices"].as_array().unwrap().len(), 2 * usize::from(is_customer));
        assert_eq!(part["methods"].as_array().unwrap().len(), usize::from(is_customer));
        if is_customer {
            let known = stage.get(customer, "/v1/invoices").await.expect(200);
            let facts = |list: &serde_json::Value, amount: fn(&serde_json::Value) -> &serde_json::Value| {
                let facts = list.as_array().unwrap().iter().map(|it| (it["number"].to_string(), amount(it).as_i64()));
                facts.collect::<std::collections::BTreeSet<_>>()
            };
            let held = facts(&part["invoices"], |invoice| &invoice["amount"]);
            assert_eq!(held, facts(&known["items"], |invoice| &invoice["amount"]["amount"]));
            assert!(held.iter().any(|(_, amount)| *amount == Some(-100)), "{held:?}");
            assert_eq!(
                (&part["refunds"][0]["amount"], &part["refunds"][0]["reason"]),
                (&json!(100), &json!("a goodwill"))
            );
        }
        assert!(!String::from_utf8_lossy(&bytes).contains("sm_"));
    }
}
