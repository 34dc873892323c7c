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
mod tests;
