use events::Event;
use kernel::{Id, World};
use proptest::prelude::*;
use proto::types;
use serde_json::{Value, json};
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::{lease::LEASE, title::Title};

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn profile(n: u128) -> ProfileId {
    ProfileId::from_uuid(Uuid::from_u128(n))
}

fn lease(watcher: u128) -> Lease {
    Lease {
        session: PlaybackId::from_uuid(Uuid::from_u128(watcher)),
        fence: 1,
        device_id: "tv".to_owned(),
        device_name: Some("TV in the kitchen".to_owned()),
        title: TitleId::from_uuid(Uuid::from_u128(9)),
        profile: profile(watcher),
        started_at: NOW,
        ends_at: NOW + LEASE,
    }
}

fn title(rating: u8, publication: &str) -> Title {
    let id = TitleId::from_uuid(Uuid::from_u128(9)).to_string();
    let data = json!({ "title_id": id, "kind": "film", "publication": publication, "rating": rating });
    events::Title::read(&Event::new(&World::system(), types::TITLE_CHANGED, &id, 1, &data)).unwrap().into()
}

fn onlooker(profile: Option<ProfileId>, max_rating: u8) -> Onlooker {
    Onlooker { profile, audience: Audience { territory: "DE".parse().unwrap(), max_rating }, device: None }
}

fn seen(onlooker: &Onlooker, title: Option<Title>) -> Value {
    let lease = lease(1);
    let titles = title.map(|title| (lease.title, title)).into_iter().collect();
    serde_json::to_value(onlooker.look(&lease, &Details { titles, ..Details::default() }, NOW)).unwrap()
}

#[test]
fn the_device_is_named_by_its_name_alone() {
    let adult = onlooker(Some(profile(1)), 18);
    let said = seen(&Onlooker { device: Some("tv".to_owned()), ..adult.clone() }, Some(title(12, "published")));
    assert_eq!((&said["is_this_device"], &said["device_name"]), (&json!(true), &json!("TV in the kitchen")));
    assert!(said.get("device_id").is_none(), "whoever knows it replaces the device's stream by a start of their own");
    let phone = Onlooker { device: Some("phone".to_owned()), ..adult.clone() };
    assert!([phone, adult].iter().all(|asks| seen(asks, None)["is_this_device"] == json!(false)));
}

proptest! {
    /// Who learns who watches, and what: never more than a cap lets one see, and of others nothing with a cap.
    #[test]
    fn what_is_told_follows_from_profile_cap_and_policy(
        own in prop_oneof![Just(Some(1u128)), Just(Some(2)), Just(None)],
        max_rating in 0u8..=18,
        rating in 0u8..=18,
        publication in prop_oneof![3 => Just("published"), 1 => Just("draft"), 1 => Just("withdrawn")],
        is_told in proptest::bool::weighted(0.9),
    ) {
        let asks = onlooker(own.map(profile), if own.is_some() { max_rating } else { 0 });
        let title = is_told.then(|| title(rating, publication));
        let is_visible = title.as_ref().is_some_and(|title| visibility(&title.rules, &asks.audience, NOW) == Visibility::Visible);
        let knows = own == Some(1) || (own.is_some() && max_rating == ADULT);
        let said = seen(&asks, title);
        prop_assert_eq!(said.get("profile_id").is_some(), knows);
        prop_assert_eq!(said.get("title_id").is_some(), knows && is_visible);
        prop_assert_eq!(&said["is_own"], &json!(own == Some(1)));
    }
}
