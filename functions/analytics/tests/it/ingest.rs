use events::{Consumer, Event, Outcome};
use kernel::{TitleId, World};
use proto::types;
use serde_json::json;
use time::{OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

fn session() -> Session {
    let world = World::system();
    Session::new(world.id(), world.id(), NOW)
}

#[tokio::test]
async fn copies_of_an_event_are_one_row() {
    let fixture = Fixture::start().await;
    let session = session();
    let events = session.events(&[30.0, 60.0]);
    let sample = json!({"session_id": session.id, "title_id": session.title, "kind": "startup", "value": 1.5, "at": "2026-03-01T12:30:00Z",
        "client_time": "2026-03-01T15:30:00+03:00"});
    let sampled = Event::new(&World::system(), types::PLAYER_SAMPLED, session.id, 1, &sample);
    fixture.ingest_all(NOW, [events.clone(), vec![sampled.clone(), sampled.clone()]].concat()).await;
    fixture.ingest_all(NOW, [vec![sampled], events.into_iter().rev().collect()].concat()).await;
    assert_eq!((fixture.count("playback_events").await, fixture.count("player_samples").await), (3, 1));
    let kept: (f64, String) =
        fixture.client.query("SELECT value, client_time FROM player_samples FINAL").fetch_one().await.unwrap();
    assert_eq!(kept, (1.5, "2026-03-01T15:30:00+03:00".to_owned()));
    fixture.end().await;
}

#[tokio::test]
async fn poison_is_isolated_and_set_aside_with_its_reason() {
    let fixture = Fixture::start().await;
    let good = session().event(types::PLAYBACK_STARTED, 1, 0.0);
    let mut bad = session().event(types::PLAYBACK_STOPPED, 9, 10.0);
    bad.data["watched_seconds"] = json!(-5.0);
    let foreign = Event::new(&World::system(), types::REFRESH_REUSED, "acc_1", 1, &json!({}));
    let outcomes = fixture.ingest(NOW, vec![bad.clone(), good, foreign]).await;
    let Outcome::Poison(reason) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert!(reason.contains("watched_seconds"), "{reason}");
    assert_eq!(outcomes[1..], [Outcome::Done, Outcome::Done]);
    assert_eq!(fixture.count("playback_events").await, 1);

    let consumer = analytics::operations::consumers::ingest(&fixture.boot_at(NOW)).unwrap();
    for _ in 0..2 {
        consumer.dead_letters().unwrap().put(bad.json().into_bytes(), reason).await.unwrap();
    }
    let bucket = fixture.service.var("BUCKET_EVENTS_DEAD");
    let client = stores::Bucket::new(fixture.service.aws(), bucket.clone()).client;
    let listed = client.list_objects_v2().bucket(&bucket).prefix("playback-events/").send().await.unwrap();
    let mut found = 0;
    for object in listed.contents() {
        let object = client.get_object().bucket(&bucket).key(object.key().unwrap()).send().await.unwrap();
        let kept_reason = object.metadata().and_then(|metadata| metadata.get("reason").cloned()).unwrap_or_default();
        if object.body.collect().await.unwrap().into_bytes() == bad.json().as_bytes() {
            assert_eq!(&kept_reason, reason);
            found += 1;
        }
    }
    assert_eq!(found, 1, "again is no second copy");
    fixture.end().await;
}

#[tokio::test]
async fn an_older_state_of_a_title_never_replaces_a_newer() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let id: TitleId = world.id();
    let state = |sequence: i64| {
        let data = json!({"title_id": id, "kind": "film", "publication": "published", "original_title": format!("version {sequence}")});
        Event::new(&world, types::TITLE_CHANGED, id, sequence, &data)
    };
    for order in [[2, 3, 1], [3, 1, 3], [1, 2, 3]] {
        for sequence in order {
            fixture.ingest_all(NOW, vec![state(sequence)]).await;
        }
        let name: String = fixture.client.query("SELECT name FROM titles FINAL").fetch_one().await.unwrap();
        assert_eq!(name, "version 3");
    }
    fixture.end().await;
}

#[tokio::test]
async fn without_clickhouse_everything_storable_comes_again() {
    let fixture = Fixture::start().await.without_clickhouse();
    let foreign = Event::new(&World::system(), types::REFRESH_REUSED, "acc_1", 1, &json!({}));
    let outcomes = fixture.ingest(NOW, vec![session().event(types::PLAYBACK_STARTED, 1, 0.0), foreign]).await;
    assert!(matches!(outcomes[..], [Outcome::Retry(_), Outcome::Done]), "{outcomes:?}");
    fixture.end().await;
}

/// As Kinesis delivers them: a version that nobody knows yet, an event of next year and one of last year.
#[tokio::test]
async fn what_comes_from_the_future_is_set_aside_and_what_is_late_counts() {
    let fixture = Fixture::start().await;
    let unknown = session().event(types::PLAYBACK_STARTED, 1, 0.0);
    let unknown = Event { kind: types::PLAYBACK_STARTED.replace(".v1", ".v2"), ..unknown };
    assert!(Event::parse(unknown.json().as_bytes()).unwrap_err().to_string().contains("unknown event type"));
    let world = World::system();
    let early = |ahead| Session::new(world.id(), world.id(), NOW + ahead).event(types::PLAYBACK_STARTED, 1, 0.0);
    let last_year = Session::new(world.id(), world.id(), NOW - time::Duration::days(365));
    let mut told = vec![early(time::Duration::minutes(59)), early(time::Duration::days(365))];
    told.extend(last_year.events(&[40.0]));
    let outcomes = fixture.ingest(NOW, told).await;
    let Outcome::Poison(reason) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert!(reason.contains("future"), "{reason}");
    assert_eq!([&outcomes[0], &outcomes[2], &outcomes[3]], [&Outcome::Done; 3]);
    assert_eq!(fixture.count("playback_events").await, 3);
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.hours().await.first().map(|row| (row.2, row.3, row.5)), Some((1, 1, 40_000)));
    fixture.end().await;
}
