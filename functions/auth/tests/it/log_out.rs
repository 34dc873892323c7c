use testkit::{Service, Token};

use crate::stage::Stage;

#[tokio::test]
async fn the_session_ends_and_cannot_be_refreshed() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    for _ in 0..2 {
        let answer = stage.post_empty("/v1/auth/logout").bearer(&someone.access).send().await;
        answer.expect(204);
        assert!(answer.header("set-cookie").is_none());
    }
    stage.refresh(&someone.refresh).await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn other_sessions_of_the_account_stay() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let other = stage.log_in(&someone.email, crate::stage::PASSWORD).await.expect(200);
    stage.post_empty("/v1/auth/logout").bearer(&someone.access).send().await.expect(204);
    stage.refresh(other["refresh_token"].as_str().unwrap()).await.expect(200);
}

#[tokio::test]
async fn a_browser_forgets_its_cookie() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let call = stage.post_empty("/v1/auth/logout").bearer(&someone.access);
    let answer = call.header("cookie", &format!("__Host-refresh={}", someone.refresh)).send().await;
    answer.expect(204);
    assert!(answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
}

#[tokio::test]
async fn an_unknown_session_is_204() {
    let app = Service::start("auth").await.app(auth::operations::routes);
    let call = app.call(cinema_http::axum::http::Method::POST, "/v1/auth/logout");
    call.token(&Token::fresh()).send().await.expect(204);
}
