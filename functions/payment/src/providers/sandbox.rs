//! The provider of the local platform, whose money is not real: `localstack/engines/programs/sandbox.mjs`.

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use kernel::Money;
use runtime::Keys;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use stores::is_on_this_machine;
use time::{Date, OffsetDateTime};

use super::{
    Charge, Checkout, Method as SavedMethod, Order, Outcome, Payment, PaymentQuery, PaymentStatus, Provider,
    ProviderError, Refund, RefundOrder, RefundQuery, RefundStatus, ReportKind, ReportLine,
    api::{Api, Reply, query, reading, segment},
    notice::{Delivery, Notice, NoticeKind, WebhookError, verify_v1},
};

pub(super) const NAME: &str = "sandbox";

const SIGNATURE: HeaderName = HeaderName::from_static("sandbox-signature");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What the setting says of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// On this machine: nobody is let in for money that is not real anywhere else.
    #[serde(deserialize_with = "on_this_machine")]
    url: String,
}

fn on_this_machine<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    if is_on_this_machine(&url) { Ok(url) } else { Err(D::Error::custom("not a URL of this machine")) }
}

/// The sandbox.
pub(super) struct Sandbox {
    api: Api,
    keys: Keys,
}

impl Sandbox {
    pub fn new(config: &Config, keys: Keys) -> Self {
        Self { api: Api::new(&config.url), keys }
    }

    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Bytes) -> Result<Reply, ProviderError> {
        let secret = self.keys.of(NAME).await.map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        let mut request = self
            .api
            .request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {}", secret.expose_secret()))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        self.api.send(request, body).await
    }

    async fn get(&self, path: &str) -> Result<Reply, ProviderError> {
        self.call(Method::GET, path, None, Bytes::new()).await
    }

    async fn post(&self, path: &str, key: &str, body: &impl Serialize) -> Result<Reply, ProviderError> {
        let body = serde_json::to_vec(body).map_err(|error| ProviderError::Refused(error.to_string()))?;
        self.call(Method::POST, path, Some(key), body.into()).await
    }
}

#[derive(Serialize)]
struct NewCheckout<'a> {
    reference: &'a str,
    customer: &'a str,
    amount: Money,
    description: &'a str,
    save_method: bool,
    return_url: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

#[derive(Deserialize)]
struct CheckoutObject {
    id: String,
    url: String,
}

#[derive(Serialize)]
struct NewPayment<'a> {
    reference: &'a str,
    method: &'a str,
    amount: Money,
    description: &'a str,
}

#[derive(Deserialize)]
struct PaymentObject {
    id: String,
    reference: Option<String>,
    amount: Money,
    refunded: i64,
    status: String,
    decline: Option<Decline>,
    method: Option<MethodObject>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    captured_at: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct Decline {
    code: String,
    retriable: bool,
}

#[derive(Deserialize)]
struct MethodObject {
    token: String,
    brand: String,
    last4: Option<String>,
    expires: Option<Expiry>,
}

#[derive(Deserialize)]
struct Expiry {
    year: i32,
    month: u8,
}

#[derive(Serialize)]
struct NewRefund<'a> {
    reference: &'a str,
    payment: &'a str,
    amount: Money,
}

#[derive(Deserialize)]
struct RefundObject {
    id: String,
    payment: String,
    reference: Option<String>,
    amount: Money,
    status: String,
    code: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct LineObject {
    kind: String,
    id: String,
    reference: Option<String>,
    amount: Money,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

#[derive(Deserialize)]
struct ErrorObject {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: String,
    #[serde(default)]
    retriable: bool,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    object: EventObject,
}

#[derive(Deserialize)]
struct EventObject {
    id: String,
}

/// Answers that are no success, by the sandbox's own code.
fn good(reply: Reply) -> Result<Reply, ProviderError> {
    if reply.status.is_success() {
        return Ok(reply);
    }
    let Ok(ErrorObject { error }) = reply.document() else { return Err(reply.failure("")) };
    match reply.status {
        StatusCode::PAYMENT_REQUIRED => Err(ProviderError::Declined { code: error.code, retriable: error.retriable }),
        _ => Err(reply.failure(&error.code)),
    }
}

/// The object, or `None` for 404.
fn found<T: serde::de::DeserializeOwned>(reply: Reply) -> Result<Option<T>, ProviderError> {
    if reply.status == StatusCode::NOT_FOUND { Ok(None) } else { good(reply)?.json().map(Some) }
}

impl PaymentObject {
    fn payment(self) -> Result<Payment, ProviderError> {
        let status = match (self.status.as_str(), self.decline) {
            ("pending", _) => PaymentStatus::Pending,
            ("succeeded", _) => PaymentStatus::Succeeded,
            ("failed", Some(Decline { code, retriable })) => PaymentStatus::Failed { code, retriable },
            ("expired", _) => PaymentStatus::Expired,
            _ => return Err(strange("payment", &self.status)),
        };
        Ok(Payment {
            id: self.id,
            reference: self.reference,
            amount: self.amount,
            refunded: self.refunded,
            status,
            method: self.method.map(MethodObject::method),
            captured_at: self.captured_at,
        })
    }
}

impl MethodObject {
    fn method(self) -> SavedMethod {
        let expires = self.expires.map(|expiry| (expiry.year, expiry.month));
        SavedMethod { token: self.token, brand: self.brand, last4: self.last4, expires }
    }
}

impl RefundObject {
    fn refund(self) -> Result<Refund, ProviderError> {
        let status = match (self.status.as_str(), self.code) {
            ("pending", _) => RefundStatus::Pending,
            ("succeeded", _) => RefundStatus::Succeeded,
            ("failed", Some(code)) => RefundStatus::Failed { code },
            _ => return Err(strange("refund", &self.status)),
        };
        Ok(Refund { id: self.id, payment: self.payment, reference: self.reference, amount: self.amount, status })
    }
}

/// A state that this program does not know decides nothing.
fn strange(object: &str, status: &str) -> ProviderError {
    ProviderError::Unknown(format!("a {object} that is {status:?}"))
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn create_checkout<'a>(&'a self, key: &'a str, order: &'a Order) -> Outcome<'a, Checkout> {
        Box::pin(async move {
            let body = NewCheckout {
                reference: &order.reference,
                customer: &order.customer,
                amount: order.amount,
                description: &order.description,
                save_method: order.save_method,
                return_url: &order.return_url,
                expires_at: order.expires_at,
            };
            let CheckoutObject { id, url } = good(self.post("/v1/checkouts", key, &body).await?)?.json()?;
            Ok(Checkout { id, url })
        })
    }

    fn close_checkout<'a>(&'a self, id: &'a str) -> Outcome<'a, ()> {
        Box::pin(async move {
            let path = format!("/v1/checkouts/{}/expire", segment(id)?);
            good(self.post(&path, &format!("expire-{id}"), &serde_json::Map::new()).await?).map(drop)
        })
    }

    fn charge<'a>(&'a self, key: &'a str, charge: &'a Charge) -> Outcome<'a, Payment> {
        Box::pin(async move {
            let Charge { reference, method, amount, description } = charge;
            let body = NewPayment { reference, method, amount: *amount, description };
            good(self.post("/v1/payments", key, &body).await?)?.json::<PaymentObject>()?.payment()
        })
    }

    fn payment<'a>(&'a self, which: PaymentQuery<'a>) -> Outcome<'a, Option<Payment>> {
        reading(async move {
            let object: Option<PaymentObject> = match which {
                PaymentQuery::Id(id) => found(self.get(&format!("/v1/payments/{}", segment(id)?)).await?)?,
                PaymentQuery::Checkout(id) => {
                    found(self.get(&format!("/v1/checkouts/{}/payment", segment(id)?)).await?)?
                }
                PaymentQuery::Reference { reference, .. } => {
                    let path = format!("/v1/payments{}", query(&[("reference", reference)]));
                    good(self.get(&path).await?)?.json::<List<_>>()?.items.pop()
                }
            };
            object.map(PaymentObject::payment).transpose()
        })
    }

    fn refund<'a>(&'a self, key: &'a str, order: &'a RefundOrder) -> Outcome<'a, Refund> {
        Box::pin(async move {
            let RefundOrder { reference, payment, amount } = order;
            let body = NewRefund { reference, payment, amount: *amount };
            good(self.post("/v1/refunds", key, &body).await?)?.json::<RefundObject>()?.refund()
        })
    }

    fn find_refund<'a>(&'a self, which: RefundQuery<'a>) -> Outcome<'a, Option<Refund>> {
        reading(async move {
            let object: Option<RefundObject> = match which {
                RefundQuery::Id(id) => found(self.get(&format!("/v1/refunds/{}", segment(id)?)).await?)?,
                RefundQuery::Reference { reference, payment } => {
                    let path = format!("/v1/refunds{}", query(&[("payment", payment), ("reference", reference)]));
                    good(self.get(&path).await?)?.json::<List<_>>()?.items.pop()
                }
            };
            object.map(RefundObject::refund).transpose()
        })
    }

    fn method<'a>(&'a self, token: &'a str) -> Outcome<'a, Option<SavedMethod>> {
        reading(async move {
            let object: Option<MethodObject> = found(self.get(&format!("/v1/methods/{}", segment(token)?)).await?)?;
            Ok(object.map(MethodObject::method))
        })
    }

    fn detach<'a>(&'a self, token: &'a str) -> Outcome<'a, ()> {
        Box::pin(async move {
            let path = format!("/v1/methods/{}", segment(token)?);
            let reply = self.call(Method::DELETE, &path, None, Bytes::new()).await?;
            if reply.status == StatusCode::NOT_FOUND { Ok(()) } else { good(reply).map(drop) }
        })
    }

    fn report(&self, day: Date) -> Outcome<'_, Vec<ReportLine>> {
        reading(async move {
            let path = format!("/v1/report{}", query(&[("day", &day.to_string())]));
            let lines = good(self.get(&path).await?)?.json::<List<LineObject>>()?.items;
            lines.into_iter().map(LineObject::line).collect()
        })
    }
}

impl LineObject {
    fn line(self) -> Result<ReportLine, ProviderError> {
        let kind = match self.kind.as_str() {
            "payment" => ReportKind::Payment,
            "refund" => ReportKind::Refund,
            other => return Err(strange("line of a report", other)),
        };
        Ok(ReportLine { kind, id: self.id, reference: self.reference, amount: self.amount, at: self.at })
    }
}

/// `{"id": "evt_…", "type": "payment.succeeded", "object": {"id": "sp_…", …}}`, signed as Stripe does.
pub(super) fn read_notice(secret: &SecretString, delivery: &Delivery<'_>) -> Result<Notice, WebhookError> {
    verify_v1(&SIGNATURE, secret, delivery)?;
    let event: Event =
        serde_json::from_slice(delivery.body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
    let kind = match event.kind.split('.').next() {
        Some("checkout") => NoticeKind::Checkout,
        Some("payment") => NoticeKind::Payment,
        Some("refund") => NoticeKind::Refund,
        _ => NoticeKind::Other,
    };
    Notice::new(event.id, kind, event.object.id)
}

#[cfg(test)]
mod tests {
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
        let server =
            Recorded::answering([nothing(), nothing(), empty(), nothing(), empty(), nothing(), nothing()]).await;
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
}
