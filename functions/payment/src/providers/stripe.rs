//! Stripe: Checkout Sessions, PaymentIntents, refunds (docs.stripe.com/api, version [`VERSION`]).
//!
//! A saved method's token is `<customer>:<payment method>`: both are needed to charge it.

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use kernel::{Currency, Money};
use runtime::Keys;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use time::{Date, Duration, OffsetDateTime, Time};

use super::{
    Charge, Checkout, Method as SavedMethod, Order, Outcome, Payment, PaymentQuery, PaymentStatus, Provider,
    ProviderError, Refund, RefundOrder, RefundQuery, RefundStatus, ReportKind, ReportLine,
    api::{Api, MAX_PAGES, Reply, query, reading, segment},
    notice::{Delivery, Notice, NoticeKind, WebhookError, verify_v1},
};

pub(super) const NAME: &str = "stripe";

const BASE: &str = "https://api.stripe.com";
/// Without it an account's own version would decide what the objects look like.
const VERSION: &str = "2024-06-20";

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");

/// Currencies that Stripe counts in other units than ISO 4217 does.
const OTHER_UNITS: [&str; 4] = ["HUF", "ISK", "TWD", "UGX"];

/// Declines after which the same card may pay another day (docs.stripe.com/declines/codes); a word that is not listed is final.
const RETRIABLE: [&str; 11] = [
    "approve_with_id",
    "call_issuer",
    "card_velocity_exceeded",
    "do_not_honor",
    "generic_decline",
    "insufficient_funds",
    "issuer_not_available",
    "processing_error",
    "reenter_transaction",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
];

/// What the setting says of it: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {}

/// Stripe.
pub(super) struct Stripe {
    api: Api,
    keys: Keys,
}

type Form = Vec<(&'static str, String)>;

impl Stripe {
    pub fn new(keys: Keys) -> Self {
        Self::at(Api::new(BASE), keys)
    }

    /// Somewhere else than where Stripe is.
    pub(super) fn at(api: Api, keys: Keys) -> Self {
        Self { api, keys }
    }

    async fn call(&self, method: Method, path: &str, key: Option<&str>, form: &Form) -> Result<Reply, ProviderError> {
        let secret = self.keys.of(NAME).await.map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        let mut request = self
            .api
            .request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {}", secret.expose_secret()))
            .header(STRIPE_VERSION, VERSION)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.api.send(request, Bytes::from(body)).await
    }

    async fn get(&self, path: &str) -> Result<Reply, ProviderError> {
        self.call(Method::GET, path, None, &Form::new()).await
    }

    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ProviderError> {
        let reply = self.get(path).await?;
        if reply.status == StatusCode::NOT_FOUND { Ok(None) } else { good(reply)?.json().map(Some) }
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, key: &str, form: &Form) -> Result<T, ProviderError> {
        good(self.call(Method::POST, path, Some(key), form).await?)?.json()
    }

    /// All pages of a list.
    async fn list<T: DeserializeOwned + HasId>(
        &self,
        path: &str,
        filter: &[(&str, &str)],
    ) -> Result<Vec<T>, ProviderError> {
        let mut all: Vec<T> = Vec::new();
        for _ in 0..MAX_PAGES {
            let last = all.last().map(|object| object.id().to_owned());
            let mut pairs = filter.to_vec();
            pairs.push(("limit", "100"));
            pairs.extend(last.as_deref().map(|id| ("starting_after", id)));
            let page: List<T> = good(self.get(&format!("{path}{}", query(&pairs))).await?)?.json()?;
            let is_last = !page.has_more || page.data.is_empty();
            all.extend(page.data);
            if is_last {
                return Ok(all);
            }
        }
        Err(ProviderError::Unavailable(format!("a list of more than {MAX_PAGES} pages")))
    }

    /// Somebody who owns the methods of one checkout. One too many is never charged.
    async fn create_customer(&self, key: &str, account: &str) -> Result<String, ProviderError> {
        let form = vec![("metadata[account]", account.to_owned())];
        let customer: Result<Object, _> = self.post("/v1/customers", &format!("{key}-customer"), &form).await;
        customer.map(|customer| customer.id).map_err(|error| match error {
            ProviderError::Unknown(why) => ProviderError::Unavailable(why),
            error => error,
        })
    }

    async fn find_session(&self, id: &str) -> Result<Option<Payment>, ProviderError> {
        let expand = query(&[
            ("expand[]", "payment_intent.payment_method"),
            ("expand[]", "payment_intent.latest_charge"),
            ("expand[]", "setup_intent.payment_method"),
        ]);
        let session: Option<Session> = self.find(&format!("/v1/checkout/sessions/{}{expand}", segment(id)?)).await?;
        session.map(Session::payment).transpose()
    }

    async fn find_intent(&self, id: &str) -> Result<Option<Payment>, ProviderError> {
        // A checkout that only saved a method has no other id.
        if id.starts_with("cs_") {
            return self.find_session(id).await;
        }
        let expand = query(&[("expand[]", "payment_method"), ("expand[]", "latest_charge")]);
        let intent: Option<Intent> = self.find(&format!("/v1/payment_intents/{}{expand}", segment(id)?)).await?;
        intent.map(Intent::payment).transpose()
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Payment>, ProviderError> {
        let search = format!("metadata['reference']:'{}'", segment(reference)?);
        let pairs = [("query", &*search), ("expand[]", "data.payment_method"), ("expand[]", "data.latest_charge")];
        let path = format!("/v1/payment_intents/search{}", query(&pairs));
        let mut found = good(self.get(&path).await?)?.json::<List<Intent>>()?.data;
        // One that was paid decides, should there ever be two.
        found.sort_by_key(|intent| intent.status == "succeeded");
        found.pop().map(Intent::payment).transpose()
    }
}

trait HasId {
    fn id(&self) -> &str;
}

macro_rules! has_id {
    ($($object:ident),+) => {$(
        impl HasId for $object {
            fn id(&self) -> &str {
                &self.id
            }
        }
    )+};
}

has_id!(ChargeObject, RefundObject);

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Object {
    id: String,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    reference: Option<String>,
    flow: Option<String>,
}

#[derive(Deserialize)]
struct NewSession {
    id: String,
    url: String,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    status: Option<String>,
    payment_status: String,
    client_reference_id: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    created: i64,
    payment_intent: Option<Intent>,
    setup_intent: Option<Setup>,
}

#[derive(Deserialize)]
struct Intent {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    #[serde(default)]
    metadata: Metadata,
    setup_future_usage: Option<String>,
    customer: Option<String>,
    payment_method: Option<MethodObject>,
    last_payment_error: Option<ErrorBody>,
    latest_charge: Option<ChargeObject>,
}

#[derive(Deserialize)]
struct Setup {
    status: String,
    payment_method: Option<MethodObject>,
}

#[derive(Deserialize)]
struct ChargeObject {
    id: String,
    payment_intent: Option<String>,
    amount_captured: i64,
    #[serde(default)]
    amount_refunded: i64,
    currency: String,
    created: i64,
    paid: bool,
    captured: bool,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct MethodObject {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    customer: Option<String>,
    card: Option<Card>,
}

#[derive(Deserialize)]
struct Card {
    brand: String,
    last4: String,
    exp_year: i32,
    exp_month: u8,
}

#[derive(Deserialize)]
struct RefundObject {
    id: String,
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    created: i64,
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct ErrorObject {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(rename = "type", default)]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: Object,
}

/// Answers that are no success, by Stripe's own codes.
fn good(reply: Reply) -> Result<Reply, ProviderError> {
    if reply.status.is_success() {
        return Ok(reply);
    }
    let Ok(ErrorObject { error }) = reply.document() else { return Err(reply.failure("")) };
    Err(match (error.kind.as_str(), error.code.as_deref(), error.param.as_deref()) {
        ("card_error", ..) => error.declined(),
        // Forgotten at Stripe or by the person.
        (_, Some("resource_missing"), Some("payment_method" | "customer")) => {
            ProviderError::Declined { code: "method_gone".to_owned(), retriable: false }
        }
        // Another repetition of this request runs; or this key was used for another request, and what that did is another question.
        ("idempotency_error", ..) => ProviderError::Unknown("the key is in use".to_owned()),
        (kind, code, param) => {
            let words: Vec<&str> = [Some(kind), code, param].into_iter().flatten().collect();
            reply.failure(&words.join(" "))
        }
    })
}

impl ErrorBody {
    fn declined(self) -> ProviderError {
        let (code, retriable) = self.decline();
        ProviderError::Declined { code, retriable }
    }

    /// The word for people and whether another day may help.
    fn decline(self) -> (String, bool) {
        let code = self.decline_code.or(self.code).unwrap_or_else(|| "declined".to_owned());
        let retriable = RETRIABLE.contains(&code.as_str());
        (code, retriable)
    }
}

fn money(minor: i64, currency: &str) -> Result<Money, ProviderError> {
    let currency: Currency = currency
        .to_ascii_uppercase()
        .parse()
        .map_err(|_| ProviderError::Unknown("an amount without a currency".to_owned()))?;
    Ok(Money::new(minor, currency))
}

fn at(seconds: i64) -> Result<OffsetDateTime, ProviderError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| ProviderError::Unknown(error.to_string()))
}

/// Amount and currency as Stripe writes them.
fn amount(money: Money) -> Result<(String, String), ProviderError> {
    let currency = money.currency.as_str();
    if OTHER_UNITS.contains(&currency) {
        return Err(ProviderError::Refused(format!("{currency} is counted in other units at Stripe")));
    }
    Ok((money.minor.to_string(), currency.to_ascii_lowercase()))
}

/// A state that this program does not know decides nothing.
fn strange(object: &str, status: &str) -> ProviderError {
    ProviderError::Unknown(format!("a {object} that is {status:?}"))
}

impl Session {
    fn payment(self) -> Result<Payment, ProviderError> {
        let status = match (self.status.as_deref(), self.payment_status.as_str()) {
            (Some("open"), _) => PaymentStatus::Pending,
            (Some("expired"), _) => PaymentStatus::Expired,
            (Some("complete"), "paid" | "no_payment_required") => PaymentStatus::Succeeded,
            // Paid by something that takes days.
            (Some("complete"), "unpaid") => PaymentStatus::Pending,
            (status, _) => return Err(strange("checkout", status.unwrap_or_default())),
        };
        match (self.payment_intent, self.setup_intent) {
            // The page may be over before what was begun on it is.
            (Some(intent), _) => {
                let payment = intent.payment()?;
                let is_over = payment.status == PaymentStatus::Pending && status == PaymentStatus::Expired;
                Ok(if is_over { Payment { status, ..payment } } else { payment })
            }
            (None, setup) => {
                let is_saved = setup.as_ref().is_some_and(|setup| setup.status == "succeeded");
                if status == PaymentStatus::Succeeded && !is_saved {
                    return Err(strange("setup", setup.as_ref().map_or("missing", |setup| setup.status.as_str())));
                }
                Ok(Payment {
                    id: self.id,
                    reference: self.client_reference_id,
                    amount: money(self.amount_total.unwrap_or(0), self.currency.as_deref().unwrap_or_default())?,
                    refunded: 0,
                    captured_at: is_saved.then(|| at(self.created)).transpose()?,
                    status,
                    method: setup.and_then(|setup| setup.payment_method).and_then(|method| method.saved(None)),
                })
            }
        }
    }
}

impl Intent {
    fn payment(self) -> Result<Payment, ProviderError> {
        let nobody_is_there = self.metadata.flow.as_deref() == Some("charge");
        let status = match self.status.as_str() {
            "succeeded" => PaymentStatus::Succeeded,
            "processing" | "requires_capture" | "requires_confirmation" => PaymentStatus::Pending,
            "requires_payment_method" | "requires_action" | "requires_source" | "requires_source_action"
                if nobody_is_there =>
            {
                let declined = self.last_payment_error.map(ErrorBody::decline);
                let (code, retriable) = declined.unwrap_or_else(|| ("authentication_required".to_owned(), false));
                PaymentStatus::Failed { code, retriable }
            }
            "requires_payment_method" | "requires_action" | "requires_source" | "requires_source_action" => {
                PaymentStatus::Pending
            }
            "canceled" => PaymentStatus::Expired,
            status => return Err(strange("payment", status)),
        };
        let is_saved = nobody_is_there || self.setup_future_usage.as_deref() == Some("off_session");
        let captured = self.latest_charge.as_ref().filter(|charge| charge.captured);
        Ok(Payment {
            id: self.id,
            reference: self.metadata.reference,
            amount: money(self.amount, &self.currency)?,
            refunded: captured.map_or(0, |charge| charge.amount_refunded),
            captured_at: captured.map(|charge| at(charge.created)).transpose()?,
            method: match status {
                PaymentStatus::Succeeded if is_saved => {
                    self.payment_method.and_then(|method| method.saved(self.customer.as_deref()))
                }
                _ => None,
            },
            status,
        })
    }
}

impl MethodObject {
    /// `None` for one that belongs to nobody: it cannot be charged again.
    fn saved(self, customer: Option<&str>) -> Option<SavedMethod> {
        let customer = self.customer.as_deref().or(customer)?;
        Some(SavedMethod {
            token: format!("{customer}:{}", self.id),
            brand: self.card.as_ref().map_or(self.kind, |card| card.brand.clone()),
            last4: self.card.as_ref().map(|card| card.last4.clone()),
            expires: self.card.map(|card| (card.exp_year, card.exp_month)),
        })
    }
}

impl RefundObject {
    fn refund(self) -> Result<Refund, ProviderError> {
        let status = match self.status.as_deref() {
            Some("succeeded") => RefundStatus::Succeeded,
            Some("pending" | "requires_action") => RefundStatus::Pending,
            Some(status @ ("failed" | "canceled")) => {
                RefundStatus::Failed { code: self.failure_reason.unwrap_or_else(|| status.to_owned()) }
            }
            status => return Err(strange("refund", status.unwrap_or_default())),
        };
        let payment = self.payment_intent.ok_or_else(|| strange("refund", "of no payment"))?;
        let amount = money(self.amount, &self.currency)?;
        Ok(Refund { id: self.id, payment, reference: self.metadata.reference, amount, status })
    }
}

/// Customer and payment method of a token.
fn parts(token: &str) -> Result<(&str, &str), ProviderError> {
    let (customer, method) = token.split_once(':').unwrap_or_default();
    Ok((segment(customer)?, segment(method)?))
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn create_checkout<'a>(&'a self, key: &'a str, order: &'a Order) -> Outcome<'a, Checkout> {
        Box::pin(async move {
            let (minor, currency) = amount(order.amount)?;
            let mut form: Form = vec![
                ("client_reference_id", order.reference.clone()),
                ("metadata[reference]", order.reference.clone()),
                ("success_url", order.return_url.clone()),
                ("cancel_url", order.return_url.clone()),
                ("expires_at", order.expires_at.unix_timestamp().to_string()),
                ("payment_method_types[0]", "card".to_owned()),
            ];
            if order.save_method {
                form.push(("customer", self.create_customer(key, &order.customer).await?));
            }
            if order.amount.minor == 0 {
                form.extend([
                    ("mode", "setup".to_owned()),
                    ("currency", currency),
                    ("setup_intent_data[metadata][reference]", order.reference.clone()),
                ]);
            } else {
                form.extend([
                    ("mode", "payment".to_owned()),
                    ("line_items[0][quantity]", "1".to_owned()),
                    ("line_items[0][price_data][currency]", currency),
                    ("line_items[0][price_data][unit_amount]", minor),
                    ("line_items[0][price_data][product_data][name]", order.description.clone()),
                    ("payment_intent_data[description]", order.description.clone()),
                    ("payment_intent_data[metadata][reference]", order.reference.clone()),
                ]);
                if order.save_method {
                    form.push(("payment_intent_data[setup_future_usage]", "off_session".to_owned()));
                }
            }
            let NewSession { id, url } = self.post("/v1/checkout/sessions", key, &form).await?;
            Ok(Checkout { id, url })
        })
    }

    /// One that is not open any more is refused.
    fn close_checkout<'a>(&'a self, id: &'a str) -> Outcome<'a, ()> {
        Box::pin(async move {
            let path = format!("/v1/checkout/sessions/{}/expire", segment(id)?);
            self.post::<Object>(&path, &format!("expire-{id}"), &Form::new()).await.map(drop)
        })
    }

    fn charge<'a>(&'a self, key: &'a str, charge: &'a Charge) -> Outcome<'a, Payment> {
        Box::pin(async move {
            let (customer, method) = parts(&charge.method)?;
            let (minor, currency) = amount(charge.amount)?;
            let form: Form = vec![
                ("amount", minor),
                ("currency", currency),
                ("customer", customer.to_owned()),
                ("payment_method", method.to_owned()),
                ("payment_method_types[0]", "card".to_owned()),
                ("off_session", "true".to_owned()),
                ("confirm", "true".to_owned()),
                ("description", charge.description.clone()),
                ("metadata[reference]", charge.reference.clone()),
                ("metadata[flow]", "charge".to_owned()),
                ("expand[0]", "payment_method".to_owned()),
                ("expand[1]", "latest_charge".to_owned()),
            ];
            let payment = self.post::<Intent>("/v1/payment_intents", key, &form).await?.payment()?;
            match payment.status {
                PaymentStatus::Failed { code, retriable } => Err(ProviderError::Declined { code, retriable }),
                _ => Ok(payment),
            }
        })
    }

    fn payment<'a>(&'a self, which: PaymentQuery<'a>) -> Outcome<'a, Option<Payment>> {
        reading(async move {
            match which {
                PaymentQuery::Id(id) => self.find_intent(id).await,
                PaymentQuery::Checkout(id) => self.find_session(id).await,
                PaymentQuery::Reference { reference, .. } => self.find_by_reference(reference).await,
            }
        })
    }

    fn refund<'a>(&'a self, key: &'a str, order: &'a RefundOrder) -> Outcome<'a, Refund> {
        Box::pin(async move {
            let form: Form = vec![
                ("payment_intent", order.payment.clone()),
                ("amount", amount(order.amount)?.0),
                ("metadata[reference]", order.reference.clone()),
            ];
            self.post::<RefundObject>("/v1/refunds", key, &form).await?.refund()
        })
    }

    fn find_refund<'a>(&'a self, which: RefundQuery<'a>) -> Outcome<'a, Option<Refund>> {
        reading(async move {
            let found: Option<RefundObject> = match which {
                RefundQuery::Id(id) => self.find(&format!("/v1/refunds/{}", segment(id)?)).await?,
                RefundQuery::Reference { reference, payment } => {
                    let refunds: Vec<RefundObject> = self.list("/v1/refunds", &[("payment_intent", payment)]).await?;
                    refunds.into_iter().find(|refund| refund.metadata.reference.as_deref() == Some(reference))
                }
            };
            found.map(RefundObject::refund).transpose()
        })
    }

    fn method<'a>(&'a self, token: &'a str) -> Outcome<'a, Option<SavedMethod>> {
        reading(async move {
            let (_, method) = parts(token)?;
            let method: Option<MethodObject> = self.find(&format!("/v1/payment_methods/{method}")).await?;
            Ok(method.and_then(|method| method.saved(None)))
        })
    }

    fn detach<'a>(&'a self, token: &'a str) -> Outcome<'a, ()> {
        Box::pin(async move {
            // One that belongs to nobody is refused.
            if self.method(token).await?.is_none() {
                return Ok(());
            }
            let (_, method) = parts(token)?;
            let path = format!("/v1/payment_methods/{method}/detach");
            self.post::<Object>(&path, &format!("detach-{method}"), &Form::new()).await.map(drop)
        })
    }

    fn report(&self, day: Date) -> Outcome<'_, Vec<ReportLine>> {
        reading(async move {
            let from = day.with_time(Time::MIDNIGHT).assume_utc();
            let (from, to) = (from.unix_timestamp().to_string(), (from + Duration::DAY).unix_timestamp().to_string());
            let filter = [("created[gte]", from.as_str()), ("created[lt]", to.as_str())];
            let charges: Vec<ChargeObject> = self.list("/v1/charges", &filter).await?;
            let refunds: Vec<RefundObject> = self.list("/v1/refunds", &filter).await?;
            let charges = charges.into_iter().filter(|charge| charge.paid && charge.captured).map(ChargeObject::line);
            let refunds = refunds.into_iter().filter(|refund| refund.status.as_deref() == Some("succeeded"));
            charges.chain(refunds.map(RefundObject::line)).collect()
        })
    }
}

impl ChargeObject {
    fn line(self) -> Result<ReportLine, ProviderError> {
        Ok(ReportLine {
            kind: ReportKind::Payment,
            // What was charged without a PaymentIntent is not ours, and shows as that.
            id: self.payment_intent.unwrap_or(self.id),
            reference: self.metadata.reference,
            amount: money(self.amount_captured, &self.currency)?,
            at: at(self.created)?,
        })
    }
}

impl RefundObject {
    fn line(self) -> Result<ReportLine, ProviderError> {
        Ok(ReportLine {
            kind: ReportKind::Refund,
            amount: money(self.amount, &self.currency)?,
            at: at(self.created)?,
            id: self.id,
            reference: self.metadata.reference,
        })
    }
}

pub(super) fn read_notice(secret: &SecretString, delivery: &Delivery<'_>) -> Result<Notice, WebhookError> {
    verify_v1(&SIGNATURE, secret, delivery)?;
    let event: Event =
        serde_json::from_slice(delivery.body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
    let kind = match event.kind.rsplit_once('.').map(|(object, _)| object) {
        Some("checkout.session") => NoticeKind::Checkout,
        Some("payment_intent") => NoticeKind::Payment,
        Some("refund" | "charge.refund") => NoticeKind::Refund,
        _ => NoticeKind::Other,
    };
    Notice::new(event.id, kind, event.data.object.id)
}

#[cfg(test)]
mod tests {
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
                ProviderError::Refused(
                    "answered 400 invalid_request_error parameter_invalid_integer amount".to_owned(),
                ),
            ),
            (
                400,
                r#"{"error": {"type": "idempotency_error"}}"#,
                ProviderError::Unknown("the key is in use".to_owned()),
            ),
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
        assert!(
            server.only().line.contains("query=metadata%5B%27reference%27%5D%3A%27pay_2%27"),
            "{:?}",
            server.only()
        );
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
}
