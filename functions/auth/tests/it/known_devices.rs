//! Guesses from elsewhere must not keep an owner out who comes from a device that signed in before.

use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::{
    mfa::{armed, mfa_token},
    stage::{PASSWORD, Stage, cookie, fresh_address, fresh_email, text},
};

const LOG_IN: &str = "/v1/auth/login";
const DEVICE: &str = "__Host-device";
const DOWN: Option<(&str, &str)> = Some(("REDIS_URL", "redis://127.0.0.1:1"));

async fn log_in(stage: &Stage, (email, password): (&str, &str), device: &str) -> Answer {
    let call = stage.post(LOG_IN, &json!({ "email": email, "password": password }));
    call.header("cookie", &format!("{DEVICE}={device}")).send().await
}

/// An account, and the cookie of the device that signed in to it.
async fn known(stage: &Stage) -> (String, String) {
    let email = stage.account().await;
    let answer = stage.log_in(&email, PASSWORD).await;
    answer.expect(200);
    (email, cookie(&answer, DEVICE).unwrap())
}

/// Wrong passwords from everywhere until strangers are refused.
pub async fn shut(stage: &Stage, email: &str) {
    for number in 0..12 {
        let body = json!({ "email": email, "password": format!("guess {number} at {email}") });
        let status = stage.post_from(&fresh_address(), LOG_IN, &body).send().await.status.as_u16();
        assert_eq!(status, if number < 10 { 401 } else { 429 });
    }
    stage.log_in(email, PASSWORD).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn the_owner_gets_in_on_a_device_that_signed_in_before_however_others_guess() {
    for redis in [None, DOWN] {
        let stage = Stage::with(redis.as_slice()).await;
        let (email, device) = known(&stage).await;
        shut(&stage, &email).await;
        for _ in 0..3 {
            log_in(&stage, (&email, PASSWORD), &device).await.expect(200);
        }
        // A success there is none for the strangers.
        stage.log_in(&email, PASSWORD).await.expect_problem(429, "rate_limited");
    }
}

#[tokio::test]
async fn nobody_shuts_the_owner_out_by_the_network_or_by_the_password_either() {
    let stage = Stage::start().await;
    let (email, device) = known(&stage).await;
    let mut refused = false;
    for number in 0..65 {
        let body = json!({ "email": fresh_email(), "password": format!("guess {number}") });
        refused |= stage.post(LOG_IN, &body).send().await.status == 429;
    }
    assert!(refused, "somebody in the same network guesses");
    log_in(&stage, (&email, PASSWORD), &device).await.expect(200);
}

#[tokio::test]
async fn the_cookie_is_read_by_no_script_and_says_nothing() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    for transport in ["body", "cookie"] {
        let body = json!({ "email": email, "password": PASSWORD, "transport": transport });
        let answer = stage.post(LOG_IN, &body).header("origin", "http://localhost:8080").send().await;
        let account = text(&crate::stage::claims(text(&answer.expect(200), "access_token")), "sub").to_owned();
        let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
        let line = lines.iter().find(|line| line.starts_with(DEVICE)).unwrap();
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=34560000"] {
            assert!(line.contains(attribute), "{line}");
        }
        assert!(
            !line.contains("Domain") && !line.contains(&account) && !line.contains(email.split('@').next().unwrap())
        );
    }
    // Who is not let in is not remembered.
    for (email, password) in [(&*email, "wrong horse battery"), (&*fresh_email(), PASSWORD)] {
        assert_eq!(cookie(&stage.log_in(email, password).await, DEVICE), None);
    }
}

#[tokio::test]
async fn a_device_that_fails_too_often_counts_like_anybody() {
    let stage = Stage::start().await;
    let (email, device) = known(&stage).await;
    let guess = async |number: usize| {
        let password = format!("guess {number} at {email}");
        log_in(&stage, (&email, &password), &device).await.status.as_u16()
    };
    for number in 0..10 {
        assert_eq!(guess(number).await, 401);
    }
    // Its own failures have not shut the others out.
    stage.log_in(&email, PASSWORD).await.expect(200);
    for number in 10..20 {
        assert_eq!(guess(number).await, 401, "as a stranger");
    }
    assert_eq!(guess(20).await, 429);
    log_in(&stage, (&email, PASSWORD), &device).await.expect_problem(429, "rate_limited");
    stage.advance(Duration::minutes(10));
    log_in(&stage, (&email, PASSWORD), &device).await.expect(200);
}

#[tokio::test]
async fn a_cookie_of_another_account_or_a_made_up_one_is_a_strangers() {
    let stage = Stage::start().await;
    let ((email, device), (_, others)) = (known(&stage).await, known(&stage).await);
    shut(&stage, &email).await;
    let flipped = device.replacen(|letter: char| letter != 'A', "A", 1);
    for stranger in [&*others, &flipped, &device[1..], "", "x", &"A".repeat(48)] {
        log_in(&stage, (&email, PASSWORD), stranger).await.expect_problem(429, "rate_limited");
    }
    log_in(&stage, (&email, PASSWORD), &device).await.expect(200);
}

#[tokio::test]
async fn accounts_of_one_device_do_not_push_each_other_out() {
    let stage = Stage::start().await;
    let (alice, device) = known(&stage).await;
    let bob = stage.account().await;
    let both = cookie(&log_in(&stage, (&bob, PASSWORD), &device).await, DEVICE).unwrap();
    for email in [&alice, &bob] {
        shut(&stage, email).await;
        log_in(&stage, (email, PASSWORD), &both).await.expect(200);
    }
}

#[tokio::test]
async fn who_knew_the_old_password_has_no_tries_for_the_new_one_and_who_reset_it_has() {
    let stage = Stage::start().await;
    let (email, before) = known(&stage).await;
    stage.advance(Duration::minutes(1));
    let code = stage.reset_code(&email).await;
    let reset = stage.reset(&email, &code, "another horse battery").await;
    reset.expect(204);
    let after = cookie(&reset, DEVICE).unwrap();
    shut(&stage, &email).await;
    log_in(&stage, (&email, "another horse battery"), &before).await.expect_problem(429, "rate_limited");
    log_in(&stage, (&email, "another horse battery"), &after).await.expect(200);
}

#[tokio::test]
async fn changing_the_password_keeps_the_device_known() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    stage.advance(Duration::minutes(1));
    let body = json!({ "current": PASSWORD, "new": "another horse battery" });
    let changed = stage.post("/v1/auth/password/change", &body).bearer(&viewer.access).send().await;
    changed.expect(204);
    let device = cookie(&changed, DEVICE).unwrap();
    shut(&stage, &viewer.email).await;
    log_in(&stage, (&viewer.email, "another horse battery"), &device).await.expect(200);
}

#[tokio::test]
async fn whoever_knows_the_password_does_not_shut_the_owner_out_by_wrong_codes() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let email = armed.owner.email.clone();
    let verify = async |token: &str, code: &str, device: Option<&str>| {
        let call = stage.post("/v1/auth/mfa/verify", &json!({ "mfa_token": token, "code": code }));
        let call = match device {
            Some(device) => call.header("cookie", &format!("{DEVICE}={device}")),
            None => call,
        };
        call.send().await
    };
    // The password alone makes no device known.
    let asked = stage.log_in(&email, PASSWORD).await;
    assert_eq!(cookie(&asked, DEVICE), None);
    let signed_in = verify(text(&asked.expect(200), "mfa_token"), &armed.code(&stage), None).await;
    signed_in.expect(200);
    let device = cookie(&signed_in, DEVICE).unwrap();
    stage.advance(Duration::minutes(1));
    for _ in 0..5 {
        verify(&mfa_token(&stage, &email).await, &armed.wrong(&stage), None).await.expect_problem(401, "invalid_code");
    }
    let token = mfa_token(&stage, &email).await;
    verify(&token, &armed.code(&stage), None).await.expect_problem(429, "mfa_locked");
    verify(&token, &armed.code(&stage), Some(&device)).await.expect(200);
    // The owner's success gives the guesser no new tries.
    stage.advance(Duration::minutes(1));
    let token = mfa_token(&stage, &email).await;
    verify(&token, &armed.code(&stage), None).await.expect_problem(429, "mfa_locked");
    // And the device has five of its own, no more.
    for _ in 0..5 {
        let token = mfa_token(&stage, &email).await;
        verify(&token, &armed.wrong(&stage), Some(&device)).await.expect_problem(401, "invalid_code");
    }
    verify(&token, &armed.code(&stage), Some(&device)).await.expect_problem(429, "mfa_locked");
    let rows: Vec<Value> =
        sqlx::query_scalar("select to_jsonb(t) from tries t").fetch_all(&stage.service.pool()).await.unwrap();
    assert_eq!(rows.len(), 2, "one for strangers and one for the device: {rows:?}");
}
