use cinema_http::{
    KnowsSessions, LoginSessions, OpenApiRouter, Proven, StatusCode, axum::routing::post, live::Standing,
};
use kernel::SessionId;
use serde_json::json;
use stores::StoreError;
use testkit::{App, Token};

/// Sessions that all have the same standing.
#[derive(Clone)]
struct Sessions(Option<Standing>);

impl LoginSessions for Sessions {
    async fn standing(&self, _: SessionId) -> Result<Option<Standing>, StoreError> {
        Ok(self.0)
    }
}

impl KnowsSessions for Sessions {
    type Sessions = Self;

    fn sessions(&self) -> &Self {
        self
    }
}

async fn ten_minutes(_: Proven<10>) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn with_otp(_: Proven<10, true>) -> StatusCode {
    StatusCode::NO_CONTENT
}

fn app(standing: Option<Standing>) -> App {
    let routes = OpenApiRouter::new().route("/plain", post(ten_minutes)).route("/otp", post(with_otp));
    super::behind_the_edge(routes.with_state(Sessions(standing)))
}

fn token(minutes_ago: i64, amr: &[&str]) -> Token {
    let mut token = Token::fresh();
    token.0.auth_time -= minutes_ago * 60;
    token.0.amr = amr.iter().map(|method| (*method).to_owned()).collect();
    token
}

#[tokio::test]
async fn a_proof_is_fresh_and_ends_with_its_session() {
    let live = app(Some(Standing { has_authenticator: Some(false) }));
    let none = json!({});
    live.post("/plain", &none).token(&token(9, &["pwd"])).send().await.expect(204);
    let old = live.post("/plain", &none).token(&token(11, &["pwd", "otp"])).send().await;
    let problem = old.expect_problem(403, "step_up_required");
    assert_eq!(problem["proof"], json!({ "max_age": 600, "second_factor": false }));
    live.post("/plain", &none).send().await.expect_problem(401, "token_required");
    // Whoever has to sign in again is not asked for a proof first.
    for age in [0, 11] {
        let ended = app(None).post("/plain", &none).token(&token(age, &["pwd"])).send().await;
        ended.expect_problem(401, "session_revoked");
    }
}

#[tokio::test]
async fn where_an_authenticator_may_be_in_use_the_proof_contains_it() {
    for (has_authenticator, amr, passes) in [
        (Some(false), &["pwd"][..], true),
        (Some(true), &["pwd"][..], false),
        (None, &["pwd"][..], false),
        (Some(true), &["pwd", "otp"][..], true),
        (None, &["otp"][..], true),
    ] {
        let app = app(Some(Standing { has_authenticator }));
        let answer = app.post("/otp", &json!({})).token(&token(1, amr)).send().await;
        assert_eq!(answer.status == StatusCode::NO_CONTENT, passes, "{has_authenticator:?} {amr:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_which_proof_is_missing() {
    let none = json!({});
    for (has_authenticator, age, amr, second_factor) in [
        (Some(false), 11, &["pwd"][..], false),
        (Some(true), 11, &["pwd"][..], true),
        (Some(true), 11, &["pwd", "otp"][..], true),
        (Some(true), 1, &["pwd"][..], true),
        (None, 1, &["fed"][..], true),
    ] {
        let app = app(Some(Standing { has_authenticator }));
        let answer = app.post("/otp", &none).token(&token(age, amr)).send().await;
        let problem = answer.expect_problem(403, "step_up_required");
        let expected = json!({ "max_age": 600, "second_factor": second_factor });
        assert_eq!(problem["proof"], expected, "{has_authenticator:?} {age} {amr:?}");
    }
    // Nothing else has it.
    let problem = app(None).post("/otp", &none).send().await.expect_problem(401, "token_required");
    assert!(problem.get("proof").is_none(), "{problem}");
}

/// Sessions of which nobody knows anything at the moment.
#[derive(Clone)]
struct Unknown;

impl LoginSessions for Unknown {
    async fn standing(&self, _: SessionId) -> Result<Option<Standing>, StoreError> {
        Err(StoreError { engine: "postgres", detail: "down".to_owned() })
    }
}

impl KnowsSessions for Unknown {
    type Sessions = Self;

    fn sessions(&self) -> &Self {
        self
    }
}

#[tokio::test]
async fn without_the_sessions_nobody_gets_in() {
    let routes = OpenApiRouter::new().route("/otp", post(with_otp)).with_state(Unknown);
    let app = super::behind_the_edge(routes);
    let call = |age| app.post("/otp", &json!({})).token(&token(age, &["otp"])).send();
    call(1).await.expect_problem(503, "temporarily_unavailable");
    call(11).await.expect_problem(403, "step_up_required");
}
