use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::{Event, Outcome};
use proto::{types, user::ProfileChanged};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use crate::stage::{PASSWORD, Stage, claims, fresh_address, fresh_email, text};

const PATH: &str = "/v1/auth/login";
const ORIGIN: &str = "http://localhost:8080";

#[tokio::test]
async fn a_token_says_who_how_and_for_how_long() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let token = stage.log_in(&email.to_uppercase(), PASSWORD).await.expect(200);
    let expires_in = token["expires_in"].as_i64().unwrap();
    assert!((570..=600).contains(&expires_in) && token["token_type"] == "Bearer");
    let claims = claims(text(&token, "access_token"));
    let now = stage.world.now().unix_timestamp();
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("cinema-auth"), Some("cinema")));
    assert_eq!(
        (&claims["iat"], &claims["exp"], &claims["auth_time"]),
        (&json!(now), &json!(now + expires_in), &json!(now))
    );
    assert_eq!((&claims["amr"], &claims["max_rating"], &claims["locale"]), (&json!(["pwd"]), &json!(18), &json!("en")));
    assert_eq!(claims["pid"], token["profile_id"]);
    // The published key set verifies it.
    stage.post_empty("/v1/auth/logout").bearer(text(&token, "access_token")).send().await.expect(204);
}

#[tokio::test]
async fn access_tokens_do_not_all_expire_in_the_same_second() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let mut lives = std::collections::BTreeSet::new();
    for _ in 0..12 {
        lives.insert(stage.log_in(&email, PASSWORD).await.expect(200)["expires_in"].as_i64().unwrap());
    }
    assert!(lives.len() > 2, "{lives:?}");
}

fn without_request_id(answer: &testkit::Answer) -> Value {
    let mut problem = answer.expect_problem(401, "invalid_credentials");
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

#[tokio::test]
async fn unknown_address_and_wrong_password_answer_alike() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let unknown = stage.log_in(&fresh_email(), PASSWORD).await;
    let wrong = stage.log_in(&email, "wrong horse battery").await;
    assert_eq!(without_request_id(&unknown), without_request_id(&wrong));
    let names =
        |answer: &testkit::Answer| answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&unknown), names(&wrong));
}

#[tokio::test]
async fn an_unverified_address_is_told_so_with_the_right_password_only() {
    let stage = Stage::start().await;
    let (email, _) = stage.registered().await;
    stage.log_in(&email, "wrong horse battery").await.expect_problem(401, "invalid_credentials");
    stage.log_in(&email, PASSWORD).await.expect_problem(403, "email_unverified");
}

#[tokio::test]
async fn ten_wrong_passwords_close_an_account_for_a_while() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    for number in 0..10 {
        // From everywhere: the account counts, not the client.
        let body = json!({ "email": email, "password": format!("wrong horse {number}") });
        stage.post_from(&fresh_address(), PATH, &body).send().await.expect(401);
    }
    let refused = stage.log_in(&email, PASSWORD).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    stage.advance(Duration::minutes(10));
    stage.log_in(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn only_failures_count() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    for _ in 0..15 {
        stage.log_in(&email, PASSWORD).await.expect(200);
    }
}

async fn refused_after(stage: &Stage, tries: usize, body: impl Fn(usize) -> Value, from: impl Fn() -> String) -> usize {
    let mut passed = 0;
    for number in 0..tries {
        let answer = stage.post_from(&from(), PATH, &body(number)).send().await;
        if answer.status == 429 {
            answer.expect_problem(429, "rate_limited");
            return passed;
        }
        answer.expect(401);
        passed += 1;
    }
    passed
}

#[tokio::test]
async fn one_client_with_many_accounts_and_passwords_is_stopped() {
    let stage = Stage::start().await;
    let body = |number| json!({ "email": fresh_email(), "password": format!("guess number {number}") });
    let passed = refused_after(&stage, 70, body, || stage.address.clone()).await;
    assert!((60..=61).contains(&passed), "{passed}");
}

#[tokio::test]
async fn one_password_over_many_accounts_is_stopped_by_client_and_everywhere() {
    let stage = Stage::start().await;
    let spray = |password: String| move |_| json!({ "email": fresh_email(), "password": password });
    let near = spray(format!("sprayed {}", fresh_email()));
    assert_eq!(refused_after(&stage, 9, near, || stage.address.clone()).await, 5);
    let password = format!("sprayed {}", fresh_email());
    assert_eq!(refused_after(&stage, 35, spray(password.clone()), fresh_address).await, 30);
    // The same account may go on to guess; its own limit counts.
    let tried = fresh_email();
    let same = |_| json!({ "email": tried, "password": "another sprayed one" });
    assert_eq!(refused_after(&stage, 15, same, fresh_address).await, 10);
}

#[tokio::test]
async fn people_who_share_a_password_and_know_it_are_not_a_spray() {
    let stage = Stage::start().await;
    for _ in 0..7 {
        let email = stage.account().await;
        stage.log_in(&email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn limits_hold_while_redis_is_down() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let email = fresh_email();
    let guesses = |number| json!({ "email": email, "password": format!("guess number {number}") });
    assert_eq!(refused_after(&stage, 15, guesses, fresh_address).await, 10);
    let spray = |_| json!({ "email": fresh_email(), "password": "one for all of them" });
    assert_eq!(refused_after(&stage, 9, spray, || stage.address.clone()).await, 5);
    let email = stage.account().await;
    stage.log_in(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_forged_forwarding_header_does_not_pass_the_limit() {
    let stage = Stage::start().await;
    let mut refused = false;
    for number in 0..65 {
        let body = json!({ "email": fresh_email(), "password": format!("guess number {number}") });
        let call = stage.post(PATH, &body).header("x-forwarded-for", &fresh_address());
        refused |= call.send().await.status == 429;
    }
    assert!(refused);
}

#[tokio::test]
async fn a_browser_gets_its_refresh_token_in_a_cookie_that_no_script_reads() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let body = json!({ "email": email, "password": PASSWORD, "transport": "cookie", "device_name": "TV" });
    for foreign in ["https://evil.example", "http://localhost:8081", "null"] {
        let answer = stage.post(PATH, &body).header("origin", foreign).send().await;
        answer.expect_problem(403, "origin_not_allowed");
    }
    stage.post(PATH, &body).send().await.expect_problem(403, "origin_not_allowed");
    let answer = stage.post(PATH, &body).header("origin", ORIGIN).send().await;
    let token = answer.expect(200);
    assert!(token.get("refresh_token").is_none(), "{token}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-refresh=ses_"), "{cookie}");
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[tokio::test]
async fn a_hash_of_old_parameters_is_renewed_by_signing_in() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let pepper = stores::SecretHandle::new(stage.service.aws(), stage.service.var("SECRET_PEPPER"))
        .get()
        .await
        .unwrap()
        .unwrap();
    let pepper = BASE64_STANDARD.decode(pepper.expose_secret()).unwrap();
    let weaker = Params::new(8_192, 1, 1, None).unwrap();
    let argon2 = Argon2::new_with_secret(&pepper, Algorithm::Argon2id, Version::V0x13, weaker).unwrap();
    let old = argon2.hash_password_with_salt(PASSWORD.as_bytes(), &[3; 16]).unwrap().to_string();
    let pool = stage.service.pool();
    sqlx::query("update credentials set password_hash = $1").bind(&old).execute(&pool).await.unwrap();
    stage.log_in(&email, "wrong horse battery").await.expect(401);
    stage.log_in(&email, PASSWORD).await.expect(200);
    let hash: String = sqlx::query_scalar("select password_hash from credentials").fetch_one(&pool).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    stage.log_in(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_password_fits_however_the_keyboard_composes_its_characters() {
    let stage = Stage::start().await;
    let email = fresh_email();
    let (composed, decomposed) = ("мой длинный пароль", "мои\u{306} длинныи\u{306} пароль");
    stage.register(&email, composed).await.expect(202);
    let code = stage.code(&email).await;
    stage.verify_with(&email, &format!("{}-{}", &code[..3], &code[3..]), composed).await.expect(204);
    for typed in [composed, decomposed] {
        stage.log_in(&email, typed).await.expect(200);
    }
}

#[tokio::test]
async fn a_default_profile_with_a_pin_is_not_chosen_by_signing_in() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let state = ProfileChanged {
        profile_id: text(&someone.claims, "pid").to_owned(),
        account_id: someone.account().to_string(),
        locale: "ru".into(),
        max_rating: 12,
        is_default: true,
        has_pin: true,
        ..Default::default()
    };
    let event = Event::new(&stage.world, types::PROFILE_CHANGED, &state.profile_id, 1, &state);
    assert_eq!(stage.project(event).await, Outcome::Done);
    let token = stage.log_in(&someone.email, PASSWORD).await.expect(200);
    assert!(token.get("profile_id").is_none(), "{token}");
    assert!(claims(text(&token, "access_token")).get("pid").is_none());
}

#[tokio::test]
async fn the_last_signing_key_is_used_while_the_secret_cannot_be_read() {
    let service = crate::stage::service().await;
    let secrets = aws_sdk_secretsmanager::Client::new(service.aws().config());
    let original = secrets.get_secret_value().secret_id(service.var("SECRET_SIGNING_KEYS")).send().await.unwrap();
    let name = format!("signing-keys-{}", fresh_email().split('@').next().unwrap());
    let created = secrets.create_secret().name(&name).set_secret_string(original.secret_string).send().await.unwrap();
    let stage = Stage::with(&[("SECRET_SIGNING_KEYS", &name)]).await;
    let email = stage.account().await;
    stage.log_in(&email, PASSWORD).await.expect(200);
    secrets.delete_secret().secret_id(created.arn.unwrap()).force_delete_without_recovery(true).send().await.unwrap();
    stage.advance(Duration::minutes(6));
    stage.log_in(&email, PASSWORD).await.expect(200);
    // A fresh environment has no last key.
    let app = stage.service.app(auth::operations::routes);
    let answer = app.post(PATH, &json!({ "email": email, "password": PASSWORD })).send().await;
    answer.expect_problem(503, "keys_unavailable");
}

#[tokio::test]
async fn bad_input_is_a_problem_document() {
    let stage = Stage::start().await;
    let email = fresh_email();
    for (more, pointer) in [
        (json!({ "transport": "pigeon" }), "/transport"),
        (json!({ "device_name": "" }), "/device_name"),
        (json!({ "device_name": "x".repeat(101) }), "/device_name"),
        (json!({ "device_name": "a\u{0}b" }), "/device_name"),
        // Reads "TV (yours)" backwards, hides what follows, or cannot be seen at all.
        (json!({ "device_name": "\u{202e})sruoy( VT" }), "/device_name"),
        (json!({ "device_name": "TV\u{2066}phone" }), "/device_name"),
        (json!({ "device_name": "TV\nphone" }), "/device_name"),
        (json!({ "device_name": "\u{200b}\u{200b}" }), "/device_name"),
        (json!({ "device_name": "\u{2800}\u{3164}" }), "/device_name"),
        (json!({ "device_name": 7 }), "/device_name"),
        (json!({ "otp": "1" }), "/otp"),
    ] {
        let mut body = json!({ "email": email, "password": PASSWORD });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let problem = stage.post(PATH, &body).send().await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    // A NUL or a very long password is a wrong one.
    stage.log_in(&email, "a\u{0}b").await.expect_problem(401, "invalid_credentials");
    stage.log_in(&email, &"long".repeat(100_000)).await.expect_problem(401, "invalid_credentials");
}
