//! Whoever moves the money: one trait, and a file for each provider. See docs/architecture/0033-payment-providers.md.
//!
//! A provider is called outside every transaction: the intent is committed before, the outcome after. Every call that changes something carries a key
//! of ours, and a repetition with the same key does nothing twice.

mod api;
pub mod notice;
#[cfg(test)]
mod recorded;
mod sandbox;
mod stripe;
#[cfg(test)]
mod stripe_mock;
pub mod webhook;
mod yookassa;

use std::sync::Arc;

use futures::future::BoxFuture;
use kernel::Money;
use runtime::{Boot, BootError, Keys, Wire};
use serde::Deserialize;
use time::{Date, OffsetDateTime};

pub use api::PATIENCE;

/// Which providers there are, as JSON: `[{"provider": "stripe"}, {"provider": "yookassa", "shop_id": "…"}]`.
const SETTING: &str = "PAYMENT_PROVIDERS";
/// The secret with the keys that move money.
const SECRET: &str = "payment-keys";

/// What a call to a provider ends with.
pub type Outcome<'a, T> = BoxFuture<'a, Result<T, ProviderError>>;

/// A payment provider. What it calls things stays behind this trait: ids are opaque texts, amounts are in minor units.
pub trait Provider: Send + Sync {
    /// What it is called in addresses, rows and settings: `sandbox`.
    fn name(&self) -> &'static str;

    /// Opens a page of the provider's own where a person pays; nothing is charged before they do. Safe to repeat with the same key after
    /// [`ProviderError::Unknown`].
    fn create_checkout<'a>(&'a self, key: &'a str, order: &'a Order) -> Outcome<'a, Checkout>;

    /// Closes a page of [`Self::create_checkout`]: nobody can pay on it any more. One that is not open is no error, or [`ProviderError::Refused`]; where
    /// a provider has no such call, it stays open until its time is over.
    fn close_checkout<'a>(&'a self, id: &'a str) -> Outcome<'a, ()>;

    /// Charges a saved method while nobody is there. A decline is [`ProviderError::Declined`], so a payment that is returned has succeeded or is
    /// pending.
    fn charge<'a>(&'a self, key: &'a str, charge: &'a Charge) -> Outcome<'a, Payment>;

    /// Reads a payment again; `None` when the provider knows none.
    fn payment<'a>(&'a self, which: PaymentQuery<'a>) -> Outcome<'a, Option<Payment>>;

    /// Gives money back: at most what was captured less what was given back before.
    fn refund<'a>(&'a self, key: &'a str, order: &'a RefundOrder) -> Outcome<'a, Refund>;

    /// Reads a refund again; `None` when the provider knows none.
    fn find_refund<'a>(&'a self, which: RefundQuery<'a>) -> Outcome<'a, Option<Refund>>;

    /// Reads a saved method again; `None` once it cannot be charged any more.
    fn method<'a>(&'a self, token: &'a str) -> Outcome<'a, Option<Method>>;

    /// Forgets a saved method; one that is forgotten already is no error.
    fn detach<'a>(&'a self, token: &'a str) -> Outcome<'a, ()>;

    /// Everything that moved money on a day in UTC, for reconciliation.
    fn report(&self, day: Date) -> Outcome<'_, Vec<ReportLine>>;
}

/// Why a call has not ended with an answer. The four differ in what may be done next. A call that only reads is [`Self::Unavailable`], whatever went
/// wrong with it: it decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The bank says no: nothing was charged.
    #[error("declined: {code}")]
    Declined {
        /// The provider's word, for people in support: `insufficient_funds`.
        code: String,
        /// The same method may be charged another day.
        retriable: bool,
    },
    /// The request is wrong; repeating it changes nothing. A bug of ours, for the log.
    #[error("refused: {0}")]
    Refused(String),
    /// Surely nothing was done: it may be repeated, with the same key or another.
    #[error("not available: {0}")]
    Unavailable(String),
    /// It may have been done: only reading, or repeating with the same key, tells.
    #[error("unknown: {0}")]
    Unknown(String),
}

/// What somebody is sent to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our payment's id; comes back as [`Payment::reference`].
    pub reference: String,
    /// Our account's id: the provider keeps methods together by it. Never an address or a name.
    pub customer: String,
    /// Zero only together with `save_method`: a method is saved and nothing charged.
    pub amount: Money,
    /// What the person reads on the page.
    pub description: String,
    /// Whether the method can be charged later, see [`Provider::charge`].
    pub save_method: bool,
    /// Where the browser returns to, whether they have paid or not; it proves nothing.
    pub return_url: String,
    /// The page takes no payment after this: at least half an hour and at most a day from now. A repetition says the same time. A provider may end
    /// the page earlier.
    pub expires_at: OffsetDateTime,
}

/// A page on which somebody pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The provider's id, see [`PaymentQuery::Checkout`].
    pub id: String,
    /// Where the browser goes.
    pub url: String,
}

/// What a saved method is charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Our payment's id; comes back as [`Payment::reference`].
    pub reference: String,
    /// [`Method::token`].
    pub method: String,
    /// Greater than zero.
    pub amount: Money,
    /// What the person reads on a statement.
    pub description: String,
}

/// A payment as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The provider's id. A checkout that nobody has used yet has none at some providers: then it is the checkout's.
    pub id: String,
    /// Our payment's id; `None` for one that we did not ask for.
    pub reference: Option<String>,
    /// What was to be paid.
    pub amount: Money,
    /// What was given back of it, in minor units.
    pub refunded: i64,
    /// How far it is.
    pub status: PaymentStatus,
    /// The method, if it was saved and can be charged again.
    pub method: Option<Method>,
    /// When the money was captured, once it has [`PaymentStatus::Succeeded`].
    pub captured_at: Option<OffsetDateTime>,
}

/// How far a payment is. Only `Pending` changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Waits for the person or a bank. A declined card on an open checkout is pending: the person may try another.
    Pending,
    /// The money is ours.
    Succeeded,
    /// Declined for good.
    Failed {
        /// The provider's word.
        code: String,
        /// The same method may be charged another day.
        retriable: bool,
    },
    /// The person went away, or the page's time was over.
    Expired,
}

/// A saved way to pay; only what may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// What [`Provider::charge`] takes; means nothing anywhere else.
    pub token: String,
    /// As people know it: `visa`, `mir`, `sbp`.
    pub brand: String,
    /// The last four digits of a card.
    pub last4: Option<String>,
    /// Year and month (1 to 12) of a card's end.
    pub expires: Option<(i32, u8)>,
}

/// Which payment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentQuery<'a> {
    /// [`Payment::id`].
    Id(&'a str),
    /// [`Checkout::id`].
    Checkout(&'a str),
    /// [`Charge::reference`]; not every provider finds a checkout's payment by it. Ask a few minutes after the call at the earliest: providers
    /// index with a delay.
    Reference {
        /// Our payment's id.
        reference: &'a str,
        /// When we first called, within a few minutes.
        called_at: OffsetDateTime,
    },
}

/// What is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Our refund's id; comes back as [`Refund::reference`].
    pub reference: String,
    /// [`Payment::id`].
    pub payment: String,
    /// Greater than zero, in the payment's currency.
    pub amount: Money,
}

/// A refund as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The provider's id.
    pub id: String,
    /// [`Payment::id`] of what it gives back.
    pub payment: String,
    /// Our refund's id; `None` for one that we did not ask for.
    pub reference: Option<String>,
    /// What is given back.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
}

/// How far a refund is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStatus {
    /// On its way.
    Pending,
    /// Given back.
    Succeeded,
    /// Not given back.
    Failed {
        /// The provider's word.
        code: String,
    },
}

/// Which refund is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundQuery<'a> {
    /// [`Refund::id`].
    Id(&'a str),
    /// [`RefundOrder::reference`] among the refunds of one payment.
    Reference {
        /// Our refund's id.
        reference: &'a str,
        /// [`Payment::id`].
        payment: &'a str,
    },
}

/// A line of a provider's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// Which way the money went.
    pub kind: ReportKind,
    /// [`Payment::id`] or [`Refund::id`].
    pub id: String,
    /// Our payment's or refund's id; `None` for what we did not ask for.
    pub reference: Option<String>,
    /// Always positive.
    pub amount: Money,
    /// When it was captured or given back.
    pub at: OffsetDateTime,
}

/// Which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportKind {
    /// To us.
    Payment,
    /// Back.
    Refund,
}

/// All providers that are configured, in their order.
#[derive(Clone)]
pub struct Providers(Arc<[Arc<dyn Provider>]>);

impl Wire for Providers {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let keys = Keys::wire(boot, SECRET)?;
        Ok(Self(configs(boot)?.iter().map(|config| config.provider(&keys)).collect()))
    }
}

impl Providers {
    /// Providers of one's own.
    pub fn of(providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Self {
        Self(providers.into_iter().collect())
    }

    /// The one whose methods, payments and refunds these are.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`] when it is not configured any more: what was begun with it can still be ended once it is again.
    pub fn find(&self, name: &str) -> Result<&dyn Provider, ProviderError> {
        let found = self.0.iter().find(|provider| provider.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| ProviderError::Unavailable(format!("{name:?} is not configured")))
    }

    /// Has a method forgotten by the provider that keeps it.
    ///
    /// # Errors
    /// When it is not configured any more, or does not answer.
    pub async fn detach(&self, name: &str, token: &str) -> Result<(), ProviderError> {
        self.find(name)?.detach(token).await
    }

    /// The one with which people begin: the first.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`] when there is none.
    pub fn first(&self) -> Result<&dyn Provider, ProviderError> {
        self.0.first().map(AsRef::as_ref).ok_or_else(|| ProviderError::Unavailable("none is configured".to_owned()))
    }

    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &dyn Provider> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// An entry of [`SETTING`]. The first takes new payments; the others go on with what they have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
enum Config {
    Sandbox(sandbox::Config),
    Stripe(stripe::Config),
    Yookassa(yookassa::Config),
}

impl Config {
    fn name(&self) -> &'static str {
        match self {
            Self::Sandbox(_) => sandbox::NAME,
            Self::Stripe(_) => stripe::NAME,
            Self::Yookassa(_) => yookassa::NAME,
        }
    }

    fn provider(&self, keys: &Keys) -> Arc<dyn Provider> {
        match self {
            Self::Sandbox(config) => Arc::new(sandbox::Sandbox::new(config, keys.clone())),
            Self::Stripe(_) => Arc::new(stripe::Stripe::new(keys.clone())),
            Self::Yookassa(config) => Arc::new(yookassa::Yookassa::new(config, keys.clone())),
        }
    }
}

/// The setting's providers; without the setting the function does not start.
fn configs(boot: &Boot) -> Result<Vec<Config>, BootError> {
    let Some(text) = boot.setting(SETTING) else { return boot.required(SETTING).map(|_| Vec::new()) };
    parse(&text).map_err(|reason| BootError::Invalid { name: SETTING.to_owned(), reason })
}

fn parse(text: &str) -> Result<Vec<Config>, String> {
    let configs: Vec<Config> = serde_json::from_str(text).map_err(|error| {
        // The parser's own text quotes values.
        format!("not a list of sandbox, stripe or yookassa with what they need: column {}", error.column())
    })?;
    for (index, config) in configs.iter().enumerate() {
        if configs[..index].iter().any(|before| before.name() == config.name()) {
            return Err(format!("{} is named twice", config.name()));
        }
    }
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_provider_takes_new_payments() {
        let configs = parse(
            r#"[{"provider": "yookassa", "shop_id": "123456"}, {"provider": "stripe"},
                {"provider": "sandbox", "url": "http://127.0.0.1:9420"}]"#,
        );
        let keys = Keys::fixed("{}");
        let providers = Providers::of(configs.unwrap().iter().map(|config| config.provider(&keys)));
        assert_eq!(providers.first().unwrap().name(), "yookassa");
        assert_eq!(providers.all().map(Provider::name).collect::<Vec<_>>(), ["yookassa", "stripe", "sandbox"]);
        assert_eq!(providers.find("sandbox").unwrap().name(), "sandbox");
        assert!(matches!(providers.find("paypal").err(), Some(ProviderError::Unavailable(_))));
        assert!(matches!(Providers::of([]).first().err(), Some(ProviderError::Unavailable(_))));
    }

    #[test]
    fn a_setting_that_cannot_work_is_refused_without_repeating_it() {
        assert_eq!(parse("[]"), Ok(Vec::new()));
        for wrong in [
            "",
            "{}",
            r#"[{"provider": "hidden"}]"#,
            r#"[{"provider": "stripe", "key": "hidden"}]"#,
            r#"[{"provider": "yookassa"}]"#,
            r#"[{"provider": "yookassa", "shop_id": "hidden:hidden"}]"#,
            r#"[{"provider": "stripe"}, {"provider": "stripe"}]"#,
            // Its money is not real: it can only be reached on the machine of a developer.
            r#"[{"provider": "sandbox", "url": "https://sandbox.hidden"}]"#,
            r#"[{"provider": "sandbox", "url": "http://127.0.0.1.hidden"}]"#,
            r#"[{"provider": "sandbox", "url": "http://127.0.0.1@hidden"}]"#,
            r#"[{"provider": "sandbox", "url": "http://10.0.0.1:9420"}]"#,
        ] {
            let reason = parse(wrong).unwrap_err();
            assert!(!reason.contains("hidden"), "{reason}");
        }
        for right in ["http://localhost:1", "http://127.0.0.1:9420", "http://sandbox.localhost:9420/"] {
            assert!(parse(&format!(r#"[{{"provider": "sandbox", "url": "{right}"}}]"#)).is_ok(), "{right}");
        }
    }
}
