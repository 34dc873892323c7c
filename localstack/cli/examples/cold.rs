//! Size, INIT CPU, warm CPU and memory of every function on the Runtime API stub: `cargo cinema bench cold`. What is over its budget is listed at
//! the end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
    path::{Path, PathBuf},
    time::Duration,
};

use kernel::World;
use manifest::{Access, Manifest, Use, env};
use serde_json::Value;
use testkit::{Function, Service, Token, gateway, lambda::pairs};

/// Starts of which the cheapest counts.
const STARTS: u32 = 3;
/// Calls before the warm ones are counted.
const WARM_UP: u32 = 5;
/// Counted calls.
const CALLS: u32 = 95;
/// Resident memory after the calls (MiB).
const RSS: f64 = 15.0;
/// The same where a password is hashed: 19 MiB of it are the hash's.
const RSS_HASHING: f64 = 45.0;

/// What a function may weigh by what it uses: name, size (10⁶ bytes), INIT CPU (ms).
type Budget = (&'static str, f64, f64);

fn budget(function: &manifest::Function) -> Budget {
    let clients: BTreeSet<&Use> = function.uses.iter().filter(|item| !matches!(item, Use::Layer(_))).collect();
    let is_sdk = |item: &Use| {
        matches!(
            item,
            Use::S3 { .. }
                | Use::Dynamodb { .. }
                | Use::Sqs(_)
                | Use::EventQueues
                | Use::Kinesis(_)
                | Use::Secret { .. }
                | Use::Ses
        )
    };
    let mut sdks: Vec<_> = clients.iter().filter(|item| is_sdk(item)).map(|item| discriminant(*item)).collect();
    sdks.dedup();
    let is_plain = clients.iter().all(|item| is_sdk(item) || **item == Use::Postgres);
    match (clients.is_empty(), sdks.len(), is_plain) {
        (true, ..) if function.access == Some(Access::Public) => ("HTTP only", 2.5, 2.0),
        (true, ..) => ("HTTP with token check", 3.2, 2.0),
        (_, 0, true) => ("Postgres", 4.5, 3.0),
        (_, 1..=2, true) => ("one or two SDK clients", 6.5, 4.0),
        _ => ("anything", 9.0, 5.0),
    }
}

/// Something harmless that each function can answer: refused input costs what the way through the function costs.
fn payload(root: &Path, function: &manifest::Function) -> Option<Value> {
    if let Some(route) = function.routes.first() {
        let segment =
            |part: &str| if part.starts_with('{') { "ttl_01jd3k5m7n9pqrstvwxyz01234" } else { part }.to_owned();
        let path = route.path.split('/').map(segment).collect::<Vec<_>>().join("/");
        let token = format!("Bearer {}", Token::role("admin").profile(World::system().id()).sign());
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = (route.method != "GET").then_some("{}");
        return Some(gateway::event(&route.method, &path, &headers, body));
    }
    let text = std::fs::read_to_string(root.join("events").join(format!("{}.json", function.name))).ok()?;
    serde_json::from_str(&text).ok()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What was measured of one function.
struct Figures {
    megabytes: f64,
    init: f64,
    warm: Option<f64>,
    rss: f64,
}

/// CPU from the start of the process to its first request for work, the least of some starts (ms). Every engine takes the connection and says
/// nothing: what a handshake costs depends on the engine and its password scheme, and is part of no budget.
async fn init(program: &Path, function: &manifest::Function, variables: &[(String, String)]) -> f64 {
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
        let started = Function::start_from(program.to_owned(), &function.name, &variables).await;
        least = least.min(millis(started.init_cpu));
    }
    least
}

async fn measure(
    root: &Path,
    program: PathBuf,
    function: &manifest::Function,
    variables: &[(String, String)],
) -> Figures {
    let megabytes = std::fs::metadata(&program).map(|file| file.len()).unwrap_or_default() as f64 / 1e6;
    let init = init(&program, function, variables).await;
    let mut running = Function::start_from(program, &function.name, variables).await;
    let costly = function.service == "media" && !function.is_http();
    let mut warm = None;
    if let Some(payload) = payload(root, function).filter(|_| !costly) {
        for _ in 0..WARM_UP {
            let _ = running.invoke(&payload).await;
        }
        let before = running.cpu();
        for _ in 0..CALLS {
            let _ = running.invoke(&payload).await;
        }
        warm = Some(millis(running.cpu() - before) / f64::from(CALLS));
    }
    Figures { megabytes, init, warm, rss: running.rss_kib() as f64 / 1024.0 }
}

fn median_and_most(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match values.last() {
        Some(most) => format!("{:.2} / {most:.2}", values[values.len() / 2]),
        None => "–".to_owned(),
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let profile = arguments.next().unwrap_or_else(|| "lambda".to_owned());
    let wanted: BTreeSet<String> = arguments.collect();
    let root = testkit::root();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let mut manifest = Manifest::load(&root).expect("the manifest");
    manifest.functions.retain(|function| wanted.is_empty() || wanted.contains(&function.name));
    let mut classes: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    let mut over = Vec::new();
    println!("| function | size MB | INIT CPU ms | warm CPU ms | RSS MiB | budget of |\n|---|---|---|---|---|---|");
    for service in manifest.services() {
        let started = Service::start(service).await;
        let variables = pairs(started.vars());
        for function in manifest.service(service) {
            let program = target.join(&profile).join(&function.name);
            let (class, megabytes, init) = budget(function);
            let figures = measure(&root, program, function, &variables).await;
            let warm = figures.warm.map_or_else(|| "–".to_owned(), |warm| format!("{warm:.2}"));
            let name = &function.name;
            println!(
                "| {name} | {:.2} | {:.2} | {warm} | {:.1} | {class} |",
                figures.megabytes, figures.init, figures.rss
            );
            let hashes = function.memory >= 1024 && service == "auth";
            let rss = if hashes { RSS_HASHING } else { RSS };
            let limits =
                [("MB", figures.megabytes, megabytes), ("ms of INIT", figures.init, init), ("MiB", figures.rss, rss)];
            let exceeded =
                limits.into_iter().filter(|(unit, is, may)| is > may && !(*unit == "MiB" && service == "media"));
            over.extend(exceeded.map(|(unit, is, may)| format!("{name}: {is:.2} of {may} {unit}")));
            classes.entry(class).or_default().push(figures);
        }
    }
    println!(
        "\n| budget of | functions | size MB, median / most | INIT CPU ms | warm CPU ms | RSS MiB |\n|---|---|---|---|---|---|"
    );
    for (class, all) in classes {
        let of = |figure: fn(&Figures) -> Option<f64>| median_and_most(all.iter().filter_map(figure).collect());
        let (size, init) = (of(|figures| Some(figures.megabytes)), of(|figures| Some(figures.init)));
        let (warm, rss) = (of(|figures| figures.warm), of(|figures| Some(figures.rss)));
        println!("| {class} | {} | {size} | {init} | {warm} | {rss} |", all.len());
    }
    println!("\nover budget: {}", if over.is_empty() { "none".to_owned() } else { over.join("; ") });
}
