//! Signing in with an account of the issuer that runs beside the engines.

use cinema_http::axum::http::{Method, header};
use kernel::{AccountId, World};
use serde_json::{Value, json};
use testkit::{Answer, App};
use time::Duration;

use crate::{
    browser::Browser,
    stage::{PASSWORD, SignedIn, Stage, claims, fresh_address, fresh_email, from_the_edge, text},
};

const START: &str = "/v1/auth/oauth/local/start";
pub const PAGE: &str = "http://localhost:8080";
/// The issuer has proven this address, and not that of `ulf`.
const VERA: &str = "vera@people.example";

pub fn providers(issuer: &str) -> String {
    json!({ "local": { "issuer": issuer, "client_id": "cinema", "client_secret": "secret-of-the-local-cinema" } })
        .to_string()
}

async fn open() -> Stage {
    Stage::with(&[("OAUTH_PROVIDERS", &providers(&testkit::engines::issuer()))]).await
}

/// A journey that is under way.
pub struct Journey {
    pub authorization_url: String,
    pub cookie: String,
}

impl Journey {
    /// To sign in.
    pub async fn begin(stage: &Stage, start: &str) -> Self {
        let answer = from_the_edge(stage.app.get(start), &stage.address).send().await;
        answer.expect(303);
        let authorization_url = answer.header("location").unwrap().to_owned();
        Self { authorization_url, cookie: cookie(&answer, "__Host-oauth") }
    }

    /// Of somebody who is signed in.
    pub async fn begin_as(stage: &Stage, start: &str, access: &str) -> Self {
        let answer = leave(stage, start, access).await;
        let authorization_url = text(&answer.expect(200), "authorization_url").to_owned();
        Self { authorization_url, cookie: cookie(&answer, "__Host-oauth") }
    }
}

/// What a page gets that is signed in.
pub async fn leave(stage: &Stage, start: &str, access: &str) -> Answer {
    from_the_edge(stage.app.get(start), &stage.address).bearer(access).send().await
}

async fn start(stage: &Stage) -> Journey {
    Journey::begin(stage, START).await
}

async fn start_to_link(stage: &Stage, viewer: &SignedIn) -> Journey {
    Journey::begin_as(stage, START, &viewer.access).await
}

/// Proves at the issuer once more who somebody is; a new token of the session.
pub async fn step_up(stage: &Stage, token: &Value, person: &str) -> Value {
    let journey =
        Journey::begin_as(stage, "/v1/auth/oauth/local/start?purpose=step_up", text(token, "access_token")).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, person).await;
    // The issuer has the system's clock.
    stage.advance((World::system().now() - stage.world.now()).max(Duration::ZERO));
    let returned = come_back(&stage.app, &callback, &journey.cookie).await;
    returned.expect(303);
    assert_eq!(returned.header("location"), Some(&*format!("{PAGE}/#/stepped-up")));
    refresh(stage, text(token, "cookie")).await
}

pub async fn come_back(app: &App, callback: &str, cookie: &str) -> Answer {
    from_the_edge(app.get(callback), &fresh_address()).header("cookie", cookie).send().await
}

/// `name=value` of a cookie that an answer sets.
pub fn cookie(answer: &Answer, name: &str) -> String {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    let line =
        lines.into_iter().find(|line| line.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("no {name}"));
    assert!(line.contains("; Path=/; Secure; HttpOnly; SameSite="), "{line}");
    line.split(';').next().unwrap().to_owned()
}

/// The whole way, without a session to link with.
async fn sign_in(stage: &Stage, person: &str) -> Answer {
    let journey = start(stage).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, person).await;
    come_back(&stage.app, &callback, &journey.cookie).await
}

/// Tokens of a browser that has just come back.
pub async fn tokens(stage: &Stage, returned: &Answer) -> Value {
    returned.expect(303);
    refresh(stage, &cookie(returned, "__Host-refresh")).await
}

/// Tokens for a refresh cookie, with what the access token says and the next cookie.
pub async fn refresh(stage: &Stage, with: &str) -> Value {
    let answer = stage.post_empty("/v1/auth/refresh").header("cookie", with).header("origin", PAGE).send().await;
    let mut token = answer.expect(200);
    token["claims"] = claims(text(&token, "access_token"));
    token["cookie"] = json!(cookie(&answer, "__Host-refresh"));
    token
}

pub async fn unlink(stage: &Stage, access: &str, provider: &str) -> Answer {
    stage.app.call(Method::DELETE, &format!("/v1/auth/oauth/{provider}")).bearer(access).send().await
}

async fn logged(stage: &Stage, account: &str, kind: &str) -> i64 {
    let query = "select count(*) from security_events where account_id = $1 and kind = $2 and detail = 'local'";
    sqlx::query_scalar(query).bind(account).bind(kind).fetch_one(&stage.service.pool()).await.unwrap()
}

#[tokio::test]
async fn the_browser_leaves_with_everything_that_proves_its_return() {
    let stage = open().await;
    let journey = start(&stage).await;
    let (endpoint, query) = journey.authorization_url.split_once('?').unwrap();
    assert_eq!(endpoint, format!("{}/auth", testkit::engines::issuer()));
    for expected in [
        "client_id=cinema",
        "response_type=code",
        "scope=openid+email",
        "redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fv1%2Fauth%2Foauth%2Flocal%2Fcallback",
        "code_challenge_method=S256",
        "code_challenge=",
        "state=",
        "nonce=",
    ] {
        assert!(query.contains(expected), "{expected} is not in {query}");
    }
    assert_ne!(start(&stage).await.cookie, journey.cookie);
}

#[tokio::test]
async fn a_stranger_gets_an_account_and_the_same_one_the_next_time() {
    let stage = open().await;
    let returned = sign_in(&stage, "vera").await;
    assert_eq!(returned.header("location"), Some(&*format!("{PAGE}/#/signed-in")));
    assert!(returned.body.is_empty());
    assert_eq!(cookie(&returned, "__Host-oauth"), "__Host-oauth=");
    let token = tokens(&stage, &returned).await;
    assert_eq!(token["claims"]["amr"], json!(["fed"]));
    assert!(token["profile_id"].is_string());
    let account = text(&token["claims"], "sub").to_owned();
    let events = stage.service.events("domain-events", &account, 1).await;
    let state: proto::auth::AccountVerified = events[0].data().unwrap();
    assert_eq!((state.email.as_str(), state.default_profile_id.as_str()), (VERA, text(&token, "profile_id")));
    let again = tokens(&stage, &sign_in(&stage, "vera").await).await;
    assert_eq!(again["claims"]["sub"], account);
    assert_eq!(stage.service.events("domain-events", &account, 1).await.len(), 1);
    assert_eq!(logged(&stage, &account, "oauth_linked").await, 1);
}

#[tokio::test]
async fn an_account_without_a_password_has_none_in_any_way() {
    let stage = open().await;
    let token = tokens(&stage, &sign_in(&stage, "vera").await).await;
    let token = step_up(&stage, &token, "vera").await;
    let access = text(&token, "access_token");
    stage.log_in(VERA, PASSWORD).await.expect_problem(401, "invalid_credentials");
    // Registering the address does not set one.
    stage.register(VERA, PASSWORD).await.expect(202);
    stage.log_in(VERA, PASSWORD).await.expect_problem(401, "invalid_credentials");
    let body = json!({ "current": PASSWORD, "new": "another horse battery" });
    let call = stage.post("/v1/auth/password/change", &body).bearer(access);
    call.send().await.expect_problem(409, "no_password");
    let call = stage.post("/v1/auth/email", &json!({ "new": fresh_email(), "password": PASSWORD })).bearer(access);
    call.send().await.expect_problem(409, "no_password");
    // Nothing else would sign it in.
    unlink(&stage, access, "local").await.expect_problem(409, "last_credential");

    let code = stage.reset_code(VERA).await;
    stage.reset(VERA, &code, PASSWORD).await.expect(204);
    let token = stage.log_in(VERA, PASSWORD).await.expect(200);
    let access = text(&token, "access_token");
    unlink(&stage, access, "local").await.expect(204);
    unlink(&stage, access, "local").await.expect_problem(404, "not_found");
    assert_eq!(logged(&stage, text(&claims(access), "sub"), "oauth_unlinked").await, 1);
}

#[tokio::test]
async fn of_two_links_that_are_removed_at_the_same_time_one_stays() {
    let stage = open().await;
    let viewer = stage.signed_in().await;
    for statement in [
        "insert into oauth_links (provider, subject, account_id, linked_at) values ('local', '1', $1, now()), ('other', '1', $1, now())",
        "delete from credentials where account_id = $1",
    ] {
        sqlx::query(statement).bind(viewer.account().to_string()).execute(&stage.service.pool()).await.unwrap();
    }
    let access = &viewer.access;
    let (one, other) = futures::future::join(unlink(&stage, access, "local"), unlink(&stage, access, "other")).await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

async fn registered_as_vera(stage: &Stage) -> String {
    stage.register(VERA, PASSWORD).await.expect(202);
    let mut mail = stage.mail(VERA).await;
    while mail["template"] != "verify_email" {
        mail = stage.mail(VERA).await;
    }
    text(&mail["variables"], "code").to_owned()
}

#[tokio::test]
async fn an_address_that_is_proven_on_both_sides_is_one_account() {
    let stage = open().await;
    stage.register(VERA, PASSWORD).await.expect(202);
    // The mailbox of this address is shared by all tests.
    let proven = "update accounts set verified_at = now(), default_profile_id = 'prf_01jd3k5m7n9pqrstvwxyz01234' where email = $1 returning id";
    let account: String = sqlx::query_scalar(proven).bind(VERA).fetch_one(&stage.service.pool()).await.unwrap();
    let token = tokens(&stage, &sign_in(&stage, "vera").await).await;
    assert_eq!(token["claims"]["sub"], account);
    assert_eq!(logged(&stage, &account, "oauth_linked").await, 1);
    // The password stays good.
    let by_password = stage.log_in(VERA, PASSWORD).await.expect(200);
    assert_eq!(claims(text(&by_password, "access_token"))["sub"], account);
}

#[tokio::test]
async fn an_account_that_never_proved_the_address_is_not_linked() {
    let stage = open().await;
    let _ = registered_as_vera(&stage).await;
    sign_in(&stage, "vera").await.expect_problem(403, "email_unverified");
    stage.log_in(VERA, PASSWORD).await.expect_problem(403, "email_unverified");
    let links: i64 =
        sqlx::query_scalar("select count(*) from oauth_links").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(links, 0);
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_proven_links_only_with_whoever_is_signed_in() {
    let stage = open().await;
    let refused = sign_in(&stage, "ulf").await;
    refused.expect_problem(403, "address_unverified");
    assert_eq!(cookie(&refused, "__Host-oauth"), "__Host-oauth=");
    let viewer = stage.signed_in().await;
    let journey = start_to_link(&stage, &viewer).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "ulf").await;
    let linked = come_back(&stage.app, &callback, &journey.cookie).await;
    linked.expect(303);
    assert!(!linked.headers.get_all(header::SET_COOKIE).iter().any(|line| line.to_str().unwrap().contains("refresh")));
    let mail = stage.mail(&viewer.email).await;
    assert_eq!((&mail["template"], &mail["variables"]["provider"]), (&json!("oauth_linked"), &json!("local")));
    let token = tokens(&stage, &sign_in(&stage, "ulf").await).await;
    assert_eq!(token["claims"]["sub"], viewer.account().to_string());
    // A second time nothing happens, and nobody else can have it.
    let journey = start_to_link(&stage, &viewer).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "ulf").await;
    come_back(&stage.app, &callback, &journey.cookie).await.expect(303);
    let other = stage.signed_in().await;
    let journey = start_to_link(&stage, &other).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "ulf").await;
    come_back(&stage.app, &callback, &journey.cookie).await.expect_problem(409, "linked_elsewhere");
    // One account of a provider is enough.
    let journey = start_to_link(&stage, &viewer).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "vera").await;
    come_back(&stage.app, &callback, &journey.cookie).await.expect_problem(409, "already_linked");
}

#[tokio::test]
async fn an_ended_session_links_nothing() {
    let stage = open().await;
    let viewer = stage.signed_in().await;
    let journey = start_to_link(&stage, &viewer).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "ulf").await;
    stage.post_empty("/v1/auth/logout").bearer(&viewer.access).send().await.expect(204);
    come_back(&stage.app, &callback, &journey.cookie).await.expect_problem(401, "session_revoked");
    let again = from_the_edge(stage.app.get(START), &stage.address).bearer(&viewer.access);
    again.send().await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn an_answer_that_does_not_belong_to_this_browser_is_refused() {
    let stage = open().await;
    let (mine, theirs) = (start(&stage).await, start(&stage).await);
    let callback = Browser::new().sign_in(&mine.authorization_url, "vera").await;
    let without = from_the_edge(stage.app.get(&callback), &stage.address).send().await;
    without.expect_problem(400, "state_mismatch");
    let (name, value) = mine.cookie.split_once('=').unwrap();
    let (body, tag) = value.split_once('.').unwrap();
    for forged in [
        theirs.cookie.clone(),
        format!("{name}={body}.{}", tag.chars().rev().collect::<String>()),
        format!("{name}={body}"),
        format!("{name}="),
    ] {
        come_back(&stage.app, &callback, &forged).await.expect_problem(400, "state_mismatch");
    }
    for other in ["state=x", "state="] {
        let changed = callback.split('&').map(|pair| if pair.starts_with("state=") { other } else { pair });
        let changed = changed.collect::<Vec<_>>().join("&");
        come_back(&stage.app, &changed, &mine.cookie).await.expect_problem(400, "state_mismatch");
    }
    let elsewhere = callback.replace("iss=http%3A", "iss=https%3A");
    come_back(&stage.app, &elsewhere, &mine.cookie).await.expect_problem(400, "state_mismatch");
    stage.advance(Duration::minutes(10));
    come_back(&stage.app, &callback, &mine.cookie).await.expect_problem(400, "state_mismatch");
}

#[tokio::test]
async fn a_code_is_good_once_and_only_with_its_verifier() {
    let stage = open().await;
    let journey = start(&stage).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "vera").await;
    come_back(&stage.app, &callback, &journey.cookie).await.expect(303);
    come_back(&stage.app, &callback, &journey.cookie).await.expect_problem(400, "code_refused");
    // Somebody else's code in one's own journey: the state fits, the verifier does not.
    let (mine, theirs) = (start(&stage).await, start(&stage).await);
    let own = Browser::new().sign_in(&mine.authorization_url, "vera").await;
    let stolen = Browser::new().sign_in(&theirs.authorization_url, "vera").await;
    let part = |callback: &str, name: &str| {
        let query = callback.split_once('?').unwrap().1.to_owned();
        query.split('&').find(|pair| pair.starts_with(name)).unwrap().to_owned()
    };
    let mixed = own.replace(&part(&own, "code="), &part(&stolen, "code="));
    come_back(&stage.app, &mixed, &mine.cookie).await.expect_problem(400, "code_refused");
}

#[tokio::test]
async fn whoever_cancels_is_not_signed_in() {
    let stage = open().await;
    let journey = start(&stage).await;
    let callback = Browser::new().cancel(&journey.authorization_url).await;
    let cancelled = come_back(&stage.app, &callback, &journey.cookie).await;
    cancelled.expect_problem(403, "sign_in_cancelled");
    assert_eq!(cookie(&cancelled, "__Host-oauth"), "__Host-oauth=");
}

#[tokio::test]
async fn an_unknown_provider_is_404_and_one_that_is_down_502() {
    let stage = open().await;
    for path in ["/v1/auth/oauth/myspace/start", "/v1/auth/oauth/myspace/callback?code=1&state=1"] {
        from_the_edge(stage.app.get(path), &stage.address).send().await.expect_problem(404, "not_found");
    }
    let down = stage.app_with("OAUTH_PROVIDERS", &providers("http://127.0.0.1:1"));
    let answer = from_the_edge(down.get(START), &stage.address).send().await;
    answer.expect_problem(502, "provider_unavailable");
    // It goes down while the browser is there. The answer names no issuer then, as most providers do not.
    let journey = start(&stage).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "vera").await;
    let nameless = callback.split("&iss=").next().unwrap();
    come_back(&down, nameless, &journey.cookie).await.expect_problem(502, "provider_unavailable");
    let (path, query) = callback.split_once('?').unwrap();
    let refused = format!("{path}?error=server_error&{}", query.split_once('&').unwrap().1);
    come_back(&stage.app, &refused, &journey.cookie).await.expect_problem(502, "provider_unavailable");
}

#[tokio::test]
async fn two_step_sign_in_is_not_gone_round() {
    let stage = open().await;
    let armed = crate::mfa::armed(&stage).await;
    let body = json!({ "code": armed.code(&stage) });
    let token = stage.post("/v1/auth/step-up", &body).bearer(&armed.owner.access).send().await.expect(200);
    let journey = Journey::begin_as(&stage, START, text(&token, "access_token")).await;
    let callback = Browser::new().sign_in(&journey.authorization_url, "ulf").await;
    come_back(&stage.app, &callback, &journey.cookie).await.expect(303);
    // The next code.
    stage.advance(Duration::minutes(1));
    let returned = sign_in(&stage, "ulf").await;
    returned.expect(303);
    assert_eq!(returned.header("location"), Some(&*format!("{PAGE}/#/code")));
    let cookies = returned.headers.get_all(header::SET_COOKIE).iter();
    assert!(!cookies.map(|line| line.to_str().unwrap()).any(|line| line.starts_with("__Host-refresh=")));
    let waiting = cookie(&returned, "__Host-mfa");
    let verify = |code: String, origin: &'static str| {
        let call = stage.post("/v1/auth/mfa/verify", &json!({ "code": code }));
        call.header("cookie", &waiting).header("origin", origin)
    };
    // Another site's page, no code, a wrong code: nobody is in.
    verify(armed.code(&stage), "https://evil.example").send().await.expect_problem(403, "origin_not_allowed");
    stage
        .post("/v1/auth/mfa/verify", &json!({ "code": armed.code(&stage) }))
        .send()
        .await
        .expect_problem(401, "invalid_mfa_token");
    verify(armed.wrong(&stage), PAGE).send().await.expect_problem(401, "invalid_code");
    let entered = verify(armed.code(&stage), PAGE).send().await;
    let token = entered.expect(200);
    let claims = claims(text(&token, "access_token"));
    assert_eq!((&claims["sub"], &claims["amr"]), (&json!(armed.owner.account().to_string()), &json!(["fed", "otp"])));
    assert!(token.get("refresh_token").is_none_or(Value::is_null), "{token}");
    cookie(&entered, "__Host-refresh");
    assert_eq!(cookie(&entered, "__Host-mfa"), "__Host-mfa=");
    // The token is used up.
    stage.advance(Duration::minutes(1));
    verify(armed.code(&stage), PAGE).send().await.expect_problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn strangers_who_come_at_the_same_time_are_one() {
    let stage = open().await;
    let mut callbacks = Vec::new();
    for _ in 0..4 {
        let journey = start(&stage).await;
        let callback = Browser::new().sign_in(&journey.authorization_url, "vera").await;
        callbacks.push((callback, journey.cookie));
    }
    let calls = callbacks.iter().map(|(callback, cookie)| come_back(&stage.app, callback, cookie));
    for answer in futures::future::join_all(calls).await {
        answer.expect(303);
    }
    let accounts: Vec<AccountId> = sqlx::query_scalar::<_, String>("select id from accounts")
        .fetch_all(&stage.service.pool())
        .await
        .unwrap()
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    assert_eq!(accounts.len(), 1);
}

#[tokio::test]
async fn one_client_cannot_leave_without_end() {
    let stage = open().await;
    let mut refused = 0;
    for _ in 0..65 {
        refused += u32::from(from_the_edge(stage.app.get(START), &stage.address).send().await.status == 429);
    }
    assert!((1..=5).contains(&refused), "{refused}");
}
