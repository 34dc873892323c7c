use futures::future::join_all;
use serde_json::json;
use testkit::Answer;
use time::Duration;

use crate::{
    oracle::{assert_same_time, seen},
    stage::{PASSWORD, Stage, fresh_address, fresh_email, text},
};

const PATH: &str = "/v1/auth/password/reset";
const NEW: &str = "another horse battery";

impl Stage {
    pub async fn reset(&self, email: &str, code: &str, password: &str) -> Answer {
        self.post(PATH, &json!({ "email": email, "code": code, "password": password })).send().await
    }
}

/// A code that is not `code`.
pub fn wrong(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

#[tokio::test]
async fn the_code_sets_a_password_and_ends_every_session() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let code = stage.reset_code(&viewer.email).await;
    stage.reset(&viewer.email, &code, NEW).await.expect(204);
    stage.refresh(&viewer.refresh).await.expect_problem(401, "session_revoked");
    // The access token lives on, but not here.
    let body = json!({ "current": NEW, "new": "a third horse battery" });
    let call = stage.post("/v1/auth/password/change", &body).bearer(&viewer.access);
    call.send().await.expect_problem(401, "session_revoked");
    stage.log_in(&viewer.email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    stage.log_in(&viewer.email, NEW).await.expect(200);
    let mail = stage.mail(&viewer.email).await;
    assert_eq!(
        (&mail["template"], &mail["variables"]),
        (&json!("password_changed"), &json!({ "unlinked_providers": [] }))
    );
    let logged: i64 =
        sqlx::query_scalar("select count(*) from security_events where kind = 'password_reset' and account_id = $1")
            .bind(viewer.account().to_string())
            .fetch_one(&stage.service.pool())
            .await
            .unwrap();
    assert_eq!(logged, 1);
}

/// Wrong passwords until nobody gets in.
async fn lock_out(stage: &Stage, email: &str) {
    for at in 0..10 {
        let body = json!({ "email": email, "password": format!("guess number {at} of {email}") });
        let call = stage.post_from(&fresh_address(), "/v1/auth/login", &body);
        call.send().await.expect_problem(401, "invalid_credentials");
    }
    stage.log_in(email, PASSWORD).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_reset_lets_the_owner_in_whom_somebodys_guesses_keep_out() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    lock_out(&stage, &email).await;
    let code = stage.reset_code(&email).await;
    // A wrong code opens nothing.
    stage.reset(&email, &wrong(&code), NEW).await.expect_problem(422, "invalid_code");
    stage.log_in(&email, PASSWORD).await.expect_problem(429, "rate_limited");
    stage.reset(&email, &code, NEW).await.expect(204);
    stage.log_in(&email, NEW).await.expect(200);
}

#[tokio::test]
async fn a_used_code_is_gone_also_for_whoever_came_at_the_same_time() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let code = stage.reset_code(&email).await;
    let answers = join_all((0..4).map(|_| stage.reset(&email, &code, NEW))).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status != 204) {
        answer.expect_problem(410, "code_used");
    }
}

#[tokio::test]
async fn an_old_code_is_gone() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let code = stage.reset_code(&email).await;
    stage.advance(Duration::hours(1));
    stage.reset(&email, &code, NEW).await.expect_problem(410, "code_expired");
    stage.reset(&email, &wrong(&code), NEW).await.expect_problem(422, "invalid_code");
    stage.log_in(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn the_sixth_try_from_one_network_is_429_and_a_new_code_has_tries_of_its_own() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let code = stage.reset_code(&email).await;
    for _ in 0..5 {
        stage.reset(&email, &wrong(&code), NEW).await.expect_problem(422, "invalid_code");
    }
    stage.reset(&email, &code, NEW).await.expect_problem(429, "rate_limited");
    let code = stage.reset_code(&email).await;
    stage.reset(&email, &code, NEW).await.expect(204);
}

#[tokio::test]
async fn wrong_codes_from_elsewhere_take_neither_the_owners_tries_nor_the_code() {
    for redis in [None, Some(("REDIS_URL", "redis://127.0.0.1:1"))] {
        let stage = Stage::with(redis.as_slice()).await;
        let email = stage.account().await;
        let code = stage.reset_code(&email).await;
        let guess = async |from: &str, code: &str| {
            let body = json!({ "email": email, "code": code, "password": NEW });
            stage.post_from(from, PATH, &body).send().await.status.as_u16()
        };
        for _ in 0..4 {
            let (elsewhere, mut statuses) = (fresh_address(), Vec::new());
            for code in ["00000-00001", "123456", "00000-00003", "00000-00004", "00000-00005", "00000-00006"] {
                statuses.push(guess(&elsewhere, code).await);
            }
            assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
        }
        assert_eq!(guess(&stage.address, &code).await, 204);
    }
}

#[tokio::test]
async fn a_code_for_a_new_password_is_too_long_to_be_guessed_and_typed_as_people_do() {
    let stage = Stage::start().await;
    for typed in
        [|code: &str| code.to_uppercase(), |code: &str| code.replace('-', " "), |code: &str| code.replace('-', "")]
    {
        let email = stage.account().await;
        let code = stage.reset_code(&email).await;
        assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
        stage.reset(&email, &typed(&code), NEW).await.expect(204);
    }
}

#[tokio::test]
async fn codes_are_good_for_one_purpose_only() {
    let stage = Stage::start().await;
    let (email, first) = stage.registered().await;
    stage.reset(&email, &first, NEW).await.expect_problem(422, "invalid_code");
    stage.verify(&email, &first).await.expect(204);
    stage.reset(&email, &first, NEW).await.expect_problem(422, "invalid_code");
    let code = stage.reset_code(&email).await;
    if code != first {
        stage.verify(&email, &code).await.expect_problem(422, "invalid_code");
    }
}

#[tokio::test]
async fn an_unverified_address_cannot_be_taken_over_by_a_reset() {
    let stage = Stage::start().await;
    let (email, _) = stage.registered().await;
    stage.forgot(&email).await.expect(202);
    for code in ["000000", "123456"] {
        stage.reset(&email, code, NEW).await.expect_problem(422, "invalid_code");
    }
    stage.log_in(&email, PASSWORD).await.expect_problem(403, "email_unverified");
}

#[tokio::test]
async fn a_weak_password_costs_no_try() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let code = stage.reset_code(&email).await;
    for weak in ["short", "password123", "aaaaaaaaaaaaaaa"] {
        let problem = stage.reset(&email, &code, weak).await.expect_problem(422, "weak_password");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
    }
    stage.reset(&email, &code, NEW).await.expect(204);
}

#[tokio::test]
async fn what_an_intruder_has_begun_ends_with_the_reset() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let new = fresh_email();
    let body = json!({ "new": new, "password": PASSWORD });
    stage.post("/v1/auth/email", &body).bearer(&viewer.access).send().await.expect(202);
    let theirs = stage.code_of("confirm_email", &new).await;
    let code = stage.reset_code(&viewer.email).await;
    stage.reset(&viewer.email, &code, NEW).await.expect(204);
    let token = stage.log_in(&viewer.email, NEW).await.expect(200);
    let call = stage.post("/v1/auth/email/confirm", &json!({ "code": theirs })).bearer(text(&token, "access_token"));
    call.send().await.expect_problem(422, "invalid_code");
}

#[tokio::test]
async fn neither_the_answer_nor_its_time_tells_which_addresses_are_known() {
    let stage = Stage::start().await;
    let known = stage.account().await;
    let code = stage.reset_code(&known).await;
    let try_it = async |is_known: bool| {
        let email = if is_known { known.clone() } else { fresh_email() };
        let body = json!({ "email": email, "code": wrong(&code), "password": NEW });
        stage.post_from(&fresh_address(), PATH, &body).send().await
    };
    assert_eq!(seen(&try_it(true).await), seen(&try_it(false).await));
    let wait = async || stage.advance(Duration::minutes(13));
    assert_same_time("reset password", wait, async |_, is_known| drop(try_it(is_known).await.expect(422))).await;
}
