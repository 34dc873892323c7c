//! What a crash between commit and publication leaves behind.

use auth::operations;
use events::{Consumer, Deadline, Outcome};
use runtime::Tick;
use serde_json::json;

use crate::stage::{PASSWORD, Stage, fresh_email, from_the_edge};

async fn relay(stage: &Stage) -> Outcome {
    let boot = stage.boot();
    let relay = operations::consumers::relay_outbox(&boot).unwrap();
    relay.consume(Tick { time: None }, &Deadline::unlimited(boot.world())).await
}

async fn left(stage: &Stage) -> i64 {
    sqlx::query_scalar("select count(*) from outbox").fetch_one(&stage.service.pool()).await.unwrap()
}

#[tokio::test]
async fn a_mail_that_could_not_be_queued_leaves_with_the_relay() {
    let stage = Stage::start().await;
    let queue = stage.service.var("QUEUE_EMAIL");
    let broken = Stage { service: stage.service.with("QUEUE_EMAIL", &format!("{queue}-is-not-there")), ..stage };
    let app = broken.service.app(operations::routes);
    let email = fresh_email();
    let body = json!({ "email": email, "password": PASSWORD });
    from_the_edge(app.post("/v1/auth/register", &body), &broken.address).send().await.expect(202);
    assert_eq!(left(&broken).await, 1);
    assert!(matches!(relay(&broken).await, Outcome::Done), "too young: it may still be on its way");
    sqlx::query("update outbox set created_at = now() - interval '1 minute'")
        .execute(&broken.service.pool())
        .await
        .unwrap();
    assert!(matches!(relay(&broken).await, Outcome::Retry(_)));
    assert_eq!(left(&broken).await, 1);

    let stage = Stage { service: broken.service.with("QUEUE_EMAIL", &queue), ..broken };
    assert_eq!(relay(&stage).await, Outcome::Done);
    assert_eq!(left(&stage).await, 0);
    assert_eq!(stage.mail(&email).await["template"], "verify_email");
}

#[tokio::test]
async fn an_event_that_could_not_be_put_leaves_with_the_relay() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    let stream = stage.service.var("STREAM_DOMAIN_EVENTS");
    let broken = Stage { service: stage.service.with("STREAM_DOMAIN_EVENTS", "there-is-no-such-stream"), ..stage };
    let app = broken.service.app(operations::routes);
    let body = json!({ "email": email, "code": code, "password": PASSWORD });
    from_the_edge(app.post("/v1/auth/verify-email", &body), &broken.address).send().await.expect(204);
    sqlx::query("update outbox set created_at = now() - interval '1 minute'")
        .execute(&broken.service.pool())
        .await
        .unwrap();
    let stage = Stage { service: broken.service.with("STREAM_DOMAIN_EVENTS", &stream), ..broken };
    assert_eq!(relay(&stage).await, Outcome::Done);
    let account: String = sqlx::query_scalar("select id from accounts where email = $1")
        .bind(&email)
        .fetch_one(&stage.service.pool())
        .await
        .unwrap();
    assert_eq!(stage.service.events("domain-events", account, 1).await.len(), 1);
}
