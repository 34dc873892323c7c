//! A title over time, and part by part.

use kernel::{ProfileId, TitleId, World};
use proto::types;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-03 00:20 UTC);

#[tokio::test]
async fn a_figure_over_time() {
    let fixture = Fixture::start().await;
    let (title, anna): (TitleId, ProfileId) = (World::system().id(), World::system().id());
    let begun = [
        datetime!(2026-03-01 10:10 UTC),
        datetime!(2026-03-01 10:50 UTC),
        datetime!(2026-03-01 20:00 UTC),
        datetime!(2026-03-02 23:59 UTC),
    ];
    for at in begun {
        fixture.ingest_all(NOW, Session::new(title, anna, at).events(&[40.5])).await;
    }
    fixture.roll_up(NOW).await;
    fixture.roll_up_day(NOW).await;
    let values = |metric: &'static str, rest: &'static str| {
        let fixture = &fixture;
        async move {
            let path = format!("/v1/analytics/titles/{title}/timeseries/{metric}?{rest}");
            let answer = fixture.ask("editor", &path).await;
            answer["points"]
                .as_array()
                .unwrap()
                .iter()
                .map(|point| point["value"].as_u64().unwrap())
                .collect::<Vec<_>>()
        }
    };
    let days = "from=2026-02-28T00:00:00Z&until=2026-03-04T00:00:00Z";
    assert_eq!(values("views", days).await, [0, 3, 1, 0]);
    assert_eq!(values("starts", days).await, [0, 3, 1, 0]);
    assert_eq!(values("completed_views", days).await, [0, 0, 0, 0]);
    assert_eq!(values("watch_time_seconds", days).await, [0, 121, 40, 0]);
    // Three views of a day are one viewer: never the sum of its hours.
    assert_eq!(values("unique_viewers", days).await, [0, 1, 1, 0]);
    let hours = "from=2026-03-01T09:00:00Z&until=2026-03-01T12:00:00Z&interval=hour";
    assert_eq!(values("views", hours).await, [0, 2, 0]);
    fixture.end().await;
}

#[tokio::test]
async fn a_day_is_the_sum_of_its_hours_and_a_second_run_gives_the_same_bytes() {
    let fixture = Fixture::start().await;
    let (titles, world): (Vec<TitleId>, World) = ((0..3).map(|_| World::system().id()).collect(), World::system());
    let viewers: Vec<ProfileId> = (0..7).map(|_| world.id()).collect();
    for at in 0..60 {
        let session = Session::new(titles[at % 3], viewers[at * at % 7], NOW - Duration::minutes(47 * at as i64 + 30));
        fixture.ingest_all(NOW, session.events(&[10.0, 7.0 * at as f64])).await;
    }
    fixture.roll_up(NOW).await;
    fixture.roll_up_day(NOW).await;
    let first = fixture.bytes_of_days().await;
    assert!(first.len() >= 6, "{first:?}");
    let today = u32::try_from(NOW.unix_timestamp()).unwrap() / 86_400 * 86_400;
    let mut summed: Vec<(u32, String, u64, u64, u64, u64)> = Vec::new();
    for (hour, title, starts, views, _, watched, completed) in fixture.hours().await {
        let day = hour / 86_400 * 86_400;
        match summed.iter_mut().find(|row| (row.0, &row.1) == (day, &title)) {
            Some(row) => {
                row.2 += starts;
                row.3 += views;
                row.4 += watched;
                row.5 += completed;
            }
            None => summed.push((day, title, starts, views, watched, completed)),
        }
    }
    summed.retain(|row| row.0 < today);
    summed.sort();
    let days = fixture.days().await;
    assert!(days.iter().all(|row| row.4 <= 7 && row.4 <= row.3), "{days:?}");
    let days: Vec<_> = days
        .into_iter()
        .map(|(day, title, starts, views, _, watched, done)| (day, title, starts, views, watched, done))
        .collect();
    assert_eq!(days, summed);

    fixture.client.query("OPTIMIZE TABLE playback_events FINAL").execute().await.unwrap();
    fixture.roll_up_day(NOW).await;
    assert_eq!(fixture.bytes_of_days().await, first);
    // Late data reaches its old day.
    let late = Session::new(titles[0], viewers[0], NOW - Duration::days(40));
    fixture.ingest_all(NOW + Duration::days(9), late.events(&[50.0])).await;
    fixture.roll_up_day(NOW + Duration::days(9)).await;
    assert_eq!(fixture.days().await.first().map(|row| (row.3, row.5)), Some((1, 50_000)));
    fixture.end().await;
}

#[tokio::test]
async fn retention_counts_what_was_played_and_nothing_that_was_skipped() {
    let fixture = Fixture::start().await;
    let title: TitleId = World::system().id();
    let new = || Session::new(title, World::system().id(), NOW - Duration::hours(1));
    let (through, jumper, nobody) = (new(), new(), new());
    let mut events = vec![
        // 0 to 35 s: parts 0 to 3.
        through.event(types::PLAYBACK_STARTED, 1, 0.0),
        through.state(types::PLAYBACK_PROGRESSED, 2, (30.0, 30.0), 30.0),
        through.state(types::PLAYBACK_STOPPED, 3, (35.0, 35.0), 35.0),
        // 0 to 10 s, a jump to 50 s, 50 to 65 s, back to 5 s and 5 to 8 s: parts 0, 5 and 6.
        jumper.event(types::PLAYBACK_STARTED, 1, 0.0),
        jumper.state(types::PLAYBACK_PROGRESSED, 2, (10.0, 10.0), 10.0),
        jumper.state(types::PLAYBACK_PROGRESSED, 3, (50.0, 10.0), 11.0),
        jumper.state(types::PLAYBACK_PROGRESSED, 4, (65.0, 25.0), 26.0),
        jumper.state(types::PLAYBACK_PROGRESSED, 5, (5.0, 25.0), 27.0),
        jumper.state(types::PLAYBACK_STOPPED, 6, (8.0, 28.0), 30.0),
        nobody.event(types::PLAYBACK_STARTED, 1, 0.0),
    ];
    fixture.ingest_all(NOW, events.clone()).await;
    events.reverse();
    fixture.ingest_all(NOW, events).await;
    let expected = json!({"title_id": title, "from": null, "until": null, "part_seconds": 10, "sessions": 2, "watched": [2, 1, 1, 1, 0, 1, 1]});
    // The title is known by its roll-up.
    fixture.roll_up(NOW).await;
    assert_eq!(retention_of(&fixture, title, "").await, expected);
    let before = retention_of(&fixture, title, "?until=2026-03-02T00:00:00Z").await;
    assert_eq!((&before["sessions"], &before["watched"]), (&json!(0), &json!([])));
    fixture.end().await;
}

async fn retention_of(fixture: &Fixture, title: TitleId, query: &str) -> Value {
    fixture.ask("editor", &format!("/v1/analytics/titles/{title}/retention{query}")).await
}
