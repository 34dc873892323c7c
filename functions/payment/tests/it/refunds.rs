use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    bank::Mood,
    stage::{Customer, Stage},
};

async fn paid(stage: &Stage, customer: Customer) -> String {
    stage.get(customer, "/v1/payments").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn refund(stage: &Stage, payment: &str, body: &Value) -> testkit::Answer {
    let path = format!("/v1/admin/payments/{payment}/refund");
    stage.app.post(&path, body).token(&stage.staff("support")).send().await
}

#[tokio::test]
async fn parts_go_back_until_nothing_is_left() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 999, 0).await;
    let customer = stage.paying(&price).await;
    let payment = paid(&stage, customer).await;
    for amount in [0, -1] {
        refund(&stage, &payment, &json!({ "amount": amount })).await.expect_problem(422, "invalid_request");
    }
    let problem = refund(&stage, &payment, &json!({"amount": 1_000})).await.expect_problem(409, "refund_too_large");
    assert_eq!(problem["left"], 999);
    refund(&stage, &payment, &json!({"amount": 333, "reason": "Buffering"})).await.expect(201);
    refund(&stage, &payment, &json!({"amount": 333})).await.expect(201);
    assert_eq!(stage.subscription(customer).await["status"], "active", "a part ends nothing");
    let problem = refund(&stage, &payment, &json!({"amount": 334})).await.expect_problem(409, "refund_too_large");
    assert_eq!(problem["left"], 333);
    let rest = refund(&stage, &payment, &json!({})).await.expect(201);
    assert_eq!((&rest["amount"]["amount"], &rest["status"]), (&json!(333), &json!("succeeded")));
    assert_eq!(stage.subscription(customer).await["status"], "ended");
    let shown = stage.get(customer, &format!("/v1/payments/{payment}")).await.expect(200);
    assert_eq!(shown["refunded"]["amount"], 999);
    // Each part has its credit note, and together they take exactly the tax back.
    let items = stage.get(customer, "/v1/invoices").await.expect(200)["items"].as_array().unwrap().clone();
    let sum = |member: &str| items.iter().map(|invoice| invoice[member]["amount"].as_i64().unwrap()).sum::<i64>();
    assert_eq!((items.len(), sum("amount"), sum("tax")), (4, 0, 0));
    stage.check_books().await;
}

#[tokio::test]
async fn many_at_once_give_back_no_more_than_was_captured() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let payment = paid(&stage, customer).await;
    let body = json!({"amount": 300});
    let answers = join_all((0..8).map(|_| refund(&stage, &payment, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    assert_eq!(stage.bank.given_back(), 900);
    stage.check_books().await;
}

#[tokio::test]
async fn an_outcome_that_is_not_known_is_found_out() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    // Also when nobody could look for longer than the provider keeps keys.
    let (soon, late) = (Duration::minutes(6), Duration::hours(40));
    let outcomes = [(Mood::LostBefore, soon), (Mood::LostAfter, soon), (Mood::Busy, soon), (Mood::LostBefore, late)];
    for (mood, after) in outcomes {
        let customer = stage.paying(&price).await;
        let payment = paid(&stage, customer).await;
        let before = stage.bank.given_back();
        stage.bank.expect([mood]);
        let begun = refund(&stage, &payment, &json!({"amount": 100})).await.expect(201);
        assert_eq!(begun["status"], "unknown", "{mood:?}");
        stage.advance(after);
        stage.resolve().await;
        assert_eq!(stage.bank.given_back() - before, 100, "{mood:?}");
        assert_eq!(stage.number("select count(*) from refunds where status <> 'succeeded'").await, 0, "{mood:?}");
    }
    stage.check_books().await;
}

#[tokio::test]
async fn a_key_gives_back_once() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let payment = paid(&stage, customer).await;
    let agent = stage.staff("support");
    let with_key = async |body: &Value| {
        let call = stage.app.post(&format!("/v1/admin/payments/{payment}/refund"), body).token(&agent);
        call.header("idempotency-key", "one").send().await
    };
    let first = with_key(&json!({"amount": 100})).await.expect(201);
    assert_eq!(with_key(&json!({"amount": 100})).await.expect(201), first);
    with_key(&json!({"amount": 200})).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(stage.bank.given_back(), 100);
    // One that died before its answer was stored finds its refund again.
    sqlx::query("delete from idempotency_keys").execute(&stage.service.pool()).await.unwrap();
    assert_eq!(with_key(&json!({"amount": 100})).await.expect(201), first);
    assert_eq!(stage.bank.given_back(), 100);
}

#[tokio::test]
async fn only_what_was_captured_goes_back() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let begun = stage.subscribe(Customer::new(), &price).await.expect(201);
    let open = begun["payment"]["id"].as_str().unwrap();
    refund(&stage, open, &json!({})).await.expect_problem(409, "not_captured");
    refund(&stage, "pay_01jd3k5m7n9pqrstvwxyz01234", &json!({})).await.expect_problem(404, "not_found");
    refund(&stage, open, &json!({"amount": 1.5})).await.expect_problem(422, "invalid_request");
}

/// Somebody who has paid a period of the one price and within it for the other; with both payments.
async fn changed(stage: &Stage, from: &str, to: &str) -> (Customer, String, String) {
    let customer = stage.paying(from).await;
    let period = paid(stage, customer).await;
    stage.advance(Duration::days(7));
    let change = change(stage, customer, to).await;
    (customer, period, change)
}

/// Changes at once; the payment.
async fn change(stage: &Stage, customer: Customer, to: &str) -> String {
    let wanted = json!({"price_id": to, "when": "now"});
    let agreed = stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await.expect(200);
    let changed = stage.post(customer, "/v1/subscriptions/me/change", &agreed).await.expect(200);
    assert_eq!(changed["subscription"]["running"]["price_id"], *to);
    changed["payment"]["id"].as_str().unwrap().to_owned()
}

async fn running(stage: &Stage, customer: Customer) -> Value {
    stage.subscription(customer).await["running"]["plan"].clone()
}

#[tokio::test]
async fn a_change_that_is_given_back_is_taken_back() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let (customer, _, change) = changed(&stage, &basic, &premium).await;
    let id = stage.subscription(customer).await["id"].as_str().unwrap().to_owned();
    refund(&stage, &change, &json!({"amount": 100})).await.expect(201);
    assert_eq!(running(&stage, customer).await, "premium", "a part takes nothing back");
    // What is found out later counts as well, and once.
    stage.bank.expect([Mood::LostAfter]);
    assert_eq!(refund(&stage, &change, &json!({})).await.expect(201)["status"], "unknown");
    assert_eq!(running(&stage, customer).await, "premium");
    stage.advance(Duration::minutes(6));
    stage.resolve().await;
    let told = stage.told("cinema.payment.subscription_changed.v1", &id).await;
    let last = told.last().unwrap();
    assert_eq!((&last["plan"], &last["status"], &last["amount"]), (&json!("basic"), &json!("active"), &json!("1000")));
    stage.resolve().await;
    assert_eq!(stage.told("cinema.payment.subscription_changed.v1", &id).await.len(), told.len());
    assert_eq!(running(&stage, customer).await, "basic");
    stage.advance(Duration::days(21));
    stage.renew().await;
    let last = stage.get(customer, "/v1/invoices").await.expect(200)["items"][0].clone();
    assert_eq!((&last["kind"], &last["amount"]["amount"]), (&json!("period"), &json!(1_000)));
    stage.check_books().await;
}

#[tokio::test]
async fn the_newest_that_is_still_paid_for_counts_and_only_in_its_own_period() {
    let stage = Stage::start().await;
    let (basic, standard) = (stage.plan("basic", 1_000, 0).await, stage.plan("standard", 1_500, 0).await);
    let premium = stage.plan("premium", 2_000, 0).await;
    let (customer, _, first) = changed(&stage, &basic, &standard).await;
    let second = change(&stage, customer, &premium).await;
    refund(&stage, &second, &json!({})).await.expect(201);
    assert_eq!(running(&stage, customer).await, "standard");
    // The same change again is another one.
    let third = change(&stage, customer, &premium).await;
    assert_ne!(third, second);
    let refused = refund(&stage, &first, &json!({})).await.expect_problem(409, "change_not_refunded");
    assert_eq!(refused["payment_id"], third, "it was reckoned from what the first brought");
    assert_eq!(running(&stage, customer).await, "premium");
    stage.advance(Duration::days(21));
    stage.renew().await;
    refund(&stage, &third, &json!({})).await.expect(201);
    assert_eq!(running(&stage, customer).await, "premium", "the running period was paid for as it is");
    stage.check_books().await;
}

#[tokio::test]
async fn a_period_is_not_given_back_while_a_change_within_it_is_kept() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let (customer, period, change) = changed(&stage, &basic, &premium).await;
    let refused = refund(&stage, &period, &json!({})).await.expect_problem(409, "change_not_refunded");
    assert_eq!(refused["payment_id"], change);
    // Parts of it change nothing, until they are all of it.
    refund(&stage, &period, &json!({"amount": 400})).await.expect(201);
    refund(&stage, &period, &json!({"amount": 600})).await.expect_problem(409, "change_not_refunded");
    refund(&stage, &change, &json!({})).await.expect(201);
    refund(&stage, &period, &json!({})).await.expect(201);
    assert_eq!(stage.subscription(customer).await["status"], "ended");
    assert_eq!(stage.number("select coalesce(sum(amount - refunded), 0)::bigint from payments").await, 0);
    stage.check_books().await;
}

#[tokio::test]
async fn what_is_paid_for_a_period_that_goes_back_goes_back_too() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&basic).await;
    let period = paid(&stage, customer).await;
    stage.bank.expect([Mood::LostAfter]);
    assert_eq!(refund(&stage, &period, &json!({})).await.expect(201)["status"], "unknown");
    let wanted = json!({"price_id": premium, "when": "now"});
    let agreed = stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await.expect(200);
    let changed = stage.post(customer, "/v1/subscriptions/me/change", &agreed).await.expect(200);
    assert_eq!(changed["subscription"]["running"]["plan"], "basic");
    stage.advance(Duration::minutes(6));
    stage.resolve().await;
    assert_eq!(stage.subscription(customer).await["status"], "ended");
    assert_eq!(stage.number("select coalesce(sum(amount - refunded), 0)::bigint from payments").await, 0);
    stage.check_books().await;
}
