//! A provider's silence is no proof; being asked by it is one.

use cinema_http::axum::http::Method;
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::{
    browser::Browser,
    issuer::{Issuer, query},
    mfa::armed,
    oauth::{self, Journey, PAGE, leave, refresh, tokens},
    stage::{PASSWORD, Stage, fresh_email, from_the_edge, text},
};

const START: &str = "/v1/auth/oauth/scripted/start";
const STEP_UP: &str = "/v1/auth/oauth/scripted/start?purpose=step_up";
/// Operations with a proof, and its greatest age in minutes.
const PROVEN: [(Method, &str, i64); 7] = [
    (Method::POST, "/v1/auth/mfa/totp", 10),
    (Method::POST, "/v1/auth/password/change", 60),
    (Method::DELETE, "/v1/auth/mfa/totp", 10),
    (Method::POST, "/v1/auth/email", 10),
    (Method::DELETE, "/v1/auth/oauth/other", 10),
    (Method::GET, START, 10),
    (Method::DELETE, "/v1/auth/account", 10),
];

async fn open() -> (Stage, Issuer) {
    let issuer = Issuer::start();
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &issuer.setting())]).await;
    (stage, issuer)
}

/// A new account that has nothing but the provider's, whose sign-in it has said this of.
async fn stranger(stage: &Stage, issuer: &Issuer, said: Value) -> Value {
    let mut said = said;
    said["email"] = json!(fresh_email());
    said["email_verified"] = json!(true);
    let journey = Journey::begin(stage, START).await;
    tokens(stage, &issuer.come_back(stage, &journey, &fresh_email(), &said).await).await
}

/// The subject that an account is linked with.
async fn subject(stage: &Stage, token: &Value) -> String {
    sqlx::query_scalar("select subject from oauth_links where account_id = $1")
        .bind(text(&token["claims"], "sub"))
        .fetch_one(&stage.service.pool())
        .await
        .unwrap()
}

async fn step_up(stage: &Stage, issuer: &Issuer, token: &Value, subject: &str, said: &Value) -> Answer {
    let journey = Journey::begin_as(stage, STEP_UP, text(token, "access_token")).await;
    issuer.come_back(stage, &journey, subject, said).await
}

#[tokio::test]
async fn a_sign_in_is_as_fresh_as_the_provider_says_and_old_where_it_says_nothing() {
    let (stage, issuer) = open().await;
    let now = stage.world.now().unix_timestamp();
    for (said, minutes) in [
        (json!({}), None),
        (json!({ "auth_time": null }), None),
        (json!({ "auth_time": now + 3600 }), None),
        (json!({ "auth_time": now * 1000 }), None),
        (json!({ "auth_time": now - 86_400 }), Some(1440)),
        (json!({ "auth_time": now - 1800 }), Some(30)),
        (json!({ "auth_time": now }), Some(0)),
    ] {
        let token = stranger(&stage, &issuer, said.clone()).await;
        let auth_time = minutes.map_or(0, |minutes| now - minutes * 60);
        assert_eq!(token["claims"]["auth_time"], json!(auth_time), "{said}");
        for (method, path, most) in PROVEN {
            let call = from_the_edge(stage.app.call(method, path), &stage.address);
            let code = call.bearer(text(&token, "access_token")).send().await.json()["code"].clone();
            let is_refused = code == "step_up_required";
            assert_eq!(is_refused, minutes.is_none_or(|minutes| minutes > most), "{said} {path}: {code}");
        }
    }
}

#[tokio::test]
async fn a_step_up_asks_the_provider_to_ask_and_a_sign_in_does_not() {
    let (stage, issuer) = open().await;
    let token = stranger(&stage, &issuer, json!({})).await;
    let asked = |journey: &Journey| {
        let parameter = |name| query(&journey.authorization_url, name);
        (parameter("prompt"), parameter("max_age"))
    };
    let journey = Journey::begin_as(&stage, STEP_UP, text(&token, "access_token")).await;
    assert_eq!(asked(&journey), (Some("login".to_owned()), Some("0".to_owned())));
    assert_eq!(asked(&Journey::begin(&stage, START).await), (None, None));
}

#[tokio::test]
async fn whoever_has_nothing_but_a_provider_proves_there_who_they_are() {
    let (stage, issuer) = open().await;
    let token = stranger(&stage, &issuer, json!({})).await;
    let subject = subject(&stage, &token).await;
    stage.advance(Duration::minutes(5));
    // In a minute of skew.
    let said = json!({ "auth_time": stage.world.now().unix_timestamp() - 30 });
    let returned = step_up(&stage, &issuer, &token, &subject, &said).await;
    returned.expect(303);
    assert_eq!(returned.header("location"), Some(&*format!("{PAGE}/#/stepped-up")));
    let fresh = refresh(&stage, text(&token, "cookie")).await;
    assert_eq!(fresh["claims"]["auth_time"], said["auth_time"]);
    for same in ["sub", "sid", "pid", "amr"] {
        assert_eq!(fresh["claims"][same], token["claims"][same], "{same}");
    }
    let query =
        "select count(*) from security_events where session_id = $1 and kind = 'step_up' and detail = 'scripted'";
    let logged: i64 =
        sqlx::query_scalar(query).bind(text(&fresh["claims"], "sid")).fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(logged, 1);
    // The old token stays as old as it is.
    let enrol = |token: &Value| stage.post_empty("/v1/auth/mfa/totp").bearer(text(token, "access_token")).send();
    enrol(&token).await.expect_problem(403, "step_up_required");
    enrol(&fresh).await.expect(200);
}

#[tokio::test]
async fn what_is_old_or_about_somebody_else_renews_nothing() {
    let (stage, issuer) = open().await;
    let (token, other) = (stranger(&stage, &issuer, json!({})).await, stranger(&stage, &issuer, json!({})).await);
    let (mine, theirs) = (subject(&stage, &token).await, subject(&stage, &other).await);
    let now = stage.world.now().unix_timestamp();
    for (subject, said, code) in [
        (&mine, json!({}), "proof_too_old"),
        (&mine, json!({ "auth_time": now - 61 }), "proof_too_old"),
        (&mine, json!({ "auth_time": now + 61 }), "proof_too_old"),
        (&theirs, json!({ "auth_time": now }), "another_account"),
        (&fresh_email(), json!({ "auth_time": now }), "another_account"),
    ] {
        step_up(&stage, &issuer, &token, subject, &said).await.expect_problem(403, code);
        for token in [&token, &other] {
            let renewed = refresh(&stage, text(token, "cookie")).await;
            assert_eq!(renewed["claims"]["auth_time"], json!(0), "{said}");
        }
    }
    let links: i64 =
        sqlx::query_scalar("select count(*) from oauth_links").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(links, 2);
    let journey = Journey::begin_as(&stage, STEP_UP, text(&token, "access_token")).await;
    stage.post_empty("/v1/auth/logout").bearer(text(&token, "access_token")).send().await.expect(204);
    let late = issuer.come_back(&stage, &journey, &mine, &json!({ "auth_time": now })).await;
    late.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn a_step_up_takes_a_session_and_a_link() {
    let (stage, issuer) = open().await;
    let token = stranger(&stage, &issuer, json!({})).await;
    let viewer = stage.signed_in().await;
    leave(&stage, STEP_UP, &viewer.access).await.expect_problem(404, "not_found");
    for purpose in ["step_up", "link"] {
        let start = format!("{START}?purpose={purpose}");
        from_the_edge(stage.app.get(&start), &stage.address).send().await.expect_problem(401, "token_required");
    }
    for start in [format!("{START}?purpose=anything"), format!("{START}?purpose="), format!("{START}?prompt=none")] {
        leave(&stage, &start, text(&token, "access_token")).await.expect_problem(422, "invalid_request");
    }
    let elsewhere = leave(&stage, "/v1/auth/oauth/myspace/start?purpose=step_up", text(&token, "access_token")).await;
    elsewhere.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_providers_proof_does_not_take_the_place_of_the_authenticator() {
    let (stage, issuer) = open().await;
    let armed = armed(&stage).await;
    sqlx::query("insert into oauth_links (provider, subject, account_id, linked_at) values ('scripted', '1', $1, $2)")
        .bind(armed.owner.account().to_string())
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    stage.advance(Duration::minutes(20));
    let token = async |refresh: &str| stage.refresh(refresh).await.expect(200);
    let old = token(&armed.owner.refresh).await;
    let said = json!({ "auth_time": stage.world.now().unix_timestamp() });
    step_up(&stage, &issuer, &old, "1", &said).await.expect(303);
    let proven = token(text(&old, "refresh_token")).await;
    let access = text(&proven, "access_token");
    stage.app.delete("/v1/auth/mfa/totp").bearer(access).send().await.expect_problem(403, "step_up_required");
    let body = json!({ "code": armed.code(&stage) });
    let both = stage.post("/v1/auth/step-up", &body).bearer(access).send().await.expect(200);
    assert_eq!(crate::stage::claims(text(&both, "access_token"))["amr"], json!(["fed", "otp"]));
    stage.app.delete("/v1/auth/mfa/totp").bearer(text(&both, "access_token")).send().await.expect(204);
    stage.log_in(&armed.owner.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn the_local_issuer_asks_whom_it_knows_only_when_it_is_told_to() {
    let setting = oauth::providers(&testkit::engines::issuer());
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &setting)]).await;
    let (start, mut browser) = ("/v1/auth/oauth/local/start", Browser::new());
    let journey = Journey::begin(&stage, start).await;
    let callback = browser.sign_in(&journey.authorization_url, "vera").await;
    oauth::come_back(&stage.app, &callback, &journey.cookie).await.expect(303);
    // It lets its own session do, and says nothing of its age.
    let journey = Journey::begin(&stage, start).await;
    let callback = browser.pass(&journey.authorization_url).await.unwrap();
    let token = tokens(&stage, &oauth::come_back(&stage.app, &callback, &journey.cookie).await).await;
    assert_eq!(token["claims"]["auth_time"], json!(0));
    let access = text(&token, "access_token");
    stage.app.delete("/v1/auth/account").bearer(access).send().await.expect_problem(403, "step_up_required");
    let journey = Journey::begin_as(&stage, &format!("{start}?purpose=step_up"), access).await;
    assert_eq!(browser.pass(&journey.authorization_url).await, None);
    let fresh = oauth::step_up(&stage, &token, "vera").await;
    stage.app.delete("/v1/auth/account").bearer(text(&fresh, "access_token")).send().await.expect(202);
}
