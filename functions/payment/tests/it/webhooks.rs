use events::Outcome;
use serde_json::json;
use time::Duration;

use crate::stage::{Customer, Stage, sign};

const BODY: &str = r#"{"id": "evt_1", "type": "payment.succeeded", "object": {"id": "sp_1"}}"#;

#[tokio::test]
async fn only_the_provider_is_believed() {
    let stage = Stage::start().await;
    let now = stage.world.now();
    let right = sign(BODY, now);
    for (body, signature) in [
        (BODY, ""),
        (BODY, "t=1,v1=00"),
        (BODY, &sign(BODY, now - Duration::seconds(301))),
        (BODY, &sign(BODY, now + Duration::seconds(301))),
        (BODY, &sign("{}", now)),
        (&BODY.replace("sp_1", "sp_2"), &right),
    ] {
        stage.deliver_signed(body, signature).await.expect_problem(400, "invalid_signature");
    }
    assert_eq!(stage.number("select count(*) from webhooks").await, 0);
    let call = stage.app.post("/v1/webhooks/paypal", &json!({})).send().await;
    call.expect_problem(404, "not_found");
    stage.deliver_signed("no json", &sign("no json", now)).await.expect_problem(400, "unreadable_notice");
    stage.deliver_signed(BODY, &right).await.expect(200);
}

#[tokio::test]
async fn a_repetition_is_acknowledged_and_kept_once() {
    let stage = Stage::start().await;
    for _ in 0..3 {
        stage.deliver("evt_1", "payment.succeeded", "sp_1").await.expect(200);
    }
    assert_eq!(stage.number("select count(*) from webhooks").await, 1);
}

#[tokio::test]
async fn a_database_that_is_down_makes_the_provider_come_again() {
    let stage = Stage::start().await;
    let vars = stage.service.vars().clone().set("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let boot = runtime::Boot::new(vars).with_world(stage.world.clone());
    let app = stage.service.app_with(&boot, payment::operations::routes);
    let call = app.call(cinema_http::axum::http::Method::POST, "/v1/webhooks/sandbox");
    let call =
        call.header("content-type", "application/json").header("sandbox-signature", &sign(BODY, stage.world.now()));
    let answer = call.bytes(BODY).send().await;
    answer.expect_problem(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_function_without_its_providers_or_secrets_does_not_start() {
    let stage = Stage::start().await;
    for missing in ["PAYMENT_PROVIDERS", "SECRET_WEBHOOK_SECRETS"] {
        let boot = runtime::Boot::new(stage.service.vars().clone().set(missing, ""));
        assert!(payment::operations::http::receive_webhook(&boot).is_err(), "{missing}");
    }
}

#[tokio::test]
async fn the_object_decides_whatever_is_told_and_however_often() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = Customer::new();
    let begun = stage.subscribe(customer, &price).await.expect(201);
    let reference = begun["payment"]["id"].as_str().unwrap();
    let object = format!("sp_{reference}");
    // It says that it is paid, and it is not.
    assert_eq!(stage.notice("payment.succeeded", &object).await, Outcome::Done);
    assert_eq!(stage.subscription(customer).await["status"], "pending");
    stage.bank.pay(reference);
    // It says that it failed, and it is paid; out of order, and by the page's id as well.
    for (kind, object) in [
        ("payment.failed", object.clone()),
        ("checkout.expired", format!("co_{reference}")),
        ("payment.succeeded", object.clone()),
        ("payment.succeeded", object),
    ] {
        assert_eq!(stage.notice(kind, &object).await, Outcome::Done);
        assert_eq!(stage.subscription(customer).await["status"], "active");
    }
    assert_eq!(stage.number("select count(*) from invoices").await, 1);
    // What is of nobody of ours is none of our business.
    for kind in ["payment.succeeded", "refund.succeeded", "dispute.created"] {
        assert_eq!(stage.notice(kind, "sp_unknown").await, Outcome::Done);
    }
    assert_eq!(stage.number("select count(*) from webhooks where applied_at is null").await, 0);
    assert!(matches!(stage.process("no such event").await, Outcome::Done));
    stage.check_books().await;
}

#[tokio::test]
async fn the_report_of_a_day_agrees_with_what_was_booked() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    stage.paying(&price).await;
    stage.advance(Duration::DAY);
    assert_eq!(stage.reconcile().await, Some(Outcome::Done));
}
