//! Every route with every kind of token.

use cinema_http::axum::http::Method;
use testkit::{Service, Token};

const PUBLIC: [(Method, &str); 5] = [
    (Method::POST, "/v1/auth/register"),
    (Method::POST, "/v1/auth/verify-email"),
    (Method::POST, "/v1/auth/login"),
    (Method::POST, "/v1/auth/refresh"),
    (Method::GET, "/v1/auth/.well-known/jwks.json"),
];
const ACCOUNT: [&str; 2] = ["/v1/auth/logout", "/v1/auth/profile"];

#[tokio::test]
async fn account_routes_take_a_valid_token() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    for path in ACCOUNT {
        let call = || app.call(Method::POST, path);
        let without = call().send().await;
        without.expect_problem(401, "token_required");
        assert_eq!(without.header("www-authenticate"), Some("Bearer"));
        call().bearer(&Token::expired()).send().await.expect_problem(401, "token_expired");
        call().bearer(&Token::fresh().forged()).send().await.expect_problem(401, "invalid_token");
        call().bearer("rubbish").send().await.expect_problem(401, "invalid_token");
        call().header("authorization", "Basic YTpi").send().await.expect_problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_on_public_routes_too() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    for (method, path) in PUBLIC {
        let call = || app.call(method.clone(), path);
        call().bearer(&Token::fresh().forged()).send().await.expect_problem(401, "invalid_token");
        let expired = call().bearer(&Token::expired()).send().await;
        // An expired access token is why a client refreshes.
        if path.ends_with("refresh") {
            expired.expect_problem(422, "invalid_request");
        } else {
            expired.expect_problem(401, "token_expired");
        }
    }
}

#[tokio::test]
async fn without_a_key_set_no_token_can_be_judged() {
    let app = Service::start("auth").await.with("JWKS_URL", "http://127.0.0.1:1/").app(auth::operations::routes);
    let call = app.call(Method::POST, "/v1/auth/logout").token(&Token::fresh());
    call.send().await.expect_problem(503, "keys_unavailable");
}

#[tokio::test]
async fn wrong_methods_name_the_right_one() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    let answer = app.get("/v1/auth/login").send().await;
    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
}
