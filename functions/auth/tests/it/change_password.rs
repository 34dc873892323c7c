use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::stage::{PASSWORD, SignedIn, Stage, text};

const PATH: &str = "/v1/auth/password/change";
const NEW: &str = "another horse battery";

async fn change(stage: &Stage, viewer: &SignedIn, current: &str, new: &str) -> Answer {
    stage.post(PATH, &json!({ "current": current, "new": new })).bearer(&viewer.access).send().await
}

#[tokio::test]
async fn the_new_password_counts_and_other_sessions_end() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let other = stage.log_in(&viewer.email, PASSWORD).await.expect(200);
    change(&stage, &viewer, PASSWORD, NEW).await.expect(204);
    stage.refresh(text(&other, "refresh_token")).await.expect_problem(401, "session_revoked");
    stage.refresh(&viewer.refresh).await.expect(200);
    stage.log_in(&viewer.email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    stage.log_in(&viewer.email, NEW).await.expect(200);
    let mut templates = Vec::new();
    while !templates.contains(&json!("password_changed")) {
        templates.push(stage.mail(&viewer.email).await["template"].clone());
    }
    let session: String = sqlx::query_scalar(
        "select session_id from security_events where kind = 'password_changed' and account_id = $1",
    )
    .bind(viewer.account().to_string())
    .fetch_one(&stage.service.pool())
    .await
    .unwrap();
    assert_eq!(session, viewer.session());
}

#[tokio::test]
async fn five_wrong_passwords_close_the_door_also_for_the_right_one() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    for _ in 0..5 {
        change(&stage, &viewer, "wrong horse battery", NEW).await.expect_problem(403, "wrong_password");
    }
    let refused = change(&stage, &viewer, PASSWORD, NEW).await;
    refused.expect_problem(429, "password_locked");
    assert!(refused.header("retry-after").is_some());
    stage.advance(Duration::minutes(15));
    let token = stage.log_in(&viewer.email, PASSWORD).await.expect(200);
    let call = stage.post(PATH, &json!({ "current": PASSWORD, "new": NEW })).bearer(text(&token, "access_token"));
    call.send().await.expect(204);
}

#[tokio::test]
async fn an_old_sign_in_needs_a_step_up() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    stage.advance(Duration::minutes(61));
    let token = stage.refresh(&viewer.refresh).await.expect(200);
    let body = json!({ "current": PASSWORD, "new": NEW });
    let call = |token: &Value| stage.post(PATH, &body).bearer(text(token, "access_token"));
    call(&token).send().await.expect_problem(403, "step_up_required");
    let step_up = stage.post("/v1/auth/step-up", &json!({ "password": PASSWORD })).bearer(text(&token, "access_token"));
    let token = step_up.send().await.expect(200);
    call(&token).send().await.expect(204);
}

#[tokio::test]
async fn a_weak_password_is_refused_where_it_stands() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let name = viewer.email.split('@').next().unwrap().to_owned();
    for weak in ["short", "password1234", &format!("my {name}")] {
        let problem = change(&stage, &viewer, PASSWORD, weak).await.expect_problem(422, "weak_password");
        assert_eq!(problem["errors"][0]["pointer"], "/new");
    }
    stage.log_in(&viewer.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_ended_session_changes_nothing() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    stage.post_empty("/v1/auth/logout").bearer(&viewer.access).send().await.expect(204);
    change(&stage, &viewer, PASSWORD, NEW).await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn of_two_changes_at_the_same_time_one_counts() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let (one, other) = futures::future::join(
        change(&stage, &viewer, PASSWORD, NEW),
        change(&stage, &viewer, PASSWORD, "a third horse battery"),
    )
    .await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    // The slower one finds either the new password or the old one gone.
    assert!(matches!(statuses, [204, 403 | 409]), "{statuses:?}");
}
