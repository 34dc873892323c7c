//! Hand-made sessions with known answers.

use kernel::{TitleId, World};
use proto::types;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);
const HOURS: &str = "from=2026-03-01T10:00:00Z&until=2026-03-01T13:00:00Z";

fn session(title: TitleId, minutes_ago: i64) -> Session {
    Session::new(title, World::system().id(), NOW - Duration::minutes(minutes_ago))
}

#[tokio::test]
async fn sessions_with_known_answers() {
    let fixture = Fixture::start().await;
    let (title, other): (TitleId, TitleId) = (World::system().id(), World::system().id());
    let mut events = Vec::new();

    // Starts after 1 s at 1 Mbit/s, stalls for 4 s, then 3 Mbit/s until the end; 30 s of pause count for nothing.
    let good = session(title, 60);
    events.extend([
        good.event(types::PLAYBACK_STARTED, 1, 0.0),
        good.sample("startup", 1.0, 1.0),
        good.sample("bitrate", 1.0, 1_000_000.0),
        good.sample("rebuffer", 25.0, 4.0),
        good.sample("bitrate", 31.0, 3_000_000.0),
        good.sample("pause", 61.0, 0.0),
        good.sample("resume", 91.0, 0.0),
        good.state(types::PLAYBACK_STOPPED, 2, (116.0, 116.0), 151.0),
    ]);
    // Starts after 3 s and breaks.
    let broken = session(title, 50);
    events.extend([
        broken.event(types::PLAYBACK_STARTED, 1, 0.0),
        broken.sample("startup", 3.0, 3.0),
        broken.sample("error", 13.0, 0.0),
        broken.event(types::PLAYBACK_STOPPED, 2, 10.0),
    ]);
    let refused = session(title, 40);
    events.extend([refused.event(types::PLAYBACK_STARTED, 1, 0.0), refused.sample("start_failure", 2.0, 0.0)]);
    let given_up = session(title, 30);
    events.extend([given_up.event(types::PLAYBACK_STARTED, 1, 0.0), given_up.sample("exit_before_start", 9.0, 9.0)]);
    let silent = session(title, 20);
    events.push(silent.event(types::PLAYBACK_STARTED, 1, 0.0));
    // Of another title: it tells nothing, but it plays; another hour.
    let untold = session(other, 90);
    events.extend(untold.events(&[50.0]));
    // Copies change nothing.
    fixture.ingest_all(NOW, events.clone()).await;
    events.reverse();
    fixture.ingest_all(NOW, events).await;

    let answer = fixture.ask("editor", &format!("/v1/analytics/quality?{HOURS}&group_by=title")).await;
    let expected = json!({
        "key": title, "attempts": 5, "plays": 2, "start_failures": 1, "start_failure_ratio": 0.2, "exits_before_start": 1,
        "exit_before_start_ratio": 0.2, "unreported": 1, "startup_ms": {"p50": 1000, "p95": 3000}, "playback_failures": 1,
        "playback_failure_ratio": 0.5, "rebuffers": 1, "rebuffer_ms": 4000, "played_ms": 126_000,
        // 4 / 130; 1 / 2.1 minutes
        "rebuffer_ratio": 0.0308, "rebuffers_per_minute": 0.4762,
        // (1 Mbit/s × 26 s + 3 Mbit/s × 90 s) / 116 s
        "mean_bitrate": 2_551_724,
    });
    assert_eq!(answer["groups"][0], expected);
    assert_eq!((&answer["groups"][1]["key"], &answer["groups"][1]["plays"]), (&json!(other), &json!(1)));
    assert_eq!(answer["groups"][1].get("startup_ms"), None);

    let whole = fixture.ask("editor", &format!("/v1/analytics/quality?{HOURS}")).await;
    assert_eq!((&whole["groups"][0]["attempts"], whole["groups"][0].get("key")), (&json!(6), None));
    for (group_by, keys) in [
        ("hour", vec!["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"]),
        ("day", vec!["2026-03-01"]),
        ("territory", vec!["DE"]),
    ] {
        let answer = fixture.ask("editor", &format!("/v1/analytics/quality?{HOURS}&group_by={group_by}")).await;
        let mut found: Vec<&str> =
            answer["groups"].as_array().unwrap().iter().map(|group| group["key"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, keys);
    }
    let empty =
        fixture.ask("editor", "/v1/analytics/quality?from=2026-02-01T00:00:00Z&until=2026-02-02T00:00:00Z").await;
    assert_eq!((&empty["groups"][0]["attempts"], empty["groups"].as_array().map(Vec::len)), (&json!(0), Some(1)));
    fixture.end().await;
}

#[tokio::test]
async fn what_a_player_claims_is_cut_to_what_can_be() {
    let fixture = Fixture::start().await;
    let liar = session(World::system().id(), 30);
    fixture
        .ingest_all(
            NOW,
            vec![
                liar.event(types::PLAYBACK_STARTED, 1, 0.0),
                liar.sample("startup", 1.0, 1e12),
                liar.sample("rebuffer", 2.0, -7.0),
                liar.sample("rebuffer", 3.0, 1e12),
                liar.sample("bitrate", 4.0, 1e12),
                liar.event(types::PLAYBACK_STOPPED, 2, 14.0),
            ],
        )
        .await;
    let answer = fixture.ask("editor", &format!("/v1/analytics/quality?{HOURS}")).await;
    let group = &answer["groups"][0];
    assert_eq!((&group["startup_ms"]["p95"], &group["rebuffer_ms"]), (&json!(86_400_000), &json!(86_400_000)));
    assert_eq!(group["mean_bitrate"], 1_000_000_000);
    fixture.end().await;
}

#[tokio::test]
async fn sessions_at_once() {
    let fixture = Fixture::start().await;
    let title = World::system().id();
    let mut events = Vec::new();
    // From 11:30 to 11:40, from 11:35 to 11:45; one begins as the first ends; one falls silent after a minute: its lease lasts 90 s more.
    for (minutes_ago, minutes) in [(60, 10.0), (55, 10.0), (50, 5.0)] {
        let session = session(title, minutes_ago);
        events.push(session.event(types::PLAYBACK_STARTED, 1, 0.0));
        events.push(session.event(types::PLAYBACK_STOPPED, 2, minutes * 60.0));
    }
    let silent = session(title, 52);
    events.push(silent.event(types::PLAYBACK_STARTED, 1, 0.0));
    events.push(silent.event(types::PLAYBACK_PROGRESSED, 2, 60.0));
    events.push(silent.state(types::PLAYBACK_EXPIRED, 3, (60.0, 60.0), 600.0));
    fixture.ingest_all(NOW, events.clone()).await;
    events.reverse();
    fixture.ingest_all(NOW, events).await;
    let concurrency = |hours: &'static str| {
        let fixture = &fixture;
        async move { fixture.ask("editor", &format!("/v1/analytics/concurrency?{hours}")).await }
    };
    let answer = concurrency(HOURS).await;
    // 11:38:00 to 11:40:00.
    assert_eq!((&answer["peak"], &answer["peak_at"]), (&json!(3), &json!("2026-03-01T11:38:00Z")));
    assert_eq!(answer["now"], 0);
    // Sessions that began before the span count in it.
    let later = concurrency("from=2026-03-01T12:00:00Z&until=2026-03-01T13:00:00Z").await;
    assert_eq!((&later["peak"], later.get("peak_at")), (&json!(0), None));
    fixture.end().await;

    let fixture = Fixture::start().await;
    let now = World::system().now();
    let live = Session::new(title, World::system().id(), now - Duration::seconds(60));
    let stopped = Session::new(title, World::system().id(), now - Duration::seconds(60));
    let lapsed = Session::new(title, World::system().id(), now - Duration::seconds(120));
    fixture.ingest_all(now, [live.events(&[30.0]), stopped.events(&[30.0]), lapsed.events(&[10.0])].concat()).await;
    fixture.ingest_all(now, vec![stopped.event(types::PLAYBACK_STOPPED, 3, 40.0)]).await;
    let answer: Value = fixture.ask("editor", "/v1/analytics/concurrency").await;
    assert_eq!((&answer["now"], &answer["peak"]), (&json!(1), &json!(3)));
    fixture.end().await;
}
