//! Size, INIT CPU, CPU of accepted requests and memory of every function on the Runtime API stub: `cargo cinema bench cold`. What is over its
//! budget is listed at the end.
//!
//! Arguments: the folder of the programs that are measured, the profile whose figures are kept in the repository (`-`: they are only shown),
//! then functions; none: all.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

mod analytics;
mod auth;
mod catalog;
mod media;
mod notification;
mod platform;
mod search;
mod streaming;
mod user;
mod workload;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use cli::figures::{
    Calls, Figures, Measured,
    budget::{self, Class},
};
use manifest::{Manifest, env};
use serde_json::Value;
use testkit::{Function, Service, lambda::pairs};

use workload::{Stage, Workload};

/// Starts of which the cheapest counts.
const STARTS: u32 = 3;
/// Calls before any is counted.
const WARM_UP: u32 = 20;
/// Rounds of counted calls, of which the median counts.
const ROUNDS: usize = 9;
/// With these, a function has answered 200 calls when its memory is looked at.
const CALLS_OF_A_ROUND: u32 = 20;

/// Why a function has no request that it accepts two hundred times.
const WITHOUT: [(&str, &[&str]); 4] = [
    (
        "it happens once to an account, a code, a session or a profile",
        &[
            "auth-verify-email",
            "auth-log-out",
            "auth-log-out-everywhere",
            "auth-verify-mfa",
            "auth-confirm-totp",
            "auth-remove-totp",
            "auth-revoke-session",
            "auth-reset-password",
            "auth-confirm-email",
            "auth-finish-oauth",
            "auth-unlink-oauth",
            "auth-delete-account",
            "auth-get-erasure",
            "auth-collect-receipts",
            "media-complete-upload",
            "streaming-stop-session",
            "user-create-profile",
            "user-delete-profile",
            "user-get-export",
        ],
    ),
    (
        "a limit or a fresh proof stands before it",
        &[
            "auth-find-account",
            "auth-forgot-password",
            "auth-change-email",
            "auth-change-password",
            "auth-start-oauth",
            "auth-grant-role",
            "auth-revoke-role",
            "user-export-data",
        ],
    ),
    ("again and again it would end the keys of the tokens", &["auth-rotate-keys"]),
    (
        "it works on a film, which `bench transcode` measures",
        &[
            "media-start-ingest",
            "media-probe",
            "media-encode-chunk",
            "media-encode-audio",
            "media-make-sprites",
            "media-package",
            "media-verify",
            "media-reconcile",
        ],
    ),
];

fn without(function: &str) -> &'static str {
    let reason = WITHOUT.iter().find(|(_, functions)| functions.contains(&function));
    reason.map_or("nothing is prepared for it yet", |(reason, _)| reason)
}

async fn stage(service: &str) -> Stage {
    match service {
        "analytics" => analytics::stage().await,
        "auth" => auth::stage().await,
        "catalog" => catalog::stage().await,
        "media" => media::stage().await,
        "notification" => notification::stage().await,
        "platform" => platform::stage().await,
        "search" => search::stage().await,
        "streaming" => streaming::stage().await,
        "user" => user::stage().await,
        other => Stage::new(Service::start(other).await),
    }
}

/// To so many places.
fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// CPU from the start of the process to its first request for work, the least of some starts (ms). Every engine takes the connection and says
/// nothing: what a handshake costs depends on the engine and its password scheme, and is part of no budget.
async fn init(program: &Path, name: &str, variables: &[(String, String)]) -> f64 {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let place = silent.local_addr().expect("an address");
    let engine = |(name, value): &(String, String)| {
        let url = match name.as_str() {
            env::POSTGRES_URL => format!("postgres://nobody:nothing@{place}/nothing"),
            env::REDIS_URL => format!("redis://{place}"),
            name if name.ends_with("_URL") => format!("http://{place}"),
            _ => value.clone(),
        };
        (name.clone(), url)
    };
    let variables: Vec<_> = variables.iter().map(engine).collect();
    let mut least = f64::INFINITY;
    for _ in 0..STARTS {
        let started = Function::start_from(program.to_owned(), name, &variables).await;
        least = least.min(millis(started.init_cpu));
    }
    least
}

/// Has the function answer; ends at the first request that it refuses.
async fn calls(
    program: PathBuf,
    name: &str,
    variables: &[(String, String)],
    mut workload: Workload,
) -> Result<Calls, String> {
    let mut running = Function::start_from(program, name, variables).await;
    let mut last = Value::Null;
    for _ in 0..WARM_UP {
        last = workload.call(&mut running, &last).await?;
    }
    let mut rounds = [0.0; ROUNDS];
    for round in &mut rounds {
        let before = running.cpu();
        for _ in 0..CALLS_OF_A_ROUND {
            last = workload.call(&mut running, &last).await?;
        }
        *round = millis(running.cpu() - before) / f64::from(CALLS_OF_A_ROUND);
    }
    rounds.sort_by(f64::total_cmp);
    let high_water_mib = running.high_water_kib() as f64 / 1024.0;
    Ok(Calls::Answered { cpu_ms: rounded(rounds[ROUNDS / 2], 3), high_water_mib: rounded(high_water_mib, 1) })
}

/// What is over its budget, with whether it is memory: that depends on no machine and no profile.
fn exceeded(function: &manifest::Function, measured: &Measured) -> Vec<(bool, String)> {
    let mut limits = vec![
        ("MB", measured.size_bytes as f64 / 1e6, Some(measured.class.size_mb())),
        ("ms of INIT", measured.init_cpu_ms, Some(measured.class.init_ms())),
    ];
    if let Calls::Answered { cpu_ms, high_water_mib } = measured.calls {
        limits.push(("ms of CPU", cpu_ms, budget::call_cpu_ms(&function.name)));
        limits.push(("MiB", high_water_mib, budget::high_water_mib(function)));
    }
    let over = limits.into_iter().filter(|(_, is, may)| may.is_some_and(|may| *is > may));
    over.map(|(unit, is, may)| {
        (unit == "MiB", format!("{}: {is:.2} of {} {unit}", function.name, may.unwrap_or_default()))
    })
    .collect()
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let programs = PathBuf::from(arguments.next().expect("the folder of the programs"));
    let profile = arguments.next().filter(|profile| profile != "-");
    let wanted: BTreeSet<String> = arguments.collect();
    let root = testkit::root();
    let manifest = Manifest::load(&root).expect("the manifest");
    let is_wanted = |function: &&manifest::Function| wanted.is_empty() || wanted.contains(&function.name);
    let mut measured = BTreeMap::new();
    let (mut over, mut refused) = (Vec::new(), Vec::new());
    for service in manifest.services() {
        let functions: Vec<_> = manifest.service(service).filter(is_wanted).collect();
        if functions.is_empty() {
            continue;
        }
        let mut stage = stage(service).await;
        let variables = pairs(stage.service.vars());
        for function in functions {
            let name = &function.name;
            let program = programs.join(name);
            let size_bytes = std::fs::metadata(&program).unwrap_or_else(|error| panic!("{name}: {error}")).len();
            let init_cpu_ms = rounded(init(&program, name, &variables).await, 2);
            let calls = match stage.workloads.remove(name) {
                Some(workload) => match calls(program, name, &variables, workload).await {
                    Ok(calls) => calls,
                    Err(error) => {
                        refused.push(format!("{name}: {error}"));
                        continue;
                    }
                },
                None => Calls::None(without(name).to_owned()),
            };
            eprintln!("{name}: {init_cpu_ms} ms of INIT, {calls:?}");
            let figures = Measured { class: Class::of(function), size_bytes, init_cpu_ms, calls };
            over.extend(exceeded(function, &figures));
            measured.insert(name.clone(), figures);
        }
        assert!(
            !wanted.is_empty() || stage.workloads.is_empty(),
            "no such functions: {:?}",
            stage.workloads.keys().collect::<Vec<_>>()
        );
    }
    let figures = Figures { profile: profile.clone().unwrap_or_default(), functions: measured };
    println!("{}", figures.table());
    let lines: Vec<&str> = over.iter().map(|(_, line)| line.as_str()).collect();
    println!("over budget: {}", if lines.is_empty() { "none".to_owned() } else { lines.join("; ") });
    if profile.is_some() {
        figures.record(&root, &manifest).expect("the figures are kept");
    }
    for line in &refused {
        eprintln!("no figures of {line}");
    }
    let is_good = refused.is_empty() && !over.iter().any(|(is_memory, _)| *is_memory);
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
