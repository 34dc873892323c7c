use events::{Consumer, Outcome};
use runtime::Tick;
use serde_json::{Value, json};

use crate::home::{Home, unlimited};

/// A service, and the same one as it would be if it could commit but reached neither stream nor queue.
async fn cut_off() -> (Home, Home) {
    let home = Home::start().await;
    let lonely = testkit::Service::start("user").await.with("POSTGRES_URL", &home.service.var("POSTGRES_URL"));
    let lonely = lonely.with("STREAM_DOMAIN_EVENTS", "no-such-stream").with("QUEUE_PROFILE_SECRETS", "no-such-queue");
    let lonely = Home { app: lonely.app(user::operations::routes), service: lonely };
    (home, lonely)
}

#[tokio::test]
async fn what_a_crash_left_behind_is_relayed_to_its_destination() {
    let (home, lonely) = cut_off().await;
    let person = home.person().await;
    let body = json!({"name": "Anna", "pin": "4711"});
    let made = lonely.app.post("/v1/users/me/profiles", &body).token(&person.token()).send().await.expect(201);
    assert_eq!(home.outbox_rows().await, 2);

    let relay = user::operations::consumers::relay_outbox(&home.service.boot()).unwrap();
    // Young rows belong to the invocation that wrote them.
    assert_eq!(relay.consume(Tick { time: None }, &unlimited()).await, Outcome::Done);
    assert_eq!(home.outbox_rows().await, 2);
    sqlx::query("update outbox set created_at = created_at - interval '1 minute'")
        .execute(&home.service.pool())
        .await
        .unwrap();
    let stuck = user::operations::consumers::relay_outbox(&lonely.service.boot()).unwrap();
    assert!(matches!(stuck.consume(Tick { time: None }, &unlimited()).await, Outcome::Retry(_)));
    assert_eq!(home.outbox_rows().await, 2);

    assert_eq!(relay.consume(Tick { time: None }, &unlimited()).await, Outcome::Done);
    assert_eq!(home.outbox_rows().await, 0);
    home.service.events("domain-events", made["id"].as_str().unwrap(), 1).await;
    let told = |messages: &[Value]| messages.iter().any(|message| message["subject"] == made["id"]);
    let mut messages = home.service.take_messages("profile-secrets").await;
    while !told(&messages) {
        let batch = home.service.take_messages("profile-secrets").await;
        assert!(!batch.is_empty(), "auth was not told");
        messages.extend(batch);
    }
}
