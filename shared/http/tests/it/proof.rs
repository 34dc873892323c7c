use cinema_http::{
    KnowsSessions, LoginSessions, OpenApiRouter, Proven, StatusCode, axum::routing::post, live::Standing,
};
use kernel::SessionId;
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
    let none = serde_json::json!({});
    live.post("/plain", &none).token(&token(9, &["pwd"])).send().await.expect(204);
    live.post("/plain", &none).token(&token(11, &["pwd"])).send().await.expect_problem(403, "step_up_required");
    live.post("/plain", &none).send().await.expect_problem(401, "token_required");
    app(None).post("/plain", &none).token(&token(0, &["pwd"])).send().await.expect_problem(401, "session_revoked");
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
        let answer = app.post("/otp", &serde_json::json!({})).token(&token(1, amr)).send().await;
        assert_eq!(answer.status == StatusCode::NO_CONTENT, passes, "{has_authenticator:?} {amr:?}");
    }
}
