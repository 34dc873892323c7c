//! Every shipped program on the Runtime API stub.

use serde_json::{Value, json};
use testkit::{Function, Token, gateway, golden, lambda::pairs};

use crate::stage::Stage;

const ID: &str = "01jd3k5m7n9pqrstvwxyz01234";

async fn start(stage: &Stage, name: &str) -> Function {
    Function::start(name, &pairs(stage.service.vars())).await
}

#[tokio::test]
async fn the_http_functions_answer_gateway_events() {
    let stage = Stage::start().await;
    let price = format!(r#"{{"price_id": "prc_{ID}"}}"#);
    let change = format!(r#"{{"price_id": "prc_{ID}", "when": "now"}}"#);
    let preview = json!({
        "price_id": format!("prc_{ID}"), "when": "now", "amount": {"amount": 1, "currency": "EUR"},
        "period_amount": {"amount": 1, "currency": "EUR"}, "begins_at": "2027-01-01T00:00:00Z",
        "previewed_at": "2027-01-01T00:00:00Z", "version": 1,
    })
    .to_string();
    let plan =
        r#"{"names": {"en": "Standard"}, "max_streams": 2, "max_height": 1080, "is_offered": true, "prices": []}"#;
    let promo = r#"{"code": "HALF", "percent_off": 50, "periods": 1}"#;
    let (payment, refund) = (format!("/v1/payments/pay_{ID}"), format!("/v1/admin/payments/pay_{ID}/refund"));
    let (invoice, method) = (format!("/v1/invoices/inv_{ID}"), format!("/v1/payment-methods/pmt_{ID}"));
    let pdf = format!("{invoice}/pdf");
    let default = format!("{method}/default");
    let title_prices = format!("/v1/admin/titles/ttl_{ID}/prices");
    let purchase = format!(r#"{{"title_id": "ttl_{ID}", "kind": "rent"}}"#);
    for (name, method, path, body, status) in [
        ("payment-subscribe", "POST", "/v1/subscriptions", Some(price.as_str()), 422),
        ("payment-get-subscription", "GET", "/v1/subscriptions/me", None, 404),
        ("payment-preview-change", "POST", "/v1/subscriptions/me/change/preview", Some(change.as_str()), 404),
        ("payment-change-plan", "POST", "/v1/subscriptions/me/change", Some(preview.as_str()), 404),
        ("payment-cancel", "POST", "/v1/subscriptions/me/cancel", Some("{}"), 404),
        ("payment-resume", "POST", "/v1/subscriptions/me/resume", None, 404),
        ("payment-purchase-title", "POST", "/v1/purchases", Some(purchase.as_str()), 403),
        ("payment-list-purchases", "GET", "/v1/purchases", None, 200),
        ("payment-set-title-prices", "PUT", title_prices.as_str(), Some(r#"{"prices": []}"#), 404),
        ("payment-list-payments", "GET", "/v1/payments", None, 200),
        ("payment-get-payment", "GET", payment.as_str(), None, 404),
        ("payment-list-invoices", "GET", "/v1/invoices", None, 200),
        ("payment-get-invoice", "GET", invoice.as_str(), None, 404),
        ("payment-print-invoice", "GET", pdf.as_str(), None, 404),
        ("payment-list-methods", "GET", "/v1/payment-methods", None, 200),
        ("payment-set-default-method", "PUT", default.as_str(), None, 404),
        ("payment-remove-method", "DELETE", method.as_str(), None, 204),
        ("payment-refund", "POST", refund.as_str(), Some("{}"), 404),
        ("payment-put-plan", "PUT", "/v1/admin/plans/standard", Some(plan), 200),
        ("payment-create-promo", "POST", "/v1/admin/promos", Some(promo), 201),
    ] {
        let authorization = format!("Bearer {}", Token::role("admin").sign());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let mut function = start(&stage, name).await;
        let answer = function.invoke(&gateway::event(method, path, &headers, body)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        let refused = function.invoke(&gateway::event(method, path, &[], body)).await.unwrap();
        assert_eq!(refused["statusCode"], 401, "{name}: {refused}");
    }
    for (name, method, path, status) in [
        ("payment-list-plans", "GET", "/v1/plans", 200),
        ("payment-quote-title", "GET", "/v1/titles/ttl_01jd3k5m7n9pqrstvwxyz01234/prices", 404),
        ("payment-receive-webhook", "POST", "/v1/webhooks/sandbox", 400),
    ] {
        let mut function = start(&stage, name).await;
        let event = gateway::event(method, path, &[("content-type", "application/json")], Some("{}"));
        let answer = function.invoke(&event).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
    }
}

#[tokio::test]
async fn the_schedules_and_queues_answer_their_golden_events() {
    let stage = Stage::start().await;
    for name in [
        "payment-renew",
        "payment-dun",
        "payment-end-rentals",
        "payment-resolve-unknown",
        "payment-announce-rental-end",
        "payment-announce-trial-end",
        "payment-reconcile",
        "payment-relay-outbox",
    ] {
        let mut function = start(&stage, name).await;
        assert_eq!(function.invoke(&golden(name)).await.unwrap(), Value::Null, "{name}");
    }
    for name in [
        "payment-process-webhook",
        "payment-export-account",
        "payment-project-sessions",
        "payment-project-titles",
        "payment-begin-rental",
    ] {
        let mut function = start(&stage, name).await;
        assert_eq!(function.invoke(&golden(name)).await.unwrap(), json!({"batchItemFailures": []}), "{name}");
        let mut poison = golden(name);
        poison["Records"][0]["body"] = json!("nothing that can be read");
        let failed = json!({"batchItemFailures": [{"itemIdentifier": poison["Records"][0]["messageId"]}]});
        assert_eq!(function.invoke(&poison).await.unwrap(), failed, "{name}");
    }
    let mut function = start(&stage, "payment-erase-account").await;
    assert_eq!(function.invoke(&golden("payment-erase-account")).await.unwrap(), json!({"batchItemFailures": []}));
}
