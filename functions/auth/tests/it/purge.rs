use auth::operations;
use events::{Consumer, Deadline, Outcome};
use runtime::Tick;
use time::Duration;

use crate::{
    mfa::{armed, mfa_token},
    stage::{PASSWORD, Stage, text},
};

async fn purge(stage: &Stage) {
    let boot = stage.boot();
    let consumer = operations::consumers::purge_expired(&boot).unwrap();
    let outcome = consumer.consume(Tick { time: None }, &Deadline::unlimited(boot.world())).await;
    assert_eq!(outcome, Outcome::Done);
}

async fn count(stage: &Stage, from: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {from}")))
        .fetch_one(&stage.service.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn codes_and_half_finished_things_go_when_nobody_can_use_them() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let armed = armed(&stage).await;
    stage.post_empty("/v1/auth/mfa/totp").bearer(&someone.access).send().await.expect(200);
    mfa_token(&stage, &armed.owner.email).await;
    stage.registered().await;
    stage.advance(Duration::minutes(4));
    purge(&stage).await;
    assert_eq!((count(&stage, "totp").await, count(&stage, "mfa_tokens").await), (2, 1));
    assert_eq!(count(&stage, "codes").await, 3);
    stage.advance(Duration::minutes(7));
    purge(&stage).await;
    assert_eq!((count(&stage, "totp").await, count(&stage, "mfa_tokens").await), (1, 0));
    // A right code that comes again is 204 for a day.
    assert_eq!(count(&stage, "codes").await, 3);
    stage.advance(Duration::days(1) + Duration::HOUR);
    purge(&stage).await;
    assert_eq!(count(&stage, "codes").await, 0);
    // What is in use stays.
    assert_eq!((count(&stage, "totp").await, count(&stage, "recovery_codes").await), (1, 10));
    assert_eq!((count(&stage, "accounts").await, count(&stage, "sessions").await), (3, 2));
}

#[tokio::test]
async fn dead_families_say_why_for_a_week_and_live_ones_stay() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let ended = stage.log_in(&someone.email, PASSWORD).await.expect(200);
    stage.post_empty("/v1/auth/logout").bearer(text(&ended, "access_token")).send().await.expect(204);
    stage.advance(Duration::days(6));
    purge(&stage).await;
    stage.refresh(text(&ended, "refresh_token")).await.expect_problem(401, "session_revoked");
    stage.advance(Duration::days(2));
    purge(&stage).await;
    stage.refresh(text(&ended, "refresh_token")).await.expect_problem(401, "invalid_refresh_token");
    let live = stage.refresh(&someone.refresh).await.expect(200);
    stage.advance(Duration::days(36));
    purge(&stage).await;
    stage.refresh(text(&live, "refresh_token")).await.expect_problem(401, "session_expired");
    stage.advance(Duration::days(2));
    purge(&stage).await;
    assert_eq!(count(&stage, "sessions").await, 0);
}

#[tokio::test]
async fn the_log_stays_four_hundred_days_and_idempotency_keys_one() {
    let stage = Stage::start().await;
    stage.signed_in().await;
    sqlx::query("insert into idempotency_keys (scope, key, fingerprint, created_at) values ('a', 'b', '', $1)")
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    stage.advance(Duration::hours(23));
    purge(&stage).await;
    assert_eq!(count(&stage, "idempotency_keys").await, 1);
    stage.advance(Duration::hours(2));
    purge(&stage).await;
    assert_eq!(count(&stage, "idempotency_keys").await, 0);
    stage.advance(Duration::days(398));
    purge(&stage).await;
    assert_eq!(count(&stage, "security_events").await, 1);
    stage.advance(Duration::days(2));
    purge(&stage).await;
    assert_eq!(count(&stage, "security_events").await, 0);
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_run_and_a_run_too_many_is_harmless() {
    let stage = Stage::start().await;
    sqlx::query("insert into codes (email, digest, expires_at) select n || '@example.com', '', $1 from generate_series(1, 4500) n")
        .bind(stage.world.now() - Duration::days(2))
        .execute(&stage.service.pool())
        .await
        .unwrap();
    futures::future::join(purge(&stage), purge(&stage)).await;
    purge(&stage).await;
    assert_eq!(count(&stage, "codes").await, 0);
}
