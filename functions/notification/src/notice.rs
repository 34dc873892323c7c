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
mod tests {
    use std::collections::BTreeSet;

    use SubscriptionStatus::{Active, Cancelled, Ended, PastDue, Trialing};
    use events::NextTerms;
    use kernel::{Currency, Names, PurchaseKind, World};
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const PAID_TO: OffsetDateTime = datetime!(2026-12-24 18:30 UTC);
    /// Before everything else.
    const START: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);
    /// The first moment of a day in Moscow, while it is the day before in New York.
    const MIDNIGHT: OffsetDateTime = datetime!(2026-12-24 21:00 UTC);
    const MONTH: Duration = Duration::days(30);
    const GRACE: Duration = Duration::days(8);

    /// A plan and its price.
    type Offer = (&'static str, i64);
    /// Status, plan, paid to, end of a pause, and what begins with the next period.
    type State = (SubscriptionStatus, &'static str, OffsetDateTime, Option<OffsetDateTime>, Option<Offer>);

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn rub() -> Currency {
        "RUB".parse().unwrap()
    }

    fn names(english: &str) -> Names {
        Names { by_locale: [(kernel::Locale::english(), english.to_owned())].into(), original: String::new() }
    }

    fn subscription(sequence: i64, (status, plan, valid_to, resumes_at, next): State) -> Subscription {
        let world = World::replay(PAID_TO, 1).0;
        let goes_on = matches!(status, Trialing | Active | PastDue);
        let grace_to = if goes_on { valid_to + GRACE } else { valid_to };
        let terms = Entitlement { plan: plan.to_owned(), max_streams: 2, max_height: 1080, valid_to, grace_to };
        let price = |minor| {
            let amount = Money::new(minor, rub());
            Renewal { amount, due: amount, period: Period::Month }
        };
        let next =
            next.map(|(plan, minor)| NextTerms { plan: plan.to_owned(), plan_names: names(plan), price: price(minor) });
        let renewal = next.as_ref().map(|next| next.price).or(goes_on.then(|| price(29_900)));
        let (id, account, plan_names) = (world.id(), world.id(), names(plan));
        Subscription {
            id,
            sequence,
            account,
            status,
            terms,
            resumes_at,
            plan_names,
            next,
            renewal,
            needs_method: false,
        }
    }

    /// One of which all tries to collect a payment were declined.
    fn suspended(sequence: i64, valid_to: OffsetDateTime) -> Subscription {
        let mut state = subscription(sequence, (PastDue, "a", valid_to, None, None));
        state.terms.grace_to = valid_to;
        state
    }

    /// What is told of states that follow each other, each as it is committed with what was told before.
    fn heard(states: impl IntoIterator<Item = Subscription>) -> Vec<Notice> {
        let (mut before, mut facts, mut newest) = (None, BTreeSet::new(), 0);
        let mut all = Vec::new();
        for state in states {
            // As the store does with what was overtaken.
            if state.sequence <= newest {
                continue;
            }
            newest = state.sequence;
            let notices = subscribed(before.as_ref(), &state, &TimeZone::utc(), START);
            before = Some(Outlook::of(&state));
            for notice in notices {
                assert!(facts.insert(notice.fact.clone()), "{} is told twice", notice.fact);
                all.push(notice);
            }
        }
        all
    }

    fn kinds(notices: &[Notice]) -> Vec<&'static str> {
        notices.iter().map(|notice| notice.template.name()).collect()
    }

    fn told(
        states: &[(SubscriptionStatus, &'static str, OffsetDateTime, Option<OffsetDateTime>)],
    ) -> Vec<&'static str> {
        let states =
            states.iter().map(|(status, plan, valid_to, resumes_at)| (*status, *plan, *valid_to, *resumes_at, None));
        kinds(&heard((1..).zip(states).map(|(sequence, state)| subscription(sequence, state))))
    }

    /// With what is to begin with the next period.
    fn told_with_next(
        states: &[(SubscriptionStatus, &'static str, OffsetDateTime, Option<Offer>)],
    ) -> Vec<&'static str> {
        let states = states.iter().map(|(status, plan, valid_to, next)| (*status, *plan, *valid_to, None, *next));
        kinds(&heard((1..).zip(states).map(|(sequence, state)| subscription(sequence, state))))
    }

    #[test]
    fn what_will_happen_is_told_each_time_it_changes() {
        let (month, later) = (MONTH, PAID_TO + Duration::hours(2));
        let next = PAID_TO + month;
        let pause = Some(next + month);
        let histories: [(&[_], &[&str]); 9] = [
            (&[(Active, "a", PAID_TO, None), (Active, "a", later, None)], &["subscription_active"]),
            (
                &[(Active, "a", PAID_TO, None), (Active, "a", next, None), (Active, "b", next + month, None)],
                &["subscription_active"; 2],
            ),
            (
                &[(Trialing, "a", PAID_TO, None), (Trialing, "b", PAID_TO, None), (Trialing, "a", PAID_TO, None)],
                &["trial_started", "plan_changed", "plan_changed"],
            ),
            (
                &[(Trialing, "a", PAID_TO, None), (Cancelled, "a", PAID_TO, None), (Trialing, "a", PAID_TO, None)],
                &["trial_started", "subscription_cancelled", "subscription_resumed"],
            ),
            (
                &[
                    (Active, "a", PAID_TO, None),
                    (Cancelled, "a", PAID_TO, None),
                    (Active, "a", PAID_TO, None),
                    (Cancelled, "a", PAID_TO, None),
                    (Ended, "a", PAID_TO, None),
                    (Ended, "", next, None),
                ],
                &[
                    "subscription_active",
                    "subscription_cancelled",
                    "subscription_resumed",
                    "subscription_cancelled",
                    "subscription_ended",
                ],
            ),
            (
                &[
                    (Active, "a", PAID_TO, None),
                    (Cancelled, "a", PAID_TO, pause),
                    (Cancelled, "a", PAID_TO, pause),
                    (Active, "a", next, None),
                ],
                &["subscription_active", "subscription_paused", "subscription_active"],
            ),
            (
                &[(Cancelled, "a", PAID_TO, pause), (Cancelled, "a", PAID_TO, None), (Active, "a", PAID_TO, None)],
                &["subscription_paused", "subscription_cancelled", "subscription_resumed"],
            ),
            (
                &[(Active, "b", PAID_TO, None), (Cancelled, "b", PAID_TO, None), (Cancelled, "a", PAID_TO, None)],
                &["subscription_active", "subscription_cancelled", "plan_changed"],
            ),
            (
                &[(PastDue, "a", PAID_TO, None), (PastDue, "a", PAID_TO, None), (Active, "a", PAID_TO, None)],
                &["payment_failed", "subscription_active"],
            ),
        ];
        for (states, expected) in histories {
            assert_eq!(told(states), expected, "{states:?}");
        }
    }

    #[test]
    fn a_change_with_the_next_period_is_told_when_it_comes_changes_or_goes() {
        let next = PAID_TO + MONTH;
        let (scheduled, withdrawn, active) = ("plan_change_scheduled", "plan_change_withdrawn", "subscription_active");
        let histories: [(&[_], &[&str]); 14] = [
            (&[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("b", 1)))], &[active, scheduled]),
            // The same once more; another price of the same plan; back to it.
            (
                &[
                    (Active, "a", PAID_TO, None),
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Active, "a", PAID_TO, Some(("a", 2))),
                    (Active, "a", PAID_TO, None),
                    (Active, "a", PAID_TO, Some(("a", 2))),
                ],
                &[active, scheduled, scheduled, withdrawn, scheduled],
            ),
            // It begins with the period that is paid: one mail, not two.
            (
                &[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("b", 1))), (Active, "b", next, None)],
                &[active, scheduled, active],
            ),
            // Another price of the same plan: of the period the receipt tells.
            (
                &[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("a", 2))), (Active, "a", next, None)],
                &[active, scheduled],
            ),
            // It was paid as before, and the change comes a period later.
            (
                &[
                    (Active, "a", PAID_TO, None),
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Active, "a", next, Some(("b", 1))),
                ],
                &[active, scheduled, scheduled],
            ),
            // What comes takes effect at once instead.
            (
                &[(Active, "a", PAID_TO, Some(("b", 1))), (Active, "c", PAID_TO, None)],
                &[active, scheduled, "plan_changed"],
            ),
            (
                &[(Trialing, "a", PAID_TO, None), (Trialing, "a", PAID_TO, Some(("b", 1)))],
                &["trial_started", scheduled],
            ),
            (
                &[(Trialing, "a", PAID_TO, Some(("b", 1))), (Trialing, "a", PAID_TO, None), (Active, "a", next, None)],
                &["trial_started", scheduled, withdrawn, active],
            ),
            (
                &[(Trialing, "a", PAID_TO, Some(("b", 1))), (Active, "b", next, None)],
                &["trial_started", scheduled, active],
            ),
            // Only the cancellation is told, whatever becomes of the change; with the plan it comes back.
            (
                &[
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Cancelled, "a", PAID_TO, Some(("b", 1))),
                    (Cancelled, "a", PAID_TO, None),
                    (Active, "a", PAID_TO, None),
                ],
                &[active, scheduled, "subscription_cancelled", "subscription_resumed"],
            ),
            (
                &[
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Cancelled, "a", PAID_TO, Some(("b", 1))),
                    (Active, "a", PAID_TO, Some(("b", 1))),
                ],
                &[active, scheduled, "subscription_cancelled", "subscription_resumed"],
            ),
            // A payment that is late is told as such, and as nothing else.
            (
                &[
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (PastDue, "a", PAID_TO, Some(("b", 1))),
                    (PastDue, "a", PAID_TO, None),
                    (Active, "b", next, None),
                ],
                &[active, scheduled, "payment_failed", active],
            ),
            (&[(PastDue, "a", PAID_TO, None), (PastDue, "a", PAID_TO, Some(("b", 1)))], &["payment_failed"]),
            (
                &[
                    (Active, "a", PAID_TO, Some(("b", 1))),
                    (Ended, "a", PAID_TO, Some(("b", 1))),
                    (Ended, "a", PAID_TO, None),
                ],
                &[active, scheduled, "subscription_ended"],
            ),
        ];
        for (states, expected) in histories {
            assert_eq!(told_with_next(states), expected, "{states:?}");
        }
    }

    #[test]
    fn a_scheduled_change_says_what_begins_and_when() {
        let state = subscription(1, (Active, "a", MIDNIGHT, None, Some(("b", 29_900))));
        for (name, day) in [("UTC", "2026-12-24"), ("Europe/Moscow", "2026-12-25"), ("America/New_York", "2026-12-24")]
        {
            let notices = subscribed(None, &state, &zone(name), START);
            let Template::PlanChangeScheduled(scheduled) = &notices[1].template else { panic!("another template") };
            let PlanChangeScheduled { plan, begins_on, amount, period, plan_names, then } = scheduled;
            assert_eq!(then, "");
            assert_eq!((&**plan, &**begins_on, &**amount, &**period), ("b", day, "299.00 RUB", "month"), "{name}");
            assert_eq!((&*plan_names["en"], &*plan_names[""]), ("b", "b"));
        }
    }

    #[test]
    fn a_payment_that_nobody_tries_any_more_is_told_as_such() {
        let state = |sequence, status| subscription(sequence, (status, "a", PAID_TO, None, None));
        let paid = subscription(9, (Active, "a", PAID_TO + MONTH, None, None));
        let suspension = "subscription_suspended";
        for (states, expected) in [
            (
                vec![state(1, Active), state(2, PastDue), suspended(3, PAID_TO)],
                vec!["subscription_active", "payment_failed", suspension],
            ),
            // The first try after a pause.
            (vec![state(1, Cancelled), suspended(2, PAID_TO)], vec!["subscription_cancelled", suspension]),
            (vec![suspended(2, PAID_TO), suspended(3, PAID_TO), state(1, PastDue)], vec![suspension]),
            (vec![suspended(2, PAID_TO), paid.clone()], vec![suspension, "subscription_active"]),
            (vec![suspended(2, PAID_TO), state(3, Ended)], vec![suspension, "subscription_ended"]),
        ] {
            assert_eq!(kinds(&heard(states)), expected);
        }
        // Whoever was told before the difference was kept heard that it is tried again.
        let before = Outlook::of(&state(1, PastDue));
        assert!(!before.is_suspended);
        assert_eq!(kinds(&subscribed(Some(&before), &suspended(2, PAID_TO), &TimeZone::utc(), START)), [suspension]);
    }

    #[test]
    fn days_are_those_of_the_person_and_the_last_ones_of_what_ends() {
        let until = |status, moment: OffsetDateTime, name: &str| {
            let (valid_to, resumes_at) = match status {
                // Its day is the end of the grace.
                PastDue => (moment - GRACE, None),
                _ => (moment, (status == Cancelled).then_some(moment)),
            };
            let state = subscription(2, (status, "a", valid_to, resumes_at, None));
            let notice = subscribed(None, &state, &zone(name), START).remove(0);
            let value = serde_json::to_value(proto::mail::Mail {
                template: Some(notice.template.clone()),
                ..Default::default()
            });
            let value = value.unwrap()[notice.template.name()].take();
            (value["until"].as_str().unwrap().to_owned(), value["resumes_on"].as_str().map(str::to_owned))
        };
        // Midnight in Moscow: the last day is the one before, and what goes on does so on the new one.
        for status in [Trialing, Active, PastDue, Cancelled] {
            let resumes_on = |day: &str| (status == Cancelled).then(|| day.to_owned());
            for (moment, name, day, next) in [
                (MIDNIGHT, "Europe/Moscow", "2026-12-24", "2026-12-25"),
                (MIDNIGHT + Duration::SECOND, "Europe/Moscow", "2026-12-25", "2026-12-25"),
                (MIDNIGHT, "UTC", "2026-12-24", "2026-12-24"),
                (MIDNIGHT + Duration::hours(3), "UTC", "2026-12-24", "2026-12-25"),
                (MIDNIGHT + Duration::hours(4), "America/New_York", "2026-12-24", "2026-12-24"),
                (MIDNIGHT + Duration::hours(8), "America/New_York", "2026-12-24", "2026-12-25"),
            ] {
                assert_eq!(until(status, moment, name), (day.to_owned(), resumes_on(next)), "{status} {moment} {name}");
            }
        }
        let resumed = |name: &str| {
            let before = Outlook::of(&subscription(1, (Cancelled, "a", MIDNIGHT, None, None)));
            let state = subscription(2, (Active, "a", MIDNIGHT, None, None));
            match subscribed(Some(&before), &state, &zone(name), START).remove(0).template {
                Template::SubscriptionResumed(resumed) => resumed.until,
                other => panic!("{}", other.name()),
            }
        };
        assert_eq!((resumed("Europe/Moscow"), resumed("America/New_York")), ("2026-12-25".into(), "2026-12-24".into()));
    }

    #[test]
    fn days_that_are_compared_are_the_same_wherever_the_person_is() {
        let state = subscription(1, (Active, "a", MIDNIGHT, None, None));
        let before = Outlook::of(&state);
        assert_eq!(before.until.map(|day| day.to_string()), Some("2026-12-24".to_owned()));
        for name in ["UTC", "Europe/Moscow", "America/New_York"] {
            assert!(
                subscribed(Some(&before), &Subscription { sequence: 2, ..state.clone() }, &zone(name), START)
                    .is_empty()
            );
        }
    }

    fn trial(ends_at: OffsetDateTime) -> Trial {
        let world = World::replay(PAID_TO, 1).0;
        let (amount, period) = (Money::new(29_900, rub()), Some(Period::Month));
        let (plan, plan_names) = ("standard".to_owned(), names("Standard"));
        Trial {
            subscription: world.id(),
            sequence: 4,
            account: world.id(),
            plan,
            plan_names,
            ends_at,
            amount,
            period_amount: amount,
            period,
            needs_method: false,
        }
    }

    #[test]
    fn a_trial_that_ends_is_told_once_for_each_end_unless_there_is_none_any_more() {
        let now = MIDNIGHT - Duration::days(3);
        let notice = |ends_at, name: &str| trial_ending(&trial(ends_at), false, &zone(name), now).unwrap();
        for (name, day) in [("UTC", "2026-12-24"), ("Europe/Moscow", "2026-12-25"), ("America/New_York", "2026-12-24")]
        {
            let Template::TrialEnding(ending) = notice(MIDNIGHT, name).template else { panic!("another template") };
            assert_eq!((&*ending.ends_on, &*ending.amount, &*ending.period), (day, "299.00 RUB", "month"));
            assert_eq!((&*ending.plan, &*ending.plan_names["en"]), ("standard", "Standard"));
        }
        assert_eq!(notice(MIDNIGHT, "UTC").fact, notice(MIDNIGHT, "Europe/Moscow").fact);
        assert_ne!(notice(MIDNIGHT, "UTC").fact, notice(MIDNIGHT + Duration::SECOND, "UTC").fact);
        let none = [(true, now), (false, MIDNIGHT), (false, MIDNIGHT + Duration::DAY)];
        for (has_left, now) in none {
            assert!(trial_ending(&trial(MIDNIGHT), has_left, &TimeZone::utc(), now).is_none(), "{has_left} {now}");
        }
        let bare = Trial { plan_names: Names::default(), period: None, ..trial(MIDNIGHT) };
        let Template::TrialEnding(ending) = trial_ending(&bare, false, &TimeZone::utc(), now).unwrap().template else {
            panic!("another template")
        };
        assert!(ending.plan_names.is_empty() && ending.period.is_empty());
    }

    fn rental(ends_at: OffsetDateTime, has_begun: bool) -> EndingRental {
        let world = World::replay(PAID_TO, 1).0;
        EndingRental { purchase: world.id(), sequence: 2, account: world.id(), title: world.id(), ends_at, has_begun }
    }

    #[test]
    fn a_rental_that_ends_is_told_once_for_each_end_until_it_is_over() {
        let now = MIDNIGHT - Duration::days(1);
        let id = rental(MIDNIGHT, false).purchase;
        let heard = |ending: &EndingRental, told: &[String], name: &str, now| {
            rental_ending(ending, HashMap::new(), told, &zone(name), now)
        };
        let (whole, begun) = (rental(MIDNIGHT, false), rental(MIDNIGHT - Duration::hours(2), true));
        let first = heard(&whole, &[], "Europe/Moscow", now).unwrap();
        let Template::RentalEnding(ending) = &first.template else { panic!("another template") };
        assert_eq!((&*ending.at, ending.has_begun), ("2026-12-25T00:00:00+03:00", false));
        assert_eq!(first.fact, heard(&whole, &[], "America/New_York", now).unwrap().fact);
        let second = heard(&begun, std::slice::from_ref(&first.fact), "America/New_York", now).unwrap();
        let Template::RentalEnding(ending) = &second.template else { panic!("another template") };
        assert_eq!((&*ending.at, ending.has_begun), ("2026-12-24T14:00:00-05:00", true));
        // The older word comes last.
        assert!(heard(&whole, &[second.fact], "UTC", now).is_none());
        // What is begun on its last day ends after it.
        let late = rental(MIDNIGHT + Duration::hours(8), true);
        let third = heard(&late, std::slice::from_ref(&first.fact), "UTC", now).unwrap();
        assert!(heard(&whole, &[third.fact], "UTC", now).is_none());
        assert!(heard(&whole, &[format!("{id} ended")], "UTC", now).is_none(), "given back");
        assert!(heard(&whole, &[format!("{id} active")], "UTC", now).is_some());
        assert!(heard(&whole, &[], "UTC", MIDNIGHT).is_none() && heard(&begun, &[], "UTC", MIDNIGHT).is_none());
    }

    #[test]
    fn a_title_is_there_whether_its_end_was_told_before_or_not() {
        let ending = rental(MIDNIGHT, false);
        let (id, valid_to) = (ending.purchase, Some(MIDNIGHT));
        let grant = TitleGrant { title: ending.title, purchase: id, kind: PurchaseKind::Rent, valid_to };
        let purchase = Purchase { sequence: 1, account: ending.account, grant, status: PurchaseStatus::Active };
        let heard = |told: &[String], name: &str| purchased(&purchase, HashMap::new(), told, &zone(name), PAID_TO);
        let fact = rental_ending(&ending, HashMap::new(), &[], &TimeZone::utc(), PAID_TO).unwrap().fact;
        for (name, day) in
            [("Europe/Moscow", "2026-12-24"), ("America/New_York", "2026-12-24"), ("Asia/Tokyo", "2026-12-25")]
        {
            let Template::TitlePurchased(there) = heard(std::slice::from_ref(&fact), name).unwrap().template else {
                panic!("another template")
            };
            assert_eq!(there.until, day, "{name}");
        }
        for told in ["active", "ended"] {
            assert!(heard(&[fact.clone(), format!("{id} {told}")], "UTC").is_none(), "{told}");
        }
    }

    #[test]
    fn a_copy_can_be_fetched_until_the_day_before_it_goes() {
        let world = World::replay(PAID_TO, 1).0;
        let (id, account) = (world.id(), world.id());
        let news = News::ExportReady(FinishedExport { id, account, ready_at: PAID_TO, kept_until: MIDNIGHT });
        for (name, day) in
            [("Europe/Moscow", "2026-12-24"), ("America/New_York", "2026-12-24"), ("Asia/Tokyo", "2026-12-25")]
        {
            let notice = Notice::of(&news, &zone(name), PAID_TO).unwrap();
            assert!(
                notice.template == DataExportReady { until: day.to_owned() }.into()
                    && notice.fact == format!("{id} ready")
            );
        }
        assert_eq!(news.account(), account);
    }

    fn state() -> impl Strategy<Value = Subscription> {
        let status = proptest::sample::select(vec![Trialing, Active, PastDue, Cancelled, Ended]);
        let next = proptest::option::of(proptest::sample::select(vec![("a", 1), ("b", 1), ("b", 2)]));
        (status, proptest::sample::select(vec!["a", "b"]), 0..2i64, any::<bool>(), next).prop_map(
            |(status, plan, months, rests, next)| {
                let valid_to = PAID_TO + MONTH * i32::try_from(months).unwrap();
                let resumes_at = (status == Cancelled && rests).then_some(valid_to + MONTH);
                let mut state = subscription(1, (status, plan, valid_to, resumes_at, next));
                if status == PastDue && rests {
                    state.terms.grace_to = valid_to;
                }
                state
            },
        )
    }

    proptest! {
        /// Whatever the history, its copies and its order: each fact once, nothing without a difference, and the last word counts.
        #[test]
        fn histories_tell_each_fact_once_in_any_order(
            (ordered, shuffled) in proptest::collection::vec(state(), 1..8).prop_flat_map(|mut states| {
                // Nothing follows an end.
                let ends = states.iter().position(|state| state.status == Ended);
                states.truncate(ends.map_or(states.len(), |end| end + 1));
                for (sequence, state) in (1..).zip(&mut states) {
                    state.sequence = sequence;
                }
                let copies = [states.clone(), states.clone()].concat();
                (Just(states), Just(copies).prop_shuffle())
            }),
        ) {
            // `heard` refuses a fact that comes twice.
            heard(shuffled);
            let doubled = ordered.iter().flat_map(|state| [state.clone(), state.clone()]);
            prop_assert!(heard(doubled) == heard(ordered.clone()));
            let mut before: Option<Outlook> = None;
            for state in &ordered {
                let notices = subscribed(before.as_ref(), state, &TimeZone::utc(), START);
                let now = Outlook::of(state);
                let names = kinds(&notices);
                prop_assert!(names.len() <= 2 && (before.as_ref() != Some(&now) || names.is_empty()));
                if matches!(now.status, Cancelled | Ended | PastDue) {
                    prop_assert!(!names.iter().any(|name| name.starts_with("plan_change_")), "{:?} {:?}", now, names);
                }
                let is_told = |name| names.contains(&name);
                prop_assert_eq!(is_told("payment_failed"), is_told("payment_failed") && !now.is_suspended);
                prop_assert_eq!(is_told("subscription_suspended"), is_told("subscription_suspended") && now.is_suspended);
                // Whoever is told of a change is told of it until it begins or is taken back.
                let news_of_next = before.as_ref().is_none_or(|before| before.next != now.next);
                if now.is_running() && now.next.is_some() && news_of_next {
                    prop_assert!(is_told("plan_change_scheduled") || is_told("subscription_resumed"));
                }
                before = Some(now);
            }
        }
    }
}
