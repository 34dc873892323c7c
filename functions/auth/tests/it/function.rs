//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, Service, gateway, golden, lambda::pairs};

use crate::stage::{PASSWORD, Stage, fresh_email, service, text};

async fn call(
    service: &Service,
    name: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> (u64, Value) {
    let mut function = Function::start(name, &pairs(service.vars())).await;
    let body = body.map(Value::to_string);
    let headers = [&[("content-type", "application/json")], headers].concat();
    let answer = function.invoke(&gateway::event(method, path, &headers, body.as_deref())).await.unwrap();
    let text = answer["body"].as_str().unwrap_or_default();
    (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(text).unwrap_or_default())
}

#[tokio::test]
async fn the_whole_way_from_registration_to_log_out() {
    let stage = Stage::start().await;
    let service = &stage.service;
    let email = fresh_email();
    let credentials = json!({ "email": email, "password": PASSWORD });
    let (status, body) =
        call(service, "auth-register-account", ("POST", "/v1/auth/register"), &[], Some(&credentials)).await;
    assert_eq!((status, body), (202, json!({ "status": "verification_sent" })));

    let code = stage.code(&email).await;
    let request = json!({ "email": email, "code": code });
    let (status, body) =
        call(service, "auth-verify-email", ("POST", "/v1/auth/verify-email"), &[], Some(&request)).await;
    assert_eq!((status, body), (204, Value::Null));

    let (status, token) = call(service, "auth-log-in", ("POST", "/v1/auth/login"), &[], Some(&credentials)).await;
    assert_eq!(status, 200, "{token}");
    let request = json!({ "refresh_token": token["refresh_token"] });
    let (status, token) =
        call(service, "auth-refresh-session", ("POST", "/v1/auth/refresh"), &[], Some(&request)).await;
    assert_eq!(status, 200, "{token}");

    let bearer = format!("Bearer {}", text(&token, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    let request = json!({ "profile_id": token["profile_id"] });
    let (status, switched) =
        call(service, "auth-switch-profile", ("POST", "/v1/auth/profile"), &headers, Some(&request)).await;
    assert_eq!((status, &switched["profile_id"]), (200, &token["profile_id"]));

    let (status, body) = call(service, "auth-log-out", ("POST", "/v1/auth/logout"), &headers, None).await;
    assert_eq!((status, body), (204, Value::Null));
}

#[tokio::test]
async fn the_key_set_is_served() {
    let service = service().await;
    let (status, set) = call(&service, "auth-get-jwks", ("GET", "/v1/auth/.well-known/jwks.json"), &[], None).await;
    assert_eq!((status, set["keys"].as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test]
async fn functions_answer_their_golden_events() {
    let service = service().await;
    for (name, expected) in [
        ("auth-rotate-keys", Value::Null),
        ("auth-relay-outbox", Value::Null),
        ("auth-project-profiles", json!({ "batchItemFailures": [] })),
    ] {
        let mut function = Function::start(name, &pairs(service.vars())).await;
        assert_eq!(function.invoke(&golden(name)).await, Ok(expected), "{name}");
    }
}
