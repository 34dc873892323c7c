use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use analytics::operations::http::collect_events as routes;
use axum::{Router, http::HeaderMap, routing::post};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::World;
use playback::{PlaybackClaims, TokenKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stores::SecretHandle;
use testkit::{Answer, App, Service};
use time::{Duration, format_description::well_known::Rfc3339};

struct Player {
    service: Service,
    secret: String,
    claims: PlaybackClaims,
    token: String,
}

impl Player {
    async fn start() -> Self {
        let service = Service::start("analytics").await;
        let handle = SecretHandle::new(service.aws(), service.var("SECRET_PLAYBACK_TOKEN"));
        let secret = handle.get().await.unwrap().unwrap().expose_secret().to_owned();
        let claims = claims(Duration::HOUR);
        let token = key(&secret).seal(&claims);
        Self { service, secret, claims, token }
    }

    fn app(&self) -> App {
        self.service.app(routes)
    }

    async fn send(&self, events: Value) -> Answer {
        self.app().post("/v1/events", &json!({"token": self.token, "events": events})).send().await
    }
}

fn key(secret: &str) -> TokenKey {
    TokenKey::new(&BASE64_STANDARD.decode(secret).unwrap())
}

fn claims(lifetime: Duration) -> PlaybackClaims {
    let world = World::system();
    PlaybackClaims {
        session: world.id(),
        account: world.id(),
        profile: world.id(),
        title: world.id(),
        asset: world.id(),
        fence: 1,
        max_height: 720,
        expires_at: world.now() + lifetime,
    }
}

fn now() -> String {
    World::system().now().format(&Rfc3339).unwrap()
}

fn startup(id: &str) -> Value {
    json!({"id": id, "type": "startup", "at": now(), "value": 0.8, "position": 0})
}

#[tokio::test]
async fn good_events_reach_the_stream_and_bad_ones_are_named() {
    let player = Player::start().await;
    let events = json!([startup("a"), {"id": "b", "type": "view", "at": now()}, startup("c"), 7]);
    let receipt = player.send(events).await.expect(202);
    let rejected = json!([{"index": 1, "code": "unknown_type"}, {"index": 3, "code": "invalid_event"}]);
    assert_eq!(receipt, json!({"accepted": 2, "rejected": rejected}));
    let events = player.service.events("playback-events", player.claims.session, 2).await;
    assert!(events.iter().all(|event| event.kind == "cinema.player.sample_taken.v1"));
    assert_eq!(events[0].data["title_id"], player.claims.title.to_string());
    player.send(json!([])).await.expect(202);
}

#[tokio::test]
async fn sent_again_an_event_keeps_its_id() {
    let player = Player::start().await;
    player.send(json!([startup("a")])).await.expect(202);
    player.send(json!([startup("a")])).await.expect(202);
    let events = player.service.events("playback-events", player.claims.session, 2).await;
    assert_eq!(events[0].id, events[1].id);
}

#[tokio::test]
async fn without_a_good_token_every_event_is_rejected() {
    let player = Player::start().await;
    let app = player.app();
    let expired = key(&player.secret).seal(&claims(-Duration::HOUR));
    let forged = TokenKey::new(&[0; 32]).seal(&player.claims);
    for (token, code) in [
        (Value::Null, "token_missing"),
        (json!(""), "token_invalid"),
        (json!("\u{0}"), "token_invalid"),
        (json!(forged), "token_invalid"),
        (json!(expired), "token_expired"),
    ] {
        let receipt =
            app.post("/v1/events", &json!({"token": token, "events": [startup("a")]})).send().await.expect(202);
        assert_eq!(receipt, json!({"accepted": 0, "rejected": [{"index": 0, "code": code}]}));
    }
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_and_its_claim_kept() {
    let player = Player::start().await;
    let world = World::system();
    let ahead = |by: Duration| (world.now() + by).format(&Rfc3339).unwrap();
    let claimed = ahead(Duration::days(400) - Duration::minutes(5));
    let event = json!({"id": "skewed", "type": "pause", "at": claimed});
    let body = json!({"token": player.token, "sent_at": ahead(Duration::days(400)), "events": [event]});
    player.app().post("/v1/events", &body).send().await.expect(202);
    let event = player.service.events("playback-events", player.claims.session, 1).await.remove(0);
    let age = world.now() - event.time;
    assert!(age >= Duration::minutes(4) && age <= Duration::minutes(6), "{age}");
    assert_eq!(event.data["client_time"], claimed);
}

#[tokio::test]
async fn bad_bodies_are_problems() {
    let player = Player::start().await;
    let app = player.app();
    let post = |body: &str| app.post("/v1/events", &Value::Null).bytes(body.to_owned()).send();
    post("{").await.expect_problem(400, "malformed_json");
    post("{\"events\": 7}").await.expect_problem(422, "invalid_request");
    post("{\"events\": [], \"user\": 1}").await.expect_problem(422, "invalid_request");
    post("{\"events\": [], \"sent_at\": \"now\"}").await.expect_problem(422, "invalid_request");
    let plain =
        app.call("POST".parse().unwrap(), "/v1/events").header("content-type", "text/plain").bytes("{}").send().await;
    plain.expect_problem(415, "unsupported_media_type");
    let many = vec![startup("a"); 501];
    let problem = player.send(json!(many)).await.expect_problem(422, "invalid_request");
    assert_eq!(problem["errors"][0]["detail"], "at most 500 events", "{problem}");
    post("[null, null, []]").await.expect_problem(422, "invalid_request");
}

#[tokio::test]
async fn bytes_count_after_decompression() {
    let player = Player::start().await;
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let app = player.app();
    let post = |body: Vec<u8>| {
        let call = app.post("/v1/events", &Value::Null).header("content-encoding", "gzip");
        call.bytes(body).send()
    };
    let body = json!({"token": player.token, "events": vec![startup("a"); 500]}).to_string();
    assert_eq!(post(gzip(&body)).await.expect(202)["accepted"], 500);
    let padded = |bytes: usize| {
        let event = |id: &str| json!({"id": id, "type": "pause", "at": "2026-01-01T12:00:00Z"});
        event(&"x".repeat(bytes - event("").to_string().len()))
    };
    let longest = json!({"token": player.token, "events": vec![padded(1024); 500]}).to_string();
    let receipt = post(gzip(&longest)).await.expect(202);
    assert_eq!(
        (&receipt["accepted"], &receipt["rejected"][499]),
        (&json!(0), &json!({"index": 499, "code": "invalid_id"}))
    );
    let longer = json!({"token": player.token, "events": [padded(1025), startup("a")]}).to_string();
    let receipt = post(gzip(&longer)).await.expect(202);
    assert_eq!(receipt, json!({"accepted": 1, "rejected": [{"index": 0, "code": "too_long"}]}));
    for bomb in [" ".repeat(5_000_000), "1,".repeat(2_500_000)] {
        let bomb = format!("{{\"events\": [{bomb}1]}}");
        post(gzip(&bomb)).await.expect_problem(413, "payload_too_large");
    }
    let answer = post(b"not gzip".to_vec()).await;
    assert_eq!(answer.status.as_u16() / 100, 4, "{}", answer.text());
}

/// Secrets Manager and a Kinesis that refuses every record with `full` in it; returns its address and the calls to Kinesis.
async fn throttling_aws(secret: String) -> (String, Arc<Mutex<usize>>) {
    let calls = Arc::new(Mutex::new(0));
    let counter = calls.clone();
    let answer = move |headers: HeaderMap, body: String| async move {
        let request: Value = serde_json::from_str(&body).unwrap();
        if headers["x-amz-target"].to_str().unwrap().ends_with("GetSecretValue") {
            return json!({"Name": "playback-token", "SecretString": secret}).to_string();
        }
        *counter.lock().unwrap() += 1;
        let results = request["Records"].as_array().unwrap().iter().map(|record| {
            let data = BASE64_STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
            if String::from_utf8(data).unwrap().contains("full") {
                json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            } else {
                json!({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
            }
        });
        json!({"FailedRecordCount": 1, "Records": results.collect::<Vec<_>>()}).to_string()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let json_type = [("content-type", "application/x-amz-json-1.1")];
    let router =
        Router::new().route("/", post(move |headers, body| async move { (json_type, answer(headers, body).await) }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, calls)
}

#[tokio::test]
async fn what_a_full_stream_refuses_is_tried_again_and_then_429() {
    let player = Player::start().await;
    let (address, calls) = throttling_aws(player.secret.clone()).await;
    let player = Player { service: player.service.with("AWS_ENDPOINT_URL", &address), ..player };
    let full = json!({"id": "b", "type": "error", "at": now(), "code": "full"});
    let answer = player.send(json!([startup("a"), {"id": "x"}, full])).await;
    let problem = answer.expect_problem(429, "throttled");
    assert_eq!(problem["accepted"], 1);
    assert_eq!(problem["rejected"], json!([{"index": 1, "code": "invalid_event"}, {"index": 2, "code": "throttled"}]));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(*calls.lock().unwrap(), 3);
}

#[tokio::test]
async fn without_secrets_or_stream_the_answer_is_503() {
    let player = Player::start().await;
    let player = Player { service: player.service.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ..player };
    player.send(json!([startup("a")])).await.expect_problem(503, "temporarily_unavailable");
}
