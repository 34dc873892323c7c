//! What an account may do: a pure function of the newest states of all its subscriptions and purchases, so that no order of events matters.

use std::collections::BTreeMap;

use events::{Event, Subscription};
use kernel::{
    AccountId, PurchaseKind, SubscriptionId, TitleId, World,
    policy::{Entitlement, TitleGrant},
};
use proto::{
    types,
    user::{self, EntitlementsChanged},
};
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

/// What all active purchases of an account come to: of several of one title the one that lasts longest, in the order of the titles.
pub fn derive_titles(active: &[TitleGrant]) -> Vec<TitleGrant> {
    let rank = |of: &TitleGrant| (of.valid_to.is_none(), of.valid_to, of.kind == PurchaseKind::Buy, of.purchase);
    let mut best = BTreeMap::<TitleId, TitleGrant>::new();
    for grant in active {
        let known = best.entry(grant.title).or_insert(*grant);
        if rank(known) < rank(grant) {
            *known = *grant;
        }
    }
    best.into_values().collect()
}

/// Everything that an account may do, in a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What its plan allows; absent while there was never one.
    pub terms: Option<Entitlement>,
    /// The titles that were paid for by themselves.
    pub titles: Vec<TitleGrant>,
    /// Counts its changes.
    pub version: i64,
}

/// What everybody hears about a version of it.
pub fn changed(world: &World, account: AccountId, known: &Known) -> Event {
    let text = |moment: OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    let title = |grant: &TitleGrant| user::TitleGrant {
        title_id: grant.title.to_string(),
        purchase_id: grant.purchase.to_string(),
        kind: grant.kind.to_string(),
        valid_to: grant.valid_to.map_or_else(String::new, text),
    };
    let titles = known.titles.iter().map(title).collect();
    let mut state = EntitlementsChanged { account_id: account.to_string(), titles, ..EntitlementsChanged::default() };
    if let Some(terms) = &known.terms {
        state = EntitlementsChanged {
            plan: terms.plan.clone(),
            max_streams: terms.max_streams,
            max_height: terms.max_height,
            valid_to: text(terms.valid_to),
            grace_to: text(terms.grace_to),
            ..state
        };
    }
    Event::new(world, types::ENTITLEMENTS_CHANGED, account, known.version, &state)
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
    /// Titles that were paid for by themselves and can be watched with or without a plan.
    pub titles: Vec<OwnTitle>,
}

/// A title that was paid for by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnTitle {
    /// Which.
    pub title_id: TitleId,
    /// Rented or bought.
    pub kind: PurchaseKind,
    /// First moment without it; null for what was bought.
    #[serde(with = "time::serde::rfc3339::option")]
    pub valid_to: Option<OffsetDateTime>,
}

impl Entitlements {
    /// The last that is known, until its grace is over.
    pub fn at(now: OffsetDateTime, known: Option<Known>) -> Self {
        let (terms, titles) = known.map_or((None, Vec::new()), |known| (known.terms, known.titles));
        let own = |grant: &TitleGrant| OwnTitle { title_id: grant.title, kind: grant.kind, valid_to: grant.valid_to };
        let titles = titles.iter().filter(|grant| grant.is_running(now)).map(own).collect();
        let (valid_to, grace_to) =
            (terms.as_ref().map(|terms| terms.valid_to), terms.as_ref().map(|terms| terms.grace_to));
        match terms.filter(|terms| !terms.plan.is_empty() && now < terms.grace_to) {
            Some(Entitlement { plan, max_streams, max_height, .. }) => {
                Self { plan: Some(plan), max_streams, max_height, valid_to, grace_to, titles }
            }
            None => Self { plan: None, max_streams: 0, max_height: 0, valid_to, grace_to, titles },
        }
    }
}

#[cfg(test)]
mod tests {
    use events::contracts::SubscriptionStatus;
    use kernel::{Id, PurchaseId};
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
            resumes_at: None,
            plan_names: kernel::Names::default(),
            next: None,
            renewal: None,
            needs_method: false,
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

    fn grant(title: &str, purchase: &str, kind: PurchaseKind, days: Option<i64>) -> TitleGrant {
        let (title, purchase) = (TitleId::derived(title), PurchaseId::derived(purchase));
        TitleGrant { title, purchase, kind, valid_to: days.map(|days| NOW + Duration::days(days)) }
    }

    #[test]
    fn of_several_purchases_of_a_title_the_longest_counts_in_any_order() {
        let short = grant("one", "a", PurchaseKind::Rent, Some(2));
        let long = grant("one", "b", PurchaseKind::Rent, Some(30));
        let own = grant("one", "c", PurchaseKind::Buy, None);
        let other = grant("two", "d", PurchaseKind::Rent, Some(2));
        for (active, best) in [(vec![short, long], long), (vec![own, long, short], own), (vec![short, own], own)] {
            let mut turned = active.clone();
            turned.reverse();
            assert_eq!(derive_titles(&active), [best]);
            assert_eq!(derive_titles(&turned), [best]);
        }
        assert_eq!(derive_titles(&[own, other]), derive_titles(&[other, own]));
        assert_eq!(derive_titles(&[own, other]).len(), 2);
    }

    #[test]
    fn a_title_is_shown_until_its_last_moment_with_or_without_a_plan() {
        let titles = vec![grant("one", "a", PurchaseKind::Rent, Some(2)), grant("two", "b", PurchaseKind::Buy, None)];
        let known = Some(Known { terms: None, titles, version: 1 });
        let shown = |now| Entitlements::at(now, known.clone()).titles.len();
        let end = NOW + Duration::days(2);
        assert_eq!((shown(NOW), shown(end - Duration::SECOND), shown(end)), (2, 2, 1));
        assert_eq!(Entitlements::at(NOW, known.clone()).plan, None);
    }

    #[test]
    fn the_last_known_counts_until_its_grace_is_over() {
        let terms = Some(Known { terms: derive(&[subscription()]), titles: vec![], version: 1 });
        let grace_to = datetime!(2026-02-08 00:00 UTC);
        let last = Entitlements::at(grace_to - Duration::SECOND, terms.clone());
        assert_eq!((last.plan.as_deref(), last.max_streams), (Some("standard"), 2));
        let over = Entitlements::at(grace_to, terms);
        assert_eq!((over.plan, over.max_streams, over.grace_to), (None, 0, Some(grace_to)));
        assert_eq!(Entitlements::at(NOW, None).valid_to, None);
    }
}
