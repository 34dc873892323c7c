//! Whether a session may start and go on, and what a start changes: decided on what was read, without I/O.

use events::contracts::Rendition;
use kernel::{
    AccountId, PlaybackId, ProfileId, PurchaseId, PurchaseKind, TitleId,
    policy::{self, Audience, Basis, Paid, Refusal},
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

/// By what a title may be watched, at the start and with every report.
pub fn may_watch(
    (id, title): (TitleId, Option<&Title>),
    audience: &Audience,
    grant: Option<&Grant>,
    now: OffsetDateTime,
) -> Result<Basis, Refusal> {
    policy::may_watch(&title.ok_or(Refusal::NotFound)?.rules, audience, paid(id, grant), now)
}

fn paid(title: TitleId, grant: Option<&Grant>) -> Paid<'_> {
    grant.map_or_else(Paid::default, |grant| grant.paid(title))
}

/// The rental that runs while a title is watched on this basis: a plan that includes the title begins none.
pub fn rental(title: TitleId, grant: Option<&Grant>, basis: Basis) -> Option<PurchaseId> {
    let title = paid(title, grant).title.filter(|title| basis == Basis::Title && title.kind == PurchaseKind::Rent);
    title.map(|title| title.purchase)
}

/// Decides a start that the policy allows on this basis.
pub fn decide(known: &Known, order: &StartOrder, basis: Basis, now: OffsetDateTime) -> Result<Start, Refused> {
    let now = millis::floor(now);
    let Some(film) = known.title.as_ref().and_then(|title| title.film.as_ref()) else {
        return Err(Refused::Policy(Refusal::NoAsset));
    };
    let limits = policy::limits(paid(order.title, known.grant.as_ref()), basis, now);
    let request = LeaseRequest {
        session: order.session,
        device_id: order.device_id.clone(),
        device_name: order.device_name.clone(),
        title: order.title,
        profile: order.profile,
    };
    let acquired = known
        .slots
        .acquire(request, limits.max_streams, now)
        .map_err(|SlotsFull(active)| Refused::SlotsFull(active))?;
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
        rental: rental(order.title, known.grant.as_ref(), basis),
        rental_begun_at: None,
    };
    let max_height = order.max_height.map_or(limits.max_height, |device| device.min(limits.max_height));
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
        let id = TITLE.parse().unwrap();
        let asked = |title: Title, grant: Grant, now| may_watch((id, Some(&title)), &audience(), Some(&grant), now);
        assert_eq!(asked(title(|_| ()), grant(|_| ()), NOW), Ok(Basis::Plan));
        let deleted = title(|data| data["deleted"] = json!(true));
        assert_eq!(asked(deleted, grant(|_| ()), NOW), Err(Refusal::NotFound), "whatever was deleted was never public");
        let no_plan = grant(|data| data["plan"] = json!(""));
        assert_eq!(asked(title(|_| ()), no_plan, NOW), Err(Refusal::SubscriptionRequired));
        let end = datetime!(2026-02-01 00:00 UTC);
        assert_eq!(asked(title(|_| ()), grant(|_| ()), end - Duration::SECOND), Ok(Basis::Plan));
        assert_eq!(asked(title(|_| ()), grant(|_| ()), end), Err(Refusal::SubscriptionRequired), "no grace");
        assert_eq!(may_watch((id, None), &audience(), Some(&grant(|_| ())), NOW), Err(Refusal::NotFound));
    }

    fn held(title: &str, kind: &str) -> Value {
        let valid_to = if kind == "rent" { "2026-01-03T12:00:00Z" } else { "" };
        json!({ "title_id": title, "purchase_id": "pur_01jd3k5m7n9pqrstvwxyz01234", "kind": kind, "valid_to": valid_to })
    }

    #[test]
    fn a_title_that_was_paid_for_plays_without_a_plan_and_another_does_not() {
        let known = |titles: Value| Known {
            grant: Some(grant(|data| (data["plan"], data["titles"]) = (json!(""), titles.clone()))),
            title: Some(title(|_| ())),
            position: None,
            slots: Slots::default(),
            has_signed_out: false,
            answer: None,
        };
        let id: TitleId = TITLE.parse().unwrap();
        let ask = |known: &Known, now| may_watch((id, known.title.as_ref()), &audience(), known.grant.as_ref(), now);
        let other = known(json!([held("ttl_01jd3k5m7n9pqrstvwxyz00000", "buy")]));
        assert_eq!(ask(&other, NOW), Err(Refusal::SubscriptionRequired));
        for kind in ["rent", "buy"] {
            let known = known(json!([held(TITLE, kind)]));
            let basis = ask(&known, NOW).unwrap();
            let start = decide(&known, &order("tv"), basis, NOW).unwrap();
            assert_eq!((basis, start.pictures().len()), (Basis::Title, 3), "its best picture");
            assert_eq!(start.session.rental.is_some(), kind == "rent");
            assert_eq!(start.session.rental_begun_at, None, "nothing was played yet");
            let full = Known { slots: start.acquired.slots, ..known };
            assert!(matches!(decide(&full, &order("phone"), basis, NOW), Err(Refused::SlotsFull(_))), "one stream");
        }
        let end = datetime!(2026-01-03 12:00 UTC);
        let rented = known(json!([held(TITLE, "rent")]));
        assert_eq!(ask(&rented, end - Duration::SECOND), Ok(Basis::Title));
        assert_eq!(ask(&rented, end), Err(Refusal::SubscriptionRequired));
    }

    #[test]
    fn a_plan_that_includes_the_title_begins_no_rental() {
        let both = grant(|data| data["titles"] = json!([held(TITLE, "rent")]));
        let id: TitleId = TITLE.parse().unwrap();
        let basis = may_watch((id, Some(&title(|_| ()))), &audience(), Some(&both), NOW).unwrap();
        assert_eq!((basis, rental(id, Some(&both), basis)), (Basis::Plan, None));
    }

    #[test]
    fn a_start_takes_a_slot_and_is_capped_by_the_plan() {
        let known = |slots| Known {
            grant: Some(grant(|_| ())),
            title: Some(title(|_| ())),
            position: None,
            slots,
            has_signed_out: false,
            answer: None,
        };
        let first = decide(&known(Slots::default()), &order("tv"), Basis::Plan, NOW).unwrap();
        let names = |start: &Start| start.pictures().into_iter().map(|picture| picture.name).collect::<Vec<_>>();
        assert_eq!((names(&first), first.session.fence), (vec!["v720".to_owned(), "v240".to_owned()], 1));
        let slots = first.acquired.slots.clone();
        let full = decide(&known(slots.clone()), &order("phone"), Basis::Plan, NOW).unwrap_err();
        assert_eq!(full, Refused::SlotsFull(slots.leases.clone()));
        let small = StartOrder { max_height: Some(144), ..order("tv") };
        let again = decide(&known(slots), &small, Basis::Plan, NOW).unwrap();
        assert_eq!(again.ended().into_iter().map(|(_, state)| state).collect::<Vec<_>>(), [State::Replaced]);
        assert_eq!(names(&again), ["v240"], "the lowest picture is there in any case");
        let nothing = Known { title: Some(title(|data| data["asset"] = Value::Null)), ..known(Slots::default()) };
        let refused = decide(&nothing, &order("tv"), Basis::Plan, NOW).unwrap_err();
        assert_eq!(refused, Refused::Policy(Refusal::NoAsset));
    }
}
