use kernel::{AccountId, World};
use serde_json::{Value, json};
use testkit::{Service, golden};

use crate::workload::{Stage, Workload, from_elsewhere, request};

const PASSWORD: &str = "a long enough sentence";

fn fresh_email() -> String {
    format!("{}@example.com", World::system().id::<AccountId>())
}

fn registration(email: &str, number: usize) -> Value {
    let body = json!({ "email": email, "password": PASSWORD });
    from_elsewhere(request("POST /v1/auth/register", None, Some(&body)), number)
}

fn log_in(email: &str) -> Value {
    request("POST /v1/auth/login", None, Some(&json!({ "email": email, "password": PASSWORD })))
}

/// A verified account; its address.
async fn account(stage: &mut Stage) -> String {
    let email = fresh_email();
    stage.ask("auth-register-account", &registration(&email, 0)).await;
    // The code is in a mail that nobody reads here.
    let verified = sqlx::query("update accounts set verified_at = now() where email = $1").bind(&email);
    assert_eq!(verified.execute(&stage.service.pool()).await.expect("the account").rows_affected(), 1);
    email
}

fn text(token: &Value, name: &str) -> String {
    token[name].as_str().unwrap_or_else(|| panic!("no {name} in {token}")).to_owned()
}

pub async fn stage() -> Stage {
    let service = Service::start("auth").await;
    let keys = format!("{}/{}/.well-known/jwks.json", service.var("AWS_ENDPOINT_URL"), service.var("BUCKET_WEB"));
    let mut stage = Stage::new(service.with("JWKS_URL", &keys));
    stage.ask("auth-rotate-keys", &golden("auth-rotate-keys")).await;
    // Whoever signs in two hundred times has a longer list of sessions than others.
    let (reader, other) = (account(&mut stage).await, account(&mut stage).await);
    let token = stage.ask("auth-log-in", &log_in(&reader)).await;
    let refreshed = stage.ask("auth-log-in", &log_in(&reader)).await;
    let access = text(&token, "access_token");
    let with_token = |route: &str, body: Option<Value>| Workload::same(request(route, Some(&access), body.as_ref()));

    stage.measure("auth-register-account", Workload::each(|number| registration(&fresh_email(), number)));
    stage.measure("auth-log-in", Workload::same(log_in(&other)));
    let mut refresh = refreshed["refresh_token"].clone();
    let refresh = Workload::after(move |last| {
        if last["refresh_token"].is_string() {
            refresh = last["refresh_token"].clone();
        }
        request("POST /v1/auth/refresh", None, Some(&json!({ "refresh_token": refresh })))
    });
    stage.measure("auth-refresh-session", refresh);
    let profile = json!({ "profile_id": token["profile_id"] });
    stage.measure("auth-switch-profile", with_token("POST /v1/auth/profile", Some(profile)));
    stage.measure("auth-step-up", with_token("POST /v1/auth/step-up", Some(json!({ "password": PASSWORD }))));
    stage.measure("auth-enrol-totp", with_token("POST /v1/auth/mfa/totp", None));
    stage.measure("auth-get-mfa", with_token("GET /v1/auth/mfa", None));
    stage.measure("auth-list-sessions", with_token("GET /v1/auth/sessions", None));
    stage.measure("auth-list-security-events", with_token("GET /v1/auth/security-events", None));
    stage.measure("auth-list-providers", Workload::same(request("GET /v1/auth/oauth/providers", None, None)));
    stage.measure("auth-get-jwks", Workload::same(request("GET /v1/auth/.well-known/jwks.json", None, None)));
    stage.measure_golden(&["auth-purge-expired", "auth-relay-outbox", "auth-resume-erasures"]);
    stage.measure_golden_anew(&["auth-project-profiles", "auth-export-account"]);
    stage
}
