//! What was erased is gone from rows and figures, in whatever order it is told, and does not come back.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::{AccountId, ErasureId, ProfileId, TitleId, World};
use proto::{types, user::HistoryErased};
use serde_json::{Value, json};
use stores::Bucket;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

fn unlimited() -> Deadline {
    Deadline::unlimited(World::system())
}

/// The user service's receipt.
fn erased(erasure: ErasureId, profiles: &[ProfileId]) -> Event {
    let world = World::system();
    let erasure = Erasure { id: erasure, account: world.id::<AccountId>(), profiles: profiles.to_vec() };
    erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

fn history_erased(profile: ProfileId, title: Option<TitleId>, at: OffsetDateTime) -> Event {
    let world = World::system();
    let data = HistoryErased {
        profile_id: profile.to_string(),
        account_id: world.id::<AccountId>().to_string(),
        title_id: title.map(|id| id.to_string()).unwrap_or_default(),
        erased_at: at.format(&Rfc3339).unwrap(),
    };
    Event::new(&world, types::HISTORY_ERASED, profile, 1, &data)
}

async fn erase_account(fixture: &Fixture, event: Event) -> Outcome {
    erase_account_at(fixture, event, NOW).await
}

async fn erase_account_at(fixture: &Fixture, event: Event, now: OffsetDateTime) -> Outcome {
    let consumer = analytics::operations::consumers::erase_account(&fixture.boot_at(now)).unwrap();
    consumer.consume(event, &unlimited()).await
}

async fn erase_history(fixture: &Fixture, event: Event) -> Outcome {
    erase_history_at(fixture, event, NOW).await
}

async fn erase_history_at(fixture: &Fixture, event: Event, now: OffsetDateTime) -> Outcome {
    let consumer = analytics::operations::consumers::erase_history(&fixture.boot_at(now)).unwrap();
    consumer.consume(event, &unlimited()).await
}

async fn apply(fixture: &Fixture, event: Event, now: OffsetDateTime) {
    let outcome = match event.kind.as_str() {
        types::USER_ACCOUNT_ERASED => erase_account_at(fixture, event, now).await,
        types::HISTORY_ERASED => erase_history_at(fixture, event, now).await,
        _ => fixture.ingest(now, vec![event]).await.remove(0),
    };
    assert_eq!(outcome, Outcome::Done);
}

/// Everything that is stored, as text.
pub async fn everything(fixture: &Fixture) -> String {
    let mut text = String::new();
    let tables: Vec<String> = fixture
        .client
        .query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View'")
        .fetch_all()
        .await
        .unwrap();
    for table in tables {
        // States of aggregates are no text: every row comes as hexadecimal digits.
        let rows: Vec<String> =
            fixture.client.query(&format!("SELECT hex(toString(tuple(*))) FROM {table}")).fetch_all().await.unwrap();
        for row in rows {
            let byte = |at: usize| u8::from_str_radix(&row[at..at + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..row.len()).step_by(2).map(byte).collect();
            text += &String::from_utf8_lossy(&bytes);
            text.push('\n');
        }
    }
    text
}

#[tokio::test]
async fn a_person_leaves_rows_and_figures_and_others_stay() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let (title, gone, stays): (TitleId, ProfileId, ProfileId) = (world.id(), world.id(), world.id());
    let (one, other) = (Session::new(title, gone, NOW), Session::new(title, stays, NOW));
    fixture.ingest_all(NOW, [one.events(&[40.0]), other.events(&[50.0])].concat()).await;
    fixture.roll_up(NOW).await;
    assert_eq!((fixture.hours().await[0].2, fixture.hours().await[0].4), (2, 2));

    let erasure: ErasureId = world.id();
    let event = erased(erasure, &[gone, world.id()]);
    assert_eq!(erase_account(&fixture, event.clone()).await, Outcome::Done);
    let hours = fixture.hours().await;
    assert_eq!((hours.len(), hours[0].2, hours[0].3, hours[0].4, hours[0].5), (1, 1, 1, 1, 50_000));
    let text = everything(&fixture).await;
    assert!(!text.contains(&gone.to_string()) && text.contains(&stays.to_string()), "{text}");

    // Again, and late events of theirs: neither rows nor figures.
    assert_eq!(erase_account(&fixture, event).await, Outcome::Done);
    let late = one.event(types::PLAYBACK_STOPPED, 9, 60.0);
    fixture
        .ingest_all(
            NOW + Duration::days(3),
            vec![late, Session::new(title, gone, NOW + Duration::days(3)).event(types::PLAYBACK_STARTED, 1, 0.0)],
        )
        .await;
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.hours().await, hours);
    assert!(!everything(&fixture).await.contains(&gone.to_string()));
    let receipts = fixture.service.events("domain-events", erasure, 2).await;
    let records: Vec<_> = receipts.iter().map(|receipt| receipt.data["records"].clone()).collect();
    assert_eq!(
        (receipts[0].kind.as_str(), &records[0], &records[1]),
        (types::ANALYTICS_ACCOUNT_ERASED, &json!("2"), &json!("0"))
    );
    fixture.end().await;
}

#[tokio::test]
async fn an_hour_of_nobody_else_is_empty() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let gone: ProfileId = world.id();
    fixture.ingest_all(NOW, Session::new(world.id(), gone, NOW - Duration::days(40)).events(&[40.0])).await;
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.hours().await.len(), 1);
    assert_eq!(erase_account(&fixture, erased(world.id(), &[gone])).await, Outcome::Done);
    assert!(fixture.hours().await.is_empty());
    fixture.end().await;
}

#[tokio::test]
async fn a_history_goes_by_when_its_sessions_began() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let (profile, film, other): (ProfileId, TitleId, TitleId) = (world.id(), world.id(), world.id());
    let before = Session::new(film, profile, NOW - Duration::minutes(20));
    let after = Session::new(film, profile, NOW + Duration::minutes(20));
    let another = Session::new(other, profile, NOW - Duration::minutes(20));
    fixture.ingest_all(NOW, [before.events(&[40.0]), after.events(&[40.0]), another.events(&[40.0])].concat()).await;
    fixture.roll_up(NOW).await;
    assert_eq!(erase_history(&fixture, history_erased(profile, Some(film), NOW)).await, Outcome::Done);
    fixture.ingest_all(NOW, vec![before.event(types::PLAYBACK_STOPPED, 9, 50.0)]).await;
    fixture.roll_up(NOW).await;
    let views: u64 = fixture.hours().await.iter().map(|hour| hour.3).sum();
    assert_eq!(views, 2, "of what was watched later, and of another title");
    assert_eq!(erase_history(&fixture, history_erased(profile, None, NOW)).await, Outcome::Done);
    let hours = fixture.hours().await;
    assert_eq!((hours.len(), hours[0].3, &hours[0].1), (1, 1, &film.to_string()));
    fixture.end().await;
}

#[tokio::test]
async fn any_order_with_any_copies_ends_in_the_same_figures() {
    let (orderly, disturbed) = (Fixture::start().await, Fixture::start().await);
    for round in 0..3 {
        let day = datetime!(2026-05-01 00:00 UTC) + Duration::days(round);
        let (world, _) = World::replay(day, round as u64);
        let now = day + Duration::hours(3) + Duration::minutes(59);
        let (title, film): (TitleId, TitleId) = (world.id(), world.id());
        let profiles: Vec<ProfileId> = (0..3).map(|_| world.id()).collect();
        let mut events = Vec::new();
        for _ in 0..5 {
            let profile = profiles[world.below(3) as usize];
            let of = if world.below(2) == 0 { title } else { film };
            let started_at = day + Duration::minutes(i64::from(world.below(180)));
            events.extend(Session::new(of, profile, started_at).events(&[f64::from(world.below(60)), 61.0]));
        }
        events.push(erased(world.id(), &profiles[..1]));
        events.push(history_erased(profiles[1], Some(title), day + Duration::minutes(90)));
        events.push(history_erased(profiles[1], None, day + Duration::minutes(30)));
        for event in &events {
            apply(&orderly, event.clone(), now).await;
        }
        let mut doubled: Vec<Event> = events.iter().chain(&events).cloned().collect();
        for at in (1..doubled.len()).rev() {
            doubled.swap(at, world.below(at as u32 + 1) as usize);
        }
        for event in doubled {
            apply(&disturbed, event, now).await;
            if world.below(8) == 0 {
                disturbed.roll_up(now).await;
            }
        }
        for fixture in [&orderly, &disturbed] {
            fixture.roll_up(now).await;
            assert!(!everything(fixture).await.contains(&profiles[0].to_string()));
        }
        assert_eq!(orderly.hours().await, disturbed.hours().await, "round {round}");
    }
    assert_eq!(orderly.bytes().await, disturbed.bytes().await);
    assert_eq!(orderly.count("playback_events").await, disturbed.count("playback_events").await);
    orderly.end().await;
    disturbed.end().await;
}

#[tokio::test]
async fn a_copy_holds_the_sessions_and_nobody_who_is_gone_gets_one() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let profile: ProfileId = world.id();
    let session = Session::new(world.id(), profile, NOW);
    fixture.ingest_all(NOW, session.events(&[40.0])).await;
    let exposed = json!({ "profile_id": profile, "experiment": "darker", "variant": "as-usual", "exposed_at": "2026-03-01T12:00:00Z" });
    fixture.ingest_all(NOW, vec![Event::new(&World::system(), types::PROFILE_EXPOSED, profile, 1, &exposed)]).await;
    let wish = |export: kernel::ExportId| {
        let data = json!({ "export_id": export, "account_id": world.id::<AccountId>(), "profile_ids": [profile] });
        Event::new(&World::system(), types::EXPORT_REQUESTED, export, 1, &data)
    };
    let exporter = analytics::operations::consumers::export_account(&fixture.boot_at(NOW)).unwrap();
    let bucket = Bucket::new(fixture.service.aws(), fixture.service.var("BUCKET_EXPORTS"));
    let export = world.id();
    for _ in 0..2 {
        assert_eq!(exporter.consume(wish(export), &unlimited()).await, Outcome::Done);
    }
    let part = bucket.get(&format!("{export}/analytics.json")).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(part["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&part["sessions"][0]["title_id"], &part["sessions"][0]["watched_ms"]),
        (&json!(session.title), &json!(40_000))
    );
    let shown = json!([{ "profile_id": profile, "experiment": "darker", "variant": "as-usual", "exposed_at": "2026-03-01 12:00:00.000" }]);
    assert_eq!(part["experiments"], shown);

    assert_eq!(erase_account(&fixture, erased(world.id(), &[profile])).await, Outcome::Done);
    let late = world.id();
    assert_eq!(exporter.consume(wish(late), &unlimited()).await, Outcome::Done);
    assert_eq!(bucket.get(&format!("{late}/analytics.json")).await.unwrap(), None);
    fixture.end().await;
}

#[tokio::test]
async fn what_names_nobody_is_poison_and_an_engine_that_is_down_is_not() {
    let fixture = Fixture::start().await.without_clickhouse();
    let world = World::system();
    let event = erased(world.id(), &[world.id()]);
    assert!(matches!(erase_account(&fixture, event.clone()).await, Outcome::Retry(_)));
    assert!(matches!(erase_history(&fixture, history_erased(world.id(), None, NOW)).await, Outcome::Retry(_)));
    let mut wrong = event;
    wrong.data["account_id"] = json!("nobody");
    assert!(matches!(erase_account(&fixture, wrong).await, Outcome::Poison(_)));
    let mut wrong = history_erased(world.id(), None, NOW);
    wrong.data["erased_at"] = json!("soon");
    assert!(matches!(erase_history(&fixture, wrong).await, Outcome::Poison(_)));
    fixture.end().await;
}

/// A try that died after it had written leaves rows; the erasure that came meanwhile has found nothing; the next try may write nothing.
#[tokio::test]
async fn what_a_dead_try_has_written_does_not_stay() {
    let fixture = Fixture::start().await;
    let session = Session::new(World::system().id(), World::system().id(), NOW);
    let batch = session.events(&[40.0]);
    fixture.ingest_all(NOW, batch.clone()).await;
    fixture.roll_up(NOW).await;
    let tombstone = "INSERT INTO erased SELECT ?, '', fromUnixTimestamp64Milli(7258118400000, 'UTC')";
    fixture.client.query(tombstone).bind(kernel::tombstone(session.profile)).execute().await.unwrap();
    fixture.ingest_all(NOW, batch).await;
    fixture.roll_up(NOW).await;
    assert!(!everything(&fixture).await.contains(&session.profile.to_string()));
    assert!(fixture.hours().await.is_empty());
    fixture.end().await;
}

/// The daily roll-up says that today is not in it.
#[tokio::test]
async fn an_erasure_counts_no_day_that_is_not_over() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let (title, gone): (TitleId, ProfileId) = (world.id(), world.id());
    for started_at in [NOW, NOW - Duration::DAY] {
        let both = [Session::new(title, gone, started_at), Session::new(title, world.id(), started_at)];
        fixture.ingest_all(NOW, both.iter().flat_map(|session| session.events(&[40.0])).collect()).await;
    }
    assert_eq!(erase_account(&fixture, erased(world.id(), &[gone])).await, Outcome::Done);
    let days: Vec<(u32, u64)> = fixture.days().await.into_iter().map(|row| (row.0, row.3)).collect();
    let yesterday = u32::try_from((NOW - Duration::DAY).replace_time(time::Time::MIDNIGHT).unix_timestamp()).unwrap();
    assert_eq!(days, [(yesterday, 1)]);
    fixture.end().await;
}
