//! What must hold while it runs, and when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stores::Bucket;
use time::{OffsetDateTime, macros::datetime};

use super::{
    Run,
    people::Film,
    triggers::{Trigger, Work},
    truth::{END, Truth},
};
use crate::{erasure::everything, fixture::Row};

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;
const SPAN: &str = "from=2026-03-28T00:00:00Z&until=2026-04-28T00:00:00Z";
const MONTHS: [(&str, OffsetDateTime, OffsetDateTime); 3] = [
    ("2026-03", datetime!(2026-03-01 0:00 UTC), datetime!(2026-04-01 0:00 UTC)),
    ("2026-04", datetime!(2026-04-01 0:00 UTC), datetime!(2026-05-01 0:00 UTC)),
    ("2026-05", datetime!(2026-05-01 0:00 UTC), datetime!(2026-06-01 0:00 UTC)),
];
/// Hundredths of a percent of the revenue that are shared.
const SHARED: i64 = 7_000;

/// Whatever is counted was done by now. What was not counted yet may still come.
pub async fn check_nothing_is_too_much(run: &Run) {
    let now = run.now();
    for (counted, span) in [(run.fixture.hours().await, HOUR), (run.fixture.days().await, DAY)] {
        let done: BTreeMap<(u32, String), Row> = Truth::rows(run.truth.watchings.iter(), span, now)
            .into_iter()
            .map(|row| ((row.0, row.1.clone()), row))
            .collect();
        for row in counted {
            let most = done.get(&(row.0, row.1.clone()));
            let is_within = most.is_some_and(|most| {
                row.2 <= most.2 && row.3 <= most.3 && row.4 <= most.4 && row.5 <= most.5 && row.6 <= most.6
            });
            assert!(is_within, "more is counted than was done: {row:?} of {most:?}");
        }
    }
    let today = u32::try_from(now.unix_timestamp()).unwrap() / DAY * DAY;
    let days = run.fixture.days().await;
    assert!(days.iter().all(|row| row.0 < today), "a day is counted that is not over: {days:?}");
    for (month, from, until) in MONTHS {
        let statement = run.fixture.ask("support", &format!("/v1/analytics/royalties?month={month}")).await;
        let begun = run.truth.watchings.iter().filter(|watching| (from..until).contains(&watching.started_at));
        let done: u64 = begun.map(|watching| watching.by(now).watched_ms).sum();
        assert!(
            statement["watched_ms"].as_u64().unwrap() <= done,
            "more is paid for than was watched by then: {statement}, {done}"
        );
    }
}

/// Every figure is what plain arithmetic says.
pub async fn check(run: &mut Run) {
    assert!(run.waiting.values().all(|waiting| waiting.is_empty()), "something was never delivered");
    assert_eq!(run.fixture.hours().await, Truth::rows(run.truth.kept(), HOUR, END), "the hours");
    assert_eq!(run.fixture.days().await, Truth::rows(run.truth.kept(), DAY, END), "the days");
    for film in &run.films {
        check_film(run, film).await;
    }
    check_quality(run).await;
    for month in MONTHS {
        check_month(run, month).await;
    }
    check_nobody_is_left(run).await;
    check_dead_letters(run).await;
    check_again(run).await;
}

async fn check_film(run: &Run, film: &Film) {
    let ask =
        async |what: &str| run.fixture.ask("editor", &format!("/v1/analytics/titles/{}/{what}?{SPAN}", film.id)).await;
    let told = ask("overview").await;
    let figures = ["starts", "views", "unique_viewers", "watch_time_seconds", "completed_views"]
        .map(|name| told[name].as_u64().unwrap());
    let (starts, views, viewers, watched_ms, completed) = run.truth.totals(film);
    assert_eq!(figures, [starts, views, viewers, watched_ms / 1_000, completed], "the overview of {}", film.id);
    let told = ask("retention").await;
    let (sessions, parts) = run.truth.retention(film.id);
    assert_eq!(
        (&told["sessions"], &told["watched"]),
        (&json!(sessions), &json!(parts)),
        "the retention of {}",
        film.id
    );
}

async fn check_quality(run: &Run) {
    let told = run.fixture.ask("editor", &format!("/v1/analytics/quality?{SPAN}")).await;
    let (told, truth) = (&told["groups"][0], run.truth.quality());
    let names = [
        ("attempts", truth.attempts),
        ("plays", truth.plays),
        ("start_failures", truth.start_failures),
        ("exits_before_start", truth.exits_before_start),
        ("playback_failures", truth.playback_failures),
        ("rebuffers", truth.rebuffers),
        ("rebuffer_ms", truth.rebuffer_ms),
        ("played_ms", truth.played_ms),
    ];
    for (name, expected) in names {
        assert_eq!(told[name], json!(expected), "the quality, {name}: {told} of {truth:?}");
    }
    let startup = truth.startup_ms.map_or(Value::Null, |(p50, p95)| json!({"p50": p50, "p95": p95}));
    assert_eq!(
        (&told["startup_ms"], &told["mean_bitrate"]),
        (&startup, &json!(truth.mean_bitrate)),
        "the quality of {truth:?}"
    );
}

async fn check_month(run: &Run, (month, from, until): (&str, OffsetDateTime, OffsetDateTime)) {
    let money = run.truth.money(from, until);
    let net: Vec<Value> =
        money.iter().map(|(currency, (came, back))| json!([currency, came, back, came - back])).collect();
    let told = run.fixture.ask("support", &format!("/v1/analytics/revenue?month={month}")).await;
    let figures = |of: &Value| json!([of["currency"], of["received"], of["given_back"], of["net_revenue"]]);
    let found: Vec<Value> = told["currencies"].as_array().unwrap().iter().map(figures).collect();
    assert_eq!(found, net, "the revenue of {month}");

    let told =
        run.fixture.ask("support", &format!("/v1/analytics/royalties?month={month}&basis_points={SHARED}")).await;
    let pools: Vec<i64> = money.values().map(|(came, back)| (came - back) * SHARED / 10_000).collect();
    let found: Vec<i64> =
        told["pools"].as_array().unwrap().iter().map(|pool| pool["amount"].as_i64().unwrap()).collect();
    assert_eq!(found, pools, "the pools of {month}");
    let holders = told["holders"].as_array().unwrap();
    let watched = |holder: &Value| holder["watched_ms"].as_u64().unwrap();
    let found: BTreeMap<String, u64> = holders
        .iter()
        .map(|holder| (holder["rights_holder"].as_str().unwrap_or_default().to_owned(), watched(holder)))
        .collect();
    let truth = run.truth.royalties(&run.films, from, until);
    for holder in found.keys().chain(truth.keys()) {
        let (kept, all) = truth.get(holder).copied().unwrap_or_default();
        let share = found.get(holder).copied().unwrap_or_default();
        // Of what was erased, what had come in before stays.
        assert!((kept..=all).contains(&share), "{holder} in {month}: {share} is not from {kept} to {all}");
    }
    let whole: i128 = holders.iter().map(|holder| i128::from(watched(holder))).sum();
    for (place, pool) in pools.into_iter().enumerate() {
        let parts: Vec<i64> = holders.iter().map(|holder| holder["amounts"][place].as_i64().unwrap()).collect();
        assert_eq!(parts.iter().sum::<i64>(), pool, "parts of the pool of {month}");
        for (holder, part) in holders.iter().zip(parts).filter(|_| whole > 0) {
            let error = i128::from(part) * whole - i128::from(pool) * i128::from(watched(holder));
            assert!(error.abs() < whole, "{part} of {pool} for {holder}");
        }
    }
}

/// Whoever deleted their account is nowhere, and nor is a session of an erased history.
async fn check_nobody_is_left(run: &Run) {
    let text = everything(&run.fixture).await;
    for forgotten in run.truth.forgotten.iter().filter(|forgotten| forgotten.until.is_none()) {
        assert!(
            !text.contains(&forgotten.profile.to_string()),
            "{} deleted their account and is still there",
            forgotten.profile
        );
    }
    let rows: u64 =
        run.fixture.client.query("SELECT uniqExact(session_id) FROM playback_events").fetch_one().await.unwrap();
    assert_eq!(rows, run.truth.kept().count() as u64, "sessions that are stored");
}

/// Poison lies there, and nothing else of ours.
async fn check_dead_letters(run: &Run) {
    let bucket = Bucket::new(run.fixture.service.aws(), run.fixture.service.var("BUCKET_EVENTS_DEAD"));
    let mut pages =
        bucket.client.list_objects_v2().bucket(&bucket.name).prefix("playback-events/").into_paginator().send();
    let mut kept = BTreeSet::new();
    while let Some(page) = pages.next().await {
        kept.extend(page.unwrap().contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    let key = |record: &Vec<u8>| {
        let digest: String = Sha256::digest(record).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("playback-events/{digest}")
    };
    for record in &run.good {
        assert!(!kept.contains(&key(record)), "a good event was set aside: {}", String::from_utf8_lossy(record));
    }
    for record in &run.poison {
        assert!(kept.contains(&key(record)), "poison was not set aside: {}", String::from_utf8_lossy(record));
    }
}

/// A roll-up of everything there is gives the same bytes.
async fn check_again(run: &mut Run) {
    let before = (run.fixture.bytes().await, run.fixture.bytes_of_days().await);
    run.fixture.client.query("TRUNCATE TABLE roll_ups").execute().await.unwrap();
    for trigger in [Trigger::Hourly, Trigger::Daily] {
        run.work(&Work { trigger, records: vec![], due_at: None }).await;
    }
    assert_eq!((run.fixture.bytes().await, run.fixture.bytes_of_days().await), before, "everything once more");
}
