//! The shipped binaries on the Runtime API.

use crate::{dead_letters::Post, route_events::make_queues};
use testkit::{Function, Service, Token, gateway, golden, lambda::pairs};

#[tokio::test]
async fn get_health_answers_a_gateway_event() {
    let service = Service::start("platform").await;
    let mut function = Function::start("platform-get-health", &pairs(service.vars())).await;
    let answer = function.invoke(&gateway::event("GET", "/v1/health", &[], None)).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test]
async fn route_events_answers_its_golden_event() {
    let service = Service::start("platform").await;
    make_queues(&service).await;
    let mut function = Function::start("platform-route-events", &pairs(service.vars())).await;
    let answer = function.invoke(&golden("platform-route-events")).await.unwrap();
    assert_eq!(answer, serde_json::json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn dead_letters_are_counted_and_moved_by_gateway_events() {
    let post = Post::open().await;
    let authorization = format!("Bearer {}", Token::role("admin").sign());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    for (name, method, path, body, status) in [
        ("platform-list-queues", "GET", "/v1/admin/queues", None, 200),
        ("platform-redrive", "POST", "/v1/admin/queues/email/redrive", Some("{}"), 202),
    ] {
        let mut function = Function::start(name, &pairs(post.service.vars())).await;
        let answer = function.invoke(&gateway::event(method, path, &headers, body)).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        let refused = function.invoke(&gateway::event(method, path, &[], body)).await.unwrap();
        assert_eq!(refused["statusCode"], 401, "{name}: {refused}");
    }
}
