//! YooKassa (yookassa.ru/developers/api, version 3): a checkout is a payment that waits for its confirmation.
//!
//! Its notifications carry no signature. They are taken from its own networks only, and say no more than what to read again.

use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use kernel::{Currency, Money};
use runtime::Keys;
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use time::{Date, Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339};

use super::{
    Charge, Checkout, Method as SavedMethod, Order, Outcome, Payment, PaymentQuery, PaymentStatus, Provider,
    ProviderError, Refund, RefundOrder, RefundQuery, RefundStatus, ReportKind, ReportLine,
    api::{Api, MAX_PAGES, Reply, query, reading, segment, unclear},
    notice::{Delivery, Notice, NoticeKind, WebhookError},
};

pub(super) const NAME: &str = "yookassa";

const BASE: &str = "https://api.yookassa.ru/v3";
const IDEMPOTENCE_KEY: HeaderName = HeaderName::from_static("idempotence-key");

/// A longer description is refused.
const LONGEST_DESCRIPTION: usize = 128;
/// A payment that we asked for is looked for among those made so long before and after: clocks differ, and calls take their time.
const AROUND: Duration = Duration::minutes(30);

/// Declines after which the same card may pay another day; a word that is not listed is final.
const RETRIABLE: [&str; 6] = [
    "call_issuer",
    "general_decline",
    "insufficient_funds",
    "internal_timeout",
    "issuer_unavailable",
    "payment_method_limit_exceeded",
];

/// Where notifications come from (yookassa.ru/developers/using-api/webhooks, read 2026-11): address and bits that count.
const NETWORKS: [(&str, u32); 7] = [
    ("185.71.76.0", 27),
    ("185.71.77.0", 27),
    ("77.75.153.0", 25),
    ("77.75.154.128", 25),
    ("77.75.156.11", 32),
    ("77.75.156.35", 32),
    ("2a02:5180::", 32),
];

/// What the setting says of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Stands in front of the key.
    #[serde(deserialize_with = "digits")]
    shop_id: String,
}

fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(id) } else { Err(D::Error::custom("a shop's id has digits only")) }
}

/// YooKassa.
pub(super) struct Yookassa {
    api: Api,
    shop_id: String,
    keys: Keys,
}

impl Yookassa {
    pub fn new(config: &Config, keys: Keys) -> Self {
        Self { api: Api::new(BASE), shop_id: config.shop_id.clone(), keys }
    }

    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Bytes) -> Result<Reply, ProviderError> {
        let secret = self.keys.of(NAME).await.map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        let pair = format!("{}:{}", self.shop_id, secret.expose_secret());
        let mut request = self
            .api
            .request(method, path)
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header(IDEMPOTENCE_KEY, key);
        }
        self.api.send(request, body).await
    }

    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ProviderError> {
        let reply = self.call(Method::GET, path, None, Bytes::new()).await?;
        if reply.status == StatusCode::NOT_FOUND { Ok(None) } else { good(reply)?.json().map(Some) }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<T, ProviderError> {
        let body = serde_json::to_vec(body).map_err(|error| ProviderError::Refused(error.to_string()))?;
        good(self.call(Method::POST, path, Some(key), body.into()).await?)?.json()
    }

    /// All pages of a list.
    async fn list<T: DeserializeOwned>(&self, path: &str, filter: &[(&str, &str)]) -> Result<Vec<T>, ProviderError> {
        let (mut all, mut cursor) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let mut pairs = filter.to_vec();
            pairs.push(("limit", "100"));
            pairs.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let reply = self.call(Method::GET, &format!("{path}{}", query(&pairs)), None, Bytes::new()).await?;
            let page: List<T> = good(reply)?.json()?;
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
        Err(ProviderError::Unavailable(format!("a list of more than {MAX_PAGES} pages")))
    }
}

#[derive(Serialize)]
struct NewPayment<'a> {
    amount: Amount,
    capture: bool,
    description: &'a str,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<NewConfirmation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    save_payment_method: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method_id: Option<&'a str>,
}

#[derive(Serialize)]
struct NewConfirmation<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    return_url: &'a str,
}

#[derive(Serialize)]
struct NewRefund<'a> {
    payment_id: &'a str,
    amount: Amount,
    metadata: Metadata,
}

#[derive(Debug, Serialize, Deserialize)]
struct Amount {
    value: String,
    currency: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct PaymentObject {
    id: String,
    status: String,
    amount: Amount,
    refunded_amount: Option<Amount>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    captured_at: Option<OffsetDateTime>,
    cancellation_details: Option<Cancellation>,
    confirmation: Option<Confirmation>,
    payment_method: Option<MethodObject>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Cancellation {
    reason: String,
}

#[derive(Deserialize)]
struct Confirmation {
    confirmation_url: Option<String>,
}

#[derive(Deserialize)]
struct MethodObject {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    saved: bool,
    /// Only where a method is read by itself.
    status: Option<String>,
    card: Option<Card>,
}

#[derive(Deserialize)]
struct Card {
    last4: String,
    expiry_year: Option<String>,
    expiry_month: Option<String>,
    card_type: Option<String>,
}

#[derive(Deserialize)]
struct RefundObject {
    id: String,
    payment_id: String,
    status: String,
    amount: Amount,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    cancellation_details: Option<Cancellation>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct ErrorObject {
    code: Option<String>,
    parameter: Option<String>,
}

#[derive(Deserialize)]
struct Notification {
    event: String,
    object: NotifiedObject,
}

#[derive(Deserialize)]
struct NotifiedObject {
    id: String,
}

/// Answers that are no success, by YooKassa's own codes.
fn good(reply: Reply) -> Result<Reply, ProviderError> {
    // 202: still at work on it.
    if reply.status == StatusCode::OK {
        return Ok(reply);
    }
    if reply.status.is_success() {
        return Err(unclear("still at work"));
    }
    let error = reply.document().unwrap_or(ErrorObject { code: None, parameter: None });
    if error.parameter.as_deref() == Some("payment_method_id") {
        return Err(ProviderError::Declined { code: "method_gone".to_owned(), retriable: false });
    }
    let words: Vec<String> = [error.code, error.parameter].into_iter().flatten().collect();
    Err(reply.failure(&words.join(" ")))
}

/// `{"value": "299.00"}`. All currencies that YooKassa takes have hundredths.
fn amount(money: Money) -> Result<Amount, ProviderError> {
    if money.minor <= 0 {
        return Err(ProviderError::Refused("nothing can be paid or given back but a positive amount".to_owned()));
    }
    let value = format!("{}.{:02}", money.minor / 100, money.minor % 100);
    Ok(Amount { value, currency: money.currency.to_string() })
}

impl Amount {
    fn money(&self) -> Result<Money, ProviderError> {
        let unreadable = || ProviderError::Unknown("an amount that cannot be read".to_owned());
        let currency: Currency = self.currency.parse().map_err(|_| unreadable())?;
        let (whole, hundredths) = self.value.split_once('.').ok_or_else(unreadable)?;
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(hundredths) || hundredths.len() != 2 {
            return Err(unreadable());
        }
        let minor = format!("{whole}{hundredths}").parse().map_err(|_| unreadable())?;
        Ok(Money::new(minor, currency))
    }
}

/// A state that this program does not know decides nothing.
fn strange(object: &str, status: &str) -> ProviderError {
    ProviderError::Unknown(format!("a {object} that is {status:?}"))
}

impl PaymentObject {
    fn payment(self) -> Result<Payment, ProviderError> {
        let reason = self.cancellation_details.map_or_else(|| "canceled".to_owned(), |details| details.reason);
        let status = match self.status.as_str() {
            "pending" | "waiting_for_capture" => PaymentStatus::Pending,
            "succeeded" => PaymentStatus::Succeeded,
            "canceled" if reason == "expired_on_confirmation" => PaymentStatus::Expired,
            "canceled" => PaymentStatus::Failed { retriable: RETRIABLE.contains(&reason.as_str()), code: reason },
            status => return Err(strange("payment", status)),
        };
        Ok(Payment {
            id: self.id,
            reference: self.metadata.reference,
            amount: self.amount.money()?,
            refunded: self.refunded_amount.map(|amount| amount.money()).transpose()?.map_or(0, |money| money.minor),
            captured_at: self.captured_at,
            method: match status {
                PaymentStatus::Succeeded => self.payment_method.and_then(MethodObject::saved),
                _ => None,
            },
            status,
        })
    }

    fn line(self) -> Result<ReportLine, ProviderError> {
        let at = self.captured_at.ok_or_else(|| strange("captured payment", "captured at no time"))?;
        let amount = self.amount.money()?;
        Ok(ReportLine { kind: ReportKind::Payment, id: self.id, reference: self.metadata.reference, amount, at })
    }
}

impl MethodObject {
    /// `None` for one that may not be charged without the person.
    fn saved(self) -> Option<SavedMethod> {
        if !self.saved || self.status.is_some_and(|status| status != "active") {
            return None;
        }
        let Some(card) = self.card else {
            return Some(SavedMethod { token: self.id, brand: self.kind, last4: None, expires: None });
        };
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u16>().ok());
        let expires = number(card.expiry_year).zip(number(card.expiry_month));
        Some(SavedMethod {
            token: self.id,
            brand: card.card_type.unwrap_or(self.kind).to_lowercase(),
            last4: Some(card.last4),
            expires: expires.and_then(|(year, month)| Some((i32::from(year), u8::try_from(month).ok()?))),
        })
    }
}

impl RefundObject {
    fn refund(self) -> Result<Refund, ProviderError> {
        let status = match self.status.as_str() {
            "pending" => RefundStatus::Pending,
            "succeeded" => RefundStatus::Succeeded,
            "canceled" => {
                let reason = self.cancellation_details.map_or_else(|| "canceled".to_owned(), |details| details.reason);
                RefundStatus::Failed { code: reason }
            }
            status => return Err(strange("refund", status)),
        };
        let amount = self.amount.money()?;
        Ok(Refund { id: self.id, payment: self.payment_id, reference: self.metadata.reference, amount, status })
    }

    fn line(self) -> Result<ReportLine, ProviderError> {
        let amount = self.amount.money()?;
        let reference = self.metadata.reference;
        Ok(ReportLine { kind: ReportKind::Refund, id: self.id, reference, amount, at: self.created_at })
    }
}

/// As the lists' filters take it.
fn rfc3339(at: OffsetDateTime) -> Result<String, ProviderError> {
    at.format(&Rfc3339).map_err(|error| ProviderError::Refused(error.to_string()))
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(LONGEST_DESCRIPTION).map_or(text, |(end, _)| &text[..end])
}

impl Provider for Yookassa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn create_checkout<'a>(&'a self, key: &'a str, order: &'a Order) -> Outcome<'a, Checkout> {
        Box::pin(async move {
            let body = NewPayment {
                amount: amount(order.amount)?,
                capture: true,
                description: shortened(&order.description),
                metadata: Metadata { reference: Some(order.reference.clone()), account: Some(order.customer.clone()) },
                confirmation: Some(NewConfirmation { kind: "redirect", return_url: &order.return_url }),
                save_payment_method: Some(order.save_method),
                payment_method_id: None,
            };
            let payment: PaymentObject = self.post("/payments", key, &body).await?;
            match payment.confirmation.and_then(|confirmation| confirmation.confirmation_url) {
                Some(url) => Ok(Checkout { id: payment.id, url }),
                None => Err(strange("checkout", &payment.status)),
            }
        })
    }

    /// It cancels only what waits to be captured: a payment that nobody has confirmed ends by itself.
    fn close_checkout<'a>(&'a self, _: &'a str) -> Outcome<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn charge<'a>(&'a self, key: &'a str, charge: &'a Charge) -> Outcome<'a, Payment> {
        Box::pin(async move {
            let body = NewPayment {
                amount: amount(charge.amount)?,
                capture: true,
                description: shortened(&charge.description),
                metadata: Metadata { reference: Some(charge.reference.clone()), account: None },
                confirmation: None,
                save_payment_method: None,
                payment_method_id: Some(&charge.method),
            };
            let payment = self.post::<PaymentObject>("/payments", key, &body).await?.payment()?;
            match payment.status {
                PaymentStatus::Failed { code, retriable } => Err(ProviderError::Declined { code, retriable }),
                PaymentStatus::Expired => Err(ProviderError::Declined { code: "expired".to_owned(), retriable: true }),
                PaymentStatus::Pending | PaymentStatus::Succeeded => Ok(payment),
            }
        })
    }

    fn payment<'a>(&'a self, which: PaymentQuery<'a>) -> Outcome<'a, Option<Payment>> {
        reading(async move {
            let found: Option<PaymentObject> = match which {
                PaymentQuery::Id(id) | PaymentQuery::Checkout(id) => {
                    self.find(&format!("/payments/{}", segment(id)?)).await?
                }
                PaymentQuery::Reference { reference, called_at } => {
                    let (from, to) = (rfc3339(called_at - AROUND)?, rfc3339(called_at + AROUND)?);
                    let filter = [("created_at.gte", from.as_str()), ("created_at.lt", to.as_str())];
                    let payments: Vec<PaymentObject> = self.list("/payments", &filter).await?;
                    let ours = |payment: &PaymentObject| payment.metadata.reference.as_deref() == Some(reference);
                    payments.into_iter().filter(ours).max_by_key(|payment| payment.status == "succeeded")
                }
            };
            found.map(PaymentObject::payment).transpose()
        })
    }

    fn refund<'a>(&'a self, key: &'a str, order: &'a RefundOrder) -> Outcome<'a, Refund> {
        Box::pin(async move {
            let body = NewRefund {
                payment_id: &order.payment,
                amount: amount(order.amount)?,
                metadata: Metadata { reference: Some(order.reference.clone()), account: None },
            };
            self.post::<RefundObject>("/refunds", key, &body).await?.refund()
        })
    }

    fn find_refund<'a>(&'a self, which: RefundQuery<'a>) -> Outcome<'a, Option<Refund>> {
        reading(async move {
            let found: Option<RefundObject> = match which {
                RefundQuery::Id(id) => self.find(&format!("/refunds/{}", segment(id)?)).await?,
                RefundQuery::Reference { reference, payment } => {
                    let refunds: Vec<RefundObject> = self.list("/refunds", &[("payment_id", payment)]).await?;
                    refunds.into_iter().find(|refund| refund.metadata.reference.as_deref() == Some(reference))
                }
            };
            found.map(RefundObject::refund).transpose()
        })
    }

    fn method<'a>(&'a self, token: &'a str) -> Outcome<'a, Option<SavedMethod>> {
        reading(async move {
            let found: Option<MethodObject> = self.find(&format!("/payment_methods/{}", segment(token)?)).await?;
            Ok(found.and_then(MethodObject::saved))
        })
    }

    /// It has no such call: whoever forgets the token has forgotten the method, and only the person can take the permission back.
    fn detach<'a>(&'a self, _: &'a str) -> Outcome<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn report(&self, day: Date) -> Outcome<'_, Vec<ReportLine>> {
        reading(async move {
            let from = day.with_time(Time::MIDNIGHT).assume_utc();
            let (from, to) = (rfc3339(from)?, rfc3339(from + Duration::DAY)?);
            let filter = [("status", "succeeded"), ("captured_at.gte", from.as_str()), ("captured_at.lt", to.as_str())];
            let payments: Vec<PaymentObject> = self.list("/payments", &filter).await?;
            let filter = [("status", "succeeded"), ("created_at.gte", from.as_str()), ("created_at.lt", to.as_str())];
            let refunds: Vec<RefundObject> = self.list("/refunds", &filter).await?;
            payments.into_iter().map(PaymentObject::line).chain(refunds.into_iter().map(RefundObject::line)).collect()
        })
    }
}

/// Notifications have no id: one per object and state.
pub(super) fn read_notice(delivery: &Delivery<'_>) -> Result<Notice, WebhookError> {
    if !delivery.source.is_some_and(is_theirs) {
        return Err(WebhookError::Forged("not from its networks"));
    }
    let Notification { event, object } =
        serde_json::from_slice(delivery.body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
    let kind = match event.split_once('.').map(|(object, _)| object) {
        Some("payment") => NoticeKind::Payment,
        Some("refund") => NoticeKind::Refund,
        _ => NoticeKind::Other,
    };
    Notice::new(format!("{event}:{}", object.id), kind, object.id)
}

fn is_theirs(source: IpAddr) -> bool {
    NETWORKS.iter().any(|(network, bits)| match (network.parse(), source.to_canonical()) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(source)) => {
            (network.to_bits() ^ source.to_bits()).leading_zeros() >= *bits
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(source)) => {
            (network.to_bits() ^ source.to_bits()).leading_zeros() >= *bits
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
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
            Recorded::answering([Answer::Json(200, REFUND), Answer::Json(200, canceled), Answer::Json(200, listed)])
                .await;
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
}
