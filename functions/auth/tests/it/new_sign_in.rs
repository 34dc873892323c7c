//! The mail about a device or a territory that the account has not used before.

use serde_json::{Value, json};
use time::Duration;

use crate::stage::{PASSWORD, Stage, text};

async fn log_in(stage: &Stage, email: &str, device: Option<&str>, territory: &str) -> Value {
    let body = json!({ "email": email, "password": PASSWORD, "device_name": device });
    let call = stage.post("/v1/auth/login", &body).header("cloudfront-viewer-country", territory);
    call.send().await.expect(200)
}

#[tokio::test]
async fn a_new_device_or_territory_is_told_and_a_known_one_is_not() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    // The first sign-in of all surprises nobody.
    log_in(&stage, &email, Some("TV"), "DE").await;
    log_in(&stage, &email, Some("TV"), "DE").await;
    log_in(&stage, &email, Some("phone"), "DE").await;
    let mail = stage.mail(&email).await;
    assert_eq!((&mail["template"], &mail["locale"]), (&json!("new_sign_in"), &json!("en")));
    assert_eq!((&mail["variables"]["device"], &mail["variables"]["territory"]), (&json!("phone"), &json!("DE")));
    assert!(text(&mail["variables"], "at").ends_with('Z'));
    stage.advance(Duration::days(1));
    log_in(&stage, &email, Some("phone"), "DE").await;
    log_in(&stage, &email, Some("phone"), "FR").await;
    let mail = stage.mail(&email).await;
    assert_eq!((&mail["variables"]["device"], &mail["variables"]["territory"]), (&json!("phone"), &json!("FR")));
    log_in(&stage, &email, Some("TV"), "FR").await;
    log_in(&stage, &email, None, "FR").await;
    let mail = stage.mail(&email).await;
    assert_eq!(mail["template"], "new_sign_in");
    assert_eq!(mail["variables"]["device"], "", "{mail}");
    // Nothing else was sent: the outbox is empty and so is the mailbox of the address.
    let left: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(left, 0);
    log_in(&stage, &email, Some("laptop"), "US").await;
    assert_eq!(stage.mail(&email).await["variables"]["device"], "laptop");
}

#[tokio::test]
async fn a_failed_sign_in_tells_nothing_and_makes_nothing_known() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    log_in(&stage, &email, Some("TV"), "DE").await;
    let body = json!({ "email": email, "password": "wrong horse battery", "device_name": "phone" });
    stage.post("/v1/auth/login", &body).send().await.expect(401);
    log_in(&stage, &email, Some("phone"), "DE").await;
    assert_eq!(stage.mail(&email).await["variables"]["device"], "phone");
}
