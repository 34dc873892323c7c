//! The shipped binaries on the Runtime API, with their golden events.

use serde_json::{Value, json};
use testkit::{Function, Service, Token, gateway, golden, lambda::pairs};

use crate::studio;

async fn vars() -> Vec<(String, String)> {
    pairs(Service::start("media").await.with("PATH", &studio::path()).vars())
}

#[tokio::test]
async fn workers_answer_their_golden_events() {
    let vars = vars().await;
    let workers = [
        "probe",
        "encode-chunk",
        "encode-audio",
        "make-sprites",
        "package",
        "verify",
        "relay-assets",
        "project-titles",
        "erase-account",
    ];
    for name in workers.map(|name| format!("media-{name}")) {
        let mut function = Function::start(&name, &vars).await;
        let answer = function.invoke(&golden(&name)).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "{name}");
    }
    for name in ["media-start-ingest", "media-convert-captions", "media-reconcile"] {
        let mut function = Function::start(name, &vars).await;
        assert_eq!(function.invoke(&golden(name)).await, Ok(Value::Null), "{name}");
    }
}

#[tokio::test]
async fn http_functions_answer_gateway_events() {
    let vars = vars().await;
    let token = format!("Bearer {}", Token::role("editor").sign());
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let body = json!({ "title_id": "ttl_01jd3k5m7n9pqrstvwxyz01234", "filename": "film.mp4", "size": 9 }).to_string();
    let mut titles = Function::start("media-project-titles", &vars).await;
    titles.invoke(&golden("media-project-titles")).await.unwrap();
    let mut create = Function::start("media-create-upload", &vars).await;
    let answer = create.invoke(&gateway::event("POST", "/v1/admin/uploads", &headers, Some(&body))).await.unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let created: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let (upload, asset) = (created["upload_id"].as_str().unwrap(), created["asset_id"].as_str().unwrap());
    let title = "/v1/admin/titles/ttl_01jd3k5m7n9pqrstvwxyz01234/captions";
    let body = json!({ "language": "en", "kind": "subtitles", "size": 9 }).to_string();
    let mut add = Function::start("media-add-captions", &vars).await;
    let answer = add.invoke(&gateway::event("POST", title, &headers, Some(&body))).await.unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    for (name, method, path, status) in [
        ("media-list-captions", "GET", title.to_owned(), 200),
        ("media-delete-captions", "DELETE", format!("{title}/en/subtitles"), 204),
        ("media-get-upload", "GET", format!("/v1/admin/uploads/{upload}"), 200),
        ("media-complete-upload", "POST", format!("/v1/admin/uploads/{upload}/complete"), 422),
        ("media-get-asset", "GET", format!("/v1/admin/assets/{asset}"), 200),
        ("media-retry-asset", "POST", format!("/v1/admin/assets/{asset}/retry"), 409),
        ("media-abort-upload", "DELETE", format!("/v1/admin/uploads/{upload}"), 204),
    ] {
        let mut function = Function::start(name, &vars).await;
        let answer = function.invoke(&gateway::event(method, &path, &headers, None)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
    }
}
