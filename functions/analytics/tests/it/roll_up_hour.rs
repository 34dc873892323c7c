use events::Outcome;
use kernel::{ProfileId, TitleId, World};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::lab::{Lab, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

fn hour(moment: OffsetDateTime) -> u32 {
    u32::try_from(moment.unix_timestamp()).unwrap() / 3600 * 3600
}

#[tokio::test]
async fn a_second_run_gives_the_same_bytes() {
    let lab = Lab::start().await;
    let world = World::system();
    let titles: Vec<TitleId> = (0..3).map(|_| world.id()).collect();
    for at in 0..60 {
        let started_at = NOW - Duration::minutes(3 * at);
        let session = Session::new(titles[at as usize % 3], world.id(), started_at);
        lab.ingest_all(NOW, session.events(&[10.0, 10.0 * at as f64])).await;
    }
    lab.roll_up(NOW).await;
    let first = lab.bytes().await;
    assert!(first.len() >= 9, "{first:?}");
    lab.client.query("OPTIMIZE TABLE playback_events FINAL").execute().await.unwrap();
    lab.roll_up(NOW).await;
    assert_eq!(lab.bytes().await, first);
    lab.end().await;
}

#[tokio::test]
async fn late_data_reaches_its_old_hour() {
    let lab = Lab::start().await;
    let world = World::system();
    let (title, viewer): (TitleId, ProfileId) = (world.id(), world.id());
    let old = Session::new(title, viewer, NOW - Duration::hours(30));
    lab.ingest_all(NOW - Duration::hours(30), old.events(&[40.0])).await;
    lab.roll_up(NOW - Duration::hours(29)).await;
    let row = |watched_ms, views| (hour(NOW - Duration::hours(30)), title.to_string(), 1, views, views, watched_ms, 0);
    assert_eq!(lab.hours().await, [row(40_000, 1)]);

    lab.roll_up(NOW - Duration::hours(20)).await;
    lab.ingest_all(NOW, vec![old.event(proto::types::PLAYBACK_STOPPED, 9, 52.5)]).await;
    lab.roll_up(NOW).await;
    assert_eq!(lab.hours().await, [row(52_500, 1)]);
    lab.end().await;
}

#[tokio::test]
async fn the_first_run_computes_all_hours_there_are() {
    let lab = Lab::start().await;
    let world = World::system();
    let title: TitleId = world.id();
    let mut events = Vec::new();
    for day in 0..70 {
        let session = Session::new(title, world.id(), NOW - Duration::days(day));
        events.extend(session.events(&[30.0]));
    }
    lab.ingest_all(NOW, events).await;
    lab.roll_up(NOW).await;
    let hours = lab.hours().await;
    assert_eq!(hours.len(), 70);
    assert!(hours.iter().all(|row| (row.2, row.3, row.4, row.5) == (1, 1, 1, 30_000)));
    lab.end().await;
}

#[tokio::test]
async fn an_hour_without_sessions_is_empty() {
    let lab = Lab::start().await;
    let world = World::system();
    lab.ingest_all(NOW, Session::new(world.id(), world.id(), NOW).events(&[30.0])).await;
    lab.roll_up(NOW).await;
    assert_eq!(lab.hours().await.len(), 1);
    // As erasing a person would.
    lab.client.query("TRUNCATE TABLE playback_events").execute().await.unwrap();
    lab.roll_up(NOW).await;
    assert!(lab.hours().await.is_empty());
    lab.end().await;
}

#[tokio::test]
async fn without_clickhouse_the_run_comes_again_and_nothing_is_half_done() {
    let lab = Lab::start().await;
    let world = World::system();
    lab.ingest_all(NOW, Session::new(world.id(), world.id(), NOW).events(&[30.0])).await;
    lab.roll_up(NOW).await;
    let before = lab.bytes().await;
    let lab = lab.without_clickhouse();
    assert!(matches!(lab.try_roll_up(NOW).await, Outcome::Retry(_)));
    assert_eq!(lab.bytes().await, before);
    let staging: u64 = lab
        .client
        .query("SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '%staging%'")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(staging, 0);
    lab.end().await;
}
