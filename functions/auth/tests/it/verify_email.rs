use serde_json::json;
use time::Duration;

use crate::stage::{PASSWORD, Stage, claims, fresh_email, text};

/// A code that is not `code`.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn the_right_code_makes_the_account_and_tells_everybody() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    stage.verify(&email, &code).await.expect(204);
    let token = stage.log_in(&email, PASSWORD).await.expect(200);
    let claims = claims(text(&token, "access_token"));
    let account = text(&claims, "sub").to_owned();
    let events = stage.service.events("domain-events", &account, 1).await;
    assert_eq!(events.len(), 1);
    let state: proto::auth::AccountVerified = events[0].data().unwrap();
    assert_eq!((events[0].kind.as_str(), events[0].sequence), (proto::types::ACCOUNT_VERIFIED, 1));
    assert_eq!((state.account_id, state.email, state.locale.as_str()), (account, email, "en"));
    assert_eq!(state.default_profile_id, text(&token, "profile_id"));
    assert_eq!(state.default_profile_id, text(&claims, "pid"));
    assert!(!state.verified_at.is_empty());
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_is_204() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    let answers = futures::future::join_all((0..4).map(|_| stage.verify(&email, &code))).await;
    for answer in answers {
        answer.expect(204);
    }
    stage.advance(Duration::hours(2));
    stage.verify(&email, &code).await.expect(204);
    let token = stage.log_in(&email, PASSWORD).await.expect(200);
    let account = text(&claims(text(&token, "access_token")), "sub").to_owned();
    assert_eq!(stage.service.events("domain-events", account, 1).await.len(), 1);
}

#[tokio::test]
async fn the_sixth_try_is_429_and_the_code_dies() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    for _ in 0..5 {
        stage.verify(&email, &wrong(&code)).await.expect_problem(422, "invalid_code");
    }
    let refused = stage.verify(&email, &code).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    // The limit lets a try through again before the code's hour is over; the code is dead all the same.
    stage.advance(Duration::minutes(15));
    stage.verify(&email, &code).await.expect_problem(422, "invalid_code");
    // A new code has tries of its own.
    stage.register(&email, PASSWORD).await.expect(202);
    let code = stage.code(&email).await;
    stage.verify(&email, &code).await.expect(204);
}

#[tokio::test]
async fn tries_count_in_the_database_even_without_the_limiter() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let (email, code) = stage.registered().await;
    for _ in 0..5 {
        // Another environment each time: none of them remembers the others' tries.
        let app = stage.service.app(auth::operations::routes);
        let body = json!({ "email": email, "code": wrong(&code), "password": PASSWORD });
        app.post("/v1/auth/verify-email", &body).send().await.expect_problem(422, "invalid_code");
    }
    let app = stage.service.app(auth::operations::routes);
    let body = json!({ "email": email, "code": code, "password": PASSWORD });
    app.post("/v1/auth/verify-email", &body).send().await.expect_problem(422, "invalid_code");
}

#[tokio::test]
async fn a_late_code_is_410_and_a_wrong_one_does_not_tell_so() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    stage.advance(Duration::HOUR);
    stage.verify(&email, &code).await.expect_problem(410, "code_expired");
    stage.verify(&email, &wrong(&code)).await.expect_problem(422, "invalid_code");
}

#[tokio::test]
async fn unknown_and_verified_addresses_answer_alike() {
    let stage = Stage::start().await;
    let verified = stage.account().await;
    stage.register(&verified, PASSWORD).await.expect(202);
    for email in [verified, fresh_email()] {
        for _ in 0..5 {
            stage.verify(&email, "000000").await.expect_problem(422, "invalid_code");
        }
        stage.verify(&email, "000000").await.expect_problem(429, "rate_limited");
    }
}

#[tokio::test]
async fn the_first_administrator_gets_the_role_here_and_nobody_else() {
    let admin = fresh_email();
    let stage = Stage::with(&[("FIRST_ADMIN_EMAIL", &admin.to_uppercase())]).await;
    stage.register(&admin, PASSWORD).await.expect(202);
    let code = stage.code(&admin).await;
    stage.verify(&admin, &code).await.expect(204);
    let token = stage.log_in(&admin, PASSWORD).await.expect(200);
    assert_eq!(claims(text(&token, "access_token"))["roles"], json!(["admin"]));
    assert_eq!(granted(&stage, &admin).await, ["admin"]);
    // A repeat is not a second grant.
    stage.verify(&admin, &code).await.expect(204);
    assert_eq!(granted(&stage, &admin).await, ["admin"]);
    assert_eq!(stage.signed_in().await.claims["roles"], json!([]));
}

/// The roles that the log says somebody got.
async fn granted(stage: &Stage, email: &str) -> Vec<String> {
    let granted = "select e.detail from security_events e join accounts a on a.id = e.account_id \
                   where a.email = $1 and e.kind = 'role_granted' order by e.at";
    sqlx::query_scalar(granted).bind(email).fetch_all(&stage.service.pool()).await.unwrap()
}

#[tokio::test]
async fn the_address_of_the_first_administrator_makes_nobody_one_while_there_is_one() {
    let address = fresh_email();
    let stage = Stage::with(&[("FIRST_ADMIN_EMAIL", &address)]).await;
    let become_admin = async || {
        stage.register(&address, PASSWORD).await.expect(202);
        stage.verify(&address, &stage.code(&address).await).await.expect(204);
        let token = stage.log_in(&address, PASSWORD).await.expect(200);
        claims(text(&token, "access_token")).clone()
    };
    let first = become_admin().await;
    assert_eq!(first["roles"], json!(["admin"]));
    // The administrator has another address by now, and somebody else got the old one.
    let moved = sqlx::query("update accounts set email = $1 where email = $2").bind(fresh_email()).bind(&address);
    assert_eq!(moved.execute(&stage.service.pool()).await.unwrap().rows_affected(), 1);
    let second = become_admin().await;
    assert_ne!(first["sub"], second["sub"]);
    assert_eq!(second["roles"], json!([]));
    assert_eq!(granted(&stage, &address).await, [""; 0]);
}

#[tokio::test]
async fn bad_input_is_a_problem_document() {
    let stage = Stage::start().await;
    let email = fresh_email();
    for (body, pointer) in [
        (json!({ "email": email, "code": 123456, "password": PASSWORD }), "/code"),
        (json!({ "email": email, "code": "12345", "password": PASSWORD }), "/code"),
        (json!({ "email": email, "code": "12345a", "password": PASSWORD }), "/code"),
        (json!({ "email": "nobody", "code": "123456", "password": PASSWORD }), "/email"),
        (json!({ "email": email, "code": "123456", "password": null }), "/password"),
        (json!({ "email": email, "code": "123456" }), ""),
        (json!({ "email": email, "code": "123456", "password": PASSWORD, "admin": true }), "/admin"),
    ] {
        let problem = stage.post("/v1/auth/verify-email", &body).send().await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}

/// What two clients do with one address before its owner enters a code.
#[derive(Debug, Clone, Copy)]
enum Step {
    OwnerRegisters,
    IntruderRegisters,
    IntruderGuesses,
}

#[tokio::test]
async fn of_two_clients_only_the_one_with_the_code_and_its_own_password_gets_in() {
    use Step::{IntruderGuesses, IntruderRegisters, OwnerRegisters};
    let orders: [&[Step]; 8] = [
        &[OwnerRegisters, IntruderRegisters],
        &[IntruderRegisters, OwnerRegisters],
        // The owner finds a code of somebody else's registration and enters it.
        &[IntruderRegisters],
        &[OwnerRegisters, IntruderRegisters, IntruderGuesses],
        &[OwnerRegisters, IntruderGuesses, IntruderRegisters],
        &[IntruderRegisters, IntruderGuesses, OwnerRegisters],
        &[IntruderRegisters, OwnerRegisters, IntruderRegisters],
        &[OwnerRegisters, IntruderRegisters, OwnerRegisters],
    ];
    for order in orders {
        // A stage each: one client's limit of guesses is not what is tested.
        let stage = Stage::start().await;
        let (email, mut code) = (fresh_email(), None);
        // Of its own for every order: one password over many accounts is refused.
        let intruders = format!("intruder {}", fresh_email().replace('@', " "));
        for step in order {
            match step {
                OwnerRegisters => drop(stage.register(&email, PASSWORD).await.expect(202)),
                IntruderRegisters => drop(stage.register(&email, &intruders).await.expect(202)),
                IntruderGuesses => {
                    let sent: &String = code.as_ref().unwrap();
                    let answer = stage.verify_with(&email, &wrong(sent), &intruders).await;
                    answer.expect_problem(422, "invalid_code");
                }
            }
            if !matches!(step, IntruderGuesses) {
                code = Some(stage.code(&email).await);
            }
            for password in [PASSWORD, &intruders] {
                let status = stage.log_in(&email, password).await.status.as_u16();
                assert!(matches!(status, 401 | 403), "{order:?}: {status} before anybody proved the address");
            }
        }
        let code = code.unwrap();
        stage.verify(&email, &code).await.expect(204);
        // A code that was used sets nobody's password any more.
        stage.verify_with(&email, &code, &intruders).await.expect(204);
        stage.register(&email, &intruders).await.expect(202);
        stage.verify_with(&email, &code, &intruders).await.expect_problem(422, "invalid_code");
        stage.log_in(&email, &intruders).await.expect_problem(401, "invalid_credentials");
        stage.log_in(&email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn a_weak_password_costs_no_try_of_the_code() {
    let stage = Stage::start().await;
    let (email, code) = stage.registered().await;
    for weak in ["short", "password123", "aaaaaaaaaaaaaaa"].iter().cycle().take(7) {
        let problem = stage.verify_with(&email, &code, weak).await.expect_problem(422, "weak_password");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
    }
    stage.log_in(&email, PASSWORD).await.expect_problem(403, "email_unverified");
    stage.verify(&email, &code).await.expect(204);
    stage.log_in(&email, PASSWORD).await.expect(200);
}
