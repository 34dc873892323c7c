use std::collections::BTreeSet;

use events::{Event, Outcome};
use kernel::{Id, ProfileId};
use proto::{types, user::ProfileChanged};
use serde_json::json;
use time::Duration;

use crate::stage::{SignedIn, Stage, claims, text};

const ORIGIN: &str = "http://localhost:8080";

#[tokio::test]
async fn current_rotates_and_previous_gets_the_same_successor() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let first = stage.refresh(&someone.refresh).await.expect(200);
    assert_ne!(text(&first, "refresh_token"), someone.refresh);
    stage.advance(Duration::seconds(30));
    let again = stage.refresh(&someone.refresh).await.expect(200);
    assert_eq!(again["refresh_token"], first["refresh_token"]);
    let second = stage.refresh(text(&first, "refresh_token")).await.expect(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let claims = claims(text(&second, "access_token"));
    for same in ["sub", "sid", "pid", "auth_time", "amr"] {
        assert_eq!(claims[same], someone.claims[same], "{same}");
    }
    assert_ne!(claims["jti"], someone.claims["jti"]);
}

async fn assert_revoked(stage: &Stage, someone: &SignedIn, live: &str) {
    stage.refresh(&someone.refresh).await.expect_problem(401, "session_revoked");
    stage.refresh(live).await.expect_problem(401, "session_revoked");
    stage.refresh(&someone.refresh).await.expect_problem(401, "session_revoked");
    let events = stage.service.events("domain-events", someone.session(), 2).await;
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!((events.len(), kinds), (2, [types::REFRESH_REUSED, types::SESSION_ENDED].into()), "each told once");
    let reused = events.iter().find(|event| event.kind == types::REFRESH_REUSED).unwrap();
    let state: proto::auth::RefreshReused = reused.data().unwrap();
    assert_eq!((state.account_id, state.session_id), (someone.account().to_string(), someone.session()));
}

#[tokio::test]
async fn a_token_older_than_the_previous_ends_the_session() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let first = stage.refresh(&someone.refresh).await.expect(200);
    let second = stage.refresh(text(&first, "refresh_token")).await.expect(200);
    assert_revoked(&stage, &someone, text(&second, "refresh_token")).await;
}

#[tokio::test]
async fn the_previous_token_after_half_a_minute_ends_the_session() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let first = stage.refresh(&someone.refresh).await.expect(200);
    stage.advance(Duration::seconds(31));
    assert_revoked(&stage, &someone, text(&first, "refresh_token")).await;
}

#[tokio::test]
async fn parallel_calls_get_the_same_token() {
    let stage = Stage::start().await;
    for _ in 0..5 {
        let someone = stage.signed_in().await;
        let answers = futures::future::join_all((0..20).map(|_| stage.refresh(&someone.refresh))).await;
        let leaves: std::collections::BTreeSet<String> =
            answers.iter().map(|answer| text(&answer.expect(200), "refresh_token").to_owned()).collect();
        assert_eq!(leaves.len(), 1);
        stage.refresh(leaves.first().unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn a_made_up_token_is_refused_and_ends_nothing() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let session = someone.session();
    let flipped = {
        let mut bytes = someone.refresh.clone().into_bytes();
        let at = bytes.len() - 20;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let unknown =
        someone.refresh.replace(&session, &kernel::SessionId::from_parts(stage.world.now(), [1; 10]).to_string());
    for forged in [
        "",
        "x",
        &session,
        &format!("{session}."),
        &format!("{session}.{}", "A".repeat(86)),
        &flipped,
        &unknown,
        "a\u{0}b",
    ] {
        stage.refresh(forged).await.expect_problem(401, "invalid_refresh_token");
    }
    stage.refresh(&someone.refresh).await.expect(200);
}

#[tokio::test]
async fn a_browser_refreshes_by_cookie_from_its_own_site_only() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let cookie = format!("theme=dark; __Host-refresh={}", someone.refresh);
    let call = || stage.post_empty("/v1/auth/refresh").header("cookie", &cookie);
    call().send().await.expect_problem(403, "origin_not_allowed");
    call().header("origin", "https://evil.example").send().await.expect_problem(403, "origin_not_allowed");
    let answer = call().header("origin", ORIGIN).send().await;
    let token = answer.expect(200);
    assert!(token.get("refresh_token").is_none());
    let set = answer.header("set-cookie").unwrap();
    let next = set.strip_prefix("__Host-refresh=").and_then(|rest| rest.split(';').next()).unwrap();
    assert_ne!(next, someone.refresh);
    // Later the old cookie is a stolen one: the session ends, and the browser forgets it.
    stage.advance(Duration::minutes(1));
    let refused = call().header("origin", ORIGIN).send().await;
    refused.expect_problem(401, "session_revoked");
    assert!(refused.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
}

#[tokio::test]
async fn without_a_token_there_is_nothing_to_refresh() {
    let stage = Stage::start().await;
    stage.post_empty("/v1/auth/refresh").send().await.expect_problem(422, "invalid_request");
    stage.post("/v1/auth/refresh", &json!({})).send().await.expect_problem(422, "invalid_request");
    stage.post("/v1/auth/refresh", &json!({ "token": "x" })).send().await.expect_problem(422, "invalid_request");
    let malformed = stage.post_empty("/v1/auth/refresh").header("content-type", "application/json").bytes("{");
    malformed.send().await.expect_problem(400, "malformed_json");
}

#[tokio::test]
async fn an_idle_session_ends_after_thirty_days() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.advance(Duration::days(30));
    stage.refresh(&someone.refresh).await.expect_problem(401, "session_expired");
}

fn changed(stage: &Stage, someone: &SignedIn, id: &str, sequence: i64, change: impl Fn(&mut ProfileChanged)) -> Event {
    let mut state = ProfileChanged {
        profile_id: id.to_owned(),
        account_id: someone.account().to_string(),
        locale: "ru".into(),
        max_rating: 6,
        ..Default::default()
    };
    change(&mut state);
    Event::new(&stage.world, types::PROFILE_CHANGED, id, sequence, &state)
}

#[tokio::test]
async fn the_chosen_profile_is_kept_with_its_state_and_a_deleted_one_falls_back_to_none_that_sees_more() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let kid = ProfileId::from_parts(stage.world.now(), [5; 10]).to_string();
    assert_eq!(stage.project(changed(&stage, &someone, &kid, 1, |_| {})).await, Outcome::Done);
    let body = json!({ "profile_id": kid });
    stage.post("/v1/auth/profile", &body).bearer(&someone.access).send().await.expect(200);

    let first = stage.refresh(&someone.refresh).await.expect(200);
    assert_eq!(text(&first, "profile_id"), kid);
    let said = claims(text(&first, "access_token"));
    assert_eq!((&said["pid"], &said["max_rating"], &said["locale"]), (&json!(kid), &json!(6), &json!("ru")));

    stage.project(changed(&stage, &someone, &kid, 2, |state| state.max_rating = 12)).await;
    let second = stage.refresh(text(&first, "refresh_token")).await.expect(200);
    assert_eq!(claims(text(&second, "access_token"))["max_rating"], 12);

    stage.project(changed(&stage, &someone, &kid, 3, |state| (state.deleted, state.max_rating) = (true, 12))).await;
    let third = stage.refresh(text(&second, "refresh_token")).await.expect(200);
    assert!(third.get("profile_id").is_none(), "the default one sees more: {third}");

    // One that sees no more is taken.
    let default = text(&someone.claims, "pid").to_owned();
    let lower = changed(&stage, &someone, &default, 1, |state| (state.is_default, state.max_rating) = (true, 12));
    stage.project(lower).await;
    let third = stage.refresh(text(&third, "refresh_token")).await.expect(200);
    assert_eq!(third["profile_id"], someone.claims["pid"]);

    // A default profile that has got a PIN is not chosen without asking.
    let with_pin = changed(&stage, &someone, &default, 2, |state| (state.is_default, state.has_pin) = (true, true));
    stage.project(with_pin).await;
    let fourth = stage.refresh(text(&third, "refresh_token")).await.expect(200);
    assert!(fourth.get("profile_id").is_none(), "{fourth}");
}

#[tokio::test]
async fn roles_count_from_the_next_refresh_on() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    sqlx::query("insert into roles (account_id, role, granted_at) values ($1, 'editor', $2)")
        .bind(someone.account().to_string())
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    let token = stage.refresh(&someone.refresh).await.expect(200);
    assert_eq!(claims(text(&token, "access_token"))["roles"], json!(["editor"]));
}

#[tokio::test]
async fn no_token_can_be_found_in_the_database() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.refresh(&someone.refresh).await.expect(200);
    let row: String = sqlx::query_scalar("select row_to_json(sessions)::text from sessions")
        .fetch_one(&stage.service.pool())
        .await
        .unwrap();
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let secret = BASE64_URL_SAFE_NO_PAD.decode(someone.refresh.split_once('.').unwrap().1).unwrap();
    assert!(!row.contains(&hex::encode(&secret[..32])), "{row}");
}

#[tokio::test]
async fn an_engine_that_is_down_is_503_and_ends_nothing() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let body = json!({ "refresh_token": someone.refresh });
    let app = stage.app_with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    app.post("/v1/auth/refresh", &body).send().await.expect_problem(503, "temporarily_unavailable");
    // No signing key: the token in hand stays the live one.
    let app = stage.app_with("SECRET_SIGNING_KEYS", "nothing");
    app.post("/v1/auth/refresh", &body).send().await.expect_problem(503, "keys_unavailable");
    stage.app.post("/v1/auth/refresh", &body).send().await.expect(200);
    stage.advance(Duration::minutes(1));
    assert_eq!(stage.app.post("/v1/auth/refresh", &body).send().await.status, 401);
}
