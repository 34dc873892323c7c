//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, gateway, golden, lambda::pairs};

use crate::fixture::{Fixture, Person};

#[tokio::test]
async fn functions_answer_their_golden_events() {
    let fixture = Fixture::alone().await;
    for name in [
        "recommendation-project-titles",
        "recommendation-project-tastes",
        "recommendation-export-account",
        "recommendation-erase-account",
    ] {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        assert_eq!(function.invoke(&golden(name)).await, Ok(json!({ "batchItemFailures": [] })), "{name}");
    }
    for name in ["recommendation-snapshot-titles", "recommendation-train"] {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        assert!(function.invoke(&golden(name)).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_page_is_shown_and_explained() {
    let fixture = Fixture::alone().await;
    fixture.films(10).await;
    let bearer = format!("Bearer {}", Person::new().token().sign());
    let headers = [("authorization", bearer.as_str())];
    let get = async |name: &str, path: &str| -> Value {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        let answer = function.invoke(&gateway::event("GET", path, &headers, None)).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    };
    let page = get("recommendation-get-home", "/v1/recommendations/home").await;
    let why = format!("/v1/recommendations/{}/why", page["impression_id"].as_str().unwrap());
    let explained = get("recommendation-explain", &why).await;
    assert_eq!(explained["rows"].as_array().unwrap().len(), page["rows"].as_array().unwrap().len());
}
