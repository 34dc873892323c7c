use serde_json::json;
use time::Duration;

use crate::{
    mfa::armed,
    stage::{PASSWORD, Stage, claims, text},
};

const PATH: &str = "/v1/auth/step-up";

#[tokio::test]
async fn the_password_renews_the_time_of_the_proof_for_the_session() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.advance(Duration::minutes(5));
    let token = stage.post(PATH, &json!({ "password": PASSWORD })).bearer(&someone.access).send().await.expect(200);
    assert!(token.get("refresh_token").is_none());
    let said = claims(text(&token, "access_token"));
    assert_eq!(said["auth_time"], json!(stage.world.now().unix_timestamp()));
    for same in ["sub", "sid", "pid", "amr"] {
        assert_eq!(said[same], someone.claims[same], "{same}");
    }
    // Tokens to come carry it as well.
    stage.advance(Duration::minutes(1));
    let refreshed = stage.refresh(&someone.refresh).await.expect(200);
    assert_eq!(claims(text(&refreshed, "access_token"))["auth_time"], said["auth_time"]);
}

#[tokio::test]
async fn a_code_renews_it_as_well_and_is_used_up() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let body = json!({ "code": armed.code(&stage) });
    let token = stage.post(PATH, &body).bearer(&armed.owner.access).send().await.expect(200);
    let said = claims(text(&token, "access_token"));
    assert_eq!(said["amr"], json!(["pwd", "otp"]));
    assert_eq!(said["auth_time"], json!(stage.world.now().unix_timestamp()));
    stage.post(PATH, &body).bearer(&armed.owner.access).send().await.expect_problem(403, "wrong_code");
    let body = json!({ "code": armed.recovery_codes[0] });
    stage.post(PATH, &body).bearer(&armed.owner.access).send().await.expect(200);
    stage.post(PATH, &body).bearer(&armed.owner.access).send().await.expect_problem(403, "wrong_code");
}

#[tokio::test]
async fn five_wrong_ones_lock_it_for_a_quarter_of_an_hour() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let step_up = |body| stage.post(PATH, &body).bearer(&armed.owner.access).send();
    for _ in 0..5 {
        step_up(json!({ "password": "wrong horse battery" })).await.expect_problem(403, "wrong_password");
        step_up(json!({ "code": armed.wrong(&stage) })).await.expect_problem(403, "wrong_code");
    }
    let locked = step_up(json!({ "password": PASSWORD })).await;
    locked.expect_problem(429, "password_locked");
    assert_eq!(locked.header("retry-after"), Some("900"));
    step_up(json!({ "code": armed.code(&stage) })).await.expect_problem(429, "mfa_locked");
    stage.advance(Duration::minutes(15));
    let access = text(&stage.refresh(&armed.owner.refresh).await.expect(200), "access_token").to_owned();
    stage.post(PATH, &json!({ "password": PASSWORD })).bearer(&access).send().await.expect(200);
    stage.post(PATH, &json!({ "code": armed.code(&stage) })).bearer(&access).send().await.expect(200);
}

#[tokio::test]
async fn a_code_without_an_authenticator_is_wrong() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    for code in ["123456", "abcde-01234"] {
        let answer = stage.post(PATH, &json!({ "code": code })).bearer(&someone.access).send().await;
        answer.expect_problem(403, "wrong_code");
    }
}

#[tokio::test]
async fn exactly_one_proof_is_taken_and_only_of_a_live_session() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    for body in [json!({}), json!({ "password": PASSWORD, "code": "123456" }), json!({ "pin": "1" })] {
        let answer = stage.post(PATH, &body).bearer(&someone.access).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    stage.post_empty("/v1/auth/logout").bearer(&someone.access).send().await.expect(204);
    let answer = stage.post(PATH, &json!({ "password": PASSWORD })).bearer(&someone.access).send().await;
    answer.expect_problem(401, "session_revoked");
}
