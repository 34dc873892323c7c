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
mod tests;
