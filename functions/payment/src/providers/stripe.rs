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
mod tests;
