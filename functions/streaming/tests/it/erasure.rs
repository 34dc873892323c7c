//! What the table holds of a person goes, tells nobody, and does not come back.

use std::collections::HashMap;

use events::{Consumer, Erasure, Event, Outcome};
use kernel::{ErasureId, ExportId, World};
use proto::{types, user::HistoryErased};
use serde_json::{Value, json};
use stores::{Bucket, Table, aws_sdk_dynamodb::types::AttributeValue};
use time::{Duration, OffsetDateTime};

use crate::fixture::{Film, Fixture, Person, entitlements, id, text, unlimited};

fn erased(erasure: ErasureId, person: &Person) -> Event {
    let world = World::system();
    let erasure = Erasure { id: erasure, account: person.account, profiles: vec![person.profile] };
    erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

async fn erase(fixture: &Fixture, event: Event) -> Outcome {
    let boot = fixture.service.boot().with_world(fixture.world.clone());
    streaming::operations::consumers::erase_account(&boot).unwrap().consume(event, &unlimited()).await
}

/// Items that contain the text.
async fn traces(fixture: &Fixture, needle: &str) -> Vec<HashMap<String, AttributeValue>> {
    let table = Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"));
    let items = table.client.scan().table_name(&table.name).into_paginator().items().send();
    let items: Result<Vec<HashMap<String, AttributeValue>>, _> = items.collect().await;
    items.unwrap().into_iter().filter(|item| format!("{item:?}").contains(needle)).collect()
}

async fn nothing_is_left(fixture: &Fixture, person: &Person) {
    for needle in [person.account.to_string(), person.profile.to_string()] {
        let found = traces(fixture, &needle).await;
        assert!(found.is_empty(), "{needle}: {found:?}");
    }
}

#[tokio::test]
async fn a_person_who_watches_is_forgotten_and_late_news_change_nothing() {
    let fixture = Fixture::new().await;
    let (film, person, other) = (fixture.film().await, fixture.person(2, 1080).await, fixture.person(1, 1080).await);
    let ended = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(10);
    fixture.beat(&person, &ended, &json!({ "position": 9.0, "state": "playing" })).await.expect(200);
    fixture.stop(&person, &ended).await.expect(204);
    let live = id(&fixture.start(&person, &film, "phone").await);
    fixture.start(&other, &film, "tv").await;

    let erasure: ErasureId = World::system().id();
    let event = erased(erasure, &person);
    assert_eq!(erase(&fixture, event.clone()).await, Outcome::Done);
    nothing_is_left(&fixture, &person).await;
    assert!(!traces(&fixture, &other.account.to_string()).await.is_empty());
    fixture
        .beat(&person, &live, &json!({ "position": 20.0, "state": "playing" }))
        .await
        .expect_problem(404, "not_found");
    fixture.try_start(&person, &film, "tv").await.expect_problem(402, "subscription_required");
    assert_eq!(fixture.project_grant(entitlements(person.account, 7, 2, 1080)).await, Outcome::Done);
    fixture.try_start(&person, &film, "tv").await.expect_problem(402, "subscription_required");
    assert_eq!(erase(&fixture, event).await, Outcome::Done);
    nothing_is_left(&fixture, &person).await;

    let receipts = fixture.service.events("domain-events", erasure, 2).await;
    assert!(receipts.iter().all(|receipt| receipt.kind == types::STREAMING_ACCOUNT_ERASED));
    let records: Vec<&Value> = receipts.iter().map(|receipt| &receipt.data["records"]).collect();
    // Two sessions, grant, slots and a position.
    assert_eq!(records, [&json!("5"), &json!("5")], "the repetition says the same");
}

#[tokio::test]
async fn a_first_start_that_read_before_does_not_bring_the_person_back() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let event = erased(World::system().id(), &person);
    let mut starts = Vec::new();
    for device in 0..8 {
        let (fixture, person, film) = (&fixture, &person, &film);
        starts.push(async move { fixture.try_start(person, film, &format!("device-{device}")).await.status.as_u16() });
    }
    let (outcome, statuses) = futures::join!(erase(&fixture, event.clone()), futures::future::join_all(starts));
    assert_eq!(outcome, Outcome::Done);
    assert!(statuses.iter().all(|status| [201, 402, 409, 503].contains(status)), "{statuses:?}");
    nothing_is_left(&fixture, &person).await;
}

#[tokio::test]
async fn order_and_number_of_events_do_not_matter() {
    let fixture = Fixture::new().await;
    for round in 0..10 {
        let (world, _) = World::replay(fixture.world.now(), round);
        let person = Person::new();
        let erasure = erased(world.id(), &person);
        let mut events = vec![erasure.clone(), erasure];
        events.extend((1..4).map(|sequence| entitlements(person.account, sequence, 1, 1080)));
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        for event in events {
            let outcome = match event.kind.as_str() {
                types::USER_ACCOUNT_ERASED => erase(&fixture, event).await,
                _ => fixture.project_grant(event).await,
            };
            assert_eq!(outcome, Outcome::Done);
        }
        nothing_is_left(&fixture, &person).await;
    }
}

#[tokio::test]
async fn a_history_is_forgotten_until_then_in_one_title_or_in_all() {
    let fixture = Fixture::new().await;
    let (films, person) = ([fixture.film().await, fixture.film().await], fixture.person(1, 1080).await);
    let watch = async |film: &Film| {
        let session = id(&fixture.start(&person, film, "tv").await);
        fixture.seconds(20);
        fixture.beat(&person, &session, &json!({ "position": 15.0, "state": "playing" })).await.expect(200);
    };
    let forget = async |film: Option<&Film>, at: OffsetDateTime| {
        let data = HistoryErased {
            profile_id: person.profile.to_string(),
            account_id: person.account.to_string(),
            title_id: film.map(|film| film.title.to_string()).unwrap_or_default(),
            erased_at: text(at),
        };
        let event = Event::new(&World::system(), types::HISTORY_ERASED, person.profile, 1, &data);
        let consumer = streaming::operations::consumers::erase_history(&fixture.service.boot()).unwrap();
        for _ in 0..2 {
            assert_eq!(consumer.consume(event.clone(), &unlimited()).await, Outcome::Done);
        }
    };
    let position = async |film: &Film| {
        let path = format!("/v1/playback/positions/{}", film.title);
        fixture.app.get(&path).token(&person.token()).send().await.json()["position"].as_f64()
    };
    for film in &films {
        watch(film).await;
    }
    forget(Some(&films[0]), fixture.world.now() - Duration::minutes(5)).await;
    assert_eq!(position(&films[0]).await, Some(15.0), "watched later");
    forget(Some(&films[0]), fixture.world.now()).await;
    assert_ne!(position(&films[0]).await, Some(15.0));
    assert_eq!(position(&films[1]).await, Some(15.0));
    forget(None, fixture.world.now()).await;
    assert_ne!(position(&films[1]).await, Some(15.0));
}

#[tokio::test]
async fn a_copy_holds_what_is_known_and_nobody_who_is_gone_gets_one() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(10);
    fixture.beat(&person, &session, &json!({ "position": 9.0, "state": "playing" })).await.expect(200);
    let wish = |export: ExportId| {
        let data = json!({ "export_id": export, "account_id": person.account, "profile_ids": [person.profile] });
        Event::new(&World::system(), types::EXPORT_REQUESTED, export, 1, &data)
    };
    let exporter = streaming::operations::consumers::export_account(&fixture.service.boot()).unwrap();
    let bucket = Bucket::new(fixture.service.aws(), fixture.service.var("BUCKET_EXPORTS"));
    let export: ExportId = World::system().id();
    assert_eq!(exporter.consume(wish(export), &unlimited()).await, Outcome::Done);
    let part = bucket.get(&format!("{export}/streaming.json")).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(part["plan"]["plan"], "standard");
    assert_eq!(part["devices_in_use"][0]["device_name"], "Name of tv");
    assert_eq!(part["positions"][0]["position_seconds"], 9.0);
    assert_eq!(part["sessions_of_the_last_week"][0]["session_id"], session.as_str());

    assert_eq!(erase(&fixture, erased(World::system().id(), &person)).await, Outcome::Done);
    let late: ExportId = World::system().id();
    assert_eq!(exporter.consume(wish(late), &unlimited()).await, Outcome::Done);
    assert_eq!(bucket.get(&format!("{late}/streaming.json")).await.unwrap(), None);
}

#[tokio::test]
async fn what_names_nobody_is_poison_and_a_table_that_is_down_is_not() {
    let fixture = Fixture::new().await;
    let event = erased(World::system().id(), &Person::new());
    let mut wrong = event.clone();
    wrong.data["account_id"] = json!("nobody");
    assert!(matches!(erase(&fixture, wrong).await, Outcome::Poison(_)));
    for name in ["TABLE_PLAYBACK", "STREAM_DOMAIN_EVENTS"] {
        let boot = runtime::Boot::new(fixture.service.vars().clone().set(name, "there-is-none"));
        let consumer = streaming::operations::consumers::erase_account(&boot).unwrap();
        assert!(matches!(consumer.consume(event.clone(), &unlimited()).await, Outcome::Retry(_)), "{name}");
    }
}
