//! What is paid while a trial runs begins with its end.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    bank::Mood,
    stage::{Customer, Stage},
};

const RESUME: &str = "/v1/subscriptions/me/resume";

async fn last_told(stage: &Stage, subscription: &Value) -> Value {
    let id = subscription["id"].as_str().unwrap();
    stage.told("cinema.payment.subscription_changed.v1", id).await.pop().unwrap()
}

#[tokio::test]
async fn nobody_pays_ahead_for_something_else_than_the_trial() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 14).await);
    let customer = Customer::new();
    stage.subscribe(customer, &premium).await.expect(201);
    let change = async |when: &str| {
        let wanted = json!({"price_id": basic, "when": when});
        let agreed = stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await.expect(200);
        stage.post(customer, "/v1/subscriptions/me/change", &agreed).await.expect(200);
    };
    change("period_end").await;
    stage.post_empty(customer, RESUME).await.expect_problem(409, "change_scheduled");
    // Going on is no wish to pay.
    stage.post_empty(customer, "/v1/subscriptions/me/cancel").await.expect(200);
    let kept = stage.post_empty(customer, RESUME).await.expect(200);
    assert_eq!((kept["checkout_url"].is_string(), &kept["subscription"]["is_cancelled"]), (false, &json!(false)));
    change("now").await;
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    stage.pay(&page).await;
    let paid = stage.subscription(customer).await;
    assert_eq!(
        (&paid["status"], &paid["running"]["plan"], &paid["period_to"]),
        (&json!("active"), &json!("basic"), &json!("2027-03-14T10:00:00Z"))
    );
    stage.check_books().await;
}

#[tokio::test]
async fn a_trial_whose_first_payment_goes_back_runs_to_its_end() {
    let stage = Stage::start().await;
    let (standard, premium) = (stage.plan("standard", 1_000, 14).await, stage.plan("premium", 2_000, 0).await);
    let customer = Customer::new();
    stage.subscribe(customer, &standard).await.expect(201);
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    stage.pay(&page).await;
    // A better plan is being paid for meanwhile, on a page: the saved method was declined.
    let wanted = json!({"price_id": premium, "when": "now"});
    let (preview, change) = ("/v1/subscriptions/me/change/preview", "/v1/subscriptions/me/change");
    stage.bank.expect([Mood::Decline]);
    let agreed = stage.post(customer, preview, &wanted).await.expect(200);
    stage.post(customer, change, &agreed).await.expect_problem(402, "payment_declined");
    let agreed = stage.post(customer, preview, &wanted).await.expect(200);
    let better = stage.post(customer, change, &agreed).await.expect(200);
    assert!(better["checkout_url"].is_string());

    let payment = page["payment"]["id"].as_str().unwrap();
    let path = format!("/v1/admin/payments/{payment}/refund");
    stage.app.post(&path, &json!({"reason": "asked for"})).token(&stage.staff("support")).send().await.expect(201);
    let trial = stage.get(customer, "/v1/subscriptions/me").await.expect(200);
    assert_eq!(
        (&trial["subscription"]["status"], &trial["subscription"]["is_cancelled"], &trial["subscription"]["period_to"]),
        (&json!("trialing"), &json!(true), &json!("2027-02-14T10:00:00Z"))
    );
    assert!(trial.get("checkout_url").is_none_or(Value::is_null), "nobody is led to the page of a change that is void");
    stage.pay(&better).await;
    stage.resolve().await;
    // It can be taken up again, and is then paid with its end.
    let kept = stage.post_empty(customer, RESUME).await.expect(200);
    assert_eq!(kept["subscription"]["running"]["plan"], "standard");
    stage.advance(Duration::days(14));
    stage.renew().await;
    let paid = stage.subscription(customer).await;
    assert_eq!((&paid["status"], &paid["period_to"]), (&json!("active"), &json!("2027-03-14T10:00:00Z")));
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (3, 2_000));
    stage.check_books().await;
}

#[tokio::test]
async fn whoever_leaves_is_not_asked_to_pay_on_the_page_that_they_left() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 14).await;
    let customer = Customer::new();
    stage.subscribe(customer, &price).await.expect(201);
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    stage.post_empty(customer, "/v1/subscriptions/me/cancel").await.expect(200);
    let left = stage.get(customer, "/v1/subscriptions/me").await.expect(200);
    assert!(left.get("checkout_url").is_none_or(Value::is_null), "{left}");
    // Going on opens none, and asking again closes the one before at the provider.
    assert!(stage.post_empty(customer, RESUME).await.expect(200)["checkout_url"].is_null());
    let other = stage.post_empty(customer, RESUME).await.expect(200);
    assert_eq!(stage.bank.open_pages(), [other["payment"]["id"].as_str().unwrap()]);
    assert_ne!(page["payment"]["id"], other["payment"]["id"]);
    stage.pay(&other).await;
    assert_eq!(stage.subscription(customer).await["status"], "active");
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (1, 0));
    stage.check_books().await;
}

#[tokio::test]
async fn a_page_that_was_paid_as_it_was_left_gives_the_money_back() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 14).await;
    let customer = Customer::new();
    stage.subscribe(customer, &price).await.expect(201);
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    // The bank tells nothing of it before they leave.
    stage.bank.pay(page["payment"]["id"].as_str().unwrap());
    stage.post_empty(customer, "/v1/subscriptions/me/cancel").await.expect(200);
    for _ in 0..2 {
        stage.resolve().await;
    }
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (1, 1_000));
    assert_eq!(stage.subscription(customer).await["is_cancelled"], true);
    stage.check_books().await;
}

#[tokio::test]
async fn what_is_late_after_a_trial_is_paid_although_another_plan_was_to_follow() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 14).await);
    let customer = Customer::new();
    stage.subscribe(customer, &premium).await.expect(201);
    let wanted = json!({"price_id": basic, "when": "period_end"});
    let agreed = stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await.expect(200);
    stage.post(customer, "/v1/subscriptions/me/change", &agreed).await.expect(200);
    // The schedule that renews has not run yet.
    stage.advance(Duration::days(14));
    let page = stage.post_empty(customer, RESUME).await.expect(200);
    stage.pay(&page).await;
    let paid = stage.subscription(customer).await;
    assert_eq!((&paid["status"], &paid["running"]["plan"]), (&json!("active"), &json!("basic")));
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
