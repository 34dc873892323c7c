//! A person whose sign-in with a provider fails sees the page, and a program gets the problem document.

use cinema_http::axum::http::header;
use serde_json::json;
use testkit::Answer;
use time::Duration;

use crate::{
    issuer::{Issuer, query},
    oauth::{Journey, PAGE, cookie},
    stage::{PASSWORD, Stage, fresh_address, fresh_email, from_the_edge, text},
};

const START: &str = "/v1/auth/oauth/scripted/start";
const CALLBACK: &str = "/v1/auth/oauth/scripted/callback";
/// As Chromium asks for a page.
const NAVIGATION: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

async fn open() -> (Stage, Issuer) {
    let issuer = Issuer::start();
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &issuer.setting())]).await;
    (stage, issuer)
}

async fn navigate(stage: &Stage, path: &str, cookies: &str) -> Answer {
    let call = from_the_edge(stage.app.get(path), &fresh_address()).header("accept", NAVIGATION);
    call.header("cookie", cookies).send().await
}

/// That the browser goes on to the page with this reason, and takes nothing along but an end of the ticket.
#[track_caller]
fn assert_shown(answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some(&*format!("{PAGE}/#/sign-in-failed?reason={reason}")));
    assert!(answer.body.is_empty() && answer.header("content-type").is_none(), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for line in answer.headers.get_all(header::SET_COOKIE) {
        assert!(line.to_str().unwrap().starts_with("__Host-oauth=; "), "{line:?}");
    }
}

#[tokio::test]
async fn what_the_provider_or_the_browser_brings_back_is_told_by_a_reason_of_the_list() {
    let (stage, _issuer) = open().await;
    for (brought, reason) in [
        ("error=access_denied", "sign_in_cancelled"),
        ("error=server_error&error_description=https://evil.example", "provider_unavailable"),
        ("error=https://evil.example/%23", "provider_unavailable"),
        ("", "provider_unavailable"),
        ("code=1&iss=https://evil.example", "state_mismatch"),
        ("code=1&code=2", "failed"),
    ] {
        let journey = Journey::begin(&stage, START).await;
        let state = query(&journey.authorization_url, "state").unwrap();
        let returned = navigate(&stage, &format!("{CALLBACK}?{brought}&state={state}"), &journey.cookie).await;
        assert_shown(&returned, reason);
        if reason != "failed" {
            assert_eq!(cookie(&returned, "__Host-oauth"), "__Host-oauth=", "{brought}");
        }
    }
    assert_shown(&navigate(&stage, &format!("{CALLBACK}?code=1&state=1"), "a=b").await, "state_mismatch");
    for path in ["/v1/auth/oauth/myspace/callback?code=1&state=1", "/v1/auth/oauth/myspace/start"] {
        assert_shown(&navigate(&stage, path, "a=b").await, "not_found");
    }
}

#[tokio::test]
async fn whom_nobody_here_knows_or_may_link_is_told_why() {
    let (stage, issuer) = open().await;
    let journey = Journey::begin(&stage, START).await;
    let shown = issuer.come_back_in_a_browser(&stage, &journey, "1", &json!({})).await;
    assert_shown(&shown, "address_unverified");

    let (registered, _) = stage.registered().await;
    let journey = Journey::begin(&stage, START).await;
    let said = json!({ "email": registered, "email_verified": true });
    assert_shown(&issuer.come_back_in_a_browser(&stage, &journey, "2", &said).await, "email_unverified");

    let (viewer, other) = (stage.signed_in().await, stage.signed_in().await);
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    let linked = issuer.come_back_in_a_browser(&stage, &journey, "3", &json!({})).await;
    assert_eq!(linked.header("location"), Some(&*format!("{PAGE}/#/linked")));
    let journey = Journey::begin_as(&stage, START, &other.access).await;
    let taken = issuer.come_back_in_a_browser(&stage, &journey, "3", &json!({})).await;
    assert_shown(&taken, "linked_elsewhere");
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    let second = issuer.come_back_in_a_browser(&stage, &journey, "4", &json!({})).await;
    assert_shown(&second, "already_linked");
    let step_up = format!("{START}?purpose=step_up");
    let journey = Journey::begin_as(&stage, &step_up, &viewer.access).await;
    let silent = issuer.come_back_in_a_browser(&stage, &journey, "3", &json!({})).await;
    assert_shown(&silent, "proof_too_old");
    let journey = Journey::begin_as(&stage, START, &other.access).await;
    stage.advance(Duration::minutes(9));
    let late = issuer.come_back_in_a_browser(&stage, &journey, "5", &json!({})).await;
    assert_eq!(late.header("location"), Some(&*format!("{PAGE}/#/linked")), "in time");
    stage.post_empty("/v1/auth/logout").bearer(&viewer.access).send().await.expect(204);
    let third = stage.signed_in().await;
    let journey = Journey::begin_as(&stage, START, &third.access).await;
    stage.post_empty("/v1/auth/logout").bearer(&third.access).send().await.expect(204);
    let ended = issuer.come_back_in_a_browser(&stage, &journey, "6", &json!({})).await;
    assert_shown(&ended, "session_revoked");
}

#[tokio::test]
async fn a_provider_or_a_database_that_is_down_shows_the_page_too() {
    let (stage, issuer) = open().await;
    let nobody = json!({ "scripted": { "issuer": "http://127.0.0.1:1", "client_id": "a", "client_secret": "b" } });
    let down = Stage { app: stage.app_with("OAUTH_PROVIDERS", &nobody.to_string()), ..stage };
    assert_shown(&navigate(&down, START, "a=b").await, "provider_unavailable");
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &issuer.setting())]).await;
    let journey = Journey::begin(&stage, START).await;
    let broken = Stage { app: stage.app_with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing"), ..stage };
    let said = json!({ "email": fresh_email(), "email_verified": true });
    assert_shown(&issuer.come_back_in_a_browser(&broken, &journey, "1", &said).await, "failed");
}

#[tokio::test]
async fn the_providers_are_a_list_for_everybody_that_hides_their_secrets() {
    let (stage, issuer) = open().await;
    let providers = json!({
        "google": { "issuer": issuer.url, "client_id": "c", "client_secret": "hidden", "display_name": "Google (test)" },
        "scripted": { "issuer": issuer.url, "client_id": "c", "client_secret": "hidden" },
    });
    let app = stage.app_with("OAUTH_PROVIDERS", &providers.to_string());
    let answer = app.get("/v1/auth/oauth/providers").send().await;
    let start = |name: &str| format!("{PAGE}/v1/auth/oauth/{name}/start");
    let expected = json!({ "items": [
        { "name": "google", "display_name": "Google (test)", "start_url": start("google") },
        { "name": "scripted", "display_name": "Scripted", "start_url": start("scripted") },
    ] });
    assert_eq!(answer.expect(200), expected);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let again = app.get("/v1/auth/oauth/providers").header("if-none-match", answer.header("etag").unwrap());
    again.send().await.expect(304);
    let none = stage.app_with("OAUTH_PROVIDERS", "{}").get("/v1/auth/oauth/providers").send().await;
    assert_eq!(none.expect(200), json!({ "items": [] }));
    // It shows nothing that is not there: each of them can be left for.
    Journey::begin(&stage, START).await;
}

#[tokio::test]
async fn a_device_is_known_after_a_sign_in_with_a_provider_and_keeps_the_accounts_that_it_knew() {
    const DEVICE: &str = "__Host-device";
    let (stage, issuer) = open().await;
    let (viewer, other) = (stage.signed_in().await, stage.account().await);
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    let linked = issuer.come_back(&stage, &journey, "1", &json!({})).await;
    linked.expect(303);
    // Only signing in makes a device known.
    assert!(!linked.headers.get_all(header::SET_COOKIE).iter().any(|line| line.to_str().unwrap().contains(DEVICE)));
    let known = cookie(&stage.log_in(&other, PASSWORD).await, DEVICE);
    let mut journey = Journey::begin(&stage, START).await;
    journey.cookie = format!("{}; {known}", journey.cookie);
    let signed_in = issuer.come_back(&stage, &journey, "1", &json!({})).await;
    cookie(&signed_in, "__Host-refresh");
    let device = cookie(&signed_in, DEVICE);
    for email in [&viewer.email, &other] {
        crate::known_devices::shut(&stage, email).await;
        let body = json!({ "email": email, "password": PASSWORD });
        stage.post("/v1/auth/login", &body).header("cookie", &device).send().await.expect(200);
    }
}

#[tokio::test]
async fn no_device_is_known_before_the_second_factor() {
    let (stage, issuer) = open().await;
    let armed = crate::mfa::armed(&stage).await;
    let proof = stage.post("/v1/auth/step-up", &json!({ "code": armed.code(&stage) })).bearer(&armed.owner.access);
    let token = proof.send().await.expect(200);
    let journey = Journey::begin_as(&stage, START, text(&token, "access_token")).await;
    issuer.come_back(&stage, &journey, "1", &json!({})).await.expect(303);
    stage.advance(Duration::minutes(1));
    let journey = Journey::begin(&stage, START).await;
    let waiting = issuer.come_back(&stage, &journey, "1", &json!({})).await;
    assert_eq!(waiting.header("location"), Some(&*format!("{PAGE}/#/code")));
    assert!(!waiting.headers.get_all(header::SET_COOKIE).iter().any(|line| line.to_str().unwrap().contains("device")));
    let call = stage.post("/v1/auth/mfa/verify", &json!({ "code": armed.code(&stage) }));
    let entered = call.header("cookie", &cookie(&waiting, "__Host-mfa")).header("origin", PAGE).send().await;
    entered.expect(200);
    cookie(&entered, "__Host-device");
}
