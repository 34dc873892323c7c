//! What is watched most, what grows, when, and one's own year.

use kernel::{ProfileId, TitleId, World};
use proto::types;
use serde_json::json;
use testkit::Token;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

fn listed(title: TitleId, name: &str, genres: &[&str]) -> events::Event {
    let data = json!({"title_id": title, "kind": "film", "publication": "published", "original_title": name, "genres": genres});
    events::Event::new(&World::system(), types::TITLE_CHANGED, title, 1, &data)
}

#[tokio::test]
async fn the_most_watched_and_the_growing() {
    let fixture = Fixture::start().await;
    let now = World::system().now();
    let (steady, rising, short): (TitleId, TitleId, TitleId) =
        (World::system().id(), World::system().id(), World::system().id());
    let anna: ProfileId = World::system().id();
    let mut events = vec![listed(steady, "Steady", &[]), listed(rising, "Rising", &[])];
    let mut watch = |title, count: usize, hours_ago: i64, seconds: f64| {
        for _ in 0..count {
            events.extend(Session::new(title, anna, now - Duration::hours(hours_ago)).events(&[seconds]));
        }
    };
    watch(steady, 6, 2, 40.0);
    watch(steady, 8, 30, 40.0);
    watch(rising, 5, 2, 50.0);
    watch(rising, 1, 30, 40.0);
    watch(short, 9, 2, 5.0);
    fixture.ingest_all(now, events).await;
    fixture.roll_up(now).await;

    let popular = fixture.ask("editor", "/v1/analytics/popular").await;
    let items = json!([
        {"title_id": steady, "name": "Steady", "views": 6, "unique_viewers": 1, "watch_time_seconds": 240},
        {"title_id": rising, "name": "Rising", "views": 5, "unique_viewers": 1, "watch_time_seconds": 250},
    ]);
    assert_eq!(popular["items"], items);
    let week = fixture.ask("editor", "/v1/analytics/popular?window=week&limit=1").await;
    assert_eq!((&week["items"][0]["views"], week["items"].as_array().map(Vec::len)), (&json!(14), Some(1)));
    let trends = fixture.ask("editor", "/v1/analytics/trends?window=day").await;
    // 15 / 11 and 16 / 18.
    let items = json!([
        {"title_id": rising, "name": "Rising", "views": 5, "views_before": 1, "growth": 1.3636},
        {"title_id": steady, "name": "Steady", "views": 6, "views_before": 8, "growth": 0.8889},
    ]);
    assert_eq!(trends["items"], items);
    fixture.end().await;
}

#[tokio::test]
async fn the_hours_of_the_week() {
    const NOW: OffsetDateTime = datetime!(2026-03-03 12:30 UTC);
    let fixture = Fixture::start().await;
    let title = World::system().id();
    // Two Sundays at 20 h and a Monday at 9 h.
    for (at, seconds) in [
        (datetime!(2026-02-22 20:10 UTC), 100.0),
        (datetime!(2026-03-01 20:50 UTC), 100.5),
        (datetime!(2026-03-02 9:00 UTC), 20.0),
    ] {
        fixture.ingest_all(NOW, Session::new(title, World::system().id(), at).events(&[seconds])).await;
    }
    fixture.roll_up(NOW).await;
    let week =
        fixture.ask("editor", "/v1/analytics/peak-hours?from=2026-02-16T00:00:00Z&until=2026-03-04T00:00:00Z").await;
    let cells = week["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0]["weekday"], &cells[167]["hour"]), (168, &json!(1), &json!(23)));
    let sunday = json!({"weekday": 7, "hour": 20, "starts": 2, "views": 2, "watch_time_seconds": 200});
    assert_eq!((&cells[6 * 24 + 20], &week["peak"]), (&sunday, &sunday));
    assert_eq!(cells[9], json!({"weekday": 1, "hour": 9, "starts": 1, "views": 0, "watch_time_seconds": 20}));
    fixture.end().await;
}

#[tokio::test]
async fn a_year_is_of_the_profile_that_asks() {
    const NOW: OffsetDateTime = datetime!(2026-03-03 12:30 UTC);
    let fixture = Fixture::start().await;
    let (drama, comedy): (TitleId, TitleId) = (World::system().id(), World::system().id());
    let (anna, boris): (ProfileId, ProfileId) = (World::system().id(), World::system().id());
    let mut events = vec![listed(drama, "Drama", &["drama", "war"]), listed(comedy, "Comedy", &["comedy"])];
    for (title, profile, at, seconds) in [
        (drama, anna, datetime!(2026-01-31 23:59 UTC), 590.0),
        (drama, anna, datetime!(2026-02-01 0:00 UTC), 100.0),
        (comedy, anna, datetime!(2026-02-10 10:00 UTC), 20.5),
        (comedy, anna, datetime!(2025-12-31 10:00 UTC), 300.0),
        (comedy, boris, datetime!(2026-02-10 10:00 UTC), 500.0),
    ] {
        events.extend(Session::new(title, profile, at).events(&[seconds]));
    }
    fixture.ingest_all(NOW, events).await;
    let app = fixture.app();
    let year = async |profile: ProfileId, query: &str| {
        app.get(&format!("/v1/analytics/me{query}")).token(&Token::fresh().profile(profile)).send().await.expect(200)
    };
    let own = year(anna, "?year=2026").await;
    assert_eq!(
        (&own["watch_time_seconds"], &own["views"], &own["completed_views"], &own["titles"]),
        (&json!(710), &json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        own["top_titles"][0],
        json!({"title_id": drama, "name": "Drama", "watch_time_seconds": 690, "views": 2})
    );
    assert_eq!(own["top_genres"][2], json!({"genre": "comedy", "watch_time_seconds": 20}));
    assert_eq!(own["months"][1], json!({"month": 2, "watch_time_seconds": 120, "views": 1}));
    assert_eq!(year(anna, "?year=2025").await["watch_time_seconds"], 300);
    let nobody = year(World::system().id(), "").await;
    assert_eq!((&nobody["views"], &nobody["top_titles"]), (&json!(0), &json!([])));
    fixture.end().await;
}
