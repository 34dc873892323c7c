use std::time::Duration as Patience;

use http::HeaderMap;
use serde_json::json;
use time::macros::{date, datetime};

use super::*;
use crate::providers::{
    notice::tests::NOW,
    recorded::{Answer, Recorded, nobody},
};

const KEY: &str = "test_0123456789abcdef";

fn at(url: &str) -> Yookassa {
    let keys = Keys::fixed(&json!({ NAME: KEY }).to_string());
    let api = Api::new(url).with_patience(Patience::from_millis(200));
    Yookassa { api, shop_id: "123456".to_owned(), keys }
}

fn rub(minor: i64) -> Money {
    Money::new(minor, "RUB".parse().unwrap())
}

fn order(minor: i64) -> Order {
    Order {
        reference: "pay_1".to_owned(),
        customer: "acc_1".to_owned(),
        amount: rub(minor),
        description: "Кино на месяц".to_owned(),
        save_method: true,
        return_url: "https://cinema.example/#/plans".to_owned(),
        expires_at: datetime!(2026-11-28 13:00 UTC),
    }
}

fn charge() -> Charge {
    Charge {
        reference: "pay_2".to_owned(),
        method: "29f31de9-000f-5000-a000-109987b98a6a".to_owned(),
        amount: rub(29_900),
        description: "Декабрь".to_owned(),
    }
}

const SUCCEEDED: &str = r#"{
    "id": "29f31de9-000f-5000-a000-109987b98a6a", "status": "succeeded", "paid": true, "refundable": true, "test": true,
    "amount": {"value": "299.00", "currency": "RUB"}, "income_amount": {"value": "288.54", "currency": "RUB"},
    "refunded_amount": {"value": "1.05", "currency": "RUB"}, "description": "Декабрь",
    "created_at": "2026-11-28T11:59:50.250Z", "captured_at": "2026-11-28T12:00:00.000Z",
    "recipient": {"account_id": "123456", "gateway_id": "1"}, "metadata": {"reference": "pay_2"},
    "payment_method": {"type": "bank_card", "id": "29f31de9-000f-5000-a000-109987b98a6a", "saved": true, "title": "Bank card *4444",
        "card": {"first6": "555555", "last4": "4444", "expiry_month": "07", "expiry_year": "2030", "card_type": "Mir", "issuer_country": "RU"}}}"#;

const CANCELED: &str = r#"{"id": "29f31de9-000f-5000-a000-109987b98a6b", "status": "canceled", "paid": false,
    "amount": {"value": "299.00", "currency": "RUB"}, "created_at": "2026-11-28T12:00:00.000Z", "metadata": {"reference": "pay_2"},
    "cancellation_details": {"party": "payment_network", "reason": "insufficient_funds"}}"#;

#[tokio::test]
async fn a_checkout_is_a_payment_that_waits() {
    const PENDING: &str = r#"{"id": "29f31de9-000f-5000-a000-109987b98a6a", "status": "pending", "paid": false,
        "amount": {"value": "299.05", "currency": "RUB"}, "created_at": "2026-11-28T12:00:00.000Z", "metadata": {"reference": "pay_1", "account": "acc_1"},
        "confirmation": {"type": "redirect", "confirmation_url": "https://yoomoney.ru/checkout/payments/v2/contract?orderId=29f31de9"}}"#;
    let server = Recorded::answering([Answer::Json(200, PENDING)]).await;
    let checkout = at(&server.url).create_checkout("key-1", &order(29_905)).await.unwrap();
    assert_eq!(checkout.id, "29f31de9-000f-5000-a000-109987b98a6a");
    assert_eq!(checkout.url, "https://yoomoney.ru/checkout/payments/v2/contract?orderId=29f31de9");
    let asked = server.only();
    assert_eq!((asked.line.as_str(), asked.header("idempotence-key")), ("POST /payments", Some("key-1")));
    let basic = BASE64_STANDARD.encode(format!("123456:{KEY}"));
    assert_eq!(asked.header("authorization"), Some(&*format!("Basic {basic}")));
    let expected = json!({
        "amount": {"value": "299.05", "currency": "RUB"}, "capture": true, "description": "Кино на месяц",
        "metadata": {"reference": "pay_1", "account": "acc_1"},
        "confirmation": {"type": "redirect", "return_url": "https://cinema.example/#/plans"}, "save_payment_method": true,
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn a_charge_has_succeeded_or_is_declined() {
    let final_decline = CANCELED.replace("insufficient_funds", "permission_revoked").leak();
    let server = Recorded::answering([
        Answer::Json(200, SUCCEEDED),
        Answer::Json(200, CANCELED),
        Answer::Json(200, final_decline),
        Answer::Json(400, r#"{"type": "error", "code": "invalid_request", "parameter": "payment_method_id"}"#),
    ])
    .await;
    let yookassa = at(&server.url);
    let payment = yookassa.charge("key-2", &charge()).await.unwrap();
    let method = SavedMethod {
        token: "29f31de9-000f-5000-a000-109987b98a6a".to_owned(),
        brand: "mir".to_owned(),
        last4: Some("4444".to_owned()),
        expires: Some((2030, 7)),
    };
    let expected = Payment {
        id: "29f31de9-000f-5000-a000-109987b98a6a".to_owned(),
        reference: Some("pay_2".to_owned()),
        amount: rub(29_900),
        refunded: 105,
        status: PaymentStatus::Succeeded,
        method: Some(method),
        captured_at: Some(NOW),
    };
    assert_eq!(payment, expected);
    assert_eq!(server.only().json()["payment_method_id"], "29f31de9-000f-5000-a000-109987b98a6a");
    for (code, retriable) in [("insufficient_funds", true), ("permission_revoked", false), ("method_gone", false)] {
        let declined = ProviderError::Declined { code: code.to_owned(), retriable };
        assert_eq!(yookassa.charge("key", &charge()).await, Err(declined));
    }
}

#[tokio::test]
async fn whether_a_charge_without_an_answer_was_made_is_unknown() {
    for answer in [
        Answer::Silence,
        Answer::Close,
        Answer::Json(500, r#"{"type": "error", "code": "internal_server_error"}"#),
        Answer::Json(202, r#"{"type": "processing", "retry_after": 1800}"#),
        Answer::Json(200, "{}"),
    ] {
        let server = Recorded::answering([answer]).await;
        let error = at(&server.url).charge("key", &charge()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
    let error = at(&nobody().await).charge("key", &charge()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    for (status, document, expected) in [
        (
            400,
            r#"{"code": "invalid_request", "parameter": "amount"}"#,
            ProviderError::Refused("answered 400 invalid_request amount".to_owned()),
        ),
        (
            401,
            r#"{"code": "invalid_credentials"}"#,
            ProviderError::Unavailable("answered 401 invalid_credentials".to_owned()),
        ),
        (
            429,
            r#"{"code": "too_many_requests"}"#,
            ProviderError::Unavailable("answered 429 too_many_requests".to_owned()),
        ),
    ] {
        let server = Recorded::answering([Answer::Json(status, document)]).await;
        assert_eq!(at(&server.url).charge("key", &charge()).await, Err(expected));
    }
}

#[tokio::test]
async fn a_payment_that_nobody_confirmed_has_expired() {
    let expired = CANCELED.replace("insufficient_funds", "expired_on_confirmation").leak();
    let strange = CANCELED.replace("canceled\"", "paid\"").leak();
    let server = Recorded::answering([
        Answer::Json(200, expired),
        Answer::Json(200, CANCELED),
        Answer::Json(200, strange),
        Answer::Json(404, r#"{"type": "error", "code": "not_found"}"#),
    ])
    .await;
    let yookassa = at(&server.url);
    let which = PaymentQuery::Checkout("29f31de9-000f-5000-a000-109987b98a6b");
    assert_eq!(yookassa.payment(which).await.unwrap().unwrap().status, PaymentStatus::Expired);
    let failed = PaymentStatus::Failed { code: "insufficient_funds".to_owned(), retriable: true };
    assert_eq!(yookassa.payment(which).await.unwrap().unwrap().status, failed);
    assert!(matches!(yookassa.payment(which).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(yookassa.payment(which).await, Ok(None));
}

#[tokio::test]
async fn a_payment_is_found_by_our_id_among_those_of_its_time() {
    let first =
        format!(r#"{{"type": "list", "items": [{}], "next_cursor": "c-1"}}"#, CANCELED.replace("pay_2", "pay_9"))
            .leak();
    let second = format!(r#"{{"type": "list", "items": [{SUCCEEDED}, {CANCELED}]}}"#).leak();
    let server = Recorded::answering([Answer::Json(200, first), Answer::Json(200, second)]).await;
    let which = PaymentQuery::Reference { reference: "pay_2", called_at: NOW };
    let payment = at(&server.url).payment(which).await.unwrap().unwrap();
    // The one that was paid, should there ever be two.
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    let asked = server.asked();
    assert_eq!(
        asked[0].line,
        "GET /payments?created_at.gte=2026-11-28T11%3A30%3A00Z&created_at.lt=2026-11-28T12%3A30%3A00Z&limit=100"
    );
    assert!(asked[1].line.ends_with("&cursor=c-1"), "{}", asked[1].line);
}

#[tokio::test]
async fn a_refund_is_made_once_and_found_again() {
    const REFUND: &str = r#"{"id": "216749f7-0016-50be-b000-078d43a63ae4", "payment_id": "29f31de9-000f-5000-a000-109987b98a6a", "status": "succeeded",
        "created_at": "2026-11-28T12:00:00.000Z", "amount": {"value": "1.00", "currency": "RUB"}, "metadata": {"reference": "rfd_1"}}"#;
    let canceled = REFUND
        .replace("succeeded", "canceled")
        .replace(
            r#""metadata""#,
            r#""cancellation_details": {"party": "yoo_money", "reason": "insufficient_funds"}, "metadata""#,
        )
        .leak();
    let listed = format!(r#"{{"items": [{}, {REFUND}]}}"#, REFUND.replace("rfd_1", "rfd_0")).leak();
    let server =
        Recorded::answering([Answer::Json(200, REFUND), Answer::Json(200, canceled), Answer::Json(200, listed)]).await;
    let yookassa = at(&server.url);
    let order = RefundOrder {
        reference: "rfd_1".to_owned(),
        payment: "29f31de9-000f-5000-a000-109987b98a6a".to_owned(),
        amount: rub(100),
    };
    assert_eq!(yookassa.refund("key-3", &order).await.unwrap().status, RefundStatus::Succeeded);
    let asked = server.only();
    assert_eq!(asked.header("idempotence-key"), Some("key-3"));
    assert_eq!(asked.json()["amount"], json!({"value": "1.00", "currency": "RUB"}));
    let failed = RefundStatus::Failed { code: "insufficient_funds".to_owned() };
    assert_eq!(yookassa.refund("key-4", &order).await.unwrap().status, failed);
    let which = RefundQuery::Reference { reference: "rfd_1", payment: &order.payment };
    assert_eq!(yookassa.find_refund(which).await.unwrap().unwrap().reference.as_deref(), Some("rfd_1"));
}

#[tokio::test]
async fn only_a_method_that_is_saved_and_active_can_be_charged() {
    const METHOD: &str = r#"{"id": "m-1", "type": "bank_card", "saved": true, "status": "active", "title": "Bank card *4444",
        "card": {"first6": "555555", "last4": "4444", "expiry_month": "07", "expiry_year": "2030", "card_type": "MasterCard"}}"#;
    let server = Recorded::answering([
        Answer::Json(200, METHOD),
        Answer::Json(200, METHOD.replace("true", "false").leak()),
        Answer::Json(200, METHOD.replace("active", "inactive").leak()),
        Answer::Json(200, r#"{"id": "m-2", "type": "sbp", "saved": true}"#),
        Answer::Json(404, "{}"),
    ])
    .await;
    let yookassa = at(&server.url);
    assert_eq!(yookassa.method("m-1").await.unwrap().unwrap().brand, "mastercard");
    assert_eq!(yookassa.method("m-1").await, Ok(None));
    assert_eq!(yookassa.method("m-1").await, Ok(None));
    let sbp = SavedMethod { token: "m-2".to_owned(), brand: "sbp".to_owned(), last4: None, expires: None };
    assert_eq!(yookassa.method("m-2").await, Ok(Some(sbp)));
    assert_eq!(yookassa.method("m-3").await, Ok(None));
    assert_eq!(yookassa.detach("m-1").await, Ok(()));
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn a_report_is_what_was_captured_and_given_back() {
    let payments = format!(r#"{{"items": [{SUCCEEDED}]}}"#).leak();
    const REFUNDS: &str = r#"{"items": [{"id": "r-1", "payment_id": "p-1", "status": "succeeded", "created_at": "2026-11-28T12:00:00.000Z",
        "amount": {"value": "1.00", "currency": "RUB"}}]}"#;
    let server = Recorded::answering([Answer::Json(200, payments), Answer::Json(200, REFUNDS)]).await;
    let lines = at(&server.url).report(date!(2026 - 11 - 28)).await.unwrap();
    let seen: Vec<_> = lines.iter().map(|line| (line.kind, line.amount, line.reference.as_deref())).collect();
    assert_eq!(seen, [(ReportKind::Payment, rub(29_900), Some("pay_2")), (ReportKind::Refund, rub(100), None)]);
    let asked = server.asked();
    assert!(asked[0].line.starts_with(
        "GET /payments?status=succeeded&captured_at.gte=2026-11-28T00%3A00%3A00Z&captured_at.lt=2026-11-29"
    ));
    assert!(asked[1].line.starts_with("GET /refunds?status=succeeded&created_at.gte=2026-11-28T00%3A00%3A00Z"));
}

#[test]
fn amounts_are_exact() {
    for (minor, text) in
        [(1, "0.01"), (99, "0.99"), (100, "1.00"), (29_900, "299.00"), (i64::MAX, "92233720368547758.07")]
    {
        let amount = amount(rub(minor)).unwrap();
        assert_eq!((amount.value.as_str(), amount.money()), (text, Ok(rub(minor))));
    }
    for minor in [0, -1, i64::MIN] {
        assert!(matches!(amount(rub(minor)), Err(ProviderError::Refused(_))), "{minor}");
    }
    for value in
        ["", "1", "1.", ".5", "1.5", "1.005", "-1.00", "+1.00", "1,00", "1e2.00", "1.0 ", "92233720368547758.08"]
    {
        let amount = Amount { value: value.to_owned(), currency: "RUB".to_owned() };
        assert!(amount.money().is_err(), "{value}");
    }
}

#[test]
fn a_description_is_cut_between_letters() {
    assert_eq!(shortened("Кино"), "Кино");
    assert_eq!(shortened(&"ё".repeat(200)), "ё".repeat(LONGEST_DESCRIPTION));
}

#[test]
fn notifications_come_from_its_networks_alone() {
    let body = br#"{"type": "notification", "event": "payment.succeeded", "object": {"id": "p-1", "status": "succeeded", "paid": true}}"#;
    let headers = HeaderMap::new();
    let from = |source: Option<&str>| {
        let source = source.map(|address| address.parse().unwrap());
        read_notice(&Delivery { headers: &headers, body, source, now: NOW })
    };
    let expected =
        Notice { event_id: "payment.succeeded:p-1".into(), kind: NoticeKind::Payment, object_id: "p-1".into() };
    for source in [
        "185.71.76.0",
        "185.71.76.31",
        "185.71.77.1",
        "77.75.153.127",
        "77.75.154.128",
        "77.75.156.11",
        "77.75.156.35",
        "2a02:5180::1",
        "::ffff:185.71.76.1",
    ] {
        assert_eq!(from(Some(source)).unwrap(), expected, "{source}");
    }
    for source in [
        "185.71.76.32",
        "185.71.75.255",
        "77.75.153.128",
        "77.75.154.127",
        "77.75.156.12",
        "127.0.0.1",
        "::1",
        "2a02:5181::1",
        "10.0.0.1",
    ] {
        assert!(matches!(from(Some(source)), Err(WebhookError::Forged(_))), "{source}");
    }
    assert!(matches!(from(None), Err(WebhookError::Forged(_))));
}

#[test]
fn a_notification_that_cannot_be_read_is_malformed() {
    let headers = HeaderMap::new();
    let source = Some("185.71.76.1".parse().unwrap());
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        br#"{"event": "payment.succeeded"}"#,
        br#"{"event": "payment.succeeded", "object": {"id": ""}}"#,
    ] {
        let read = read_notice(&Delivery { headers: &headers, body, source, now: NOW });
        let is_malformed = matches!(read, Err(WebhookError::Malformed(_)));
        // Without an id of its own an event of nothing would still have one.
        assert!(is_malformed, "{}: {read:?}", String::from_utf8_lossy(body));
    }
    let deal = br#"{"event": "deal.closed", "object": {"id": "d-1"}}"#;
    let notice = read_notice(&Delivery { headers: &headers, body: deal, source, now: NOW }).unwrap();
    assert_eq!(notice.kind, NoticeKind::Other);
}
