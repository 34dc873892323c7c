//! The deployed platform through its edge, as a viewer, an editor and a script use it. Started by `cargo cinema test system`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod analytics;
mod answers;
mod authenticator;
mod brute_force;
mod identity;
mod logs;
mod pipeline;
mod playback;
mod surface;
mod sweep;
mod trace;

use cli::Cinema;
use engines::aws;
use reqwest::Method;
use serde_json::Value;
use testkit::contract::{self, Seen};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test system`"))
}

/// The status document of the platform under test.
fn status() -> Value {
    let text = std::fs::read_to_string(variable("CINEMA_TEST_STATUS")).expect("the status document");
    serde_json::from_str(&text).expect("JSON")
}

/// Nobody. What this client and its like are answered must be what the documents describe.
fn visitor() -> Cinema {
    Cinema::new(&variable("CINEMA_TEST_EDGE_URL")).expect("a client").seen_by(require_document)
}

fn require_document(method: &Method, path: &str, status: u16, content_type: Option<&str>, body: &[u8]) {
    if path.starts_with("/v1/") {
        contract::require(&Seen { method: method.as_str(), path, status, content_type, body });
    }
}

/// A demo account.
async fn signed_in(role: &str) -> Cinema {
    let status = status();
    let accounts = status["accounts"].as_array().expect("accounts");
    let account = accounts.iter().find(|account| account["role"] == role).expect("the role");
    let text = |name: &str| account[name].as_str().expect("text").to_owned();
    visitor().sign_in(&text("email"), &text("password")).await.expect("signed in")
}

/// An account of one's own, with the plan that the demo viewer has.
async fn new_viewer(name: &str) -> Cinema {
    let email = format!("{name}-{}@example.com", kernel::World::system().id::<kernel::AccountId>());
    let account = visitor().new_account(&aws_url(), &email, "a long enough sentence", "en").await.expect("an account");
    cli::grant_plan(&aws_url(), &account).await.expect("a plan");
    account
}

/// The address of an account, once its event has arrived.
async fn address_of(viewer: &Cinema) -> String {
    for _ in 0..60 {
        if let Ok(account) = viewer.get("/v1/users/me").await {
            return account["email"].as_str().expect("an address").to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the account does not arrive: {:?}", viewer.get("/v1/users/me").await);
}

fn aws_url() -> String {
    variable("CINEMA_TEST_AWS_URL")
}

/// A title of the seed by its slug.
async fn title(slug: &str) -> String {
    let titles = visitor().get("/v1/titles?limit=100").await.expect("titles");
    let found = titles["items"].as_array().expect("items").iter().find(|title| title["slug"] == slug).cloned();
    found.unwrap_or_else(|| panic!("{slug} is not listed: {titles}"))["id"].as_str().expect("an id").to_owned()
}

/// Invokes a deployed function.
async fn invoke(function: &str, payload: &Value) -> Value {
    let client = aws_sdk_lambda::Client::new(&aws::config(&aws_url()));
    let payload = aws_sdk_lambda::primitives::Blob::new(payload.to_string());
    let answer = client.invoke().function_name(function).payload(payload).send().await.expect("invoked");
    let text =
        answer.payload().map(|payload| String::from_utf8_lossy(payload.as_ref()).into_owned()).unwrap_or_default();
    assert!(answer.function_error().is_none(), "{function}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
