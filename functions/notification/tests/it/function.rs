//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, Token, gateway, golden, lambda::pairs};

use crate::{
    house::{House, Person},
    ses::Ses,
};

#[tokio::test]
async fn send_email_answers_its_golden_event() {
    let ses = Ses::start().await;
    let mut function = Function::start("notification-send-email", &pairs(ses.service.vars())).await;
    for _ in 0..2 {
        let answer = function.invoke(&golden("notification-send-email")).await;
        assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    }
    assert_eq!(ses.sent().await.len(), 1);
}

async fn start(house: &House, name: &str) -> Function {
    Function::start(name, &pairs(house.service.vars())).await
}

#[tokio::test]
async fn the_http_functions_answer_gateway_events() {
    let house = House::start().await;
    let authorization = format!("Bearer {}", Person::new().token().sign());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let preferences = serde_json::to_string(&notification::preferences::Preferences::default()).unwrap();
    for (name, method, path, body, status) in [
        ("notification-list", "GET", "/v1/notifications", None, 200),
        ("notification-count-unread", "GET", "/v1/notifications/unread-count", None, 200),
        (
            "notification-update",
            "PATCH",
            "/v1/notifications/ntf_01jd3k5m7n9pqrstvwxyz01234",
            Some(r#"{"state":"read"}"#),
            404,
        ),
        ("notification-register-device", "GET", "/v1/notifications/push-key", None, 200),
        ("notification-register-device", "POST", "/v1/notifications/devices", Some("{}"), 422),
        ("notification-remove-device", "DELETE", "/v1/notifications/devices/dev_01jd3k5m7n9pqrstvwxyz01234", None, 204),
        ("notification-read-all", "POST", "/v1/notifications/read-all", None, 204),
        ("notification-get-preferences", "GET", "/v1/notifications/preferences", None, 200),
        ("notification-set-preferences", "PUT", "/v1/notifications/preferences", Some(&*preferences), 200),
    ] {
        let mut function = start(&house, name).await;
        let answer = function.invoke(&gateway::event(method, path, &headers, body)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        let refused = function.invoke(&gateway::event(method, path, &[], body)).await.unwrap();
        assert_eq!(refused["statusCode"], 401, "{name}: {refused}");
    }
    let authorization = format!("Bearer {}", Token::role("editor").sign());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let wording = r#"{"language":"en","subject":"Hello","body":"Hello."}"#;
    let campaign = r#"{"name":"News","words":{"en":{"subject":"News","paragraphs":["Much is new."]}}}"#;
    for (name, method, path, body, status) in [
        ("notification-get-template", "GET", "/v1/admin/templates/welcome", None, 200),
        ("notification-get-template", "GET", "/v1/admin/templates/welcome/versions", None, 200),
        ("notification-put-template", "PUT", "/v1/admin/templates/welcome", Some(wording), 200),
        ("notification-preview-template", "POST", "/v1/admin/templates/welcome/preview", Some(wording), 200),
        ("notification-create-campaign", "POST", "/v1/admin/campaigns", Some(campaign), 201),
        ("notification-list-campaigns", "GET", "/v1/admin/campaigns", None, 200),
        ("notification-list-campaigns", "GET", "/v1/admin/campaigns/cmp_01jd3k5m7n9pqrstvwxyz01234", None, 404),
        ("notification-stop-campaign", "POST", "/v1/admin/campaigns/cmp_01jd3k5m7n9pqrstvwxyz01234/stop", None, 404),
    ] {
        let mut function = start(&house, name).await;
        let answer = function.invoke(&gateway::event(method, path, &headers, body)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        let refused = function.invoke(&gateway::event(method, path, &[], body)).await.unwrap();
        assert_eq!(refused["statusCode"], 401, "{name}: {refused}");
    }
    for (name, method, path, status) in [
        ("notification-show-unsubscribe", "GET", "/v1/unsubscribe/x", 404),
        ("notification-unsubscribe", "POST", "/v1/unsubscribe/x", 404),
        ("notification-receive-email-events", "POST", "/v1/webhooks/email-events", 400),
    ] {
        let mut function = start(&house, name).await;
        let answer = function.invoke(&gateway::event(method, path, &[], None)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
    }
}

#[tokio::test]
async fn the_consumers_answer_their_golden_events() {
    let house = House::start().await;
    for name in [
        "notification-route-events",
        "notification-announce-leaving",
        "notification-project-logins",
        "notification-send-push",
        "notification-export-account",
        "notification-erase-account",
    ] {
        let mut function = start(&house, name).await;
        for _ in 0..2 {
            assert_eq!(function.invoke(&golden(name)).await.unwrap(), json!({ "batchItemFailures": [] }), "{name}");
        }
    }
    for name in [
        "notification-announce-episodes",
        "notification-release-quiet",
        "notification-run-campaigns",
        "notification-send-digest",
        "notification-relay-outbox",
    ] {
        assert_eq!(start(&house, name).await.invoke(&golden(name)).await.unwrap(), Value::Null, "{name}");
    }
}
