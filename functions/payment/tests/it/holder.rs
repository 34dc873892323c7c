//! Money is the account holder's: not for a profile with a cap, unless somebody proves who they are, and not for a session that has ended.

use cinema_http::axum::http::Method;
use events::{Consumer, Outcome};
use serde_json::{Value, json};
use testkit::{Answer, Token};
use time::Duration;

use crate::stage::{Customer, Stage};

impl Stage {
    /// Signed in twenty minutes ago, with a profile of this cap.
    fn long_ago(&self, customer: Customer, cap: u8) -> Token {
        let mut token = self.token(customer).profile(customer.1).max_rating(cap);
        token.0.auth_time -= 20 * 60;
        token
    }

    async fn send(&self, method: Method, path: &str, body: &Value, token: &Token) -> Answer {
        self.app.call(method, path).json(body).token(token).send().await
    }

    async fn end_session(&self, token: &Token) {
        let consumer = payment::operations::consumers::project_sessions(&self.boot()).unwrap();
        let event = token.session_ended(self.world.now());
        assert_eq!(consumer.consume(event, &self.deadline()).await, Outcome::Done);
    }
}

#[tokio::test]
async fn a_child_spends_cancels_and_removes_nothing_until_somebody_proves_who_they_are() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let method = stage.get(customer, "/v1/payment-methods").await.expect(200)["items"][0]["id"].clone();
    let method = format!("/v1/payment-methods/{}", method.as_str().unwrap());
    let preview =
        stage.post(customer, "/v1/subscriptions/me/change/preview", &json!({ "price_id": price })).await.json();
    let title = json!({"title_id": "ttl_01jd3k5m7n9pqrstvwxyz01234", "kind": "rent"});
    let calls = [
        (Method::POST, "/v1/subscriptions", json!({ "price_id": price })),
        (Method::POST, "/v1/subscriptions/me/change", preview),
        (Method::POST, "/v1/subscriptions/me/cancel", json!({})),
        (Method::POST, "/v1/subscriptions/me/resume", json!({})),
        (Method::POST, "/v1/purchases", title),
        (Method::PUT, &format!("{method}/default"), json!({})),
        (Method::DELETE, &method, json!({})),
    ];
    let before = stage.subscription(customer).await;
    for cap in [0, 6, 17] {
        for (verb, path, body) in &calls {
            let answer = stage.send(verb.clone(), path, body, &stage.long_ago(customer, cap)).await;
            assert_eq!(answer.json()["proof"], json!({"max_age": 600, "second_factor": false}), "{path}");
            answer.expect_problem(403, "step_up_required");
        }
    }
    // A session without a profile may do the least.
    let mut nobody = stage.long_ago(customer, 18);
    nobody.0.pid = None;
    let cancelled = stage.send(Method::POST, "/v1/subscriptions/me/cancel", &json!({}), &nobody).await;
    cancelled.expect_problem(403, "step_up_required");
    assert_eq!(stage.subscription(customer).await, before);

    let parent = stage.long_ago(customer, 18);
    stage.send(Method::POST, "/v1/subscriptions/me/cancel", &json!({}), &parent).await.expect(200);
    let proven = stage.token(customer).profile(customer.1).max_rating(6);
    stage.send(Method::POST, "/v1/subscriptions/me/resume", &json!({}), &proven).await.expect(200);
}

#[tokio::test]
async fn a_session_that_has_ended_changes_nothing_and_its_answers_are_not_repeated() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 7).await;
    let customer = Customer::new();
    let mut token = stage.token(customer).profile(customer.1);
    token.0.roles.push("admin".to_owned());
    let subscribe = || {
        let call = stage.app.post("/v1/subscriptions", &json!({ "price_id": price }));
        call.header("idempotency-key", "once").token(&token)
    };
    subscribe().send().await.expect(201);
    stage.end_session(&token).await;
    subscribe().send().await.expect_problem(401, "session_revoked");
    assert_eq!(testkit::access::open_to_ended("payment", &stage.app, &token).await, Vec::<String>::new());
    // What is read goes on until the token expires, and another session goes on altogether.
    assert_eq!(stage.subscription(customer).await["status"], "trialing");
    stage.post(customer, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
}

#[tokio::test]
async fn staff_moves_money_within_an_hour_of_a_proof() {
    let stage = Stage::start().await;
    let mut agent = stage.staff("support");
    agent.0.auth_time -= Duration::minutes(61).whole_seconds();
    let payment = "/v1/admin/payments/pay_01jd3k5m7n9pqrstvwxyz01234/refund";
    stage.send(Method::POST, payment, &json!({}), &agent).await.expect_problem(403, "step_up_required");
    agent.0.auth_time += Duration::minutes(10).whole_seconds();
    stage.send(Method::POST, payment, &json!({}), &agent).await.expect_problem(404, "not_found");
}
