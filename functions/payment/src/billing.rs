//! How money moves: an intent is committed, then the provider is asked, then its answer is committed with everything that follows from it.
//!
//! Whatever was interrupted between two of these steps is found again by [`Billing::resolve`]: an intent without an answer is asked about, and asked
//! for again under the same key. Rows are held in one order: account, subscription or purchase, payment,
//! invoice, refund.

mod purchasing;
mod refunding;
mod resolving;
mod scheduled;
mod telling;

pub(crate) use purchasing::{is_included, put_purchase};
pub(crate) use refunding::NotRefundable;
pub use resolving::NotApplied;

use events::{Outbox, Transaction};
use kernel::{AccountId, Id as _, MethodId, MoneyError, PaymentId, World};
use runtime::{Boot, BootError, Wire};
use stores::StoreError;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    invoice::{self, Invoice, Kind},
    ledger,
    payment::{self, CHECKOUT_LIFETIME, CHECKS, Payment, Verdict, Way},
    providers::{Charge, Order, Provider, Providers},
    purchase::Purchase,
    refund::Refund,
    store::{self, invoices, methods, payments, promos, purchases, refunds, subscriptions, subscriptions::Stored},
    subscription::Status,
};

/// Everything that billing is done with.
#[derive(Clone)]
pub struct Billing {
    outbox: Outbox,
    providers: Providers,
    world: World,
}

impl Wire for Billing {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::new(Outbox::wire(boot)?, Providers::wire(boot)?, boot.world()))
    }
}

/// Why nothing was done; a repetition may succeed.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// Postgres did not answer.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// An amount that cannot be reckoned: the data are wrong.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<BillingError> for StoreError {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Sql(error) => error.into(),
            BillingError::Money(error) => Self { engine: "billing", detail: error.to_string() },
        }
    }
}

/// What is billed with a page on which the person pays.
#[derive(Debug, Clone)]
pub(crate) enum Through {
    /// What was saved.
    Method(methods::Saved),
    /// A page that leads back to this address.
    Checkout {
        /// Below the public address.
        return_url: String,
    },
}

/// What a payment is for, held until the transaction ends.
enum Held {
    /// A period or a change.
    Subscription(Box<Stored>),
    /// A single title.
    Purchase(Purchase),
    /// Nothing that is still there.
    Nothing,
}

impl Held {
    async fn of(tx: &mut Transaction<'_>, payment: &Payment) -> Result<Self, sqlx::Error> {
        if let Some(id) = payment.subscription {
            return Ok(subscriptions::lock(tx, id)
                .await?
                .map_or(Self::Nothing, |held| Self::Subscription(Box::new(held))));
        }
        let Some(id) = payment.purchase else { return Ok(Self::Nothing) };
        // Whether a purchase is needed depends on the account's others.
        if let Some(account) = payment.account {
            subscriptions::lock_account(tx, account).await?;
        }
        Ok(purchases::lock(tx, id).await?.map_or(Self::Nothing, Self::Purchase))
    }
}

impl Billing {
    /// With a provider and a world of one's own.
    pub fn new(outbox: Outbox, providers: Providers, world: World) -> Self {
        Self { outbox, providers, world }
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.providers
    }

    /// How a person pays for what they ask for: by what they saved, or on a page where they can give something else, if nothing is saved or it was
    /// declined within a day.
    pub(crate) async fn through(
        &self,
        tx: &mut Transaction<'_>,
        account: AccountId,
        return_url: String,
    ) -> Result<Through, sqlx::Error> {
        let since = self.world.now() - Duration::DAY;
        match methods::find_default(tx, account).await? {
            Some(saved) if !payments::was_declined(tx, account, saved.id, since).await? => Ok(Through::Method(saved)),
            _ => Ok(Through::Checkout { return_url }),
        }
    }

    /// Opens an invoice and notes an attempt to collect it; `None` when an attempt is under way, or there is nothing to pay. The caller
    /// then calls [`Self::collect`], after the commit.
    pub(crate) async fn bill(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &mut Stored,
        invoice: Invoice,
        through: Through,
    ) -> Result<Option<PaymentId>, BillingError> {
        if invoice.amount.minor == 0 {
            return self.bill_nothing(tx, subscription, invoice).await;
        }
        let Some(invoice) = self.open(tx, invoice).await? else { return Ok(None) };
        self.intend(tx, &invoice, through).await
    }

    /// An invoice of nothing is paid by itself.
    async fn bill_nothing(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &mut Stored,
        invoice: Invoice,
    ) -> Result<Option<PaymentId>, BillingError> {
        if let Some(mut invoice) = self.open(tx, invoice).await? {
            self.pay(tx, subscription, &mut invoice).await?;
        }
        Ok(None)
    }

    /// The invoice, held and open, at what it costs now; `None` when somebody pays it at this moment, or it is paid.
    async fn open(&self, tx: &mut Transaction<'_>, invoice: Invoice) -> Result<Option<Invoice>, BillingError> {
        // Before anything else: what is paid on a page that was withdrawn must find its invoice void.
        if payments::under_way(tx, invoice.id).await?.is_some() {
            return Ok(None);
        }
        let known = invoices::open(tx, &invoice).await?;
        if known.status != invoice::Status::Open {
            tracing::error!(invoice = %known.id, "a paid invoice was to be paid again");
            return Ok(None);
        }
        if (known.amount, &known.sold) != (invoice.amount, &invoice.sold) {
            invoices::reprice(tx, &invoice).await?;
        }
        Ok(Some(invoice))
    }

    async fn intend(
        &self,
        tx: &mut Transaction<'_>,
        invoice: &Invoice,
        through: Through,
    ) -> Result<Option<PaymentId>, BillingError> {
        let (attempt, now) = (payments::next_attempt(tx, invoice.id).await?, self.world.now());
        let id = payment::id_of(invoice.id, attempt);
        let payment = match through {
            Through::Method(method) => Payment {
                method: Some(method.id),
                method_token: Some(method.token),
                ..Payment::begin(id, invoice, Way::Charge, &method.provider, now)
            },
            Through::Checkout { return_url } => {
                let provider = self.providers.first().map_or("none", Provider::name);
                Payment {
                    // Postgres keeps microseconds, and a repetition says the same time.
                    expires_at: (now + CHECKOUT_LIFETIME).replace_nanosecond(0).ok(),
                    return_url: Some(return_url),
                    ..Payment::begin(id, invoice, Way::Checkout, provider, now)
                }
            }
        };
        payments::add(tx, &payment, attempt, Some(now + CHECKS[0])).await?;
        Ok(Some(id))
    }

    /// Asks the provider for what was noted, and keeps its answer. Returns the payment as it is then.
    ///
    /// # Errors
    /// When Postgres does not answer; the intent is then found again by [`Self::resolve`].
    pub(crate) async fn collect(&self, id: PaymentId) -> Result<Option<Payment>, BillingError> {
        let Some(payment) = payments::find(self.outbox.pool(), id).await? else { return Ok(None) };
        let verdict = match self.providers.find(&payment.provider) {
            Ok(provider) => ask(provider, &payment).await,
            Err(error) => Verdict::NotDone(error.to_string()),
        };
        self.settle(id, verdict).await
    }

    /// Keeps what was learned of a payment, with everything that follows from it. What is final stays; only money that came in after all, for a
    /// payment that had failed, still counts.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub(crate) async fn settle(&self, id: PaymentId, verdict: Verdict) -> Result<Option<Payment>, BillingError> {
        let Some(known) = payments::find(self.outbox.pool(), id).await? else { return Ok(None) };
        let method = match &verdict {
            Verdict::Succeeded(found) => found.method.clone(),
            _ => None,
        };
        let settled: Option<Payment> = self
            .outbox
            .transact(async |tx| {
                let mut held = Held::of(tx, &known).await?;
                let Some(mut payment) = payments::lock(tx, id).await? else { return Ok(None) };
                self.learn(tx, &mut held, &mut payment, verdict).await?;
                Ok::<_, BillingError>(Some(payment))
            })
            .await?;
        if let (Some(payment), Some(method)) = (&settled, method)
            && payment.account.is_none()
            // Somebody paid on a page after they were erased: what the provider saved of them then is nobody's.
            && let Err(error) = self.providers.detach(&payment.provider, &method.token).await
        {
            tracing::error!(%error, payment = %payment.id, "the provider keeps a method of somebody who was erased: a person must look");
        }
        Ok(settled)
    }

    async fn learn(
        &self,
        tx: &mut Transaction<'_>,
        held: &mut Held,
        payment: &mut Payment,
        verdict: Verdict,
    ) -> Result<(), BillingError> {
        let now = self.world.now();
        match verdict {
            _ if payment.status == payment::Status::Succeeded => return Ok(()),
            Verdict::Succeeded(found) if found.amount != payment.amount => {
                tracing::error!(payment = %payment.id, "the provider names another amount: a person must look");
                (payment.status, payment.code) = (payment::Status::Unknown, Some("amount_differs".to_owned()));
                return Ok(payments::put(tx, payment, None).await?);
            }
            Verdict::Succeeded(found) => return self.captured(tx, held, payment, *found).await,
            _ if !payment.status.is_under_way() => return Ok(()),
            Verdict::Failed(code) => {
                (payment.status, payment.code) = (payment::Status::Failed, Some(code));
                payments::put(tx, payment, None).await?;
                return self.declined(tx, held, payment).await;
            }
            Verdict::Left => {
                // Only a page can be left: a charge that is too late was not made.
                let is_page = payment.way == Way::Checkout;
                payment.status = if is_page { payment::Status::Canceled } else { payment::Status::Failed };
                payment.code = Some("expired".to_owned());
                payments::put(tx, payment, None).await?;
                return self.declined(tx, held, payment).await;
            }
            Verdict::Opened(checkout) => {
                payment.status = payment::Status::Pending;
                (payment.checkout_id, payment.checkout_url) = (Some(checkout.id), Some(checkout.url));
            }
            Verdict::Pending(id) => {
                payment.status = payment::Status::Pending;
                if payment.way == Way::Charge {
                    payment.provider_id = id.or(payment.provider_id.take());
                }
            }
            Verdict::Unknown(reason) => {
                tracing::warn!(payment = %payment.id, reason, "the outcome of a payment is unknown");
                payment.status = payment::Status::Unknown;
            }
            Verdict::NotDone(reason) => tracing::warn!(payment = %payment.id, reason, "the provider is not available"),
        }
        let is_left_open = payment.is_withdrawn && payment.checks == 0;
        // Withdrawn while it was being made: it is closed at once.
        let check_at = if is_left_open { Some(now) } else { payment.next_check(now) };
        payment.checks += 1;
        if check_at.is_none() {
            tracing::error!(payment = %payment.id, "the outcome of a payment stays unknown: a person must look");
        }
        Ok(payments::put(tx, payment, check_at).await?)
    }

    /// The money came in. If nothing needs it any more, it goes back.
    async fn captured(
        &self,
        tx: &mut Transaction<'_>,
        held: &mut Held,
        payment: &mut Payment,
        found: crate::providers::Payment,
    ) -> Result<(), BillingError> {
        let now = self.world.now();
        payment.status = payment::Status::Succeeded;
        payment.provider_id = Some(found.id);
        payment.captured_at = Some(found.captured_at.unwrap_or(now));
        payment.code = None;
        let mut invoice = invoices::lock(tx, payment.invoice).await?.ok_or(sqlx::Error::RowNotFound)?;
        let is_needed = invoice.status == invoice::Status::Open && self.deliver(tx, held, &mut invoice).await?;
        payment.is_surplus = !is_needed;
        if is_needed {
            // Only what somebody pays with is what they go on to pay with, not what paid on a page that was left open.
            if let (Some(account), Some(method)) = (payment.account, &found.method) {
                let id = MethodId::derived(&format!("{} {}", payment.provider, method.token));
                methods::keep(tx, id, account, &payment.provider, method, now).await?;
            }
            store::ledger::book(tx, payment.id, &ledger::captured(payment, invoice.tax), now).await?;
        } else {
            tracing::warn!(payment = %payment.id, "a payment came that nothing needs: it goes back");
            store::ledger::book(tx, payment.id, &ledger::surplus(payment), now).await?;
            let refund = Refund::begin(self.world.id(), payment, payment.amount, "not needed any more", now);
            payment.refunded = payment.amount.minor;
            // At once, with the next run of the resolver.
            refunds::add(tx, &refund, None, Some(now)).await?;
        }
        payments::put(tx, payment, None).await?;
        // What goes back is told when it has.
        if is_needed { self.tell(tx, payment, &invoice).await } else { Ok(()) }
    }

    /// What is had once an invoice is paid, and its number. `false` when nothing needs it any more: it is void then.
    async fn deliver(
        &self,
        tx: &mut Transaction<'_>,
        held: &mut Held,
        invoice: &mut Invoice,
    ) -> Result<bool, BillingError> {
        match held {
            Held::Subscription(subscription) => self.pay(tx, subscription, invoice).await,
            Held::Purchase(purchase) => self.hand_over(tx, purchase, invoice).await,
            Held::Nothing => Ok(false),
        }
    }

    /// The same for an invoice of a subscription.
    async fn pay(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &mut Stored,
        invoice: &mut Invoice,
    ) -> Result<bool, BillingError> {
        let now = self.world.now();
        let (Some(sold), Some(period)) = (&invoice.sold, invoice.period) else { return Ok(false) };
        // Nobody has a better plan of a period whose money goes back.
        let is_change = invoice.kind == Kind::Change;
        if is_change && payments::is_period_given_back(tx, subscription.id, period).await? {
            invoices::void(tx, invoice.id, now).await?;
            return Ok(false);
        }
        let state = &mut subscription.state;
        let taken = match invoice.kind {
            Kind::Period => state.paid(period, &sold.terms, sold.percent_off, now).map(|()| (state.from, state.to)),
            Kind::Change => state.changed(period, sold.terms.clone(), now).map(|()| (now, state.to)),
            Kind::Purchase | Kind::CreditNote => return Ok(false),
        };
        let Ok(covers) = taken else {
            invoices::void(tx, invoice.id, now).await?;
            return Ok(false);
        };
        self.put(tx, subscription).await?;
        invoices::issue(tx, invoice, Some(covers), now).await?;
        Ok(true)
    }

    /// Nothing was taken. A page that nobody paid on counts only where the subscription waits for it.
    async fn declined(&self, tx: &mut Transaction<'_>, held: &mut Held, payment: &Payment) -> Result<(), BillingError> {
        let invoice = invoices::lock(tx, payment.invoice).await?.ok_or(sqlx::Error::RowNotFound)?;
        if let Held::Purchase(purchase) = held
            && purchase.decline()
        {
            purchases::put(tx, purchase).await?;
        }
        if invoice.kind != Kind::Period {
            invoices::void(tx, invoice.id, self.world.now()).await?;
        } else if let (Held::Subscription(subscription), Some(period)) = (held, invoice.period) {
            let counts = payment.way == Way::Charge || subscription.state.status == Status::Pending;
            if counts && subscription.state.declined(period, self.world.now()) {
                self.put(tx, subscription).await?;
            }
        }
        if payment.way == Way::Charge { self.tell(tx, payment, &invoice).await } else { Ok(()) }
    }

    /// Writes a held subscription and tells everybody. What is open of one that has ended is void.
    pub(crate) async fn put(&self, tx: &mut Transaction<'_>, subscription: &mut Stored) -> Result<(), BillingError> {
        subscriptions::put(tx, subscription).await?;
        if subscription.state.status == Status::Ended {
            invoices::void_all(tx, subscription.id, self.world.now()).await?;
            if subscription.state.period == 0 {
                promos::release(tx, subscription.id).await?;
            }
        }
        if let Some(data) = telling::changed(subscription) {
            let event = self.called(tx, subscription, data).await?;
            tx.emit(&event).await?;
        }
        Ok(())
    }
}

/// The provider's answer to an intent.
async fn ask(provider: &dyn Provider, payment: &Payment) -> Verdict {
    let (key, reference) = (payment.id.to_string(), payment.id.to_string());
    let description = "Online Cinema".to_owned();
    match payment.way {
        Way::Charge => {
            let method = payment.method_token.clone().unwrap_or_default();
            let charge = Charge { reference, method, amount: payment.amount, description };
            provider.charge(&key, &charge).await.into()
        }
        Way::Checkout => {
            let (Some(account), Some(return_url), Some(expires_at)) =
                (payment.account, payment.return_url.clone(), payment.expires_at)
            else {
                return Verdict::Failed("expired".to_owned());
            };
            let customer = account.to_string();
            let (amount, save_method) = (payment.amount, payment.subscription.is_some());
            let order = Order { reference, customer, amount, description, save_method, return_url, expires_at };
            match provider.create_checkout(&key, &order).await {
                Ok(checkout) => Verdict::Opened(checkout),
                Err(error) => Verdict::from(Err(error)),
            }
        }
    }
}

pub(crate) fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
