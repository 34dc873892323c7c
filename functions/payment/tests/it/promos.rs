use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::stage::{Customer, Stage};

async fn promo(stage: &Stage, code: &str, change: Value) -> testkit::Answer {
    let mut body = json!({"code": code, "percent_off": 50, "periods": 1});
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    stage.app.post("/v1/admin/promos", &body).token(&stage.staff("admin")).send().await
}

async fn subscribe(stage: &Stage, customer: Customer, price: &str, code: &str) -> testkit::Answer {
    stage.post(customer, "/v1/subscriptions", &json!({"price_id": price, "promo_code": code})).await
}

#[tokio::test]
async fn half_the_price_for_the_first_period() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_001, 0).await;
    promo(&stage, "HALF", json!({})).await.expect(201);
    promo(&stage, "half", json!({})).await.expect_problem(409, "promo_exists");
    let customer = Customer::new();
    let begun = subscribe(&stage, customer, &price, "half").await.expect(201);
    assert_eq!(begun["payment"]["amount"]["amount"], 500);
    stage.pay(&begun).await;
    stage.advance(Duration::days(28));
    stage.renew().await;
    let amounts: Vec<_> =
        stage.bank.captured().iter().map(|payment| payment["amount"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts.iter().sum::<i64>(), 1_501);
    stage.check_books().await;
}

#[tokio::test]
async fn everything_off_charges_nothing() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    promo(&stage, "FREE", json!({"percent_off": 100, "periods": 2})).await.expect(201);
    let customer = Customer::new();
    let begun = subscribe(&stage, customer, &price, "FREE").await.expect(201);
    assert_eq!((&begun["subscription"]["status"], &begun["payment"]), (&json!("active"), &json!(null)));
    stage.advance(Duration::days(28));
    stage.renew().await;
    assert_eq!(stage.subscription(customer).await["period_to"], "2027-03-31T10:00:00Z");
    assert_eq!(stage.bank.calls(), 0);
    stage.check_books().await;
}

#[tokio::test]
async fn a_limit_holds_however_many_come_at_once() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    promo(&stage, "FEW", json!({"most_uses": 3})).await.expect(201);
    let answers = join_all((0..10).map(|_| subscribe(&stage, Customer::new(), &price, "FEW"))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 3);
    // A use that leads to nothing is given back.
    let page = made[0].json();
    stage.bank.expire(page["payment"]["id"].as_str().unwrap());
    stage.notice("payment.expired", &format!("sp_{}", page["payment"]["id"].as_str().unwrap())).await;
    subscribe(&stage, Customer::new(), &price, "FEW").await.expect(201);
    subscribe(&stage, Customer::new(), &price, "FEW").await.expect_problem(422, "invalid_request");
}

#[tokio::test]
async fn codes_that_do_not_count_are_refused() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    promo(&stage, "SOON", json!({"valid_from": "2027-02-01T00:00:00Z"})).await.expect(201);
    promo(&stage, "PAST", json!({"valid_until": "2027-01-01T00:00:00Z"})).await.expect_problem(422, "invalid_request");
    promo(&stage, "OVER", json!({"valid_until": "2027-01-31T11:00:00Z"})).await.expect(201);
    stage.advance(Duration::HOUR);
    for code in ["SOON", "OVER", "NOTHING"] {
        subscribe(&stage, Customer::new(), &price, code).await.expect_problem(422, "invalid_request");
    }
    promo(&stage, "ZERO", json!({"percent_off": 0})).await.expect_problem(422, "invalid_request");
    assert_eq!(stage.number("select count(*) from subscriptions").await, 0);
}
