//! Playback events per CPU-second and bytes per event, through the process of `analytics-ingest` with batches as Kinesis delivers them:
//! `cargo cinema bench ingest`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::Event;
use kernel::{AccountId, AssetId, EventId, PlaybackId, ProfileId, TitleId, World};
use proto::{streaming::Playback, types};
use serde_json::{Value, json};
use testkit::{Engines, Function, Service, golden, lambda::pairs};
use time::format_description::well_known::Rfc3339;

/// As the yaml has it.
const BATCH: usize = 500;
/// Batches before any is counted.
const WARM_UP: usize = 2;
const BATCHES: usize = 100;
/// One event in so many is a copy of the one before.
const COPIES: usize = 10;
/// One event in so many is a sample of the player.
const SAMPLES: usize = 5;
/// Events of a session.
const HEARTBEATS: usize = 25;

struct Viewer {
    session: PlaybackId,
    profile: ProfileId,
    title: TitleId,
}

fn event(world: &World, viewer: &Viewer, number: usize) -> Event {
    let now = world.now().format(&Rfc3339).expect("a time");
    if number.is_multiple_of(SAMPLES) {
        let sample = json!({"session_id": viewer.session, "title_id": viewer.title, "kind": "bitrate", "value": 3_000_000.0, "at": now,
            "client_time": now, "position_seconds": number as f64});
        return Event::new(world, types::PLAYER_SAMPLED, viewer.session, 1, &sample);
    }
    let seconds = (number % HEARTBEATS) as f64 * 30.0;
    let state = Playback {
        session_id: viewer.session.to_string(),
        account_id: world.id::<AccountId>().to_string(),
        profile_id: viewer.profile.to_string(),
        title_id: viewer.title.to_string(),
        asset_id: world.id::<AssetId>().to_string(),
        device_id: "living-room".to_owned(),
        position_seconds: seconds,
        watched_seconds: seconds,
        duration_seconds: 5_400.0,
        started_at: now.clone(),
        at: now,
        territory: "DE".to_owned(),
        state: "playing".to_owned(),
        ..Playback::default()
    };
    Event::new(world, types::PLAYBACK_PROGRESSED, viewer.session, (number % HEARTBEATS + 1) as i64, &state)
}

/// A batch of the stream, and how many bytes its records have.
fn batch(texts: &[String]) -> (Value, usize) {
    let mut batch = golden("analytics-ingest");
    let pattern = batch["Records"][0].clone();
    let record = |(place, text): (usize, &String)| {
        let mut record = pattern.clone();
        record["kinesis"]["data"] = json!(BASE64_STANDARD.encode(text));
        record["kinesis"]["sequenceNumber"] = json!(format!("{place}"));
        record
    };
    batch["Records"] = texts.iter().enumerate().map(record).collect();
    (batch, texts.iter().map(String::len).sum())
}

#[tokio::main]
async fn main() {
    let world = World::system();
    let database = format!("bench_{}", world.id::<EventId>());
    let url = Engines::from_env().clickhouse;
    migrations::migrate_clickhouse(&url, &database, &testkit::root()).await.expect("a database");
    let client = stores::clickhouse::client(&url, &database);
    let service = Service::start("analytics").await.with("CLICKHOUSE_DATABASE", &database);
    let mut ingest = Function::start("analytics-ingest", &pairs(service.vars())).await;

    let titles: Vec<TitleId> = (0..100).map(|_| world.id()).collect();
    let (mut bytes, mut before, mut distinct) = (0, Duration::ZERO, 0_u64);
    for round in 0..WARM_UP + BATCHES {
        let mut texts: Vec<String> = Vec::with_capacity(BATCH);
        let viewers = BATCH / HEARTBEATS;
        let viewers: Vec<Viewer> = (0..viewers)
            .map(|place| Viewer {
                session: world.id(),
                profile: world.id(),
                title: titles[(round + place) % titles.len()],
            })
            .collect();
        for number in 0..BATCH {
            let text = match texts.last() {
                Some(copied) if number % COPIES == COPIES - 1 => copied.clone(),
                _ => {
                    distinct += 1;
                    event(&world, &viewers[number / HEARTBEATS], number).json()
                }
            };
            texts.push(text);
        }
        let (batch, size) = batch(&texts);
        if round == WARM_UP {
            before = ingest.cpu();
        }
        if round >= WARM_UP {
            bytes += size;
        }
        let answer = ingest.invoke(&batch).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    let cpu = (ingest.cpu() - before).as_secs_f64();
    let mut kept = 0_u64;
    let mut rows = 0_u64;
    for table in ["playback_events", "player_samples"] {
        client.query(&format!("OPTIMIZE TABLE {table} FINAL")).execute().await.expect("merged");
        let parts = "SELECT toUInt64(sum(bytes_on_disk)), toUInt64(sum(rows)) FROM system.parts \
                     WHERE database = currentDatabase() AND table = ? AND active";
        let (size, count): (u64, u64) = client.query(parts).bind(table).fetch_one().await.expect("its parts");
        kept += size;
        rows += count;
    }
    assert_eq!(rows, distinct, "copies count once");
    client.query(&format!("DROP DATABASE {database}")).execute().await.expect("dropped");
    let events = (BATCHES * BATCH) as f64;
    println!(
        "| events | per CPU-second | CPU µs each | bytes each on the stream | bytes each as kept |\n|---|---|---|---|---|"
    );
    println!(
        "| {events:.0} | {:.0} | {:.1} | {:.0} | {:.1} |",
        events / cpu,
        cpu * 1e6 / events,
        bytes as f64 / events,
        kept as f64 / distinct as f64
    );
}
