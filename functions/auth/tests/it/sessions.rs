//! Where an account is signed in, and ending it from there or everywhere.

use kernel::{Id, SessionId};
use proto::{auth::SessionEnded, types};
use serde_json::{Value, json};
use time::Duration;

use crate::stage::{PASSWORD, SignedIn, Stage, claims, fresh_address, text};

async fn list(stage: &Stage, access: &str) -> Vec<Value> {
    let answer = stage.app.get("/v1/auth/sessions").bearer(access).send().await.expect(200);
    answer["items"].as_array().unwrap().clone()
}

async fn revoke(stage: &Stage, access: &str, session: &str) -> testkit::Answer {
    stage.app.delete(&format!("/v1/auth/sessions/{session}")).bearer(access).send().await
}

async fn another(stage: &Stage, someone: &SignedIn, device: &str) -> Value {
    let body = json!({ "email": someone.email, "password": PASSWORD, "device_name": device });
    stage.post_from(&fresh_address(), "/v1/auth/login", &body).send().await.expect(200)
}

#[tokio::test]
async fn live_sessions_are_listed_with_device_last_use_and_place() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.advance(Duration::minutes(1));
    let tv = another(&stage, &someone, "TV").await;
    stage.advance(Duration::minutes(1));
    let place = fresh_address();
    let body = json!({ "refresh_token": tv["refresh_token"] });
    let call = stage.post_from(&place, "/v1/auth/refresh", &body).header("cloudfront-viewer-country", "FR");
    call.send().await.expect(200);
    let listed = list(&stage, &someone.access).await;
    let tv_session = claims(text(&tv, "access_token"))["sid"].clone();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["session_id"], &listed[1]["session_id"]), (&tv_session, &someone.claims["sid"]));
    assert_eq!((&listed[0]["device_name"], listed[1].get("device_name")), (&json!("TV"), None));
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(false), &json!(true)));
    // Where it was used last, not where it began.
    assert_eq!((&listed[0]["address"], &listed[0]["territory"]), (&json!(place), &json!("FR")));
    assert!(text(&listed[0], "last_used_at") > text(&listed[0], "created_at"));
    let other = stage.signed_in().await;
    assert_eq!(list(&stage, &other.access).await.len(), 1);
}

#[tokio::test]
async fn sessions_without_a_device_name_are_told_apart_by_their_browsers() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let log_in = async |user_agent: &str, name: Option<&str>| {
        let body = json!({ "email": email, "password": PASSWORD, "device_name": name });
        stage.advance(Duration::SECOND);
        stage.post("/v1/auth/login", &body).header("user-agent", user_agent).send().await.expect(200)
    };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    log_in(firefox, None).await;
    log_in("Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", None).await;
    log_in(firefox, Some("Laptop")).await;
    log_in("", None).await;
    let token = log_in(&format!("{}/1", "x".repeat(3_000)), None).await;
    let access = text(&token, "access_token");
    let names = |items: &[Value], field: &str| -> Vec<Value> { items.iter().map(|item| item[field].clone()).collect() };
    let expected =
        [json!("x".repeat(64)), json!(null), json!("Laptop"), json!("Safari on iPad"), json!("Firefox on Linux")];
    assert_eq!(names(&list(&stage, access).await, "device_name"), expected);
    let events = stage.app.get("/v1/auth/security-events").bearer(access).send().await.expect(200);
    assert_eq!(names(events["items"].as_array().unwrap(), "detail"), expected);
}

#[tokio::test]
async fn ended_and_idle_sessions_are_not_listed() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.advance(Duration::days(30));
    let fresh = another(&stage, &someone, "TV").await;
    let gone = another(&stage, &someone, "phone").await;
    stage.post_empty("/v1/auth/logout").bearer(text(&gone, "access_token")).send().await.expect(204);
    assert_eq!(list(&stage, text(&fresh, "access_token")).await.len(), 1);
}

#[tokio::test]
async fn a_revoked_session_ends_at_once_in_every_function_of_the_account() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let tv = another(&stage, &someone, "TV").await;
    let session = text(&claims(text(&tv, "access_token")), "sid").to_owned();
    for _ in 0..2 {
        revoke(&stage, &someone.access, &session).await.expect(204);
    }
    stage.refresh(text(&tv, "refresh_token")).await.expect_problem(401, "session_revoked");
    let ended = text(&tv, "access_token");
    for path in ["/v1/auth/sessions", "/v1/auth/security-events"] {
        stage.app.get(path).bearer(ended).send().await.expect_problem(401, "session_revoked");
    }
    for path in ["/v1/auth/mfa/totp", "/v1/auth/logout-all"] {
        stage.post_empty(path).bearer(ended).send().await.expect_problem(401, "session_revoked");
    }
    revoke(&stage, ended, &someone.session()).await.expect_problem(401, "session_revoked");
    // The other one lives on.
    assert_eq!(list(&stage, &someone.access).await.len(), 1);
    let kinds: Vec<(String, Option<String>)> =
        sqlx::query_as("select kind, session_id from security_events where kind = 'session_revoked'")
            .fetch_all(&stage.service.pool())
            .await
            .unwrap();
    assert_eq!(kinds, [("session_revoked".to_owned(), Some(session))], "told once");
}

#[tokio::test]
async fn a_session_of_another_account_or_none_is_404() {
    let stage = Stage::start().await;
    let (someone, other) = (stage.signed_in().await, stage.signed_in().await);
    let unknown = SessionId::from_parts(stage.world.now(), [1; 10]).to_string();
    for session in [other.session(), unknown, "ses_1".into(), someone.account().to_string()] {
        revoke(&stage, &someone.access, &session).await.expect_problem(404, "not_found");
    }
    stage.refresh(&other.refresh).await.expect(200);
}

#[tokio::test]
async fn everywhere_means_every_session_of_the_account_and_no_other() {
    let stage = Stage::start().await;
    let (someone, other) = (stage.signed_in().await, stage.signed_in().await);
    let tv = another(&stage, &someone, "TV").await;
    // The second call comes with the token of a session that the first one has ended.
    for _ in 0..2 {
        stage.post_empty("/v1/auth/logout-all").bearer(&someone.access).send().await.expect(204);
    }
    for refresh in [&someone.refresh, text(&tv, "refresh_token")] {
        stage.refresh(refresh).await.expect_problem(401, "session_revoked");
    }
    stage.refresh(&other.refresh).await.expect(200);
    // Signing in goes on as before.
    stage.log_in(&someone.email, PASSWORD).await.expect(200);
    let told: i64 = sqlx::query_scalar("select count(*) from security_events where kind = 'signed_out'")
        .fetch_one(&stage.service.pool())
        .await
        .unwrap();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn every_end_of_a_session_is_told_once() {
    let stage = Stage::start().await;
    let told = async |session: String| {
        let events = stage.service.events("domain-events", &session, 1).await;
        let states: Vec<SessionEnded> = events.iter().map(|event| event.data().unwrap()).collect();
        assert_eq!((states.len(), events[0].kind.as_str()), (1, types::SESSION_ENDED));
        assert_eq!(states[0].session_id, session);
        states[0].account_id.clone()
    };
    let session = |token: &Value| text(&claims(text(token, "access_token")), "sid").to_owned();
    let someone = stage.signed_in().await;
    let (tv, phone) = (another(&stage, &someone, "TV").await, another(&stage, &someone, "phone").await);
    for _ in 0..2 {
        revoke(&stage, &someone.access, &session(&tv)).await.expect(204);
        stage.post_empty("/v1/auth/logout").bearer(text(&phone, "access_token")).send().await.expect(204);
    }
    let tablet = another(&stage, &someone, "tablet").await;
    let body = json!({ "current": PASSWORD, "new": "another horse battery" });
    stage.post("/v1/auth/password/change", &body).bearer(&someone.access).send().await.expect(204);
    stage.post_empty("/v1/auth/logout-all").bearer(&someone.access).send().await.expect(204);
    for ended in [session(&tv), session(&phone), session(&tablet), someone.session()] {
        assert_eq!(told(ended).await, someone.account().to_string());
    }
}

#[tokio::test]
async fn a_browser_forgets_its_cookie_everywhere() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let call = stage.post_empty("/v1/auth/logout-all").bearer(&someone.access);
    let answer = call.header("cookie", &format!("__Host-refresh={}", someone.refresh)).send().await;
    answer.expect(204);
    assert!(answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
}

#[tokio::test]
async fn an_unknown_session_has_nothing_to_end() {
    let token = testkit::Token::fresh();
    let app = testkit::Service::start("auth").await.app(auth::operations::routes);
    let call = app.call(cinema_http::axum::http::Method::POST, "/v1/auth/logout-all");
    call.token(&token).send().await.expect(204);
}
