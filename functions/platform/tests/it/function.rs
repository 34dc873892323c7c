//! The shipped binaries on the Runtime API.

use crate::route_events::make_queues;
use testkit::{Function, Service, gateway, golden, lambda::pairs};

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
