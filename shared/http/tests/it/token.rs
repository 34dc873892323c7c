use cinema_http::{Account, Audience, Json, OpenApiRouter, axum::routing::get};
use testkit::{App, Token};

async fn cap(audience: Audience) -> Json<u8> {
    Json(audience.policy.max_rating)
}

async fn account(account: Account) -> Json<String> {
    Json(account.id.to_string())
}

fn app() -> App {
    super::behind_the_edge(OpenApiRouter::new().route("/cap", get(cap)).route("/account", get(account)))
}

#[tokio::test]
async fn a_token_without_a_profile_has_the_lowest_cap() {
    let app = app();
    assert_eq!(app.get("/cap").send().await.expect(200), 18);
    assert_eq!(app.get("/cap").token(&Token::fresh()).send().await.expect(200), 0);
    assert_eq!(app.get("/cap").token(&Token::viewer().max_rating(12)).send().await.expect(200), 12);
}

#[tokio::test]
async fn claims_out_of_range_are_refused() {
    let app = app();
    let mut longer = Token::fresh();
    longer.0.exp = longer.0.iat + 3600;
    let higher = Token::viewer().max_rating(19);
    let mut late = Token::fresh();
    late.0.iat += 3600;
    late.0.exp += 3600;
    for token in [longer, higher, late] {
        app.get("/account").token(&token).send().await.expect_problem(401, "invalid_token");
    }
    app.get("/account").bearer(&Token::expired()).send().await.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn a_header_with_critical_extensions_is_refused_although_it_is_signed() {
    let (app, token) = (app(), Token::fresh());
    let plain = serde_json::json!({ "alg": "ES256", "kid": "test-key" });
    app.get("/account").bearer(&token.sign_under(&plain)).send().await.expect(200);
    let critical = serde_json::json!({ "alg": "ES256", "kid": "test-key", "crit": ["b64"], "b64": false });
    app.get("/account").bearer(&token.sign_under(&critical)).send().await.expect_problem(401, "invalid_token");
}

#[tokio::test]
async fn one_authorization_header_is_enough() {
    let app = app();
    let (one, other) = (Token::fresh(), Token::fresh());
    app.get("/account").token(&one).send().await.expect(200);
    app.get("/account").token(&one).token(&other).send().await.expect_problem(401, "invalid_token");
    app.get("/account").header("authorization", "Basic YTpi").send().await.expect_problem(401, "invalid_token");
}
