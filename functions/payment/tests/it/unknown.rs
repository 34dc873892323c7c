use serde_json::json;
use time::Duration;

use crate::{bank::Mood, stage::Stage};

#[tokio::test]
async fn a_bank_that_stays_silent_is_asked_for_five_days_and_then_a_person_is() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    stage.advance(Duration::days(28));
    stage.bank.expect([Mood::LostBefore; 40]);
    stage.renew().await;
    let before = stage.bank.calls();
    for _ in 0..8 * 24 {
        stage.advance(Duration::HOUR);
        stage.resolve().await;
    }
    // Within the life of its key it is asked for again; later only about.
    assert!((2..=3).contains(&(stage.bank.calls() - before)), "{}", stage.bank.calls() - before);
    let payment = stage.get(customer, "/v1/payments").await.expect(200)["items"][0].clone();
    assert_eq!((&payment["status"], &payment["reason"]), (&json!("failed"), &json!("not_received")));
    assert_eq!(stage.number("select count(*) from payments where check_at is not null").await, 0);
    stage.check_books().await;
}

#[tokio::test]
async fn an_amount_that_differs_is_left_to_a_person() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = crate::stage::Customer::new();
    let begun = stage.subscribe(customer, &price).await.expect(201);
    let reference = begun["payment"]["id"].as_str().unwrap();
    stage.bank.pay(reference);
    stage.bank.change_amount(reference, 999);
    stage.notice("payment.succeeded", &format!("sp_{reference}")).await;
    assert_eq!(stage.subscription(customer).await["status"], "pending");
    let payment = stage.get(customer, &format!("/v1/payments/{reference}")).await.expect(200);
    assert_eq!(payment["status"], "unknown");
    assert_eq!(stage.number("select count(*) from ledger_entries").await, 0);
}
