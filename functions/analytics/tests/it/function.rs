//! The shipped binaries on the Runtime API.

use std::io::Write;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use testkit::{Function, Token, gateway, golden, lambda::pairs};

use crate::fixture::Fixture;

#[tokio::test]
async fn collect_events_answers_a_gateway_event() {
    let fixture = Fixture::start().await;
    let mut function = Function::start("analytics-collect-events", &pairs(fixture.service.vars())).await;
    let headers = [("content-type", "application/json")];
    let request = gateway::event("POST", "/v1/events", &headers, Some(r#"{"events":[{}]}"#));
    let answer = function.invoke(&request).await.unwrap();
    assert_eq!(answer["statusCode"], 202, "{answer}");
    assert!(answer["body"].as_str().unwrap().contains("token_missing"), "{answer}");
    fixture.end().await;
}

/// 7 KB of gzip were 2,500,000 numbers, each of them a value of its own before anybody counted.
#[tokio::test]
async fn a_packed_body_of_millions_of_events_costs_no_memory() {
    let fixture = Fixture::start().await;
    let mut function = Function::start("analytics-collect-events", &pairs(fixture.service.vars())).await;
    let packed = |text: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        let body = BASE64_STANDARD.encode(encoder.finish().unwrap());
        let mut request = gateway::event("POST", "/v1/events", &headers, Some(&body));
        request["isBase64Encoded"] = json!(true);
        request
    };
    let before = function.high_water_kib();
    for (events, status) in [("1,".repeat(2_499_990), 413), ("1,".repeat(200_000), 422), ("[".repeat(500_000), 400)] {
        let answer = function.invoke(&packed(format!(r#"{{"events":[{events}1]}}"#))).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
    let grown = function.high_water_kib() - before;
    assert!(grown < 8 * 1024, "{grown} KiB for a body of half a megabyte");
    fixture.end().await;
}

#[tokio::test]
async fn get_title_overview_answers_a_gateway_event() {
    let fixture = Fixture::start().await;
    let mut function = Function::start("analytics-get-title-overview", &pairs(fixture.service.vars())).await;
    let authorization = format!("Bearer {}", Token::role("editor").sign());
    let path = "/v1/analytics/titles/ttl_01jd3k5m7n9pqrstvwxyz01234/overview";
    let request = gateway::event("GET", path, &[("authorization", &authorization)], None);
    let answer = function.invoke(&request).await.unwrap();
    assert_eq!(answer["statusCode"], 404, "{answer}");
    fixture.end().await;
}

#[tokio::test]
async fn ingest_and_roll_up_hour_answer_their_golden_events() {
    let fixture = Fixture::start().await;
    let mut ingest = Function::start("analytics-ingest", &pairs(fixture.service.vars())).await;
    let answer = ingest.invoke(&golden("analytics-ingest")).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(fixture.count("playback_events").await, 1);

    let mut roll_up = Function::start("analytics-roll-up-hour", &pairs(fixture.service.vars())).await;
    roll_up.invoke(&golden("analytics-roll-up-hour")).await.unwrap();
    // By hand.
    roll_up.invoke(&json!({})).await.unwrap();
    let hours = fixture.hours().await;
    assert_eq!((hours.len(), hours[0].2, hours[0].5), (1, 1, 0));
    fixture.end().await;
}

#[tokio::test]
async fn ingest_takes_titles_from_its_queue_and_buries_what_cannot_be_stored() {
    let fixture = Fixture::start().await;
    let mut ingest = Function::start("analytics-ingest", &pairs(fixture.service.vars())).await;
    let title = json!({"specversion": "1.0", "id": "evt_01jd3k5m7n9pqrstvwxyz01234", "source": "/cinema/catalog",
        "type": "cinema.catalog.title_changed.v1", "subject": "ttl_01jd3k5m7n9pqrstvwxyz01234", "time": "2026-01-01T12:00:00Z",
        "sequence": 1, "datacontenttype": "application/json", "data": {"title_id": "ttl_01jd3k5m7n9pqrstvwxyz01234", "kind": "film", "publication": "published"}});
    let message = |id: &str, body: &str| {
        json!({"messageId": id, "body": body, "eventSource": "aws:sqs", "attributes": {},
        "messageAttributes": {}})
    };
    let batch = json!({"Records": [message("1", &title.to_string()), message("2", "no event")]});
    let answer = ingest.invoke(&batch).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
    assert_eq!(fixture.count("titles").await, 1);

    let mut dead = golden("analytics-ingest");
    dead["Records"][0]["kinesis"]["data"] = json!("bm8gZXZlbnQ=");
    assert_eq!(ingest.invoke(&dead).await.unwrap(), json!({"batchItemFailures": []}));
    let bucket = stores::Bucket::new(fixture.service.aws(), fixture.service.var("BUCKET_EVENTS_DEAD"));
    let listed = bucket.client.list_objects_v2().bucket(&bucket.name).prefix("playback-events/").send().await.unwrap();
    let mut found = false;
    for object in listed.contents() {
        found |= bucket.get(object.key().unwrap()).await.unwrap().unwrap() == b"no event";
    }
    assert!(found);
    fixture.end().await;
}

#[tokio::test]
async fn erasers_and_the_exporter_answer_their_golden_events() {
    let fixture = Fixture::start().await;
    for name in ["analytics-erase-account", "analytics-erase-history", "analytics-export-account"] {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        assert_eq!(function.invoke(&golden(name)).await.unwrap(), json!({"batchItemFailures": []}), "{name}");
    }
    fixture.end().await;
}

#[tokio::test]
async fn roll_up_day_and_evaluate_alerts_answer_their_golden_events() {
    let fixture = Fixture::start().await;
    for name in ["analytics-roll-up-day", "analytics-evaluate-alerts"] {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        function.invoke(&golden(name)).await.unwrap();
    }
    assert_eq!(fixture.count("alerts").await, 3);
    fixture.end().await;
}
