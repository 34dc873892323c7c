//! The shipped binaries on the Runtime API.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use testkit::{Function, gateway, golden, lambda::pairs};

use crate::fixture::{Fixture, path};

async fn call(
    fixture: &Fixture,
    name: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Value {
    let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
    let body = body.map(Value::to_string);
    function.invoke(&gateway::event(method, path, headers, body.as_deref())).await.unwrap()
}

fn json_of(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

#[tokio::test]
async fn the_whole_way_from_start_to_stop() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let bearer = format!("Bearer {}", person.token().sign());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let answer =
        call(&fixture, "streaming-start-session", "POST", "/v1/playback/sessions", &headers, Some(&body)).await;
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let started = json_of(&answer);
    let (session, token) = (started["session_id"].as_str().unwrap(), started["token"].as_str().unwrap());

    let manifest = path(started["manifest_url"].as_str().unwrap());
    let answer = call(&fixture, "streaming-get-master", "GET", &manifest, &[("accept-encoding", "gzip")], None).await;
    assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(true)), "{answer}");
    assert_eq!(answer["multiValueHeaders"]["content-encoding"][0], "gzip");
    let packed = BASE64_STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]));

    let rendition = format!("/v1/playback/sessions/{session}/renditions/v720?token={token}");
    let answer = call(&fixture, "streaming-get-playlist", "GET", &rendition, &[], None).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let text = match answer["isBase64Encoded"].as_bool() {
        Some(true) => String::from_utf8(BASE64_STANDARD.decode(answer["body"].as_str().unwrap()).unwrap()).unwrap(),
        _ => answer["body"].as_str().unwrap().to_owned(),
    };
    assert!(text.starts_with("#EXTM3U\n") && text.contains("Policy="));

    let report = json!({ "position": 1.0, "state": "playing" });
    let beat = format!("/v1/playback/sessions/{session}/heartbeat");
    let answer = call(&fixture, "streaming-heartbeat", "POST", &beat, &headers, Some(&report)).await;
    assert_eq!(json_of(&answer)["action"], "continue", "{answer}");

    let stop = format!("/v1/playback/sessions/{session}");
    let answer = call(&fixture, "streaming-stop-session", "DELETE", &stop, &headers, None).await;
    assert_eq!(answer["statusCode"], 204, "{answer}");

    let active = "/v1/playback/active";
    let answer = call(&fixture, "streaming-list-active", "GET", active, &headers, None).await;
    assert_eq!(json_of(&answer), json!({ "items": [] }), "{answer}");

    let answer = call(&fixture, "streaming-kick", "DELETE", &format!("{active}/{session}"), &headers, None).await;
    assert_eq!(answer["statusCode"], 204, "{answer}");

    let place = format!("/v1/playback/positions/{}", film.title);
    let answer = call(&fixture, "streaming-get-position", "GET", &place, &headers, None).await;
    assert_eq!(json_of(&answer)["position"], 1.0, "{answer}");
}

/// What is packed for one answer is given back before the next: an environment that serves a day must not grow.
#[tokio::test]
async fn a_thousand_packed_playlists_take_the_memory_of_one() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let bearer = format!("Bearer {}", person.token().sign());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let started =
        call(&fixture, "streaming-start-session", "POST", "/v1/playback/sessions", &headers, Some(&body)).await;
    let started = json_of(&started);
    let (session, token) = (started["session_id"].as_str().unwrap(), started["token"].as_str().unwrap());

    let rendition = format!("/v1/playback/sessions/{session}/renditions/v720?token={token}");
    let event = gateway::event("GET", &rendition, &[("accept-encoding", "gzip")], None);
    let mut function = Function::start("streaming-get-playlist", &pairs(fixture.service.vars())).await;
    for _ in 0..1_000 {
        let answer = function.invoke(&event).await.unwrap();
        assert_eq!(answer["multiValueHeaders"]["content-encoding"][0], "gzip", "{answer}");
    }
    // The budget of every function that hashes no password.
    assert!(function.high_water_kib() < 15 << 10, "{} KiB", function.high_water_kib());
}

#[tokio::test]
async fn functions_answer_their_golden_events() {
    let fixture = Fixture::new().await;
    for name in [
        "streaming-project-grants",
        "streaming-project-logins",
        "streaming-project-titles",
        "streaming-relay-sessions",
        "streaming-erase-account",
        "streaming-erase-history",
        "streaming-export-account",
    ] {
        let mut function = Function::start(name, &pairs(fixture.service.vars())).await;
        assert_eq!(function.invoke(&golden(name)).await, Ok(json!({ "batchItemFailures": [] })), "{name}");
    }
    let told = fixture.service.events("playback-events", "pbs_01jd3k5m7n9pqrstvwxyz01234", 1).await;
    assert_eq!(told[0].kind, proto::types::PLAYBACK_STARTED);
}

#[tokio::test]
async fn a_schedule_sweeps_leases() {
    let fixture = Fixture::alone().await;
    let mut function = Function::start("streaming-sweep-leases", &pairs(fixture.service.vars())).await;
    assert_eq!(function.invoke(&golden("streaming-sweep-leases")).await, Ok(Value::Null));
}
