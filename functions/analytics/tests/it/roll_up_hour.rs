use events::Outcome;
use kernel::{ProfileId, TitleId, World};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

fn hour(moment: OffsetDateTime) -> u32 {
    u32::try_from(moment.unix_timestamp()).unwrap() / 3600 * 3600
}

#[tokio::test]
async fn a_second_run_gives_the_same_bytes() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let titles: Vec<TitleId> = (0..3).map(|_| world.id()).collect();
    for at in 0..60 {
        let started_at = NOW - Duration::minutes(3 * at);
        let session = Session::new(titles[at as usize % 3], world.id(), started_at);
        fixture.ingest_all(NOW, session.events(&[10.0, 10.0 * at as f64])).await;
    }
    fixture.roll_up(NOW).await;
    let first = fixture.bytes().await;
    assert!(first.len() >= 9, "{first:?}");
    fixture.client.query("OPTIMIZE TABLE playback_events FINAL").execute().await.unwrap();
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.bytes().await, first);
    fixture.end().await;
}

#[tokio::test]
async fn late_data_reaches_its_old_hour() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let (title, viewer): (TitleId, ProfileId) = (world.id(), world.id());
    let old = Session::new(title, viewer, NOW - Duration::hours(30));
    fixture.ingest_all(NOW - Duration::hours(30), old.events(&[40.0])).await;
    fixture.roll_up(NOW - Duration::hours(29)).await;
    let row = |watched_ms, views| (hour(NOW - Duration::hours(30)), title.to_string(), 1, views, views, watched_ms, 0);
    assert_eq!(fixture.hours().await, [row(40_000, 1)]);

    fixture.roll_up(NOW - Duration::hours(20)).await;
    fixture.ingest_all(NOW, vec![old.event(proto::types::PLAYBACK_STOPPED, 9, 52.5)]).await;
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.hours().await, [row(52_500, 1)]);
    fixture.end().await;
}

#[tokio::test]
async fn the_first_run_computes_all_hours_there_are() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let title: TitleId = world.id();
    let mut events = Vec::new();
    for day in 0..70 {
        let session = Session::new(title, world.id(), NOW - Duration::days(day));
        events.extend(session.events(&[30.0]));
    }
    fixture.ingest_all(NOW, events).await;
    fixture.roll_up(NOW).await;
    let hours = fixture.hours().await;
    assert_eq!(hours.len(), 70);
    assert!(hours.iter().all(|row| (row.2, row.3, row.4, row.5) == (1, 1, 1, 30_000)));
    fixture.end().await;
}

#[tokio::test]
async fn an_hour_without_sessions_is_empty() {
    let fixture = Fixture::start().await;
    let world = World::system();
    fixture.ingest_all(NOW, Session::new(world.id(), world.id(), NOW).events(&[30.0])).await;
    fixture.roll_up(NOW).await;
    assert_eq!(fixture.hours().await.len(), 1);
    // As erasing a person would.
    fixture.client.query("TRUNCATE TABLE playback_events").execute().await.unwrap();
    fixture.roll_up(NOW).await;
    assert!(fixture.hours().await.is_empty());
    fixture.end().await;
}

#[tokio::test]
async fn without_clickhouse_the_run_comes_again_and_nothing_is_half_done() {
    let fixture = Fixture::start().await;
    let world = World::system();
    fixture.ingest_all(NOW, Session::new(world.id(), world.id(), NOW).events(&[30.0])).await;
    fixture.roll_up(NOW).await;
    let before = fixture.bytes().await;
    let fixture = fixture.without_clickhouse();
    assert!(matches!(fixture.try_roll_up(NOW).await, Outcome::Retry(_)));
    assert_eq!(fixture.bytes().await, before);
    let staging: u64 = fixture
        .client
        .query("SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '%staging%'")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(staging, 0);
    fixture.end().await;
}
