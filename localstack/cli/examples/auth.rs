//! Logins and refreshes per CPU-second, and the p95 of each, through the processes of their functions: `cargo cinema bench auth`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Function, Service, cost, gateway, lambda::pairs};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long enough sentence";
/// Calls before any is counted.
const WARM_UP: usize = 5;
const LOGINS: usize = 100;
const REFRESHES: usize = 1000;

async fn post(function: &mut Function, path: &str, body: &Value) -> Value {
    let headers = [("content-type", "application/json")];
    let answer = function.invoke(&gateway::event("POST", path, &headers, Some(&body.to_string()))).await;
    let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    assert!((200..300).contains(&status), "{path}: {answer}");
    serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

#[tokio::main]
async fn main() {
    let service = Service::start("auth").await;
    let variables = pairs(service.vars());
    let mut rotate = Function::start("auth-rotate-keys", &variables).await;
    rotate.invoke(&json!({ "time": "2026-01-01T00:00:00Z" })).await.expect("keys");
    let mut register = Function::start("auth-register-account", &variables).await;
    post(&mut register, "/v1/auth/register", &json!({ "email": EMAIL, "password": PASSWORD })).await;
    // The mail with the code goes to a queue that nobody reads here.
    let verified = sqlx::query("update accounts set verified_at = now() where email = $1").bind(EMAIL);
    assert_eq!(verified.execute(&service.pool()).await.expect("the account").rows_affected(), 1);

    println!("| call | per CPU-second | CPU ms | p50 ms | p95 ms |\n|---|---|---|---|---|");
    let mut log_in = Function::start("auth-log-in", &variables).await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let mut token = Value::Null;
    let (mut times, mut before) = (Vec::new(), Duration::ZERO);
    for call in 0..WARM_UP + LOGINS {
        if call == WARM_UP {
            before = log_in.cpu();
        }
        let begun = Instant::now();
        token = post(&mut log_in, "/v1/auth/login", &body).await;
        times.push(begun.elapsed());
    }
    println!("{}", cost::row("login", log_in.cpu() - before, times.split_off(WARM_UP), &[50, 95]));

    let mut refresh = Function::start("auth-refresh-session", &variables).await;
    let (mut times, mut before) = (Vec::new(), Duration::ZERO);
    for call in 0..WARM_UP + REFRESHES {
        if call == WARM_UP {
            before = refresh.cpu();
        }
        let body = json!({ "refresh_token": token["refresh_token"] });
        let begun = Instant::now();
        token = post(&mut refresh, "/v1/auth/refresh", &body).await;
        times.push(begun.elapsed());
    }
    println!("{}", cost::row("refresh", refresh.cpu() - before, times.split_off(WARM_UP), &[50, 95]));
}
