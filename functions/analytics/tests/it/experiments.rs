//! The readout of an experiment: known answers, whatever came when and how often, and nothing of whoever was erased.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::{EventId, Id, ProfileId, World};
use proto::{recommendation::ProfileExposed, types, user::HistoryErased};
use serde_json::{Value, json};
use testkit::Token;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::fixture::{Fixture, Session};

const PATH: &str = "/v1/analytics/experiments/darker";

/// As the recommendations tell it: one id a day.
fn exposure(profile: ProfileId, variant: &str, at: OffsetDateTime) -> Event {
    let data = ProfileExposed {
        profile_id: profile.to_string(),
        experiment: "darker".to_owned(),
        variant: variant.to_owned(),
        is_control: variant == "as-usual",
        exposed_at: at.format(&Rfc3339).unwrap(),
    };
    let event = Event::new(&World::system(), types::PROFILE_EXPOSED, profile, 1, &data);
    Event { id: EventId::derived(&format!("darker {profile} {}", at.date())), time: at, ..event }
}

fn profile() -> ProfileId {
    World::system().id()
}

/// A session in which so many hours were played.
fn played(profile: ProfileId, at: OffsetDateTime, hours: f64) -> Vec<Event> {
    Session::new(World::system().id(), profile, at).events(&[hours * 1_800.0, hours * 3_600.0])
}

/// Noon so many days ago: a day's exposures share it.
fn noon(days_ago: i64) -> OffsetDateTime {
    (World::system().now() - Duration::days(days_ago)).replace_time(time::macros::time!(12:00))
}

/// Four profiles as usual and three served darker, all twenty days ago; one more of each was served yesterday.
fn people() -> Vec<Event> {
    let first = noon(20);
    let (usual, darker) = ([(); 4].map(|()| profile()), [(); 3].map(|()| profile()));
    let mut events = Vec::new();
    for (variant, profiles) in [("as-usual", &usual[..]), ("darker", &darker[..])] {
        for profile in profiles {
            events.push(exposure(*profile, variant, first));
            // Later days, and a later page of the same day, move nothing.
            events.push(exposure(*profile, variant, first + Duration::days(3)));
            events.push(exposure(*profile, variant, first + Duration::hours(2)));
        }
        events.push(exposure(profile(), variant, noon(1)));
    }
    // An hour in two sessions, one of them between two pages of the first day.
    events.extend(played(usual[0], first + Duration::hours(1), 0.5));
    events.extend(played(usual[0], first + Duration::days(6), 0.5));
    // Only before the first page.
    events.extend(played(usual[1], first - Duration::SECOND, 5.0));
    // In the last second of the seven days, and in the first after them.
    events.extend(played(usual[2], first + Duration::days(7) - Duration::SECOND, 2.0));
    events.extend(played(usual[3], first + Duration::days(7), 5.0));
    events.extend(played(darker[0], first, 3.0));
    // Begun and left at once: begun all the same.
    events.extend(played(darker[1], first + Duration::days(2), 1.0));
    // Somebody whom no variant served, and another experiment.
    events.extend(played(profile(), first, 9.0));
    let mut other = exposure(usual[0], "darker", first - Duration::days(5));
    other.id = World::system().id();
    other.data["experiment"] = json!("other");
    events.push(other);
    events
}

/// Each event twice, in any order, in deliveries of five.
async fn deliver(fixture: &Fixture, events: &[Event]) {
    let mut disturbed = [events, events].concat();
    disturbed.sort_by_cached_key(|event| {
        let digest = kernel::sha256(format!("{} {} {}", event.id, event.time, World::system().below(1000)));
        u64::from_le_bytes(digest[..8].try_into().unwrap())
    });
    for batch in disturbed.chunks(5) {
        fixture.ingest_all(World::system().now(), batch.to_vec()).await;
    }
}

#[tokio::test]
async fn an_experiment_with_known_answers() {
    let fixture = Fixture::start().await;
    deliver(&fixture, &people()).await;
    // Hours are 1, 0, 2, 0 and 3, 1, 0. By hand: Wilson of 2/4 and 2/3, Newcombe of both; 1.96 √(s²/n); Welch with 3.17 degrees of freedom.
    let expected = json!({
        "experiment": "darker", "days": 7,
        "variants": [
            {
                "name": "as-usual", "is_control": true, "profiles": 4, "pending": 1, "converted": 2,
                "conversion": {"value": 0.5, "low": 0.15, "high": 0.85},
                "watched_hours": {"value": 0.75, "low": -0.1883, "high": 1.6883},
            },
            {
                "name": "darker", "is_control": false, "profiles": 3, "pending": 1, "converted": 2,
                "conversion": {"value": 0.6667, "low": 0.2077, "high": 0.9385},
                "watched_hours": {"value": 1.3333, "low": -0.3952, "high": 3.0619},
                "conversion_difference": {"value": 0.1667, "low": -0.4105, "high": 0.6098},
                "watched_hours_difference": {"value": 0.5833, "low": -2.516, "high": 3.6827},
            },
        ],
    });
    assert_eq!(fixture.ask("editor", PATH).await, expected);
    // A day's exposures are one row, the earliest, also once they are merged.
    assert_eq!(fixture.count("exposures").await, 4 * 2 + 3 * 2 + 2 + 1);
    fixture.client.query("OPTIMIZE TABLE exposures FINAL").execute().await.unwrap();
    fixture.client.query("OPTIMIZE TABLE playback_events FINAL").execute().await.unwrap();
    assert_eq!(fixture.ask("editor", PATH).await, expected);
    fixture.end().await;
}

#[tokio::test]
async fn what_is_not_there_or_not_for_everybody_is_refused() {
    let fixture = Fixture::start().await;
    deliver(&fixture, &people()).await;
    let (app, editor) = (fixture.app(), Token::role("editor"));
    for unknown in ["brighter", "Darker", "%27%20OR%201"] {
        let path = format!("/v1/analytics/experiments/{unknown}");
        app.get(&path).token(&editor).send().await.expect_problem(404, "not_found");
    }
    app.get(PATH).send().await.expect_problem(401, "token_required");
    app.get(PATH).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    fixture.end().await;
}

async fn figures(fixture: &Fixture) -> Value {
    let variants = fixture.ask("editor", PATH).await["variants"].take();
    variants.as_array().unwrap().iter().map(|it| json!([it["name"], it["profiles"], it["converted"]])).collect()
}

#[tokio::test]
async fn whoever_is_erased_is_in_no_figure_and_does_not_come_back() {
    let fixture = Fixture::start().await;
    let (now, first, world) = (World::system().now(), noon(20), World::system());
    let (stays, gone, forgetful) = (profile(), profile(), profile());
    let told: Vec<Event> = [stays, gone, forgetful]
        .into_iter()
        .flat_map(|profile| [vec![exposure(profile, "darker", first)], played(profile, first, 1.0)].concat())
        .collect();
    fixture.ingest_all(now, told.clone()).await;
    assert_eq!(figures(&fixture).await, json!([["darker", 3, 3]]));

    let erasure = Erasure { id: world.id(), account: world.id(), profiles: vec![gone] };
    let receipt = erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, now);
    let eraser = analytics::operations::consumers::erase_account(&fixture.boot_at(now)).unwrap();
    assert_eq!(eraser.consume(receipt, &Deadline::unlimited(World::system())).await, Outcome::Done);
    let receipts = fixture.service.events("domain-events", erasure.id, 1).await;
    // Three states of a session, and an exposure.
    assert_eq!(receipts[0].data["records"], json!("4"));

    let forget = async |title: Option<kernel::TitleId>| {
        let data = HistoryErased {
            profile_id: forgetful.to_string(),
            account_id: world.id::<kernel::AccountId>().to_string(),
            title_id: title.map(|title| title.to_string()).unwrap_or_default(),
            erased_at: (first + Duration::days(1)).format(&Rfc3339).unwrap(),
        };
        let event = Event::new(&World::system(), types::HISTORY_ERASED, forgetful, 1, &data);
        let eraser = analytics::operations::consumers::erase_history(&fixture.boot_at(now)).unwrap();
        assert_eq!(eraser.consume(event, &Deadline::unlimited(World::system())).await, Outcome::Done);
    };
    forget(Some(world.id())).await;
    assert_eq!(figures(&fixture).await, json!([["darker", 2, 2]]), "one title is not the whole history");
    forget(None).await;
    assert_eq!(figures(&fixture).await, json!([["darker", 1, 1]]));

    // Late copies of all of it; what the profile was shown after its wish counts again, from then on.
    fixture.ingest_all(now, told).await;
    fixture.ingest_all(now, vec![exposure(gone, "darker", first + Duration::days(2))]).await;
    assert_eq!(figures(&fixture).await, json!([["darker", 1, 1]]));
    fixture.ingest_all(now, vec![exposure(forgetful, "darker", first + Duration::days(2))]).await;
    assert_eq!(figures(&fixture).await, json!([["darker", 2, 1]]));
    let kept: u64 = fixture
        .client
        .query("SELECT count() FROM exposures WHERE profile_id = ?")
        .bind(gone.to_string())
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(kept, 0);
    fixture.end().await;
}

#[tokio::test]
async fn an_exposure_that_breaks_its_contract_or_comes_from_the_future_is_set_aside() {
    let fixture = Fixture::start().await;
    let now = World::system().now();
    let good = exposure(profile(), "darker", noon(1));
    let broken = |change: fn(&mut Event)| {
        let mut event = good.clone();
        change(&mut event);
        event
    };
    let told = vec![
        good.clone(),
        broken(|event| event.data["variant"] = json!("")),
        broken(|event| event.data["exposed_at"] = json!("2100-01-01T00:00:00Z")),
        broken(|event| event.subject = profile().to_string()),
    ];
    let outcomes = fixture.ingest(now, told).await;
    assert_eq!(outcomes[0], Outcome::Done);
    assert!(outcomes[1..].iter().all(|outcome| matches!(outcome, Outcome::Poison(_))), "{outcomes:?}");
    assert_eq!(fixture.count("exposures").await, 1);
    fixture.end().await;
}
