//! What an event tells an account: a fact, of which it hears once, in the words of a template.

use events::{
    Account, ContractError, Event, Export, Profile, RefreshReused, Subscription, contracts::SubscriptionStatus,
};
use kernel::AccountId;
use proto::{
    mail::{
        DataExportRequested, PaymentFailed, SessionRevoked, SubscriptionActive, SubscriptionCancelled,
        SubscriptionEnded, Template, TrialStarted, Welcome,
    },
    types,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

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

    /// What a person hears of some news that happened at `at`; nothing of most.
    pub fn of(news: &News, at: OffsetDateTime) -> Option<Self> {
        match news {
            // Also when it is the second address that is heard of first.
            News::Account(_) => Some(Self::new("welcome", Welcome {})),
            News::Profile(_) => None,
            News::Reused(reused) => {
                Some(Self::new(format!("{} revoked", reused.session), SessionRevoked { at: moment(reused.at) }))
            }
            News::Subscription(subscription) => Some(subscribed(subscription)),
            News::Export(export) => {
                Some(Self::new(format!("{} requested", export.id), DataExportRequested { at: moment(at) }))
            }
        }
    }
}

/// Of each state a subscription is told once for a paid period: what changes within it, such as another try of a payment, is no news.
fn subscribed(subscription: &Subscription) -> Notice {
    let (id, status, terms) = (subscription.id, subscription.status, &subscription.terms);
    let (plan, until) = (terms.plan.clone(), day(terms.valid_to));
    let fact = match status {
        SubscriptionStatus::Ended => format!("{id} {status}"),
        _ => format!("{id} {status} {plan} {until}"),
    };
    match status {
        SubscriptionStatus::Trialing => Notice::new(fact, TrialStarted { plan, until }),
        SubscriptionStatus::Active => Notice::new(fact, SubscriptionActive { plan, until }),
        SubscriptionStatus::PastDue => Notice::new(fact, PaymentFailed { plan, until: day(terms.grace_to) }),
        SubscriptionStatus::Cancelled => Notice::new(fact, SubscriptionCancelled { plan, until }),
        SubscriptionStatus::Ended => Notice::new(fact, SubscriptionEnded { plan }),
    }
}

fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

fn day(at: OffsetDateTime) -> String {
    at.date().to_string()
}

#[cfg(test)]
mod tests {
    use kernel::policy::Entitlement;
    use time::{Duration, macros::datetime};

    use super::*;

    const PAID_TO: OffsetDateTime = datetime!(2026-12-24 18:30 UTC);

    fn state(status: SubscriptionStatus, valid_to: OffsetDateTime) -> Notice {
        let world = kernel::World::replay(PAID_TO, 1).0;
        let terms = Entitlement {
            plan: "standard".to_owned(),
            max_streams: 2,
            max_height: 1080,
            valid_to,
            grace_to: valid_to + Duration::days(7),
        };
        subscribed(&Subscription { id: world.id(), sequence: 1, account: world.id(), status, terms, resumes_at: None })
    }

    #[test]
    fn a_state_is_told_once_for_a_period() {
        for status in SubscriptionStatus::ALL {
            let (told, later) = (state(*status, PAID_TO), state(*status, PAID_TO + Duration::days(30)));
            assert!(told == state(*status, PAID_TO + Duration::hours(2)), "{status}");
            assert_eq!(told.fact == later.fact, *status == SubscriptionStatus::Ended, "{status}");
        }
        let facts: std::collections::BTreeSet<String> =
            SubscriptionStatus::ALL.iter().map(|status| state(*status, PAID_TO).fact).collect();
        assert_eq!(facts.len(), SubscriptionStatus::ALL.len());
    }

    #[test]
    fn days_are_those_on_which_something_ends() {
        let until = |status| match state(status, PAID_TO).template {
            Template::SubscriptionActive(SubscriptionActive { until, .. })
            | Template::PaymentFailed(PaymentFailed { until, .. }) => until,
            _ => String::new(),
        };
        assert_eq!(until(SubscriptionStatus::Active), "2026-12-24");
        assert_eq!(until(SubscriptionStatus::PastDue), "2026-12-31", "the end of the grace");
    }
}
