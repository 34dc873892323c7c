//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, gateway, golden, lambda::pairs};

use crate::home::Home;

async fn start(home: &Home, name: &str) -> Function {
    Function::start(name, &pairs(home.service.vars())).await
}

#[tokio::test]
async fn the_http_functions_answer_gateway_events() {
    let home = Home::start().await;
    let person = home.person().await;
    let authorization = format!("Bearer {}", person.token().sign());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    for (name, method, path, body, status) in [
        ("user-get-account", "GET", "/v1/users/me", None, 200),
        ("user-list-profiles", "GET", "/v1/users/me/profiles", None, 200),
        ("user-create-profile", "POST", "/v1/users/me/profiles", Some(r#"{"name":"Anna","pin":"4711"}"#), 201),
        ("user-get-entitlements", "GET", "/v1/users/me/entitlements", None, 200),
    ] {
        let mut function = start(&home, name).await;
        let answer = function.invoke(&gateway::event(method, path, &headers, body)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        let refused = function.invoke(&gateway::event(method, path, &[], body)).await.unwrap();
        assert_eq!(refused["statusCode"], 401, "{name}: {refused}");
    }
}

#[tokio::test]
async fn the_projections_answer_their_golden_events() {
    let home = Home::start().await;
    for name in ["user-project-accounts", "user-project-subscriptions"] {
        let mut function = start(&home, name).await;
        for _ in 0..2 {
            assert_eq!(function.invoke(&golden(name)).await.unwrap(), json!({"batchItemFailures": []}), "{name}");
        }
        let mut poison = golden(name);
        poison["Records"][0]["body"] = json!("no event");
        let failed = json!({"batchItemFailures": [{"itemIdentifier": poison["Records"][0]["messageId"]}]});
        assert_eq!(function.invoke(&poison).await.unwrap(), failed, "{name}");
    }
    let email: String = sqlx::query_scalar("select email from accounts").fetch_one(&home.service.pool()).await.unwrap();
    let plan: String =
        sqlx::query_scalar("select plan from entitlements").fetch_one(&home.service.pool()).await.unwrap();
    assert_eq!((email.as_str(), plan.as_str()), ("viewer@example.com", "standard"));
}

#[tokio::test]
async fn relay_outbox_answers_its_golden_event() {
    let home = Home::start().await;
    let mut function = start(&home, "user-relay-outbox").await;
    assert_eq!(function.invoke(&golden("user-relay-outbox")).await.unwrap(), Value::Null);
}
