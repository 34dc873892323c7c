use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::Event;
use kernel::{EventId, TitleId, World};
use playback::{PlaybackClaims, TokenKey};
use proto::types;
use secrecy::ExposeSecret;
use serde_json::json;
use stores::SecretHandle;
use testkit::{Engines, Service, Token, golden, records};
use time::{Duration, format_description::well_known::Rfc3339};

use crate::workload::{Stage, Workload, request};

/// As many as a player sends at once.
const EVENTS: usize = 20;

pub async fn stage() -> Stage {
    let world = World::system();
    let database = format!("bench_{}", world.id::<EventId>());
    let url = Engines::from_env().clickhouse;
    migrations::migrate_clickhouse(&url, &database, &testkit::root()).await.expect("a database");
    let service = Service::start("analytics").await.with("CLICKHOUSE_DATABASE", &database);
    let mut stage = Stage::new(service);

    let title: TitleId = world.id();
    let listed = json!({ "title_id": title, "kind": "film", "publication": "published" });
    let listed = Event::new(&world, types::TITLE_CHANGED, title, 1, &listed).json();
    stage.ask("analytics-ingest", &records::sqs([listed])).await;
    stage.ask("analytics-ingest", &golden("analytics-ingest")).await;
    stage.ask("analytics-roll-up-hour", &golden("analytics-roll-up-hour")).await;

    let secret = SecretHandle::new(stage.service.aws(), stage.service.var("SECRET_PLAYBACK_TOKEN"));
    let secret = secret.get().await.expect("the emulator answers").expect("a secret");
    let key = TokenKey::new(&BASE64_STANDARD.decode(secret.expose_secret()).expect("base64"));
    let token = key.seal(&PlaybackClaims {
        session: world.id(),
        account: world.id(),
        profile: world.id(),
        title,
        asset: world.id(),
        fence: 1,
        max_height: 720,
        expires_at: world.now() + Duration::HOUR,
    });
    let collect = Workload::each(move |number| {
        let at = World::system().now().format(&Rfc3339).expect("a time");
        let event =
            |place: usize| json!({ "id": format!("{number}-{place}"), "type": "pause", "at": at, "position": 12.5 });
        let events: Vec<_> = (0..EVENTS).map(event).collect();
        request("POST /v1/events", None, Some(&json!({ "token": token, "events": events })))
    });
    stage.measure("analytics-collect-events", collect.answering(|receipt| receipt["accepted"] == EVENTS));
    let overview = format!("GET /v1/analytics/titles/{title}/overview");
    let editor = Token::role("editor").sign();
    stage.measure("analytics-get-title-overview", Workload::same(request(&overview, Some(&editor), None)));
    for (function, path) in [
        ("analytics-get-title-timeseries", format!("titles/{title}/timeseries/views")),
        ("analytics-get-title-retention", format!("titles/{title}/retention")),
        ("analytics-get-quality", "quality?group_by=title".to_owned()),
        ("analytics-get-concurrency", "concurrency".to_owned()),
        ("analytics-get-peak-hours", "peak-hours".to_owned()),
        ("analytics-get-popular", "popular?window=month".to_owned()),
        ("analytics-get-trends", "trends?window=month".to_owned()),
    ] {
        let path = format!("GET /v1/analytics/{path}");
        stage.measure(function, Workload::same(request(&path, Some(&editor), None)));
    }
    let support = Token::role("support").sign();
    for (function, path) in [
        ("analytics-get-revenue", "GET /v1/analytics/revenue?month=2026-01"),
        ("analytics-get-royalties", "GET /v1/analytics/royalties?month=2026-01"),
    ] {
        stage.measure(function, Workload::same(request(path, Some(&support), None)));
    }
    let viewer = Token::viewer().sign();
    stage.measure("analytics-get-my-stats", Workload::same(request("GET /v1/analytics/me", Some(&viewer), None)));
    stage.measure_golden(&["analytics-roll-up-hour", "analytics-roll-up-day", "analytics-evaluate-alerts"]);
    let rest = ["analytics-ingest", "analytics-erase-account", "analytics-erase-history", "analytics-export-account"];
    stage.measure_golden_anew(&rest);
    stage
}
