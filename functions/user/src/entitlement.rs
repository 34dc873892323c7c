//! What an account may do: a pure function of the newest states of all its subscriptions, so that no order of events matters.

use events::Event;
use kernel::{AccountId, SubscriptionId, World};
use proto::{payment::SubscriptionChanged, types, user::EntitlementsChanged};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

const LONGEST_PLAN: usize = 64;
const MOST_STREAMS: u32 = 100;
const MOST_LINES: u32 = 10_000;

/// The newest state of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The subscription.
    pub id: SubscriptionId,
    /// Whose.
    pub account: AccountId,
    /// trialing, active, past_due, cancelled (runs until its end) or ended.
    pub status: String,
    /// What it brings while it is not ended.
    pub terms: Terms,
}

/// A plan with its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The plan's key.
    pub plan: String,
    /// Parallel streams.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
    /// End of the paid period.
    pub valid_to: OffsetDateTime,
    /// Until when playback goes on although a payment is late.
    pub grace_to: OffsetDateTime,
}

/// The event does not describe a subscription; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a subscription: {0}")]
pub struct NotASubscription(String);

impl Subscription {
    /// Reads a state that was told at `told_at`.
    pub fn read(data: SubscriptionChanged, told_at: OffsetDateTime) -> Result<Self, NotASubscription> {
        let wrong = |reason: &dyn ToString| NotASubscription(reason.to_string());
        let ended = match data.status.as_str() {
            "trialing" | "active" | "past_due" | "cancelled" => false,
            "ended" => true,
            other => return Err(NotASubscription(format!("unknown status {other:?}"))),
        };
        let moment = |text: &str| match text {
            // An ended subscription need not say until when it was good.
            "" if ended => Ok(told_at),
            text => OffsetDateTime::parse(text, &Rfc3339).map_err(|error| wrong(&error)),
        };
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if data.plan.len() > LONGEST_PLAN || !data.plan.bytes().all(word) || (data.plan.is_empty() && !ended) {
            return Err(NotASubscription("the plan is not a key".to_owned()));
        }
        if data.max_streams > MOST_STREAMS || data.max_height > MOST_LINES {
            return Err(NotASubscription("a limit is out of range".to_owned()));
        }
        let valid_to = moment(&data.valid_to)?;
        // Without a time of grace it ends with the paid period.
        let grace_to = if data.grace_to.is_empty() { valid_to } else { moment(&data.grace_to)?.max(valid_to) };
        Ok(Self {
            id: data.subscription_id.parse().map_err(|error| wrong(&error))?,
            account: data.account_id.parse().map_err(|error| wrong(&error))?,
            status: data.status,
            terms: Terms {
                plan: data.plan,
                max_streams: data.max_streams,
                max_height: data.max_height,
                valid_to,
                grace_to,
            },
        })
    }

    fn is_live(&self) -> bool {
        self.status != "ended"
    }

    /// Of several subscriptions the one that lasts longest counts, then the one that allows more.
    fn rank(&self) -> (bool, OffsetDateTime, OffsetDateTime, u32, u32, &str, SubscriptionId) {
        let Terms { plan, max_streams, max_height, valid_to, grace_to } = &self.terms;
        (self.is_live(), *grace_to, *valid_to, *max_height, *max_streams, plan, self.id)
    }
}

/// What all subscriptions of an account come to. Without a live one the plan is empty and the times are those of the last one.
pub fn derive(subscriptions: &[Subscription]) -> Option<Terms> {
    let best = subscriptions.iter().max_by(|a, b| a.rank().cmp(&b.rank()))?;
    let terms = best.terms.clone();
    Some(if best.is_live() { terms } else { Terms { plan: String::new(), max_streams: 0, max_height: 0, ..terms } })
}

/// What everybody hears about a version of it.
pub fn changed(world: &World, account: AccountId, version: i64, terms: &Terms) -> Event {
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
    pub fn at(now: OffsetDateTime, terms: Option<Terms>) -> Self {
        let (valid_to, grace_to) =
            (terms.as_ref().map(|terms| terms.valid_to), terms.as_ref().map(|terms| terms.grace_to));
        match terms.filter(|terms| !terms.plan.is_empty() && now < terms.grace_to) {
            Some(Terms { plan, max_streams, max_height, .. }) => {
                Self { plan: Some(plan), max_streams, max_height, valid_to, grace_to }
            }
            None => Self { plan: None, max_streams: 0, max_height: 0, valid_to, grace_to },
        }
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn data() -> SubscriptionChanged {
        SubscriptionChanged {
            account_id: "acc_01jd3k5m7n9pqrstvwxyz01234".into(),
            subscription_id: "sub_01jd3k5m7n9pqrstvwxyz01234".into(),
            status: "active".into(),
            plan: "standard".into(),
            max_streams: 2,
            max_height: 1080,
            valid_to: "2026-02-01T00:00:00Z".into(),
            grace_to: "2026-02-08T00:00:00Z".into(),
        }
    }

    fn read(change: impl FnOnce(&mut SubscriptionChanged)) -> Result<Subscription, NotASubscription> {
        let mut data = data();
        change(&mut data);
        Subscription::read(data, NOW)
    }

    #[test]
    fn what_is_no_subscription_is_refused() {
        for change in [
            (|data| data.status = "paused".into()) as fn(&mut SubscriptionChanged),
            |data| data.account_id.clear(),
            |data| data.subscription_id = "acc_01jd3k5m7n9pqrstvwxyz01234".into(),
            |data| data.plan.clear(),
            |data| data.plan = "a\0".into(),
            |data| data.valid_to.clear(),
            |data| data.valid_to = "soon".into(),
            |data| data.max_streams = u32::MAX,
            |data| data.max_height = u32::MAX,
        ] {
            assert!(read(change).is_err());
        }
    }

    #[test]
    fn a_live_subscription_beats_an_ended_one() {
        let ended = read(|data| {
            data.status = "ended".into();
            data.valid_to = "2030-01-01T00:00:00Z".into();
            data.grace_to.clear();
            data.subscription_id = "sub_01jd3k5m7n9pqrstvwxyz01235".into();
        });
        let (live, ended) = (read(|_| ()).unwrap(), ended.unwrap());
        let both = [live.clone(), ended.clone()];
        assert_eq!(derive(&both), derive(&[ended.clone(), live]));
        assert_eq!(derive(&both).unwrap().plan, "standard");
        let none = derive(&[ended]).unwrap();
        assert_eq!((none.plan.as_str(), none.max_streams, none.max_height), ("", 0, 0));
        assert_eq!(derive(&[]), None);
    }

    #[test]
    fn an_ended_subscription_may_be_silent_about_its_end() {
        let ended = read(|data| {
            data.status = "ended".into();
            data.valid_to.clear();
            data.grace_to.clear();
            data.plan.clear();
        });
        assert_eq!(ended.unwrap().terms.grace_to, NOW);
    }

    #[test]
    fn the_last_known_counts_until_its_grace_is_over() {
        let terms = derive(&[read(|_| ()).unwrap()]);
        let grace_to = datetime!(2026-02-08 00:00 UTC);
        let last = Entitlements::at(grace_to - Duration::SECOND, terms.clone());
        assert_eq!((last.plan.as_deref(), last.max_streams), (Some("standard"), 2));
        let over = Entitlements::at(grace_to, terms);
        assert_eq!((over.plan, over.max_streams, over.grace_to), (None, 0, Some(grace_to)));
        assert_eq!(Entitlements::at(NOW, None).valid_to, None);
    }
}
