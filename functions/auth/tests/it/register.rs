use serde_json::json;
use time::Duration;

use crate::stage::{PASSWORD, Stage, fresh_address, fresh_email, from_the_edge};

const PATH: &str = "/v1/auth/register";

#[tokio::test]
async fn a_new_address_gets_a_code_in_its_language() {
    let stage = Stage::start().await;
    let email = fresh_email();
    let body = json!({ "email": email.to_uppercase(), "password": PASSWORD });
    let answer = stage.post(PATH, &body).header("accept-language", "ru-RU, en;q=0.5").send().await;
    assert_eq!(answer.expect(202), json!({ "status": "verification_sent" }));
    let mail = stage.mail(&email).await;
    assert_eq!((&mail["template"], &mail["locale"]), (&json!("verify_email"), &json!("ru-RU")));
    assert!(mail["message_id"].as_str().is_some_and(|id| id.starts_with("msg_")));
    assert_eq!(mail["variables"]["code"].as_str().map(str::len), Some(6));
    let left: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_answer_does_not_tell_which_addresses_are_known() {
    let stage = Stage::start().await;
    let verified = stage.account().await;
    let (unverified, _) = stage.registered().await;
    let answers = [
        stage.register(&fresh_email(), PASSWORD).await,
        stage.register(&unverified, PASSWORD).await,
        stage.register(&verified, "another horse battery").await,
    ];
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (202, &answers[0].body));
        let names =
            |answer: &testkit::Answer| answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(answer), names(&answers[0]));
    }
    let mail = stage.mail(&verified).await;
    assert_eq!((&mail["template"], &mail["variables"]), (&json!("already_registered"), &json!({})));
    // Nobody changes a verified account by registering it again.
    stage.log_in(&verified, "another horse battery").await.expect_problem(401, "invalid_credentials");
    stage.log_in(&verified, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn registering_again_before_verification_gives_a_new_code() {
    let stage = Stage::start().await;
    let (email, first) = stage.registered().await;
    stage.register(&email, "another horse battery").await.expect(202);
    let second = stage.code(&email).await;
    if first != second {
        stage.verify(&email, &first).await.expect_problem(422, "invalid_code");
    }
    stage.verify_with(&email, &second, "another horse battery").await.expect(204);
    stage.log_in(&email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    stage.log_in(&email, "another horse battery").await.expect(200);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_its_reason() {
    let stage = Stage::start().await;
    let email = "alice.of.wonderland@example.com";
    for weak in ["short", "password123", "Alice.of.Wonderland!", "aaaaaaaaaaaaaaa", &"long".repeat(33)] {
        let problem = stage.register(email, weak).await.expect_problem(422, "weak_password");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
    }
}

#[tokio::test]
async fn bad_input_is_a_problem_document() {
    let stage = Stage::start().await;
    let call = |body: &str| {
        from_the_edge(stage.app.call(cinema_http::axum::http::Method::POST, PATH), &stage.address)
            .bytes(body.to_owned())
    };
    let json = "application/json";
    call("{").header("content-type", json).send().await.expect_problem(400, "malformed_json");
    call("{}").header("content-type", "text/plain").send().await.expect_problem(415, "unsupported_media_type");
    call("").header("content-type", json).send().await.expect_problem(400, "malformed_json");
    let huge = format!("{{\"email\": \"{}\"}}", "a".repeat(1 << 20));
    call(&huge).header("content-type", json).send().await.expect_problem(413, "payload_too_large");
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "email": "nobody", "password": PASSWORD }), "/email"),
        (json!({ "email": "a\u{0}@example.com", "password": PASSWORD }), "/email"),
        (json!({ "email": 7, "password": PASSWORD }), "/email"),
        (json!({ "email": "a@example.com", "password": null }), "/password"),
        (json!({ "email": "a@example.com", "password": PASSWORD, "locale": "english" }), "/locale"),
        (json!({ "email": "a@example.com", "password": PASSWORD, "role": "admin" }), "/role"),
    ] {
        let problem = stage.post(PATH, &body).send().await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
}

async fn sixth_is_refused(stage: &Stage, email: impl Fn() -> String) -> testkit::Answer {
    for _ in 0..5 {
        let body = json!({ "email": email(), "password": PASSWORD });
        let answer = stage.post_from(&fresh_address(), PATH, &body).send().await;
        if answer.status == 429 {
            return answer;
        }
        answer.expect(202);
    }
    stage.post_from(&fresh_address(), PATH, &json!({ "email": email(), "password": PASSWORD })).send().await
}

#[tokio::test]
async fn too_many_mails_to_one_address_are_refused() {
    let stage = Stage::start().await;
    let email = fresh_email();
    let refused = sixth_is_refused(&stage, || email.clone()).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit-limit").is_some());
    stage.advance(Duration::HOUR);
    stage.register(&email, PASSWORD).await.expect(202);
}

#[tokio::test]
async fn a_burst_from_a_throw_away_domain_is_refused() {
    let stage = Stage::start().await;
    let address = || format!("{}@box.mailinator.com", fresh_email().split('@').next().unwrap());
    sixth_is_refused(&stage, address).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn one_client_cannot_register_without_end() {
    let stage = Stage::start().await;
    let mut refused = 0;
    for number in 0..45 {
        // Weak passwords are refused before anything is counted, so this one is strong.
        let answer = stage.register(&fresh_email(), &format!("{PASSWORD} {number}")).await;
        refused += u32::from(answer.status == 429);
    }
    assert!((1..=5).contains(&refused), "{refused}");
}

#[tokio::test]
async fn limits_hold_while_redis_is_down() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let email = fresh_email();
    sixth_is_refused(&stage, || email.clone()).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn engines_that_are_down_are_503() {
    for (name, value) in
        [("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]
    {
        let stage = Stage::start().await;
        let app = stage.app_with(name, value);
        let body = json!({ "email": fresh_email(), "password": PASSWORD });
        let answer = from_the_edge(app.post(PATH, &body), &stage.address).send().await;
        answer.expect_problem(503, "temporarily_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn spellings_of_one_mailbox_are_different_accounts_but_share_its_mails() {
    let stage = Stage::start().await;
    let (name, domain) =
        fresh_email().split_once('@').map(|(name, domain)| (name.to_owned(), domain.to_owned())).unwrap();
    let number = std::cell::Cell::new(0);
    let next = || {
        number.set(number.get() + 1);
        format!("{name}+{}@{domain}", number.get())
    };
    sixth_is_refused(&stage, next).await.expect_problem(429, "rate_limited");
    let accounts: Vec<String> =
        sqlx::query_scalar("select email from accounts order by email").fetch_all(&stage.service.pool()).await.unwrap();
    assert_eq!(accounts, (1..=5).map(|number| format!("{name}+{number}@{domain}")).collect::<Vec<_>>());
}

/// Redis is down: what is counted is counted here alone, and mails to one domain are many.
#[tokio::test]
async fn a_flood_to_names_below_one_domain_ends_and_other_domains_go_on() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let forgot = async |email: String| {
        let body = json!({ "email": email });
        stage.post_from(&fresh_address(), "/v1/auth/password/forgot", &body).send().await.status.as_u16()
    };
    let mut passed = 0;
    for batch in 0..16 {
        let mails = (0..20).map(|number| forgot(format!("a{batch}@x{batch}-{number}.flooded.example")));
        passed += futures::future::join_all(mails).await.iter().filter(|status| **status == 202).count();
    }
    assert!((300..=302).contains(&passed), "{passed}");
    assert_eq!(forgot("a@flooded.example".into()).await, 429);
    assert_eq!(forgot("a@other.example".into()).await, 202);
    assert_eq!(forgot("a@gmail.com".into()).await, 202);
}

#[tokio::test]
async fn one_address_is_one_account_however_its_domain_is_written() {
    let stage = Stage::start().await;
    let (label, email) = (fresh_email(), fresh_email());
    let label = label.split('@').next_back().unwrap().split('.').next().unwrap();
    let name = email.split('@').next().unwrap();
    let stored: Vec<String> = [
        format!("{name}@bücher-{label}.example"),
        format!("{name}@BÜCHER-{label}。example."),
        format!("{name}@bu\u{308}cher-{label}.example"),
    ]
    .into();
    let mut code = String::new();
    for spelling in &stored {
        stage.register(spelling, PASSWORD).await.expect(202);
        let accounts: Vec<String> =
            sqlx::query_scalar("select email from accounts").fetch_all(&stage.service.pool()).await.unwrap();
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        assert!(accounts[0].is_ascii() && accounts[0].starts_with(&format!("{name}@xn--")), "{accounts:?}");
        // What is mailed to is what DNS knows.
        code = stage.code(&accounts[0]).await;
    }
    stage.verify(&stored[2], &code).await.expect(204);
    for spelling in &stored {
        stage.log_in(spelling, PASSWORD).await.expect(200);
    }
    let problem = stage.register("иван@example.com", PASSWORD).await.expect_problem(422, "invalid_request");
    assert_eq!(problem["errors"][0]["pointer"], "/email");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("before the @"), "{problem}");
}
