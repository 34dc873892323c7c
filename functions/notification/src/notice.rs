//! What an event tells an account: a fact, of which it hears once, in the words of a template.

use std::collections::HashMap;

use events::{
    Account, ContractError, EndingRental, Event, Export, FinishedExport, Payment, Profile, Purchase, RefreshReused,
    Renewal, Subscription, Trial,
    contracts::{PaymentStatus, PurchaseStatus, SubscriptionStatus},
};
use kernel::{
    AccountId, Money, Period, PurchaseId,
    policy::{Entitlement, TitleGrant},
};
use proto::{
    mail::{
        DataExportReady, DataExportRequested, PaymentDeclined, PaymentFailed, PaymentReceived, PaymentRefunded,
        PlanChangeScheduled, PlanChangeWithdrawn, PlanChanged, PurchaseReturned, RentalEnding, SessionRevoked,
        SubscriptionActive, SubscriptionCancelled, SubscriptionEnded, SubscriptionPaused, SubscriptionResumed,
        SubscriptionSuspended, Template, TitlePurchased, TrialEnding, TrialStarted, Welcome,
    },
    types,
};
use time::{Date, Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{amount, quiet::TimeZone};

/// An event that somebody may want to hear of, or that says where to reach them.
#[derive(Clone, PartialEq, Eq)]
pub enum News {
    /// An address was proven.
    Account(Account),
    /// A profile has a language.
    Profile(Profile),
    /// A session was ended because its token came back.
    Reused(RefreshReused),
    /// A subscription has another state.
    Subscription(Subscription),
    /// A payment has ended, or something of it was given back.
    Payment(Payment),
    /// A single title was paid, or is over.
    Purchase(Purchase),
    /// A trial ends soon.
    TrialEnding(Trial),
    /// A rental ends soon.
    RentalEnding(EndingRental),
    /// Somebody wants a copy of their data.
    Export(Export),
    /// The copy can be fetched.
    ExportReady(FinishedExport),
}

impl News {
    /// Reads an event by its contract.
    ///
    /// # Errors
    /// What does not fit, or that the event is of another type; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        match event.kind.as_str() {
            types::PROFILE_CHANGED => Profile::read(event).map(Self::Profile),
            types::REFRESH_REUSED => RefreshReused::read(event).map(Self::Reused),
            types::SUBSCRIPTION_CHANGED => Subscription::read(event).map(Self::Subscription),
            types::PAYMENT_CHANGED => Payment::read(event).map(Self::Payment),
            types::PURCHASE_CHANGED => Purchase::read(event).map(Self::Purchase),
            types::TRIAL_ANNOUNCED => Trial::read(event).map(Self::TrialEnding),
            types::RENTAL_ANNOUNCED => EndingRental::read(event).map(Self::RentalEnding),
            types::EXPORT_REQUESTED => Export::read(event).map(Self::Export),
            types::EXPORT_READY => FinishedExport::read(event).map(Self::ExportReady),
            _ => Account::read(event).map(Self::Account),
        }
    }

    /// Whom it is about.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Account(account) => account.id,
            Self::Profile(profile) => profile.account,
            Self::Reused(reused) => reused.account,
            Self::Subscription(subscription) => subscription.account,
            Self::Payment(payment) => payment.account,
            Self::Purchase(purchase) => purchase.account,
            Self::TrialEnding(trial) => trial.account,
            Self::RentalEnding(ending) => ending.account,
            Self::Export(export) => export.account,
            Self::ExportReady(export) => export.account,
        }
    }
}

/// Something to tell.
#[derive(Clone, PartialEq)]
pub struct Notice {
    /// The same in every event that tells the same.
    pub fact: String,
    /// In which words.
    pub template: Template,
    /// From when on it is no news any more, if there is such a moment: it does not wait for others until then.
    pub stale_at: Option<OffsetDateTime>,
}

impl Notice {
    fn new(fact: impl Into<String>, template: impl Into<Template>) -> Self {
        Self { fact: fact.into(), template: template.into(), stale_at: None }
    }

    /// What a person in a time zone hears of some news that happened at `at`, whatever they heard before; nothing of most.
    pub fn of(news: &News, zone: &TimeZone, at: OffsetDateTime) -> Option<Self> {
        match news {
            // Also when it is the second address that is heard of first.
            News::Account(_) => Some(Self::new("welcome", Welcome {})),
            News::Profile(_)
            | News::Subscription(_)
            | News::Payment(_)
            | News::Purchase(_)
            | News::TrialEnding(_)
            | News::RentalEnding(_) => None,
            News::Reused(reused) => {
                Some(Self::new(format!("{} revoked", reused.session), SessionRevoked { at: moment(reused.at) }))
            }
            News::Export(export) => {
                Some(Self::new(format!("{} requested", export.id), DataExportRequested { at: moment(at) }))
            }
            News::ExportReady(export) => {
                let until = last_day(export.kept_until, zone);
                Some(Self::new(format!("{} ready", export.id), DataExportReady { until }))
            }
        }
    }
}

/// What was told last of a subscription, as far as it says what will happen to it. Its days are those of UTC, wherever the person is meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// How it stood.
    pub status: SubscriptionStatus,
    /// Whether all tries to collect a payment were declined; otherwise one that is late is tried again.
    pub is_suspended: bool,
    /// The key of its plan.
    pub plan: String,
    /// The day on which the period ended; absent where it was told before days were kept.
    pub until: Option<Date>,
    /// The day on which a pause ends, where there is one.
    pub resumes_on: Option<Date>,
    /// What begins with the next period, if that is something else; never of one that is about to end or to rest.
    pub next: Option<Next>,
}

/// What begins with the next period of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The key of its plan.
    pub plan: String,
    /// Minor units: a subscription keeps its currency.
    pub amount: i64,
    /// How long that lasts.
    pub period: Period,
}

impl Outlook {
    /// The one of a state.
    pub fn of(subscription: &Subscription) -> Self {
        let Subscription { status, terms, resumes_at, next, .. } = subscription;
        let goes_on = !matches!(status, SubscriptionStatus::Cancelled | SubscriptionStatus::Ended);
        let next = next.as_ref().filter(|_| goes_on);
        Self {
            status: *status,
            is_suspended: *status == SubscriptionStatus::PastDue && terms.grace_to <= terms.valid_to,
            plan: terms.plan.clone(),
            until: Some(day(terms.valid_to)),
            resumes_on: resumes_at.map(day),
            next: next.map(|next| Next {
                plan: next.plan.clone(),
                amount: next.price.amount.minor,
                period: next.price.period,
            }),
        }
    }

    /// Whether another period was paid since.
    fn is_paid_after(&self, before: &Self) -> bool {
        self.status == SubscriptionStatus::Active && self.until > before.until
    }

    /// Whether they differ in nothing but what begins with the next period.
    fn is_like(&self, other: &Self) -> bool {
        *self == Self { next: self.next.clone(), ..other.clone() }
    }

    /// Whether it is renewed by itself.
    fn is_running(&self) -> bool {
        matches!(self.status, SubscriptionStatus::Trialing | SubscriptionStatus::Active)
    }
}

/// What is told of a newer state of a subscription after `before`, to somebody in a time zone, by an event of the moment `at`: only what changes what will happen to it. Another try
/// of a payment does not.
///
/// A person may cancel, take it back and cancel again within one period, so that the state alone does not say what is news.
///
/// Days are those of the zone. Until a day means that something is there on it, to its end or to an hour of it: a period that ends with the first
/// moment of a day runs until the day before. What is paid or begins on a day is so on the day of the moment itself.
pub fn subscribed(
    before: Option<&Outlook>,
    subscription: &Subscription,
    zone: &TimeZone,
    at: OffsetDateTime,
) -> Vec<Notice> {
    let now = Outlook::of(subscription);
    if before == Some(&now) {
        return Vec::new();
    }
    let (id, sequence) = (subscription.id, subscription.sequence);
    let changed = changed(before, &now, subscription, (zone, at));
    // Whoever takes a cancellation back hears what goes on with it.
    let is_said = matches!(changed, Some(Template::SubscriptionResumed(_)));
    let rescheduled = rescheduled(before, &now, subscription, zone).filter(|_| !is_said);
    let notice = |template: Template| {
        let fact = match template {
            // Whatever events tell it, of these there is one for a subscription.
            Template::TrialStarted(_) | Template::SubscriptionEnded(_) => format!("{id} {}", now.status),
            _ => format!("{id} {sequence} {}", template.name()),
        };
        Notice::new(fact, template)
    };
    changed.into_iter().chain(rescheduled).map(notice).collect()
}

/// What is told of how it stands.
fn changed(
    before: Option<&Outlook>,
    now: &Outlook,
    subscription: &Subscription,
    (zone, at): (&TimeZone, OffsetDateTime),
) -> Option<Template> {
    let Entitlement { valid_to, grace_to, .. } = subscription.terms;
    let (plan, plan_names) = (now.plan.clone(), subscription.plan_names.told().collect());
    // What is asked for, or goes on, is what begins with the next period.
    let (next_plan, next_names): (String, HashMap<_, _>) = match &subscription.next {
        Some(next) => (next.plan.clone(), next.plan_names.told().collect()),
        None => (plan.clone(), subscription.plan_names.told().collect()),
    };
    let until = last_day(valid_to, zone);
    let Price { amount, period, then } = subscription.renewal.as_ref().map(Price::of).unwrap_or_default();
    Some(match (now.status, before) {
        (SubscriptionStatus::Ended, Some(Outlook { status: SubscriptionStatus::Ended, .. })) => return None,
        (SubscriptionStatus::Ended, _) => SubscriptionEnded { plan, plan_names }.into(),
        (SubscriptionStatus::PastDue, Some(before)) if now.is_like(before) => return None,
        (SubscriptionStatus::PastDue, _) if now.is_suspended => {
            SubscriptionSuspended { plan: next_plan, plan_names: next_names }.into()
        }
        (SubscriptionStatus::PastDue, _) => PaymentFailed {
            plan: next_plan,
            until: last_day(grace_to, zone),
            plan_names: next_names,
            needs_method: subscription.needs_method,
        }
        .into(),
        // One that is about to end or to rest anyway was changed, or the change was given back.
        (SubscriptionStatus::Cancelled, Some(before))
            if before.status == now.status && before.plan != now.plan && before.resumes_on == now.resumes_on =>
        {
            // Nothing follows.
            PlanChanged { plan, until, plan_names, ..PlanChanged::default() }.into()
        }
        (SubscriptionStatus::Cancelled, _) => match subscription.resumes_at {
            // Somebody ended the pause: what comes of it is told.
            Some(resumes_at) if resumes_at <= at => return None,
            Some(resumes_at) => {
                SubscriptionPaused { plan, until, resumes_on: zone.date(resumes_at), plan_names }.into()
            }
            None => SubscriptionCancelled { plan, until, plan_names }.into(),
        },
        (SubscriptionStatus::Trialing, None) => TrialStarted { plan, until, plan_names, amount, period, then }.into(),
        (SubscriptionStatus::Trialing | SubscriptionStatus::Active, Some(before))
            if before.status == SubscriptionStatus::Cancelled && !now.is_paid_after(before) =>
        {
            SubscriptionResumed {
                plan: next_plan,
                until: zone.date(valid_to),
                plan_names: next_names,
                amount,
                period,
                then,
                needs_method: subscription.needs_method,
            }
            .into()
        }
        (_, Some(before)) if before.status == now.status && before.plan != now.plan && !now.is_paid_after(before) => {
            PlanChanged { plan, until, plan_names, amount, period, then }.into()
        }
        // Whatever else becomes of a trial is not its beginning. Of a period that follows another the receipt tells.
        (SubscriptionStatus::Trialing, Some(_)) => return None,
        (SubscriptionStatus::Active, Some(before)) if before.status == now.status && before.plan == now.plan => {
            return None;
        }
        (SubscriptionStatus::Active, _) => SubscriptionActive { plan, until, plan_names }.into(),
    })
}

/// What is told of what begins with the next period. Once it has begun, how it stands tells it.
fn rescheduled(
    before: Option<&Outlook>,
    now: &Outlook,
    subscription: &Subscription,
    zone: &TimeZone,
) -> Option<Template> {
    if !now.is_running() {
        return None;
    }
    let begins_on = zone.date(subscription.terms.valid_to);
    let Some(next) = &subscription.next else {
        let withdrawn = |before: &&Outlook| {
            before.is_running() && before.next.is_some() && before.plan == now.plan && !now.is_paid_after(before)
        };
        before.filter(withdrawn)?;
        let plan_names = subscription.plan_names.told().collect();
        return Some(PlanChangeWithdrawn { plan: now.plan.clone(), until: begins_on, plan_names }.into());
    };
    // It was told with the day on which it begins.
    if before.is_some_and(|before| before.next == now.next && before.until == now.until) {
        return None;
    }
    let Price { amount, period, then } = Price::of(&next.price);
    let plan_names = next.plan_names.told().collect();
    Some(PlanChangeScheduled { plan: next.plan.clone(), begins_on, amount, period, plan_names, then }.into())
}

/// What mails say of the periods to come; empty words where there are none.
#[derive(Default)]
struct Price {
    amount: String,
    period: String,
    then: String,
}

impl Price {
    fn of(renewal: &Renewal) -> Self {
        let Renewal { amount, due, period } = *renewal;
        Self { amount: amount::written(due), period: period.to_string(), then: later(due, amount) }
    }
}

/// What later periods cost, if that is something else than the first.
fn later(first: Money, later: Money) -> String {
    if later == first { String::new() } else { amount::written(later) }
}

/// What is told of a trial that ends, to somebody in a time zone, at the moment `now`; nothing where a newer state says that there is none any more.
pub fn trial_ending(trial: &Trial, has_left: bool, zone: &TimeZone, now: OffsetDateTime) -> Option<Notice> {
    if has_left || trial.ends_at <= now {
        return None;
    }
    let template = TrialEnding {
        plan: trial.plan.clone(),
        ends_on: zone.date(trial.ends_at),
        amount: amount::written(trial.amount),
        then: later(trial.amount, trial.period_amount),
        needs_method: trial.needs_method,
        period: trial.period.map_or_else(String::new, |period| period.to_string()),
        plan_names: trial.plan_names.told().collect(),
    };
    // Another plan for the same trial is another fact.
    let fact = format!("{} trial ends {} {}", trial.subscription, moment(trial.ends_at), trial.plan);
    Some(Notice::new(fact, template))
}

/// What is told of a payment, of which the facts `told` were told: a receipt once, and each higher sum that was given back.
///
/// Who gets everything back at once needs no receipt before it: the same mail says what was paid. A failed payment for a subscription is told by
/// its state.
pub fn paid(payment: &Payment, told: &[String]) -> Vec<Notice> {
    let (id, money) = (payment.id, payment.amount);
    let (amount, description) = (amount::written(money), payment.description.clone());
    let goods_names: HashMap<_, _> = payment.goods_names.told().collect();
    let invoice_number = payment.invoice_number.clone().unwrap_or_default();
    let mut notices = Vec::new();
    if payment.status == PaymentStatus::Failed {
        if payment.subscription.is_none() && told.is_empty() {
            notices.push(Notice::new(format!("{id} declined"), PaymentDeclined { amount, description, goods_names }));
        }
        return notices;
    }
    if payment.refunded < money.minor {
        let template = PaymentReceived {
            amount: amount.clone(),
            description: description.clone(),
            invoice_number: invoice_number.clone(),
            goods_names: goods_names.clone(),
        };
        notices.push(Notice::new(format!("{id} paid"), template));
    }
    let sums = told.iter().filter_map(|fact| fact.strip_prefix(&format!("{id} refunded "))?.parse().ok());
    if payment.refunded > sums.max().unwrap_or_default() {
        let refunded = amount::written(Money::new(payment.refunded, money.currency));
        let template = PaymentRefunded { refunded, amount, description, invoice_number, goods_names };
        notices.push(Notice::new(format!("{id} refunded {}", payment.refunded), template));
    }
    notices
}

/// What is told of a single title with `names` to somebody in a time zone, by an event of the moment `at`, when the facts `told` were told of it: that
/// it is there, and that it was given back. That its time is over was told before. Days are as in [`subscribed`].
pub fn purchased(
    purchase: &Purchase,
    names: HashMap<String, String>,
    told: &[String],
    zone: &TimeZone,
    at: OffsetDateTime,
) -> Option<Notice> {
    let TitleGrant { title, purchase: id, kind, valid_to } = purchase.grant;
    let (title_id, kind) = (title.to_string(), kind.to_string());
    match purchase.status {
        // That it ends soon does not say that it is there.
        PurchaseStatus::Active if told.iter().all(|fact| end_told(id, fact).is_some()) => {
            let until = valid_to.map_or_else(String::new, |valid_to| last_day(valid_to, zone));
            Some(Notice::new(format!("{id} active"), TitlePurchased { names, kind, until, title_id }))
        }
        PurchaseStatus::Ended if valid_to.is_none_or(|valid_to| at < valid_to) => {
            Some(Notice::new(format!("{id} ended"), PurchaseReturned { names, kind, title_id }))
        }
        PurchaseStatus::Active | PurchaseStatus::Ended => None,
    }
}

/// What is told at the moment `now` of a rental of a title with `names` that ends, to somebody in a time zone, when the facts `told` were told of it:
/// nothing where it is over or was given back, nor until when it can be begun where another end was told, because it was.
pub fn rental_ending(
    ending: &EndingRental,
    names: HashMap<String, String>,
    told: &[String],
    zone: &TimeZone,
    now: OffsetDateTime,
) -> Option<Notice> {
    let EndingRental { purchase: id, title, ends_at, has_begun, .. } = *ending;
    let is_overtaken = told.iter().any(|fact| match end_told(id, fact) {
        Some(end) => !has_begun && end != ends_at,
        None => *fact == format!("{id} ended"),
    });
    if is_overtaken || ends_at <= now {
        return None;
    }
    let template = RentalEnding { names, at: moment(zone.local(ends_at)), has_begun, title_id: title.to_string() };
    Some(Notice { stale_at: Some(ends_at), ..Notice::new(format!("{id} ends {}", moment(ends_at)), template) })
}

/// The end of a rental that a fact tells, if it tells one.
fn end_told(id: PurchaseId, fact: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(fact.strip_prefix(&format!("{id} ends "))?, &Rfc3339).ok()
}

fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The last day in a zone of something that is not there any more from `end` on.
fn last_day(end: OffsetDateTime, zone: &TimeZone) -> String {
    zone.date(end - Duration::SECOND)
}

fn day(at: OffsetDateTime) -> Date {
    at.to_offset(UtcOffset::UTC).date()
}

#[cfg(test)]
mod tests;
