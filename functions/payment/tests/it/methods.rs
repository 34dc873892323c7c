use cinema_http::axum::http::Method;
use serde_json::json;

use crate::stage::{Customer, Stage};

async fn saved(stage: &Stage, customer: Customer) -> Vec<serde_json::Value> {
    stage.get(customer, "/v1/payment-methods").await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn paying_saves_a_method_which_stays_while_it_is_needed() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let methods = saved(&stage, customer).await;
    assert_eq!(methods.len(), 1);
    assert_eq!(
        (&methods[0]["brand"], &methods[0]["last4"], &methods[0]["expires"], &methods[0]["is_default"]),
        (&json!("visa"), &json!("4242"), &json!("2035-12"), &json!(true))
    );
    assert!(methods[0].get("token").is_none());
    let path = format!("/v1/payment-methods/{}", methods[0]["id"].as_str().unwrap());
    let delete = async |customer| stage.app.delete(&path).token(&stage.token(customer)).send().await;
    delete(customer).await.expect_problem(409, "last_method");
    let stranger = Customer::new();
    delete(stranger).await.expect(204);
    assert_eq!(saved(&stage, customer).await.len(), 1, "a stranger removes nothing");
    let default = stage.app.call(Method::PUT, &format!("{path}/default"));
    default.token(&stage.token(stranger)).send().await.expect_problem(404, "not_found");
    stage.app.call(Method::PUT, &format!("{path}/default")).token(&stage.token(customer)).send().await.expect(204);
    stage.post(customer, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
    for _ in 0..2 {
        delete(customer).await.expect(204);
    }
    assert_eq!(saved(&stage, customer).await, Vec::<serde_json::Value>::new());
    assert_eq!(stage.bank.forgotten(), [format!("sm_{}", customer.0)]);
}

#[tokio::test]
async fn what_pays_on_a_page_that_was_left_open_is_not_what_is_charged_from_then_on() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = Customer::new();
    let left = stage.subscribe(customer, &price).await.expect(201);
    stage.post(customer, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
    stage.pay(&left).await;
    assert_eq!(saved(&stage, customer).await, Vec::<serde_json::Value>::new());
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 1_000);
    stage.check_books().await;
}
