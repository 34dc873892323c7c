use std::time::Duration;

use serde_json::json;
use time::macros::{date, datetime};

use super::*;
use crate::providers::{
    notice::tests::{NOW, signed},
    recorded::{Answer, Recorded, nobody},
};

const KEY: &str = "sandbox-key-0123456789";

fn at(url: &str) -> Sandbox {
    let keys = Keys::fixed(&json!({ NAME: KEY }).to_string());
    Sandbox { api: Api::new(url).with_patience(Duration::from_millis(200)), keys }
}

fn money(minor: i64) -> Money {
    Money::new(minor, "RUB".parse().unwrap())
}

fn order() -> Order {
    Order {
        reference: "pay_1".to_owned(),
        customer: "acc_1".to_owned(),
        amount: money(29_900),
        description: "Кино на месяц".to_owned(),
        save_method: true,
        return_url: "http://localhost:8080/#/plans".to_owned(),
        expires_at: datetime!(2026-11-28 13:00 UTC),
    }
}

fn charge() -> Charge {
    Charge {
        reference: "pay_2".to_owned(),
        method: "sm_1".to_owned(),
        amount: money(29_900),
        description: "December".to_owned(),
    }
}

const PAID: &str = r#"{"id": "sp_2", "reference": "pay_2", "amount": {"amount": 29900, "currency": "RUB"}, "refunded": 0,
    "status": "succeeded", "decline": null, "captured_at": "2026-11-28T12:00:00Z",
    "method": {"token": "sm_1", "brand": "visa", "last4": "4242", "expires": {"year": 2030, "month": 12}}}"#;

#[tokio::test]
async fn a_checkout_says_what_is_bought() {
    let server =
        Recorded::answering([Answer::Json(201, r#"{"id": "sc_1", "url": "http://127.0.0.1/pay/sc_1"}"#)]).await;
    let checkout = at(&server.url).create_checkout("key-1", &order()).await.unwrap();
    assert_eq!(checkout, Checkout { id: "sc_1".to_owned(), url: "http://127.0.0.1/pay/sc_1".to_owned() });
    let asked = server.only();
    assert_eq!(asked.line, "POST /v1/checkouts");
    assert_eq!(asked.header("idempotency-key"), Some("key-1"));
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {KEY}")));
    let expected = json!({
        "reference": "pay_1", "customer": "acc_1", "amount": {"amount": 29900, "currency": "RUB"},
        "description": "Кино на месяц", "save_method": true, "return_url": "http://localhost:8080/#/plans",
        "expires_at": "2026-11-28T13:00:00Z",
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn a_page_is_closed_once() {
    let server = Recorded::answering([Answer::Json(200, PAID)]).await;
    at(&server.url).close_checkout("sc_1").await.unwrap();
    let asked = server.only();
    assert_eq!(asked.line, "POST /v1/checkouts/sc_1/expire");
    assert_eq!(asked.header("idempotency-key"), Some("expire-sc_1"));
}

#[tokio::test]
async fn a_charge_has_succeeded_or_is_declined() {
    let declined = r#"{"error": {"code": "insufficient_funds", "retriable": true}}"#;
    let server = Recorded::answering([Answer::Json(201, PAID), Answer::Json(402, declined)]).await;
    let sandbox = at(&server.url);
    let payment = sandbox.charge("key-2", &charge()).await.unwrap();
    assert_eq!((payment.status, payment.captured_at), (PaymentStatus::Succeeded, Some(NOW)));
    assert_eq!(payment.method.unwrap().expires, Some((2030, 12)));
    let declined = ProviderError::Declined { code: "insufficient_funds".to_owned(), retriable: true };
    assert_eq!(sandbox.charge("key-3", &charge()).await, Err(declined));
}

#[tokio::test]
async fn whether_a_charge_without_an_answer_was_made_is_unknown() {
    for (answer, name) in [
        (Answer::Silence, "silence"),
        (Answer::Close, "a closed connection"),
        (Answer::Json(500, "{}"), "500"),
        (Answer::Json(200, "{}"), "an object that is none"),
        (Answer::Json(200, r#"{"id":"#), "half an answer"),
        (Answer::Json(409, r#"{"error": {"code": "in_flight"}}"#), "a repetition too early"),
    ] {
        let server = Recorded::answering([answer]).await;
        let error = at(&server.url).charge("key", &charge()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{name}: {error}");
    }
}

#[tokio::test]
async fn what_was_surely_not_done_is_unavailable() {
    let error = at(&nobody().await).charge("key", &charge()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    for status in [401, 403, 429] {
        let server = Recorded::answering([Answer::Json(status, "{}")]).await;
        let error = at(&server.url).charge("key", &charge()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{status}: {error}");
    }
    // A read that fails says nothing about the payment.
    for answer in
        [Answer::Silence, Answer::Close, Answer::Json(400, "{}"), Answer::Json(500, "{}"), Answer::Json(200, "{")]
    {
        let server = Recorded::answering([answer]).await;
        let error = at(&server.url).payment(PaymentQuery::Id("sp_1")).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    }
    // Without a key nothing is even asked.
    let server = Recorded::answering([Answer::Json(201, PAID)]).await;
    let keyless = Sandbox { keys: Keys::fixed("{}"), ..at(&server.url) };
    assert!(matches!(keyless.charge("key", &charge()).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn a_wrong_request_is_refused_for_good() {
    for status in [400, 404, 422] {
        let server = Recorded::answering([Answer::Json(status, r#"{"error": {"code": "wrong"}}"#)]).await;
        let error = at(&server.url).charge("key", &charge()).await.unwrap_err();
        assert_eq!(error, ProviderError::Refused(format!("answered {status} wrong")));
    }
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let nothing = || Answer::Json(404, r#"{"error": {"code": "not_found"}}"#);
    let empty = || Answer::Json(200, r#"{"items": []}"#);
    let server = Recorded::answering([nothing(), nothing(), empty(), nothing(), empty(), nothing(), nothing()]).await;
    let sandbox = at(&server.url);
    for which in [
        PaymentQuery::Id("sp_1"),
        PaymentQuery::Checkout("sc_1"),
        PaymentQuery::Reference { reference: "pay_1", called_at: NOW },
    ] {
        assert_eq!(sandbox.payment(which).await, Ok(None));
    }
    for which in [RefundQuery::Id("sr_1"), RefundQuery::Reference { reference: "rfd_1", payment: "sp_1" }] {
        assert_eq!(sandbox.find_refund(which).await, Ok(None));
    }
    assert_eq!(sandbox.method("sm_1").await, Ok(None));
    assert_eq!(sandbox.detach("sm_1").await, Ok(()));
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /v1/payments/sp_1",
            "GET /v1/checkouts/sc_1/payment",
            "GET /v1/payments?reference=pay_1",
            "GET /v1/refunds/sr_1",
            "GET /v1/refunds?payment=sp_1&reference=rfd_1",
            "GET /v1/methods/sm_1",
            "DELETE /v1/methods/sm_1",
        ]
    );
}

#[tokio::test]
async fn a_state_that_nobody_knows_decides_nothing() {
    const STRANGE: &str = r#"{"id": "sp_1", "reference": null, "amount": {"amount": 1, "currency": "RUB"}, "refunded": 0, "status": "paid"}"#;
    let server = Recorded::answering([Answer::Json(200, STRANGE)]).await;
    assert!(matches!(at(&server.url).payment(PaymentQuery::Id("sp_1")).await, Err(ProviderError::Unavailable(_))));
}

#[tokio::test]
async fn a_report_has_both_ways() {
    const LINES: &str = r#"{"items": [
        {"kind": "payment", "id": "sp_1", "reference": "pay_1", "amount": {"amount": 29900, "currency": "RUB"}, "at": "2026-11-28T12:00:00Z"},
        {"kind": "refund", "id": "sr_1", "reference": null, "amount": {"amount": 100, "currency": "RUB"}, "at": "2026-11-28T12:00:00Z"}]}"#;
    let server = Recorded::answering([Answer::Json(200, LINES)]).await;
    let lines = at(&server.url).report(date!(2026 - 11 - 28)).await.unwrap();
    assert_eq!(server.only().line, "GET /v1/report?day=2026-11-28");
    let kinds: Vec<_> = lines.into_iter().map(|line| (line.kind, line.amount)).collect();
    assert_eq!(kinds, [(ReportKind::Payment, money(29_900)), (ReportKind::Refund, money(100))]);
}

#[test]
fn of_an_event_three_things_are_believed() {
    let body = br#"{"id": "evt_1", "type": "payment.succeeded", "object": {"id": "sp_1", "status": "succeeded", "amount": 1}}"#;
    let headers = signed(SIGNATURE, KEY, body);
    let delivery = Delivery { headers: &headers, body, source: None, now: NOW };
    let notice = read_notice(&KEY.into(), &delivery).unwrap();
    let expected = Notice { event_id: "evt_1".into(), kind: NoticeKind::Payment, object_id: "sp_1".into() };
    assert_eq!(notice, expected);
    assert!(matches!(read_notice(&"another-secret-00".into(), &delivery), Err(WebhookError::Forged(_))));
    for body in [&b"{}"[..], b"", b"[]", br#"{"id": "", "type": "payment.succeeded", "object": {"id": "sp_1"}}"#] {
        let headers = signed(SIGNATURE, KEY, body);
        let read = read_notice(&KEY.into(), &Delivery { headers: &headers, body, ..delivery });
        assert!(matches!(read, Err(WebhookError::Malformed(_))), "{read:?}");
    }
}
