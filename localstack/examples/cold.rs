//! Size, INIT CPU, warm CPU and memory of every function on the Runtime API stub: `cargo cinema bench cold`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use manifest::{Manifest, Use};
use serde_json::Value;
use testkit::{Function, Service, gateway, lambda::pairs};

/// Calls before the warm ones are counted.
const WARM_UP: u32 = 5;
/// Counted calls.
const CALLS: u32 = 95;

/// Something harmless that each function can answer: refused input costs what the way through the function costs.
fn payload(root: &std::path::Path, function: &manifest::Function) -> Option<Value> {
    if let Some(route) = function.routes.first() {
        let path = route
            .path
            .replace("{id}", "ttl_01jd3k5m7n9pqrstvwxyz01234")
            .replace("{title_id}", "ttl_01jd3k5m7n9pqrstvwxyz01234");
        let token = format!("Bearer {}", testkit::Token::role("admin").profile(kernel::World::system().id()).sign());
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = (route.method != "GET").then_some("{}");
        return Some(gateway::event(&route.method, &path, &headers, body));
    }
    let text = std::fs::read_to_string(root.join("events").join(format!("{}.json", function.name))).ok()?;
    serde_json::from_str(&text).ok()
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

#[tokio::main]
async fn main() {
    let profile = std::env::args().nth(1).unwrap_or_else(|| "lambda".to_owned());
    let root = testkit::root();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let manifest = Manifest::load(&root).expect("the manifest");
    println!("| function | size MB | INIT CPU ms | warm CPU ms | RSS MiB | uses |\n|---|---|---|---|---|---|");
    let services: BTreeSet<&str> = manifest.functions.iter().map(|function| function.service.as_str()).collect();
    for service in services {
        let started = Service::start(service).await;
        let variables = pairs(started.vars());
        for function in manifest.service(service) {
            let program = target.join(&profile).join(&function.name);
            let size = std::fs::metadata(&program).map(|file| file.len()).unwrap_or_default();
            let mut running = Function::start_from(program, &function.name, &variables).await;
            let init = running.init_cpu;
            let uses: Vec<String> = function.uses.iter().map(Use::to_string).collect();
            let costly = service == "media" && !function.is_http();
            let mut warm = None;
            if let Some(payload) = payload(&root, function).filter(|_| !costly) {
                for _ in 0..WARM_UP {
                    let _ = running.invoke(&payload).await;
                }
                let before = running.cpu();
                for _ in 0..CALLS {
                    let _ = running.invoke(&payload).await;
                }
                warm = Some((running.cpu() - before) / CALLS);
            }
            println!(
                "| {} | {:.2} | {} | {} | {:.1} | {} |",
                function.name,
                size as f64 / 1e6,
                millis(init),
                warm.map_or_else(|| "–".to_owned(), millis),
                running.rss_kib() as f64 / 1024.0,
                uses.join(" ")
            );
        }
    }
}
