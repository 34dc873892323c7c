//! Every route with every kind of token.

use cinema_http::axum::http::Method;
use testkit::{Service, Token};

const PUBLIC: [(Method, &str); 11] = [
    (Method::POST, "/v1/auth/password/forgot"),
    (Method::POST, "/v1/auth/password/reset"),
    (Method::GET, "/v1/auth/oauth/providers"),
    (Method::GET, "/v1/auth/oauth/local/start"),
    (Method::GET, "/v1/auth/oauth/local/callback"),
    (Method::POST, "/v1/auth/register"),
    (Method::POST, "/v1/auth/verify-email"),
    (Method::POST, "/v1/auth/login"),
    (Method::POST, "/v1/auth/mfa/verify"),
    (Method::POST, "/v1/auth/refresh"),
    (Method::GET, "/v1/auth/.well-known/jwks.json"),
];
const ACCOUNT: [(Method, &str); 16] = [
    (Method::POST, "/v1/auth/password/change"),
    (Method::POST, "/v1/auth/email"),
    (Method::POST, "/v1/auth/email/confirm"),
    (Method::DELETE, "/v1/auth/oauth/local"),
    (Method::GET, "/v1/auth/oauth/links"),
    (Method::POST, "/v1/auth/logout"),
    (Method::POST, "/v1/auth/profile"),
    (Method::GET, "/v1/auth/mfa"),
    (Method::POST, "/v1/auth/mfa/totp"),
    (Method::POST, "/v1/auth/mfa/totp/confirm"),
    (Method::DELETE, "/v1/auth/mfa/totp"),
    (Method::POST, "/v1/auth/step-up"),
    (Method::POST, "/v1/auth/logout-all"),
    (Method::GET, "/v1/auth/sessions"),
    (Method::DELETE, "/v1/auth/sessions/ses_01jd3k5m7n9pqrstvwxyz01234"),
    (Method::GET, "/v1/auth/security-events"),
];
const STAFF: [(Method, &str); 3] = [
    (Method::GET, "/v1/admin/accounts"),
    (Method::PUT, "/v1/admin/accounts/acc_01jd3k5m7n9pqrstvwxyz01234/roles/editor"),
    (Method::DELETE, "/v1/admin/accounts/acc_01jd3k5m7n9pqrstvwxyz01234/roles/editor"),
];

#[tokio::test]
async fn account_routes_take_a_valid_token() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    for (method, path) in ACCOUNT.into_iter().chain(STAFF) {
        let call = || app.call(method.clone(), path);
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
async fn staff_routes_take_the_role_and_nothing_less() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    for (method, path) in STAFF {
        let call = || app.call(method.clone(), path);
        let lower: &[&str] = if method == Method::GET { &["editor"] } else { &["editor", "support"] };
        call().token(&Token::fresh()).send().await.expect_problem(403, "role_required");
        for role in lower {
            call().token(&Token::role(role)).send().await.expect_problem(403, "role_required");
        }
        assert_eq!(call().token(&Token::role("admin")).send().await.status.as_u16() / 100, 4, "no such session");
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
