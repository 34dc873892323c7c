//! Whether a session may start and go on, and what a start changes: decided on what was read, without I/O.

use events::contracts::Rendition;
use kernel::{
    AccountId, PlaybackId, ProfileId, TitleId,
    policy::{self, Audience, Refusal},
};
use time::OffsetDateTime;

use crate::{
    grant::Grant,
    lease::{Acquired, Lease, LeaseRequest, SlotsFull},
    millis,
    session::{Session, State},
    store::sessions::Known,
    title::{Film, Title},
};

/// Who wants to watch what, on which device.
#[derive(Debug, Clone)]
pub struct StartOrder {
    /// The id of the session, should there be one.
    pub session: PlaybackId,
    pub account: AccountId,
    pub profile: ProfileId,
    /// Its rating cap and territory.
    pub audience: Audience,
    pub title: TitleId,
    /// The device, as it calls itself.
    pub device_id: String,
    /// For a person to recognise it.
    pub device_name: Option<String>,
    /// The most that the device can show, in lines.
    pub max_height: Option<u32>,
}

/// A session that may start.
#[derive(Debug, Clone)]
pub struct Start {
    pub session: Session,
    pub acquired: Acquired,
    pub film: Film,
    /// Highest picture in lines.
    pub max_height: u32,
}

/// Why it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The predicate says no.
    Policy(Refusal),
    /// Every slot is taken, by these.
    SlotsFull(Vec<Lease>),
}

impl Start {
    /// The pictures that plan and device allow; the lowest one is there in any case.
    pub fn pictures(&self) -> Vec<Rendition> {
        let lines = |picture: &Rendition| picture.width.min(picture.height);
        let lowest = self.film.renditions.iter().map(lines).min().unwrap_or(0);
        let most = self.max_height.max(lowest);
        self.film.renditions.iter().filter(|picture| lines(picture) <= most).cloned().collect()
    }

    /// Leases that are over, with how their sessions ended.
    pub fn ended(&self) -> Vec<(&Lease, State)> {
        let expired = self.acquired.expired.iter().map(|lease| (lease, State::Expired));
        expired.chain(self.acquired.replaced.iter().map(|lease| (lease, State::Replaced))).collect()
    }
}

/// Whether a title may be watched, at the start and with every report.
pub fn may_watch(
    title: Option<&Title>,
    audience: &Audience,
    grant: Option<&Grant>,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    let entitlement = grant.and_then(|grant| grant.entitlement.as_ref());
    policy::may_watch(&title.ok_or(Refusal::NotFound)?.rules, audience, entitlement, now)
}

/// Decides a start that the policy allows.
pub fn decide(known: &Known, order: &StartOrder, now: OffsetDateTime) -> Result<Start, Refused> {
    let now = millis::floor(now);
    let Some(film) = known.title.as_ref().and_then(|title| title.film.as_ref()) else {
        return Err(Refused::Policy(Refusal::NoAsset));
    };
    let entitlement = known.grant.as_ref().and_then(|grant| grant.entitlement.as_ref());
    let (max_streams, plan_height) = entitlement.map_or((0, 0), |paid| (paid.max_streams, paid.max_height));
    let request = LeaseRequest {
        session: order.session,
        device_id: order.device_id.clone(),
        device_name: order.device_name.clone(),
        title: order.title,
        profile: order.profile,
    };
    let acquired =
        known.slots.acquire(request, max_streams, now).map_err(|SlotsFull(active)| Refused::SlotsFull(active))?;
    let session = Session {
        id: order.session,
        account: order.account,
        profile: order.profile,
        title: order.title,
        asset: film.asset,
        device_id: order.device_id.clone(),
        fence: acquired.lease.fence,
        territory: order.audience.territory.clone(),
        max_rating: order.audience.max_rating,
        version: 1,
        state: State::Playing,
        position: known.position.as_ref().map_or(0.0, |stored| stored.resume_at(film.duration)),
        watched: 0.0,
        duration: film.duration,
        started_at: now,
        at: now,
        client_at: now,
        lease_ends_at: acquired.lease.ends_at,
    };
    let max_height = order.max_height.map_or(plan_height, |device| device.min(plan_height));
    Ok(Start { session, acquired, film: film.clone(), max_height })
}

#[cfg(test)]
mod tests {
    use events::{Entitlements, Event};
    use kernel::World;
    use proto::types;
    use serde_json::{Value, json};
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::lease::Slots;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const TITLE: &str = "ttl_01jd3k5m7n9pqrstvwxyz01234";
    const ACCOUNT: &str = "acc_01jd3k5m7n9pqrstvwxyz01234";

    fn title(change: impl FnOnce(&mut Value)) -> Title {
        let rendition = |name: &str, height: u32| json!({ "name": name, "width": height * 16 / 9, "height": height, "bandwidth": 1000 });
        let mut data = json!({
            "title_id": TITLE, "kind": "film", "publication": "published", "rating": 12,
            "asset": { "asset_id": "ast_01jd3k5m7n9pqrstvwxyz01234", "duration_seconds": 600.0,
                "renditions": [rendition("v1080", 1080), rendition("v720", 720), rendition("v240", 240)] },
        });
        change(&mut data);
        events::Title::read(&Event::new(&World::system(), types::TITLE_CHANGED, TITLE, 1, &data)).unwrap().into()
    }

    fn grant(change: impl FnOnce(&mut Value)) -> Grant {
        let mut data = json!({ "account_id": ACCOUNT, "plan": "standard", "max_streams": 1, "max_height": 720,
            "valid_to": "2026-02-01T00:00:00Z" });
        change(&mut data);
        let event = Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, ACCOUNT, 3, &data);
        Entitlements::read(&event).unwrap().into()
    }

    fn audience() -> Audience {
        Audience { territory: "DE".parse().unwrap(), max_rating: 18 }
    }

    fn order(device_id: &str) -> StartOrder {
        let world = World::system();
        StartOrder {
            session: world.id(),
            account: ACCOUNT.parse().unwrap(),
            profile: world.id(),
            audience: audience(),
            title: TITLE.parse().unwrap(),
            device_id: device_id.to_owned(),
            device_name: None,
            max_height: None,
        }
    }

    #[test]
    fn what_is_told_decides_who_may_watch() {
        let asked = |title: Title, grant: Grant, now| may_watch(Some(&title), &audience(), Some(&grant), now);
        assert_eq!(asked(title(|_| ()), grant(|_| ()), NOW), Ok(()));
        let deleted = title(|data| data["deleted"] = json!(true));
        assert_eq!(asked(deleted, grant(|_| ()), NOW), Err(Refusal::NotFound), "whatever was deleted was never public");
        let no_plan = grant(|data| data["plan"] = json!(""));
        assert_eq!(asked(title(|_| ()), no_plan, NOW), Err(Refusal::SubscriptionRequired));
        let end = datetime!(2026-02-01 00:00 UTC);
        assert_eq!(asked(title(|_| ()), grant(|_| ()), end - Duration::SECOND), Ok(()));
        assert_eq!(asked(title(|_| ()), grant(|_| ()), end), Err(Refusal::SubscriptionRequired), "no grace");
        assert_eq!(may_watch(None, &audience(), Some(&grant(|_| ())), NOW), Err(Refusal::NotFound));
    }

    #[test]
    fn a_start_takes_a_slot_and_is_capped_by_the_plan() {
        let known = |slots| Known {
            grant: Some(grant(|_| ())),
            title: Some(title(|_| ())),
            position: None,
            slots,
            answer: None,
        };
        let first = decide(&known(Slots::default()), &order("tv"), NOW).unwrap();
        let names = |start: &Start| start.pictures().into_iter().map(|picture| picture.name).collect::<Vec<_>>();
        assert_eq!((names(&first), first.session.fence), (vec!["v720".to_owned(), "v240".to_owned()], 1));
        let slots = first.acquired.slots.clone();
        let full = decide(&known(slots.clone()), &order("phone"), NOW).unwrap_err();
        assert_eq!(full, Refused::SlotsFull(slots.leases.clone()));
        let small = StartOrder { max_height: Some(144), ..order("tv") };
        let again = decide(&known(slots), &small, NOW).unwrap();
        assert_eq!(again.ended().into_iter().map(|(_, state)| state).collect::<Vec<_>>(), [State::Replaced]);
        assert_eq!(names(&again), ["v240"], "the lowest picture is there in any case");
        let nothing = Known { title: Some(title(|data| data["asset"] = Value::Null)), ..known(Slots::default()) };
        let refused = decide(&nothing, &order("tv"), NOW).unwrap_err();
        assert_eq!(refused, Refused::Policy(Refusal::NoAsset));
    }
}
