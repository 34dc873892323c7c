use serde_json::{Value, json};
use testkit::Token;

use crate::fixture::{Film, Fixture, id};

#[tokio::test]
async fn bad_bodies_are_problems_that_name_their_place() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let good = json!({ "title_id": film.title, "device_id": "tv" });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, pointer) in [
        (with("title_id", json!("ttl_1")), "/title_id"),
        (with("device_id", json!("")), "/device_id"),
        (with("device_id", json!("a\u{0}b")), "/device_id"),
        (with("device_id", json!("x".repeat(65))), "/device_id"),
        (with("device_name", json!("a\nb")), "/device_name"),
        (with("max_height", json!(0)), "/max_height"),
        (with("max_height", json!(-1)), "/max_height"),
        (with("max_height", json!(70_000)), "/max_height"),
        (with("unknown", json!(true)), "/unknown"),
    ] {
        let answer = fixture.app.post("/v1/playback/sessions", &body).token(&person.token()).send().await;
        let problem = answer.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let malformed =
        fixture.app.call(axum::http::Method::POST, "/v1/playback/sessions").header("content-type", "application/json");
    malformed.bytes("{").token(&person.token()).send().await.expect_problem(400, "malformed_json");

    let session = id(&fixture.start(&person, &film, "tv").await);
    for (body, pointer) in [
        (json!({ "position": -1.0, "state": "playing" }), "/position"),
        (json!({ "position": 1e300, "state": "playing" }), "/position"),
        (json!({ "position": 1.0, "state": "stopped" }), "/state"),
        (json!({ "position": 1.0, "state": "playing", "client_time": "now" }), "/client_time"),
        (json!({ "position": 1.0, "state": "playing", "quality": { "colour": 1 } }), "/quality/colour"),
    ] {
        let problem = fixture.beat(&person, &session, &body).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    for query in ["device_id=", "device_id=a%20b", "device=tv"] {
        let call = fixture.app.get(&format!("/v1/playback/active?{query}")).token(&person.token());
        call.send().await.expect_problem(422, "invalid_request");
    }
    for query in ["position=-1", "position=abc", "position=NaN", "pos=1"] {
        let path = format!("/v1/playback/sessions/{session}?{query}");
        fixture.app.delete(&path).token(&person.token()).send().await.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn whoever_is_nobody_sees_no_streams_and_ends_none() {
    let fixture = Fixture::new().await;
    let session = "pbs_01jd3k5m7n9pqrstvwxyz01234";
    let calls =
        || [fixture.app.get("/v1/playback/active"), fixture.app.delete(&format!("/v1/playback/active/{session}"))];
    for call in calls() {
        call.send().await.expect_problem(401, "token_required");
    }
    for call in calls() {
        call.bearer(&Token::viewer().forged()).send().await.expect_problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn every_viewer_route_wants_a_token_with_a_profile() {
    let fixture = Fixture::new().await;
    let film = Film::new();
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let report = json!({ "position": 1.0, "state": "playing" });
    let session = "pbs_01jd3k5m7n9pqrstvwxyz01234";
    let calls = || {
        [
            fixture.app.post("/v1/playback/sessions", &body),
            fixture.app.post(&format!("/v1/playback/sessions/{session}/heartbeat"), &report),
            fixture.app.delete(&format!("/v1/playback/sessions/{session}")),
            fixture.app.get(&format!("/v1/playback/positions/{}", film.title)),
        ]
    };
    for call in calls() {
        call.send().await.expect_problem(401, "token_required");
    }
    for call in calls() {
        call.bearer(&Token::expired()).send().await.expect_problem(401, "token_expired");
    }
    for call in calls() {
        call.bearer(&Token::viewer().forged()).send().await.expect_problem(401, "invalid_token");
    }
    for call in calls() {
        call.token(&Token::fresh()).send().await.expect_problem(403, "profile_required");
    }
}
