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
    let authorization = format!("Bearer {}", person.viewer().sign());
    let profile = format!("/v1/users/me/profiles/{}", person.profile);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    for (name, method, path, body, status) in [
        ("user-get-account", "GET", "/v1/users/me", None, 200),
        ("user-list-profiles", "GET", "/v1/users/me/profiles", None, 200),
        ("user-create-profile", "POST", "/v1/users/me/profiles", Some(r#"{"name":"Anna","pin":"4711"}"#), 201),
        ("user-get-entitlements", "GET", "/v1/users/me/entitlements", None, 200),
        ("user-update-account", "PATCH", "/v1/users/me", Some(r#"{"name":"Anna"}"#), 200),
        ("user-update-profile", "PATCH", profile.as_str(), Some(r#"{"pin":"4711"}"#), 200),
        ("user-export-data", "POST", "/v1/users/me/export", None, 202),
        ("user-get-export", "GET", "/v1/users/me/export/exp_01jd3k5m7n9pqrstvwxyz01234", None, 404),
        ("user-list-watchlist", "GET", "/v1/watchlist", None, 200),
        ("user-add-to-watchlist", "PUT", "/v1/watchlist/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 404),
        ("user-remove-from-watchlist", "DELETE", "/v1/watchlist/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("user-rate-title", "PUT", "/v1/ratings/ttl_01jd3k5m7n9pqrstvwxyz01234", Some(r#"{"value":7}"#), 404),
        ("user-get-rating", "GET", "/v1/ratings/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 200),
        ("user-unrate-title", "DELETE", "/v1/ratings/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("user-list-history", "GET", "/v1/history", None, 200),
        ("user-list-continue-watching", "GET", "/v1/continue-watching", None, 200),
        ("user-hide-continue-watching", "DELETE", "/v1/continue-watching/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("user-hide-continue-watching", "PUT", "/v1/continue-watching/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("user-erase-history", "DELETE", "/v1/history", None, 202),
        ("user-erase-history", "DELETE", "/v1/history/ttl_01jd3k5m7n9pqrstvwxyz01234", None, 202),
        ("user-import-history", "POST", "/v1/users/me/imports", Some(r#"{"source":"trakt","size":7}"#), 201),
        ("user-get-import", "GET", "/v1/users/me/imports/him_01jd3k5m7n9pqrstvwxyz01234", None, 404),
        ("user-get-import", "GET", "/v1/users/me/imports", None, 200),
        ("user-confirm-import", "POST", "/v1/users/me/imports/him_01jd3k5m7n9pqrstvwxyz01234/confirm", None, 404),
        ("user-undo-import", "DELETE", "/v1/users/me/imports/him_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("user-delete-profile", "DELETE", profile.as_str(), None, 204),
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
    let names = [
        "user-project-accounts",
        "user-project-sessions",
        "user-project-subscriptions",
        "user-project-purchases",
        "user-project-titles",
        "user-export-account",
    ];
    for name in names {
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
async fn project_playback_answers_its_golden_event_and_sets_poison_aside() {
    let home = Home::start().await;
    let mut function = start(&home, "user-project-playback").await;
    let answer = json!({"batchItemFailures": []});
    assert_eq!(function.invoke(&golden("user-project-playback")).await.unwrap(), answer);
    let mut poison = golden("user-project-playback");
    poison["Records"][0]["kinesis"]["data"] = json!("bm8gZXZlbnQ=");
    assert_eq!(function.invoke(&poison).await.unwrap(), answer);
    let watched: i64 =
        sqlx::query_scalar("select position_ms from progress").fetch_one(&home.service.pool()).await.unwrap();
    assert_eq!(watched, 30_000);
    let bucket = stores::Bucket::new(home.service.aws(), home.service.var("BUCKET_EVENTS_DEAD"));
    let listed = bucket.client.list_objects_v2().bucket(&bucket.name).prefix("user-project-playback/").send().await;
    assert!(!listed.unwrap().contents().is_empty(), "nothing was set aside");
}

#[tokio::test]
async fn relay_outbox_answers_its_golden_event() {
    let home = Home::start().await;
    for name in ["user-relay-outbox", "user-finish-exports"] {
        let mut function = start(&home, name).await;
        assert_eq!(function.invoke(&golden(name)).await.unwrap(), Value::Null, "{name}");
    }
}

#[tokio::test]
async fn match_import_answers_its_golden_event() {
    let home = Home::start().await;
    let mut function = start(&home, "user-match-import").await;
    assert_eq!(function.invoke(&golden("user-match-import")).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn erase_account_answers_its_golden_event() {
    let home = Home::start().await;
    let mut function = start(&home, "user-erase-account").await;
    let answer = json!({"batchItemFailures": []});
    assert_eq!(function.invoke(&golden("user-erase-account")).await.unwrap(), answer);
}
