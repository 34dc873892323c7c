//! What is paid while a trial runs begins with its end.

use serde_json::{Value, json};
use time::Duration;

use crate::stage::{Customer, Stage};

const RESUME: &str = "/v1/subscriptions/me/resume";

/// Whoever tries the better plan, has the cheaper one to follow, and has paid for it on the second day. Answers what the page was.
async fn paid_ahead(stage: &Stage) -> (Customer, Value) {
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 14).await);
    let customer = Customer::new();
    stage.subscribe(customer, &premium).await.expect(201);
    let wanted = json!({"price_id": basic, "when": "period_end"});
    let agreed = stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await.expect(200);
    stage.post(customer, "/v1/subscriptions/me/change", &agreed).await.expect(200);
    stage.advance(Duration::DAY);
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    stage.pay(&page).await;
    (customer, page)
}

async fn last_told(stage: &Stage, subscription: &Value) -> Value {
    let id = subscription["id"].as_str().unwrap();
    stage.told("cinema.payment.subscription_changed.v1", id).await.pop().unwrap()
}

#[tokio::test]
async fn what_is_paid_ahead_takes_nothing_of_a_trial_of_something_else() {
    let stage = Stage::start().await;
    let (customer, _) = paid_ahead(&stage).await;
    let trial = stage.subscription(customer).await;
    assert_eq!((&trial["running"]["plan"], &trial["next"]["plan"]), (&json!("premium"), &json!("basic")));
    assert_eq!(
        (&trial["period_to"], &trial["next_payment_at"]),
        (&json!("2027-03-14T10:00:00Z"), &json!("2027-03-14T10:00:00Z"))
    );
    let told = last_told(&stage, &trial).await;
    assert_eq!(
        (&told["status"], &told["plan"], &told["valid_to"]),
        (&json!("trialing"), &json!("premium"), &json!("2027-02-14T10:00:00Z"))
    );
    stage.advance(Duration::days(13));
    stage.renew().await;
    let paid = stage.subscription(customer).await;
    assert_eq!((&paid["running"]["plan"], &paid["next"]), (&json!("basic"), &json!(null)));
    let told = last_told(&stage, &paid).await;
    assert_eq!(
        (&told["status"], &told["plan"], &told["valid_to"]),
        (&json!("active"), &json!("basic"), &json!("2027-03-14T10:00:00Z"))
    );
    assert_eq!(stage.bank.captured().len(), 1);
    stage.check_books().await;
}

#[tokio::test]
async fn a_trial_whose_first_payment_goes_back_runs_to_its_end() {
    let stage = Stage::start().await;
    let (customer, page) = paid_ahead(&stage).await;
    let payment = page["payment"]["id"].as_str().unwrap();
    let refund = json!({"reason": "asked for"});
    let path = format!("/v1/admin/payments/{payment}/refund");
    stage.app.post(&path, &refund).token(&stage.staff("support")).send().await.expect(201);
    let trial = stage.subscription(customer).await;
    assert_eq!(
        (&trial["status"], &trial["running"]["plan"], &trial["is_cancelled"], &trial["period_to"]),
        (&json!("trialing"), &json!("premium"), &json!(true), &json!("2027-02-14T10:00:00Z"))
    );
    // It can be taken up again, and is then paid with its end.
    stage.post_empty(customer, RESUME).await.expect(200);
    stage.advance(Duration::days(13));
    stage.renew().await;
    let paid = stage.subscription(customer).await;
    assert_eq!((&paid["status"], &paid["period_to"]), (&json!("active"), &json!("2027-03-14T10:00:00Z")));
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (2, 1_000));
    stage.check_books().await;
}

#[tokio::test]
async fn whoever_goes_on_without_a_saved_method_is_told_so() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let methods = stage.get(customer, "/v1/payment-methods").await.expect(200);
    let method = methods["items"][0]["id"].as_str().unwrap().to_owned();
    stage.post_empty(customer, "/v1/subscriptions/me/cancel").await.expect(200);
    let removed = stage.app.delete(&format!("/v1/payment-methods/{method}")).token(&stage.token(customer));
    removed.send().await.expect(204);
    let resumed = stage.post_empty(customer, RESUME).await.expect(200);
    assert_eq!(resumed["subscription"]["next_payment_at"], "2027-02-28T10:00:00Z");
    let told = last_told(&stage, &resumed["subscription"]).await;
    assert_eq!(
        (&told["needs_method"], &told["next_amount"], &told["next_period"]),
        (&json!(true), &json!("1000"), &json!("month"))
    );
}
