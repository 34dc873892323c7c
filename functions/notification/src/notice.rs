//! What an event tells an account: a fact, of which it hears once, in the words of a template.

use std::collections::HashMap;

use events::{
    Account, ContractError, Event, Export, Payment, Profile, Purchase, RefreshReused, Subscription,
    contracts::{PaymentStatus, PurchaseStatus, SubscriptionStatus},
};
use kernel::{AccountId, Money, policy::TitleGrant};
use proto::{
    mail::{
        DataExportRequested, PaymentDeclined, PaymentFailed, PaymentReceived, PaymentRefunded, PlanChanged,
        PurchaseReturned, SessionRevoked, SubscriptionActive, SubscriptionCancelled, SubscriptionEnded,
        SubscriptionPaused, SubscriptionResumed, Template, TitlePurchased, TrialStarted, Welcome,
    },
    types,
};
use time::{Date, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::amount;

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
    /// Somebody wants a copy of their data.
    Export(Export),
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
            types::EXPORT_REQUESTED => Export::read(event).map(Self::Export),
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
            Self::Export(export) => export.account,
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

    /// What a person hears of some news that happened at `at`, whatever they heard before; nothing of most.
    pub fn of(news: &News, at: OffsetDateTime) -> Option<Self> {
        match news {
            // Also when it is the second address that is heard of first.
            News::Account(_) => Some(Self::new("welcome", Welcome {})),
            News::Profile(_) | News::Subscription(_) | News::Payment(_) | News::Purchase(_) => None,
            News::Reused(reused) => {
                Some(Self::new(format!("{} revoked", reused.session), SessionRevoked { at: moment(reused.at) }))
            }
            News::Export(export) => {
                Some(Self::new(format!("{} requested", export.id), DataExportRequested { at: moment(at) }))
            }
        }
    }
}

/// What was told last of a subscription, as far as it says what will happen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// How it stood.
    pub status: SubscriptionStatus,
    /// The key of its plan.
    pub plan: String,
    /// The day on which the period ended; absent where it was told before days were kept.
    pub until: Option<Date>,
    /// The day on which a pause ends, where there is one.
    pub resumes_on: Option<Date>,
}

impl Outlook {
    /// The one of a state.
    pub fn of(subscription: &Subscription) -> Self {
        Self {
            status: subscription.status,
            plan: subscription.terms.plan.clone(),
            until: Some(day(subscription.terms.valid_to)),
            resumes_on: subscription.resumes_at.map(day),
        }
    }
}

/// What is told of a newer state of a subscription after `before`: only what changes what will happen to it. Another try of a payment does not.
///
/// A person may cancel, take it back and cancel again within one period, so that the state alone does not say what is news.
pub fn subscribed(before: Option<&Outlook>, subscription: &Subscription) -> Option<Notice> {
    let (id, now) = (subscription.id, Outlook::of(subscription));
    let (plan, until) = (now.plan.clone(), day(subscription.terms.valid_to).to_string());
    let template: Template = match (now.status, before) {
        (_, Some(before)) if *before == now => return None,
        (SubscriptionStatus::Ended, Some(Outlook { status: SubscriptionStatus::Ended, .. })) => return None,
        (SubscriptionStatus::Ended, _) => SubscriptionEnded { plan }.into(),
        (SubscriptionStatus::PastDue, _) => {
            PaymentFailed { plan, until: day(subscription.terms.grace_to).to_string() }.into()
        }
        // One that is about to end or to rest anyway was changed, or the change was given back.
        (SubscriptionStatus::Cancelled, Some(before))
            if before.status == now.status && before.plan != now.plan && before.resumes_on == now.resumes_on =>
        {
            PlanChanged { plan, until }.into()
        }
        (SubscriptionStatus::Cancelled, _) => match now.resumes_on {
            Some(resumes_on) => SubscriptionPaused { plan, until, resumes_on: resumes_on.to_string() }.into(),
            None => SubscriptionCancelled { plan, until }.into(),
        },
        (SubscriptionStatus::Trialing, None) => TrialStarted { plan, until }.into(),
        (SubscriptionStatus::Trialing | SubscriptionStatus::Active, Some(before))
            if before.status == SubscriptionStatus::Cancelled && !now.is_paid_after(before) =>
        {
            SubscriptionResumed { plan, until }.into()
        }
        (_, Some(before)) if before.status == now.status && before.plan != now.plan && !now.is_paid_after(before) => {
            PlanChanged { plan, until }.into()
        }
        // Whatever else becomes of a trial is not its beginning. Of a period that follows another the receipt tells.
        (SubscriptionStatus::Trialing, Some(_)) => return None,
        (SubscriptionStatus::Active, Some(before)) if before.status == now.status && before.plan == now.plan => {
            return None;
        }
        (SubscriptionStatus::Active, _) => SubscriptionActive { plan, until }.into(),
    };
    let fact = match template {
        // Whatever events tell it, of these there is one for a subscription.
        Template::TrialStarted(_) | Template::SubscriptionEnded(_) => format!("{id} {}", now.status),
        _ => format!("{id} {} {}", subscription.sequence, template.name()),
    };
    Some(Notice::new(fact, template))
}

impl Outlook {
    /// Whether another period was paid since.
    fn is_paid_after(&self, before: &Self) -> bool {
        self.status == SubscriptionStatus::Active && self.until > before.until
    }
}

/// What is told of a payment, of which the facts `told` were told: a receipt once, and each higher sum that was given back.
///
/// Who gets everything back at once needs no receipt before it: the same mail says what was paid. A failed payment for a subscription is told by
/// its state.
pub fn paid(payment: &Payment, told: &[String]) -> Vec<Notice> {
    let (id, money) = (payment.id, payment.amount);
    let (amount, description) = (amount::written(money), payment.description.clone());
    let invoice_number = payment.invoice_number.clone().unwrap_or_default();
    let mut notices = Vec::new();
    if payment.status == PaymentStatus::Failed {
        if payment.subscription.is_none() && told.is_empty() {
            notices.push(Notice::new(format!("{id} declined"), PaymentDeclined { amount, description }));
        }
        return notices;
    }
    if payment.refunded < money.minor {
        let (amount, description, invoice_number) = (amount.clone(), description.clone(), invoice_number.clone());
        notices.push(Notice::new(format!("{id} paid"), PaymentReceived { amount, description, invoice_number }));
    }
    let sums = told.iter().filter_map(|fact| fact.strip_prefix(&format!("{id} refunded "))?.parse().ok());
    if payment.refunded > sums.max().unwrap_or_default() {
        let refunded = amount::written(Money::new(payment.refunded, money.currency));
        let template = PaymentRefunded { refunded, amount, description, invoice_number };
        notices.push(Notice::new(format!("{id} refunded {}", payment.refunded), template));
    }
    notices
}

/// What is told of a single title with `names` by an event of the moment `at`, when the facts `told` were told of it: that it is there, and that it
/// was given back. That its time is over was told before.
pub fn purchased(
    purchase: &Purchase,
    names: HashMap<String, String>,
    told: &[String],
    at: OffsetDateTime,
) -> Option<Notice> {
    let TitleGrant { title, purchase: id, kind, valid_to } = purchase.grant;
    let (title_id, kind) = (title.to_string(), kind.to_string());
    match purchase.status {
        PurchaseStatus::Active if told.is_empty() => {
            let until = valid_to.map_or_else(String::new, |valid_to| day(valid_to).to_string());
            Some(Notice::new(format!("{id} active"), TitlePurchased { names, kind, until, title_id }))
        }
        PurchaseStatus::Ended if valid_to.is_none_or(|valid_to| at < valid_to) => {
            Some(Notice::new(format!("{id} ended"), PurchaseReturned { names, kind, title_id }))
        }
        PurchaseStatus::Active | PurchaseStatus::Ended => None,
    }
}

fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

fn day(at: OffsetDateTime) -> Date {
    at.to_offset(UtcOffset::UTC).date()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::policy::Entitlement;
    use time::{Duration, macros::datetime};

    use super::*;

    const PAID_TO: OffsetDateTime = datetime!(2026-12-24 18:30 UTC);

    /// What is told of states that follow each other: status, plan, paid to, end of a pause.
    fn told(states: &[(SubscriptionStatus, &str, OffsetDateTime, Option<OffsetDateTime>)]) -> Vec<&'static str> {
        let world = kernel::World::replay(PAID_TO, 1).0;
        let (id, account, mut before, mut facts) = (world.id(), world.id(), None, BTreeSet::new());
        let mut tell = |(sequence, (status, plan, valid_to, resumes_at)): (i64, &(_, &str, OffsetDateTime, _))| {
            let (plan, valid_to) = ((*plan).to_owned(), *valid_to);
            let grace_to = valid_to + Duration::days(7);
            let terms = Entitlement { plan, max_streams: 2, max_height: 1080, valid_to, grace_to };
            let state = Subscription { id, sequence, account, status: *status, terms, resumes_at: *resumes_at };
            let notice = subscribed(before.as_ref(), &state);
            before = Some(Outlook::of(&state));
            let notice = notice?;
            assert!(facts.insert(notice.fact.clone()), "{} is told twice", notice.fact);
            Some(notice.template.name())
        };
        (1..).zip(states).filter_map(&mut tell).collect()
    }

    #[test]
    fn what_will_happen_is_told_each_time_it_changes() {
        use SubscriptionStatus::{Active, Cancelled, Ended, PastDue, Trialing};
        let (month, later) = (Duration::days(30), PAID_TO + Duration::hours(2));
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
    fn days_are_those_on_which_something_ends() {
        let until = |status| {
            let world = kernel::World::replay(PAID_TO, 1).0;
            let (plan, grace_to) = ("standard".to_owned(), PAID_TO + Duration::days(7));
            let terms = Entitlement { plan, max_streams: 2, max_height: 1080, valid_to: PAID_TO, grace_to };
            let (id, account) = (world.id(), world.id());
            let state = Subscription { id, sequence: 1, account, status, terms, resumes_at: None };
            match subscribed(None, &state).unwrap().template {
                Template::SubscriptionActive(SubscriptionActive { until, .. })
                | Template::PaymentFailed(PaymentFailed { until, .. }) => until,
                _ => String::new(),
            }
        };
        assert_eq!(until(SubscriptionStatus::Active), "2026-12-24");
        assert_eq!(until(SubscriptionStatus::PastDue), "2026-12-31", "the end of the grace");
    }
}
