//! What an account may do: a pure function of the newest states of all its subscriptions, so that no order of events matters.

use events::{Event, Subscription};
use kernel::{AccountId, SubscriptionId, World, policy::Entitlement};
use proto::{types, user::EntitlementsChanged};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// Of several subscriptions the one that lasts longest counts, then the one that allows more.
fn rank(of: &Subscription) -> (bool, OffsetDateTime, OffsetDateTime, u32, u32, &str, SubscriptionId) {
    let Entitlement { plan, max_streams, max_height, valid_to, grace_to } = &of.terms;
    (of.status.is_live(), *grace_to, *valid_to, *max_height, *max_streams, plan, of.id)
}

/// What all subscriptions of an account come to. Without a live one the plan is empty and the times are those of the last one.
pub fn derive(subscriptions: &[Subscription]) -> Option<Entitlement> {
    let best = subscriptions.iter().max_by(|a, b| rank(a).cmp(&rank(b)))?;
    let terms = best.terms.clone();
    Some(if best.status.is_live() {
        terms
    } else {
        Entitlement { plan: String::new(), max_streams: 0, max_height: 0, ..terms }
    })
}

/// What everybody hears about a version of it.
pub fn changed(world: &World, account: AccountId, version: i64, terms: &Entitlement) -> Event {
    let text = |moment: OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    let state = EntitlementsChanged {
        account_id: account.to_string(),
        plan: terms.plan.clone(),
        max_streams: terms.max_streams,
        max_height: terms.max_height,
        valid_to: text(terms.valid_to),
        grace_to: text(terms.grace_to),
    };
    Event::new(world, types::ENTITLEMENTS_CHANGED, account, version, &state)
}

/// What the caller's plan allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entitlements {
    /// The plan's key; null without a plan.
    pub plan: Option<String>,
    /// Parallel streams; 0 without a plan.
    pub max_streams: u32,
    /// Highest picture in lines; 0 without a plan.
    pub max_height: u32,
    /// End of the paid period; null if there never was a plan.
    #[serde(with = "time::serde::rfc3339::option")]
    pub valid_to: Option<OffsetDateTime>,
    /// Until when playback goes on although a payment is late.
    #[serde(with = "time::serde::rfc3339::option")]
    pub grace_to: Option<OffsetDateTime>,
}

impl Entitlements {
    /// The last that is known, until its grace is over.
    pub fn at(now: OffsetDateTime, terms: Option<Entitlement>) -> Self {
        let (valid_to, grace_to) =
            (terms.as_ref().map(|terms| terms.valid_to), terms.as_ref().map(|terms| terms.grace_to));
        match terms.filter(|terms| !terms.plan.is_empty() && now < terms.grace_to) {
            Some(Entitlement { plan, max_streams, max_height, .. }) => {
                Self { plan: Some(plan), max_streams, max_height, valid_to, grace_to }
            }
            None => Self { plan: None, max_streams: 0, max_height: 0, valid_to, grace_to },
        }
    }
}

#[cfg(test)]
mod tests {
    use events::contracts::SubscriptionStatus;
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn subscription() -> Subscription {
        let world = World::system();
        Subscription {
            id: world.id(),
            sequence: 1,
            account: world.id(),
            status: SubscriptionStatus::Active,
            terms: Entitlement {
                plan: "standard".to_owned(),
                max_streams: 2,
                max_height: 1080,
                valid_to: datetime!(2026-02-01 00:00 UTC),
                grace_to: datetime!(2026-02-08 00:00 UTC),
            },
        }
    }

    #[test]
    fn a_live_subscription_beats_an_ended_one() {
        let (live, mut ended) = (subscription(), subscription());
        ended.status = SubscriptionStatus::Ended;
        ended.terms.valid_to = datetime!(2030-01-01 00:00 UTC);
        ended.terms.grace_to = ended.terms.valid_to;
        let both = [live.clone(), ended.clone()];
        assert_eq!(derive(&both), derive(&[ended.clone(), live]));
        assert_eq!(derive(&both).unwrap().plan, "standard");
        let none = derive(&[ended]).unwrap();
        assert_eq!((none.plan.as_str(), none.max_streams, none.max_height), ("", 0, 0));
        assert_eq!(derive(&[]), None);
    }

    #[test]
    fn the_last_known_counts_until_its_grace_is_over() {
        let terms = derive(&[subscription()]);
        let grace_to = datetime!(2026-02-08 00:00 UTC);
        let last = Entitlements::at(grace_to - Duration::SECOND, terms.clone());
        assert_eq!((last.plan.as_deref(), last.max_streams), (Some("standard"), 2));
        let over = Entitlements::at(grace_to, terms);
        assert_eq!((over.plan, over.max_streams, over.grace_to), (None, 0, Some(grace_to)));
        assert_eq!(Entitlements::at(NOW, None).valid_to, None);
    }
}
