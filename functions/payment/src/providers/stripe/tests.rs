use std::time::Duration as Patience;

use serde_json::json;
use time::macros::{date, datetime};

use super::*;
use crate::providers::{
    notice::tests::{NOW, signed},
    recorded::{Answer, Recorded, nobody},
};

const KEY: &str = "sk_test_0123456789abcdef";

fn at(url: &str) -> Stripe {
    let keys = Keys::fixed(&json!({ NAME: KEY }).to_string());
    Stripe::at(Api::new(url).with_patience(Patience::from_millis(200)), keys)
}

fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

fn order(minor: i64) -> Order {
    Order {
        reference: "pay_1".to_owned(),
        customer: "acc_1".to_owned(),
        amount: eur(minor),
        description: "Premium, a month".to_owned(),
        save_method: true,
        return_url: "https://cinema.example/#/plans".to_owned(),
        expires_at: datetime!(2026-11-28 13:00 UTC),
    }
}

fn charge() -> Charge {
    Charge {
        reference: "pay_2".to_owned(),
        method: "cus_1:pm_1".to_owned(),
        amount: eur(999),
        description: "December".to_owned(),
    }
}

const SUCCEEDED: &str = r#"{
    "id": "pi_2", "object": "payment_intent", "amount": 999, "amount_received": 999, "capture_method": "automatic", "created": 1795867190,
    "currency": "eur", "customer": "cus_1", "last_payment_error": null, "livemode": false, "status": "succeeded",
    "metadata": {"reference": "pay_2", "flow": "charge"}, "setup_future_usage": null,
    "latest_charge": {"id": "ch_2", "object": "charge", "amount": 999, "amount_captured": 999, "amount_refunded": 100, "captured": true,
        "created": 1795867200, "currency": "eur", "paid": true, "payment_intent": "pi_2", "metadata": {"reference": "pay_2"}},
    "payment_method": {"id": "pm_1", "object": "payment_method", "customer": "cus_1", "type": "card",
        "card": {"brand": "visa", "country": "DE", "exp_month": 8, "exp_year": 2030, "last4": "4242"}}}"#;

#[tokio::test]
async fn a_checkout_saves_a_method_for_a_customer_of_its_own() {
    const SESSION: &str = r#"{"id": "cs_test_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_test_1", "status": "open"}"#;
    let server = Recorded::answering([
        Answer::Json(200, r#"{"id": "cus_1", "object": "customer"}"#),
        Answer::Json(200, SESSION),
    ])
    .await;
    let checkout = at(&server.url).create_checkout("key-1", &order(999)).await.unwrap();
    assert_eq!((checkout.id.as_str(), checkout.url.ends_with("/cs_test_1")), ("cs_test_1", true));
    let [customer, session] = &server.asked()[..] else { panic!() };
    assert_eq!(customer.line, "POST /v1/customers");
    assert_eq!(customer.header("idempotency-key"), Some("key-1-customer"));
    assert_eq!(customer.field("metadata[account]").as_deref(), Some("acc_1"));
    assert_eq!(session.line, "POST /v1/checkout/sessions");
    assert_eq!(session.header("idempotency-key"), Some("key-1"));
    assert_eq!(session.header("stripe-version"), Some(VERSION));
    assert_eq!(session.header("authorization"), Some(&*format!("Bearer {KEY}")));
    for (name, value) in [
        ("mode", "payment"),
        ("customer", "cus_1"),
        ("client_reference_id", "pay_1"),
        ("payment_intent_data[metadata][reference]", "pay_1"),
        ("payment_intent_data[setup_future_usage]", "off_session"),
        ("line_items[0][price_data][unit_amount]", "999"),
        ("line_items[0][price_data][currency]", "eur"),
        ("success_url", "https://cinema.example/#/plans"),
        ("expires_at", "1795870800"),
    ] {
        assert_eq!(session.field(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_checkout_of_nothing_only_saves_a_method() {
    const SAVED: &str = r#"{"id": "cs_test_2", "status": "complete", "payment_status": "no_payment_required", "client_reference_id": "pay_1",
        "amount_total": null, "currency": "eur", "created": 1795867200, "payment_intent": null,
        "setup_intent": {"id": "seti_1", "status": "succeeded", "metadata": {"reference": "pay_1"},
            "payment_method": {"id": "pm_1", "customer": "cus_1", "type": "card", "card": {"brand": "visa", "exp_month": 8, "exp_year": 2030, "last4": "4242"}}}}"#;
    let server = Recorded::answering([
        Answer::Json(200, r#"{"id": "cus_1"}"#),
        Answer::Json(200, r#"{"id": "cs_test_2", "url": "https://checkout.stripe.com/c/pay/cs_test_2"}"#),
        Answer::Json(200, SAVED),
    ])
    .await;
    let stripe = at(&server.url);
    stripe.create_checkout("key-1", &order(0)).await.unwrap();
    let session = &server.asked()[1];
    assert_eq!(session.field("mode").as_deref(), Some("setup"));
    assert_eq!(session.field("line_items[0][quantity]"), None);
    // Its id is the checkout's.
    let payment = stripe.payment(PaymentQuery::Id("cs_test_2")).await.unwrap().unwrap();
    assert_eq!((payment.status, payment.amount), (PaymentStatus::Succeeded, eur(0)));
    assert_eq!(payment.method.unwrap().token, "cus_1:pm_1");
}

#[tokio::test]
async fn a_page_that_is_open_is_closed() {
    const COMPLETE: &str = r#"{"error": {"type": "invalid_request_error",
        "message": "Only Checkout Sessions with a status in [\"open\"] can be expired."}}"#;
    let closed = Answer::Json(200, r#"{"id": "cs_test_1", "status": "expired"}"#);
    let server = Recorded::answering([closed, Answer::Json(400, COMPLETE)]).await;
    let stripe = at(&server.url);
    assert_eq!(stripe.close_checkout("cs_test_1").await, Ok(()));
    assert!(matches!(stripe.close_checkout("cs_test_1").await, Err(ProviderError::Refused(_))));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v1/checkout/sessions/cs_test_1/expire");
    assert_eq!(asked.header("idempotency-key"), Some("expire-cs_test_1"));
}

#[tokio::test]
async fn a_charge_is_made_while_nobody_is_there() {
    let server = Recorded::answering([Answer::Json(200, SUCCEEDED)]).await;
    let payment = at(&server.url).charge("key-2", &charge()).await.unwrap();
    let method = SavedMethod {
        token: "cus_1:pm_1".to_owned(),
        brand: "visa".to_owned(),
        last4: Some("4242".to_owned()),
        expires: Some((2030, 8)),
    };
    let expected = Payment {
        id: "pi_2".to_owned(),
        reference: Some("pay_2".to_owned()),
        amount: eur(999),
        refunded: 100,
        status: PaymentStatus::Succeeded,
        method: Some(method),
        captured_at: Some(NOW),
    };
    assert_eq!(payment, expected);
    let asked = server.only();
    assert_eq!(asked.line, "POST /v1/payment_intents");
    assert_eq!(asked.header("idempotency-key"), Some("key-2"));
    for (name, value) in [
        ("amount", "999"),
        ("customer", "cus_1"),
        ("payment_method", "pm_1"),
        ("off_session", "true"),
        ("confirm", "true"),
        ("metadata[reference]", "pay_2"),
    ] {
        assert_eq!(asked.field(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_decline_is_told_from_a_wrong_request_and_from_an_unknown_end() {
    let declined = |code: &str, retriable| ProviderError::Declined { code: code.to_owned(), retriable };
    for (status, document, expected) in [
        (
            402,
            r#"{"error": {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "No."}}"#,
            declined("insufficient_funds", true),
        ),
        (
            402,
            r#"{"error": {"type": "card_error", "code": "card_declined", "decline_code": "stolen_card"}}"#,
            declined("stolen_card", false),
        ),
        (402, r#"{"error": {"type": "card_error", "code": "expired_card"}}"#, declined("expired_card", false)),
        (
            402,
            r#"{"error": {"type": "card_error", "code": "authentication_required"}}"#,
            declined("authentication_required", false),
        ),
        (402, r#"{"error": {"type": "card_error"}}"#, declined("declined", false)),
        (
            400,
            r#"{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "payment_method"}}"#,
            declined("method_gone", false),
        ),
        (
            400,
            r#"{"error": {"type": "invalid_request_error", "code": "parameter_invalid_integer", "param": "amount"}}"#,
            ProviderError::Refused("answered 400 invalid_request_error parameter_invalid_integer amount".to_owned()),
        ),
        (400, r#"{"error": {"type": "idempotency_error"}}"#, ProviderError::Unknown("the key is in use".to_owned())),
        (
            409,
            r#"{"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}}"#,
            ProviderError::Unknown("answered 409 invalid_request_error idempotency_key_in_use".to_owned()),
        ),
        (
            401,
            r#"{"error": {"type": "invalid_request_error"}}"#,
            ProviderError::Unavailable("answered 401 invalid_request_error".to_owned()),
        ),
        (
            429,
            r#"{"error": {"type": "invalid_request_error", "code": "rate_limit"}}"#,
            ProviderError::Unavailable("answered 429 invalid_request_error rate_limit".to_owned()),
        ),
        // Stripe keeps the answer 500 under the key: what was done is another question.
        (500, r#"{"error": {"type": "api_error"}}"#, ProviderError::Unknown("answered 500 api_error".to_owned())),
        (502, "<html>", ProviderError::Unknown("answered 502 ".to_owned())),
    ] {
        let server = Recorded::answering([Answer::Json(status, document)]).await;
        assert_eq!(at(&server.url).charge("key", &charge()).await, Err(expected), "{document}");
    }
}

#[tokio::test]
async fn without_an_answer_only_what_was_not_sent_is_not_done() {
    for answer in [Answer::Silence, Answer::Close] {
        let server = Recorded::answering([answer]).await;
        let error = at(&server.url).charge("key", &charge()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
    let error = at(&nobody().await).charge("key", &charge()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    // A customer too many costs nothing.
    let server = Recorded::answering([Answer::Silence]).await;
    let error = at(&server.url).create_checkout("key", &order(999)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    assert_eq!(server.asked().len(), 1);
}

/// The state of a payment of this status.
async fn status(flow: &str, status: &str) -> Result<PaymentStatus, ProviderError> {
    let document = SUCCEEDED
        .replace(r#""status": "succeeded""#, &format!(r#""status": "{status}""#))
        .replace(r#""flow": "charge""#, &format!(r#""flow": "{flow}""#));
    let server = Recorded::answering([Answer::Json(200, document.leak())]).await;
    at(&server.url).payment(PaymentQuery::Id("pi_2")).await.map(|payment| payment.unwrap().status)
}

#[tokio::test]
async fn a_person_may_try_another_card_and_a_charge_may_not() {
    let failed = PaymentStatus::Failed { code: "authentication_required".to_owned(), retriable: false };
    for (intent, on_a_page, alone) in [
        ("succeeded", PaymentStatus::Succeeded, PaymentStatus::Succeeded),
        ("processing", PaymentStatus::Pending, PaymentStatus::Pending),
        ("requires_payment_method", PaymentStatus::Pending, failed.clone()),
        ("requires_action", PaymentStatus::Pending, failed),
        ("canceled", PaymentStatus::Expired, PaymentStatus::Expired),
    ] {
        assert_eq!(status("checkout", intent).await, Ok(on_a_page), "{intent}");
        assert_eq!(status("charge", intent).await, Ok(alone), "{intent}");
    }
    assert!(matches!(status("charge", "paid").await, Err(ProviderError::Unavailable(_))));
}

#[tokio::test]
async fn a_checkout_ends_with_its_payment() {
    let session = |state: &str, paid: &str, intent: &str| -> &'static str {
        format!(
            r#"{{"id": "cs_1", "status": "{state}", "payment_status": "{paid}", "client_reference_id": "pay_2", "amount_total": 999,
                "currency": "eur", "created": 1795867000, "setup_intent": null, "payment_intent": {intent}}}"#
        )
        .leak()
    };
    let waiting = SUCCEEDED
        .replace(r#""status": "succeeded""#, r#""status": "requires_payment_method""#)
        .replace("charge\"}", "page\"}");
    for (state, paid, intent, id, expected) in [
        ("open", "unpaid", "null", "cs_1", PaymentStatus::Pending),
        ("open", "unpaid", &*waiting, "pi_2", PaymentStatus::Pending),
        ("expired", "unpaid", "null", "cs_1", PaymentStatus::Expired),
        ("expired", "unpaid", &*waiting, "pi_2", PaymentStatus::Expired),
        ("complete", "paid", SUCCEEDED, "pi_2", PaymentStatus::Succeeded),
    ] {
        let server = Recorded::answering([Answer::Json(200, session(state, paid, intent))]).await;
        let payment = at(&server.url).payment(PaymentQuery::Checkout("cs_1")).await.unwrap().unwrap();
        assert_eq!((payment.status, payment.id.as_str()), (expected, id), "{state}");
        assert_eq!(payment.reference.as_deref(), Some("pay_2"));
        assert!(server.only().line.starts_with("GET /v1/checkout/sessions/cs_1?expand"), "{:?}", server.only());
    }
}

#[tokio::test]
async fn a_payment_is_found_by_our_id() {
    let found = format!(r#"{{"object": "search_result", "has_more": false, "data": [{SUCCEEDED}]}}"#).leak();
    let server = Recorded::answering([Answer::Json(200, found), Answer::Json(200, r#"{"data": []}"#)]).await;
    let stripe = at(&server.url);
    let which = PaymentQuery::Reference { reference: "pay_2", called_at: NOW };
    assert_eq!(stripe.payment(which).await.unwrap().unwrap().id, "pi_2");
    assert!(server.only().line.contains("query=metadata%5B%27reference%27%5D%3A%27pay_2%27"), "{:?}", server.only());
    assert_eq!(stripe.payment(which).await, Ok(None));
    // Nothing can be smuggled into a search.
    let smuggled = PaymentQuery::Reference { reference: "' OR created>0", called_at: NOW };
    assert!(matches!(stripe.payment(smuggled).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn refunds_are_read_page_by_page() {
    const FIRST: &str = r#"{"has_more": true, "data": [{"id": "re_1", "payment_intent": "pi_2", "amount": 1, "currency": "eur", "created": 1795867200, "status": "succeeded", "metadata": {}}]}"#;
    const SECOND: &str = r#"{"has_more": false, "data": [{"id": "re_2", "payment_intent": "pi_2", "amount": 100, "currency": "eur", "created": 1795867200, "status": "pending", "metadata": {"reference": "rfd_1"}}]}"#;
    let server = Recorded::answering([Answer::Json(200, FIRST), Answer::Json(200, SECOND)]).await;
    let which = RefundQuery::Reference { reference: "rfd_1", payment: "pi_2" };
    let refund = at(&server.url).find_refund(which).await.unwrap().unwrap();
    assert_eq!((refund.id.as_str(), refund.status, refund.amount), ("re_2", RefundStatus::Pending, eur(100)));
    assert_eq!(server.asked()[1].line, "GET /v1/refunds?payment_intent=pi_2&limit=100&starting_after=re_1");
}

#[tokio::test]
async fn a_refund_is_of_one_payment() {
    const REFUND: &str = r#"{"id": "re_1", "object": "refund", "payment_intent": "pi_2", "amount": 100, "currency": "eur", "created": 1795867200,
        "status": "failed", "failure_reason": "expired_or_canceled_card", "metadata": {"reference": "rfd_1"}}"#;
    let server = Recorded::answering([Answer::Json(200, REFUND)]).await;
    let order = RefundOrder { reference: "rfd_1".to_owned(), payment: "pi_2".to_owned(), amount: eur(100) };
    let refund = at(&server.url).refund("key-3", &order).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Failed { code: "expired_or_canceled_card".to_owned() });
    let asked = server.only();
    assert_eq!((asked.header("idempotency-key"), asked.field("amount").as_deref()), (Some("key-3"), Some("100")));
}

#[tokio::test]
async fn a_method_that_belongs_to_nobody_is_forgotten_already() {
    const FREE: &str = r#"{"id": "pm_1", "customer": null, "type": "card", "card": {"brand": "visa", "exp_month": 8, "exp_year": 2030, "last4": "4242"}}"#;
    let bound = FREE.replace("null", "\"cus_1\"").leak();
    let server = Recorded::answering([
        Answer::Json(200, FREE),
        Answer::Json(404, r#"{"error": {"type": "invalid_request_error", "code": "resource_missing"}}"#),
        Answer::Json(200, bound),
        Answer::Json(200, FREE),
    ])
    .await;
    let stripe = at(&server.url);
    assert_eq!(stripe.method("cus_1:pm_1").await, Ok(None));
    assert_eq!(stripe.detach("cus_1:pm_1").await, Ok(()));
    assert_eq!(stripe.detach("cus_1:pm_1").await, Ok(()));
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let read = "GET /v1/payment_methods/pm_1";
    assert_eq!(lines, [read, read, read, "POST /v1/payment_methods/pm_1/detach"]);
    for token in ["", "pm_1", "cus_1:", ":pm_1", "cus_1:pm_1/detach"] {
        assert!(matches!(stripe.method(token).await, Err(ProviderError::Unavailable(_))), "{token}");
    }
}

#[tokio::test]
async fn a_report_is_what_was_captured_and_given_back() {
    const CHARGES: &str = r#"{"has_more": false, "data": [
        {"id": "ch_1", "payment_intent": "pi_1", "amount_captured": 999, "currency": "eur", "created": 1795867200, "paid": true, "captured": true, "metadata": {"reference": "pay_1"}},
        {"id": "ch_2", "payment_intent": "pi_2", "amount_captured": 0, "currency": "eur", "created": 1795867200, "paid": false, "captured": false, "metadata": {}},
        {"id": "ch_3", "payment_intent": null, "amount_captured": 5, "currency": "usd", "created": 1795867200, "paid": true, "captured": true, "metadata": {}}]}"#;
    const REFUNDS: &str = r#"{"has_more": false, "data": [
        {"id": "re_1", "payment_intent": "pi_1", "amount": 100, "currency": "eur", "created": 1795867200, "status": "succeeded", "metadata": {"reference": "rfd_1"}},
        {"id": "re_2", "payment_intent": "pi_1", "amount": 1, "currency": "eur", "created": 1795867200, "status": "failed", "metadata": {}}]}"#;
    let server = Recorded::answering([Answer::Json(200, CHARGES), Answer::Json(200, REFUNDS)]).await;
    let lines = at(&server.url).report(date!(2026 - 11 - 28)).await.unwrap();
    let seen: Vec<_> = lines.iter().map(|line| (line.id.as_str(), line.kind, line.amount.minor)).collect();
    let expected =
        [("pi_1", ReportKind::Payment, 999), ("ch_3", ReportKind::Payment, 5), ("re_1", ReportKind::Refund, 100)];
    assert_eq!(seen, expected);
    assert_eq!(lines[1].reference, None);
    assert_eq!(
        server.asked()[0].line,
        "GET /v1/charges?created%5Bgte%5D=1795824000&created%5Blt%5D=1795910400&limit=100"
    );
}

#[tokio::test]
async fn a_currency_that_is_counted_otherwise_is_refused() {
    let order = Order { amount: Money::new(500, "ISK".parse().unwrap()), save_method: false, ..order(1) };
    let error = at(&nobody().await).create_checkout("key", &order).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused(_)), "{error}");
}

#[test]
fn of_an_event_three_things_are_believed() {
    for (kind, expected) in [
        ("checkout.session.completed", NoticeKind::Checkout),
        ("checkout.session.async_payment_failed", NoticeKind::Checkout),
        ("checkout.session.expired", NoticeKind::Checkout),
        ("payment_intent.succeeded", NoticeKind::Payment),
        ("payment_intent.payment_failed", NoticeKind::Payment),
        ("refund.updated", NoticeKind::Refund),
        ("charge.refund.updated", NoticeKind::Refund),
        ("charge.succeeded", NoticeKind::Other),
        ("invoice.paid", NoticeKind::Other),
        ("strange", NoticeKind::Other),
    ] {
        let body = json!({ "id": "evt_1", "type": kind, "data": {"object": {"id": "pi_1", "amount": 1, "status": "succeeded"}} });
        let body = body.to_string().into_bytes();
        let headers = signed(SIGNATURE, "whsec_0123456789abcdef", &body);
        let delivery = Delivery { headers: &headers, body: &body, source: None, now: NOW };
        let notice = read_notice(&"whsec_0123456789abcdef".into(), &delivery).unwrap();
        assert_eq!(notice, Notice { event_id: "evt_1".into(), kind: expected, object_id: "pi_1".into() });
        assert!(matches!(read_notice(&KEY.into(), &delivery), Err(WebhookError::Forged(_))));
    }
}
