//! Error budgets that burn.

use events::Outcome;
use kernel::World;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

/// Objectives that fire, with the milliseconds since when.
async fn firing(fixture: &Fixture) -> Vec<(String, i64)> {
    let query = "SELECT objective, toUnixTimestamp64Milli(since) FROM alerts FINAL WHERE is_firing ORDER BY objective";
    fixture.client.query(query).fetch_all().await.unwrap()
}

#[tokio::test]
async fn an_alert_begins_and_ends_with_its_cause() {
    let fixture = Fixture::start().await;
    let title = World::system().id();
    let told = |minutes_ago: i64, kind: &str| {
        let session = Session::new(title, World::system().id(), NOW - Duration::minutes(minutes_ago));
        session.sample(kind, 0.0, 1.0)
    };
    let mut events: Vec<_> = (0..30).map(|at| told(10 + at, "startup")).collect();
    fixture.ingest_all(NOW, events.clone()).await;
    assert_eq!(fixture.evaluate_alerts(NOW).await, Outcome::Done);
    assert!(firing(&fixture).await.is_empty());

    // A tenth of all starts of the hour fail, and of the last minutes too.
    events = (0..4).map(|at| told(at, "start_failure")).collect();
    fixture.ingest_all(NOW, events).await;
    let later = NOW + Duration::minutes(1);
    assert_eq!(fixture.evaluate_alerts(later).await, Outcome::Done);
    let since = i64::try_from(later.unix_timestamp_nanos() / 1_000_000).unwrap();
    assert_eq!(firing(&fixture).await, [("starts".to_owned(), since)]);
    assert_eq!(fixture.evaluate_alerts(later + Duration::minutes(1)).await, Outcome::Done);
    assert_eq!(firing(&fixture).await, [("starts".to_owned(), since)], "it keeps its beginning");
    // A run that comes late, and a repetition, change nothing.
    assert_eq!(fixture.evaluate_alerts(NOW).await, Outcome::Done);
    assert_eq!(firing(&fixture).await, [("starts".to_owned(), since)]);
    assert_eq!(fixture.evaluate_alerts(NOW + Duration::hours(7)).await, Outcome::Done);
    assert!(firing(&fixture).await.is_empty());
    fixture.end().await;
}

#[tokio::test]
async fn without_clickhouse_the_run_comes_again() {
    let fixture = Fixture::start().await.without_clickhouse();
    assert!(matches!(fixture.evaluate_alerts(NOW).await, Outcome::Retry(_)));
    fixture.end().await;
}
