//! Authenticators: taking one into use, signing in with it, recovery codes, and taking it away.

use serde_json::{Value, json};
use testkit::Answer;
use time::{Duration, OffsetDateTime};

use crate::stage::{PASSWORD, SignedIn, Stage, claims, fresh_address, text};

const VERIFY: &str = "/v1/auth/mfa/verify";
const STEP: Duration = Duration::seconds(30);

/// An account with an authenticator, as its owner holds it.
pub struct Armed {
    pub owner: SignedIn,
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

impl Armed {
    /// What the authenticator shows.
    pub fn code(&self, stage: &Stage) -> String {
        shown(&self.secret, stage.world.now())
    }

    /// A code that the authenticator does not show around now.
    pub fn wrong(&self, stage: &Stage) -> String {
        let near: Vec<String> = (-2..=2).map(|step| shown(&self.secret, stage.world.now() + STEP * step)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&time::format_description::well_known::Rfc3339).unwrap()
}

pub fn shown(secret: &str, at: OffsetDateTime) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(at.unix_timestamp().unsigned_abs()).to_string()
}

async fn enrol(stage: &Stage, someone: &SignedIn) -> Answer {
    stage.post_empty("/v1/auth/mfa/totp").bearer(&someone.access).send().await
}

async fn confirm(stage: &Stage, someone: &SignedIn, code: &str) -> Answer {
    stage.post("/v1/auth/mfa/totp/confirm", &json!({ "code": code })).bearer(&someone.access).send().await
}

async fn remove(stage: &Stage, access: &str) -> Answer {
    stage.app.delete("/v1/auth/mfa/totp").bearer(access).send().await
}

/// The code that confirmed it is used up: the next one comes a step later.
pub async fn armed(stage: &Stage) -> Armed {
    let owner = stage.signed_in().await;
    let secret = text(&enrol(stage, &owner).await.expect(200), "secret").to_owned();
    let answer = confirm(stage, &owner, &shown(&secret, stage.world.now())).await.expect(200);
    let recovery_codes = serde_json::from_value(answer["recovery_codes"].clone()).unwrap();
    assert_eq!(stage.mail(&owner.email).await["template"], "mfa_enabled");
    stage.advance(STEP * 2);
    Armed { owner, secret, recovery_codes }
}

pub async fn mfa_token(stage: &Stage, email: &str) -> String {
    let asked = stage.log_in(email, PASSWORD).await.expect(200);
    assert_eq!(asked["methods"], json!(["totp", "recovery_code"]));
    assert!(asked.get("access_token").is_none() && asked.get("refresh_token").is_none(), "{asked}");
    text(&asked, "mfa_token").to_owned()
}

async fn verify(stage: &Stage, mfa_token: &str, code: &str) -> Answer {
    stage.post(VERIFY, &json!({ "mfa_token": mfa_token, "code": code })).send().await
}

async fn kinds(stage: &Stage, someone: &SignedIn) -> Vec<String> {
    sqlx::query_scalar("select kind from security_events where account_id = $1 order by at, id")
        .bind(someone.account().to_string())
        .fetch_all(&stage.service.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_code_after_the_password_signs_in_and_the_token_says_so() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let asked = mfa_token(&stage, &armed.owner.email).await;
    let token = verify(&stage, &asked, &armed.code(&stage)).await.expect(200);
    let said = claims(text(&token, "access_token"));
    assert_eq!((&said["amr"], &said["sub"]), (&json!(["pwd", "otp"]), &armed.owner.claims["sub"]));
    assert_eq!(said["auth_time"], json!(stage.world.now().unix_timestamp()));
    assert_eq!(said["pid"], armed.owner.claims["pid"]);
    let refreshed = stage.refresh(text(&token, "refresh_token")).await.expect(200);
    assert_eq!(claims(text(&refreshed, "access_token"))["amr"], json!(["pwd", "otp"]));
    let mut kinds = kinds(&stage, &armed.owner).await;
    // The clock stands still: what happened at one moment has no order.
    kinds.sort();
    assert_eq!(kinds, ["mfa_enabled", "signed_in", "signed_in"]);
}

#[tokio::test]
async fn the_password_alone_begins_no_session() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    mfa_token(&stage, &armed.owner.email).await;
    let sessions: i64 =
        sqlx::query_scalar("select count(*) from sessions").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(sessions, 1, "the one that took the authenticator into use");
    stage.log_in(&armed.owner.email, "wrong horse battery").await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_used_step_is_refused_and_so_is_an_earlier_one() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let (earlier, code) = (shown(&armed.secret, stage.world.now() - STEP), armed.code(&stage));
    let asked = mfa_token(&stage, &armed.owner.email).await;
    verify(&stage, &asked, &code).await.expect(200);
    for used in [&code, &earlier] {
        let asked = mfa_token(&stage, &armed.owner.email).await;
        verify(&stage, &asked, used).await.expect_problem(401, "invalid_code");
    }
    // Nor is the one that confirmed the authenticator good for a sign-in.
    stage.advance(STEP);
    let asked = mfa_token(&stage, &armed.owner.email).await;
    verify(&stage, &asked, &armed.code(&stage)).await.expect(200);
}

#[tokio::test]
async fn the_confirming_code_is_used_up() {
    let stage = Stage::start().await;
    let owner = stage.signed_in().await;
    let secret = text(&enrol(&stage, &owner).await.expect(200), "secret").to_owned();
    let code = shown(&secret, stage.world.now());
    confirm(&stage, &owner, &code).await.expect(200);
    let asked = mfa_token(&stage, &owner.email).await;
    verify(&stage, &asked, &code).await.expect_problem(401, "invalid_code");
}

#[tokio::test]
async fn one_code_at_the_same_time_begins_one_session() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(mfa_token(&stage, &armed.owner.email).await);
    }
    let code = armed.code(&stage);
    let answers = futures::future::join_all(tokens.iter().map(|asked| verify(&stage, asked, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn an_mfa_token_is_good_once_for_five_minutes_and_nobody_makes_one_up() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let asked = mfa_token(&stage, &armed.owner.email).await;
    verify(&stage, &asked, &armed.code(&stage)).await.expect(200);
    stage.advance(STEP);
    verify(&stage, &asked, &armed.code(&stage)).await.expect_problem(401, "invalid_mfa_token");
    for made_up in ["", "x", &"A".repeat(43), "a\u{0}b"] {
        verify(&stage, made_up, &armed.code(&stage)).await.expect_problem(401, "invalid_mfa_token");
    }
    let asked = mfa_token(&stage, &armed.owner.email).await;
    stage.advance(Duration::minutes(5));
    verify(&stage, &asked, &armed.code(&stage)).await.expect_problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn five_wrong_codes_cool_down_for_a_quarter_of_an_hour_whatever_the_token() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    for _ in 0..5 {
        let asked = mfa_token(&stage, &armed.owner.email).await;
        verify(&stage, &asked, &armed.wrong(&stage)).await.expect_problem(401, "invalid_code");
    }
    let asked = mfa_token(&stage, &armed.owner.email).await;
    for code in [armed.code(&stage), armed.recovery_codes[0].clone()] {
        let refused = verify(&stage, &asked, &code).await;
        refused.expect_problem(429, "mfa_locked");
        assert_eq!(refused.header("retry-after"), Some("900"));
    }
    assert_eq!(kinds(&stage, &armed.owner).await.iter().filter(|kind| *kind == "mfa_failed").count(), 5);
    stage.advance(Duration::minutes(15));
    let asked = mfa_token(&stage, &armed.owner.email).await;
    verify(&stage, &asked, &armed.code(&stage)).await.expect(200);
}

#[tokio::test]
async fn guesses_at_the_same_time_from_everywhere_count_even_without_the_limiter() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let armed = armed(&stage).await;
    let asked = mfa_token(&stage, &armed.owner.email).await;
    let body = json!({ "mfa_token": asked, "code": armed.wrong(&stage) });
    let guesses = (0..20).map(|_| {
        // Another environment each time: none of them remembers the others' tries.
        let app = stage.service.app_with(&stage.boot(), auth::operations::routes);
        let body = &body;
        async move { app.post(VERIFY, body).send().await.status.as_u16() }
    });
    let answers = futures::future::join_all(guesses).await;
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 15, "{answers:?}");
}

#[tokio::test]
async fn one_client_with_the_codes_of_many_accounts_is_stopped() {
    let stage = Stage::start().await;
    let mut accounts = Vec::new();
    for _ in 0..16 {
        accounts.push(armed(&stage).await);
    }
    let (near, mut passed) = (fresh_address(), 0);
    for armed in accounts {
        let asked = mfa_token(&stage, &armed.owner.email).await;
        for _ in 0..4 {
            let body = json!({ "mfa_token": asked, "code": armed.wrong(&stage) });
            let answer = stage.post_from(&near, VERIFY, &body).send().await;
            if answer.status == 429 {
                answer.expect_problem(429, "rate_limited");
                assert!((60..=61).contains(&passed), "{passed}");
                return;
            }
            answer.expect(401);
            passed += 1;
        }
    }
    panic!("{passed} guesses were let through");
}

#[tokio::test]
async fn ten_recovery_codes_are_good_once_each() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    assert_eq!(armed.recovery_codes.len(), 10);
    for code in &armed.recovery_codes[..3] {
        let asked = mfa_token(&stage, &armed.owner.email).await;
        let token = verify(&stage, &asked, &code.to_uppercase()).await.expect(200);
        assert_eq!(claims(text(&token, "access_token"))["amr"], json!(["pwd", "otp"]));
    }
    let asked = mfa_token(&stage, &armed.owner.email).await;
    verify(&stage, &asked, &armed.recovery_codes[0]).await.expect_problem(401, "invalid_code");
    verify(&stage, &asked, &armed.recovery_codes[3]).await.expect(200);
    let used = kinds(&stage, &armed.owner).await;
    assert_eq!(used.iter().filter(|kind| *kind == "recovery_code_used").count(), 4);
    // The same code at the same time is one, too.
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(mfa_token(&stage, &armed.owner.email).await);
    }
    let code = &armed.recovery_codes[4];
    let answers = futures::future::join_all(tokens.iter().map(|asked| verify(&stage, asked, code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn codes_of_another_account_do_not_fit() {
    let stage = Stage::start().await;
    let (mine, other) = (armed(&stage).await, armed(&stage).await);
    let asked = mfa_token(&stage, &mine.owner.email).await;
    verify(&stage, &asked, &other.recovery_codes[0]).await.expect_problem(401, "invalid_code");
    // The chance that two authenticators show the same is 3 in a million.
    verify(&stage, &asked, &other.code(&stage)).await.expect_problem(401, "invalid_code");
}

#[tokio::test]
async fn neither_secret_nor_codes_can_be_found_in_the_database() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let asked = mfa_token(&stage, &armed.owner.email).await;
    let dump: String = sqlx::query_scalar(
        "select (select json_agg(t)::text from totp t) || (select json_agg(r)::text from recovery_codes r) \
         || (select json_agg(m)::text from mfa_tokens m) || (select coalesce(json_agg(e)::text, '') from security_events e)",
    )
    .fetch_one(&stage.service.pool())
    .await
    .unwrap();
    let secret = totp_rs::Secret::try_from_base32(&armed.secret).unwrap();
    assert!(!dump.contains(&hex::encode(secret.as_ref())) && !dump.contains(&armed.secret) && !dump.contains(&asked));
    for code in &armed.recovery_codes {
        assert!(!dump.contains(code.as_str()) && !dump.contains(&code.replace('-', "")));
        assert!(!dump.contains(&hex::encode(code.replace('-', ""))));
    }
}

#[tokio::test]
async fn an_enrolment_waits_ten_minutes_for_its_code() {
    let stage = Stage::start().await;
    let owner = stage.signed_in().await;
    confirm(&stage, &owner, "123456").await.expect_problem(404, "not_found");
    let enrolled = enrol(&stage, &owner).await.expect(200);
    let secret = text(&enrolled, "secret").to_owned();
    assert_eq!(secret.len(), 32, "160 bits");
    let uri = text(&enrolled, "otpauth_uri");
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(&format!("secret={secret}&")), "{uri}");
    // Nothing has changed yet.
    assert!(stage.log_in(&owner.email, PASSWORD).await.expect(200).get("access_token").is_some());
    let wrong = confirm(&stage, &owner, &shown(&secret, stage.world.now() + STEP * 9)).await;
    assert_eq!(wrong.expect_problem(422, "invalid_code")["errors"][0]["pointer"], "/code");
    stage.advance(Duration::minutes(9));
    // A new secret takes the place of the old one.
    let second = text(&enrol(&stage, &owner).await.expect(200), "secret").to_owned();
    assert_ne!(second, secret);
    confirm(&stage, &owner, &shown(&secret, stage.world.now())).await.expect_problem(422, "invalid_code");
    stage.advance(Duration::minutes(10));
    let access = text(&stage.refresh(&owner.refresh).await.expect(200), "access_token").to_owned();
    let late = SignedIn { access, ..owner };
    confirm(&stage, &late, &shown(&second, stage.world.now())).await.expect_problem(410, "enrolment_expired");
    let proof = stage.post("/v1/auth/step-up", &json!({ "password": PASSWORD })).bearer(&late.access);
    let access = text(&proof.send().await.expect(200), "access_token").to_owned();
    let late = SignedIn { access, ..late };
    let third = text(&enrol(&stage, &late).await.expect(200), "secret").to_owned();
    confirm(&stage, &late, &shown(&third, stage.world.now())).await.expect(200);
    enrol(&stage, &late).await.expect_problem(409, "totp_already_enabled");
    confirm(&stage, &late, &shown(&third, stage.world.now())).await.expect_problem(409, "totp_already_enabled");
}

#[tokio::test]
async fn the_account_knows_whether_an_authenticator_is_in_use_and_how_many_codes_are_left() {
    let stage = Stage::start().await;
    let plain = stage.signed_in().await;
    let told = async |access: &str| stage.app.get("/v1/auth/mfa").bearer(access).send().await.expect(200);
    let none = json!({ "password": true, "totp": { "enabled": false }, "recovery_codes_left": 0 });
    assert_eq!(told(&plain.access).await, none);
    // One that waits for its confirmation is not in use.
    enrol(&stage, &plain).await.expect(200);
    assert_eq!(told(&plain.access).await, none);

    let since = stage.world.now();
    let armed = armed(&stage).await;
    let mut expected =
        json!({ "password": true, "totp": { "enabled": true, "since": rfc3339(since) }, "recovery_codes_left": 10 });
    assert_eq!(told(&armed.owner.access).await, expected);
    let token = mfa_token(&stage, &armed.owner.email).await;
    let signed_in = verify(&stage, &token, &armed.recovery_codes[0]).await.expect(200);
    expected["recovery_codes_left"] = json!(9);
    assert_eq!(told(text(&signed_in, "access_token")).await, expected);
    remove(&stage, text(&signed_in, "access_token")).await.expect(204);
    assert_eq!(told(&armed.owner.access).await, none);
    // What a provider has made has no password.
    let deleted = sqlx::query("delete from credentials where account_id = $1").bind(plain.account().to_string());
    deleted.execute(&stage.service.pool()).await.unwrap();
    assert_eq!(told(&plain.access).await["password"], false);

    stage.post_empty("/v1/auth/logout").bearer(&plain.access).send().await.expect(204);
    let gone = stage.app.get("/v1/auth/mfa").bearer(&plain.access).send().await;
    gone.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn an_old_proof_is_not_made_new_by_an_authenticator_of_somebody_else() {
    let stage = Stage::start().await;
    let owner = stage.signed_in().await;
    stage.advance(Duration::minutes(10) + Duration::SECOND);
    let access = text(&stage.refresh(&owner.refresh).await.expect(200), "access_token").to_owned();
    let late = SignedIn { access, ..owner };
    enrol(&stage, &late).await.expect_problem(403, "step_up_required");
}

#[tokio::test]
async fn taking_it_away_needs_a_fresh_proof_with_a_code() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    stage.advance(Duration::minutes(10));
    let access = text(&stage.refresh(&armed.owner.refresh).await.expect(200), "access_token").to_owned();
    remove(&stage, &access).await.expect_problem(403, "step_up_required");
    let step_up = async |body: Value| {
        let token = stage.post("/v1/auth/step-up", &body).bearer(&access).send().await.expect(200);
        text(&token, "access_token").to_owned()
    };
    // Whoever has stolen the password and a session must not get rid of the authenticator.
    let with_password = step_up(json!({ "password": PASSWORD })).await;
    let refused = remove(&stage, &with_password).await.expect_problem(403, "step_up_required");
    assert_eq!(refused["proof"], json!({ "max_age": 600, "second_factor": true }));
    let code = armed.code(&stage);
    let access = step_up(json!({ "code": format!("{} {}", &code[..3], &code[3..]) })).await;
    remove(&stage, &access).await.expect(204);
    assert_eq!(stage.mail(&armed.owner.email).await["template"], "mfa_disabled");
    remove(&stage, &access).await.expect(204);
    assert!(stage.log_in(&armed.owner.email, PASSWORD).await.expect(200).get("access_token").is_some());
    let told = kinds(&stage, &armed.owner).await;
    assert_eq!(told.iter().filter(|kind| *kind == "mfa_disabled").count(), 1);
    let left: i64 = sqlx::query_scalar("select (select count(*) from totp) + (select count(*) from recovery_codes)")
        .fetch_one(&stage.service.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_browser_gets_its_cookie_after_the_code() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let origin = "http://localhost:8080";
    let body = json!({ "email": armed.owner.email, "password": PASSWORD, "transport": "cookie", "device_name": "TV" });
    let asked = stage.post("/v1/auth/login", &body).header("origin", origin).send().await;
    assert!(asked.header("set-cookie").is_none());
    let body = json!({ "mfa_token": text(&asked.expect(200), "mfa_token"), "code": armed.code(&stage) });
    let foreign = stage.post(VERIFY, &body).header("origin", "https://evil.example").send().await;
    foreign.expect_problem(403, "origin_not_allowed");
    let answer = stage.post(VERIFY, &body).header("origin", origin).send().await;
    let token = answer.expect(200);
    assert!(token.get("refresh_token").is_none());
    assert!(answer.header("set-cookie").is_some_and(|cookie| cookie.starts_with("__Host-refresh=ses_")));
    let sessions = stage.app.get("/v1/auth/sessions").bearer(text(&token, "access_token")).send().await.expect(200);
    assert!(sessions["items"].as_array().unwrap().iter().any(|session| session["device_name"] == "TV"));
}

#[tokio::test]
async fn a_broken_pepper_or_a_missing_key_uses_up_nothing() {
    let stage = Stage::start().await;
    let armed = armed(&stage).await;
    let asked = mfa_token(&stage, &armed.owner.email).await;
    let body = json!({ "mfa_token": asked, "code": armed.code(&stage) });
    let app = stage.app_with("SECRET_SIGNING_KEYS", "nothing");
    app.post(VERIFY, &body).send().await.expect_problem(503, "keys_unavailable");
    let app = stage.app_with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    app.post(VERIFY, &body).send().await.expect_problem(503, "temporarily_unavailable");
    stage.app.post(VERIFY, &body).send().await.expect(200);
}

#[tokio::test]
async fn bad_input_is_a_problem_document() {
    let stage = Stage::start().await;
    for (body, pointer) in [
        (json!({ "mfa_token": "x", "code": "12345" }), "/code"),
        (json!({ "mfa_token": "x", "code": 123456 }), "/code"),
        (json!({ "mfa_token": 1, "code": "123456" }), "/mfa_token"),
        (json!({ "mfa_token": "x", "code": "123456", "email": "a@example.com" }), "/email"),
    ] {
        let body: Value = body;
        let problem = stage.post_from(&fresh_address(), VERIFY, &body).send().await;
        assert_eq!(problem.expect_problem(422, "invalid_request")["errors"][0]["pointer"], pointer);
    }
}
