//! The ceilings over all accounts for wrong codes of six digits. Redis is down: each operation counts by itself, and other tests are not
//! refused. What the operations share of a ceiling is tested beside it.

use auth::code::Code;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::join_all;
use password::Pepper;
use secrecy::ExposeSecret;
use serde_json::json;
use time::Duration;

use crate::{
    mfa::armed,
    stage::{PASSWORD, Stage, fresh_address, fresh_email},
};

const DOWN: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1:1");

/// Makes a code the one that was mailed to an address.
async fn send(stage: &Stage, email: &str, code: &str) {
    let secret = stores::SecretHandle::new(stage.service.aws(), stage.service.var("SECRET_PEPPER"));
    let pepper = secret.get().await.unwrap().unwrap();
    let pepper = Pepper::new(&BASE64_STANDARD.decode(pepper.expose_secret()).unwrap());
    let digest = serde_json::from_value::<Code>(code.into()).unwrap().digest(&pepper, &email.parse().unwrap());
    let sent = sqlx::query("update codes set digest = $1 where email = $2").bind(digest).bind(email);
    assert_eq!(sent.execute(&stage.service.pool()).await.unwrap().rows_affected(), 1);
}

#[tokio::test]
async fn while_short_codes_are_guessed_at_none_is_good_and_a_long_one_is() {
    let stage = Stage::with(&[DOWN]).await;
    let (email, short) = stage.registered().await;
    let (mut wrong, mut gone) = (0, 0);
    while gone == 0 && wrong < 1_100 {
        let guesses = (0..20).map(async |_| {
            let body = json!({ "email": fresh_email(), "code": "000000", "password": PASSWORD });
            stage.post_from(&fresh_address(), "/v1/auth/verify-email", &body).send().await.status.as_u16()
        });
        let statuses = join_all(guesses).await;
        wrong += statuses.iter().filter(|status| **status == 422).count();
        gone += statuses.iter().filter(|status| **status == 410).count();
        assert!(statuses.iter().all(|status| [422, 410].contains(status)), "{statuses:?}");
    }
    assert_eq!(wrong, 1_000, "guesses were looked at");
    stage.verify(&email, &short).await.expect_problem(410, "code_expired");
    send(&stage, &email, "4kq2m-8v0xd").await;
    stage.verify(&email, "4KQ2M 8VOXD").await.expect(204);
    // An hour later the guesses are forgotten.
    stage.advance(Duration::HOUR);
    let (email, short) = stage.registered().await;
    stage.verify(&email, &short).await.expect(204);
}

#[tokio::test]
async fn while_codes_of_authenticators_are_guessed_at_recovery_codes_are_good() {
    let mut stage = Stage::with(&[DOWN]).await;
    let owner = armed(&stage).await;
    let (mut wrong, mut refused) = (0, 0);
    while refused == 0 && wrong < 700 {
        // One network may not register without end.
        stage.address = fresh_address();
        // Those without an authenticator guess like all others.
        let guessers = join_all((0..4).map(|_| stage.signed_in())).await;
        for guesser in guessers.iter().chain(&guessers) {
            let guesses = (0..5).map(|_| {
                let call = stage.post_from(&fresh_address(), "/v1/auth/step-up", &json!({ "code": "000000" }));
                call.bearer(&guesser.access).send()
            });
            let answers = join_all(guesses).await;
            wrong += answers.iter().filter(|answer| answer.status == 403).count();
            refused += answers.iter().filter(|answer| answer.json()["code"] == "rate_limited").count();
            // Five tries of an account are what another test is about.
            sqlx::query("delete from tries").execute(&stage.service.pool()).await.unwrap();
        }
    }
    assert!((600..=604).contains(&wrong), "{wrong} guesses were looked at");
    let step_up = |code: &str| stage.post("/v1/auth/step-up", &json!({ "code": code })).bearer(&owner.owner.access);
    step_up(&owner.code(&stage)).send().await.expect_problem(429, "rate_limited");
    step_up(&owner.recovery_codes[0]).send().await.expect(200);
}
