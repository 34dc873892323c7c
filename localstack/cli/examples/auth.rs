//! Logins and refreshes per CPU-second, and the p95 of each, through the processes of their functions: `cargo cinema bench auth`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use serde_json::{Value, json};
use testkit::{Costs, Programs, Service, gateway};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long enough sentence";
/// Calls before any is counted.
const WARM_UP: usize = 5;
const LOGINS: usize = 100;
const REFRESHES: usize = 1000;

/// Has a function answer `calls` requests, each made from the answer to the one before, and prints what they cost; the last answer.
async fn measure(
    programs: &mut Programs,
    (name, function, calls): (&str, &str, usize),
    mut last: Value,
    request: impl Fn(&Value) -> Value,
) -> Value {
    let function = programs.function(function).await;
    let mut costs = Costs::default();
    for call in 0..WARM_UP + calls {
        if call == WARM_UP {
            costs = Costs::default();
        }
        last = costs.call(function, &request(&last)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    println!("{}", costs.row(name, &[50, 95]));
    last
}

#[tokio::main]
async fn main() {
    let service = Service::start("auth").await;
    let mut programs = Programs::of(&service);
    let post = |path: &str, body: &Value| gateway::request(&format!("POST {path}"), None, Some(body));
    let credentials = json!({ "email": EMAIL, "password": PASSWORD });
    programs.ask("auth-rotate-keys", &json!({ "time": "2026-01-01T00:00:00Z" })).await;
    programs.ask("auth-register-account", &post("/v1/auth/register", &credentials)).await;
    // The mail with the code goes to a queue that nobody reads here.
    let verified = sqlx::query("update accounts set verified_at = now() where email = $1").bind(EMAIL);
    assert_eq!(verified.execute(&service.pool()).await.expect("the account").rows_affected(), 1);

    println!("| call | per CPU-second | CPU ms | p50 ms | p95 ms |\n|---|---|---|---|---|");
    let log_in = |_: &Value| post("/v1/auth/login", &credentials);
    let token = measure(&mut programs, ("login", "auth-log-in", LOGINS), Value::Null, log_in).await;
    let refresh = |last: &Value| post("/v1/auth/refresh", &json!({ "refresh_token": last["refresh_token"] }));
    measure(&mut programs, ("refresh", "auth-refresh-session", REFRESHES), token, refresh).await;
}
