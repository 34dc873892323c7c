use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stores::SecretHandle;
use testkit::Answer;

use crate::home::{Home, Person};

const PATH: &str = "/v1/users/me/profiles";

async fn create(home: &Home, person: &Person, body: &Value) -> Answer {
    home.app.post(PATH, body).token(&person.token()).send().await
}

async fn count(home: &Home, person: &Person) -> usize {
    let profiles = home.app.get(PATH).token(&person.token()).send().await.expect(200);
    profiles["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_profile_is_made_and_announced() {
    let home = Home::start().await;
    let person = home.person().await;
    let kids = json!({"name": " Kids ", "avatar": "fox", "locale": "en-GB", "max_rating": 6});
    let made = create(&home, &person, &kids).await.expect(201);
    let expected = json!({"id": made["id"], "name": "Kids", "avatar": "fox", "locale": "en-GB", "max_rating": 6,
        "has_pin": false, "is_default": false, "autoplay": true});
    assert_eq!(made, expected);
    let event = home.service.events("domain-events", made["id"].as_str().unwrap(), 1).await.remove(0);
    assert_eq!((event.kind.as_str(), event.sequence), ("cinema.user.profile_changed.v1", 1));
    assert_eq!((&event.data["max_rating"], &event.data["account_id"]), (&json!(6), &json!(person.account)));
    assert_eq!(home.outbox_rows().await, 0);

    let plain = create(&home, &person, &json!({"name": "Anna"})).await.expect(201);
    assert_eq!(
        (&plain["locale"], &plain["max_rating"], &plain["avatar"]),
        (&json!("ru"), &json!(18), &json!("default"))
    );
}

#[tokio::test]
async fn the_sixth_profile_is_refused() {
    let home = Home::start().await;
    let person = home.person().await;
    for number in 2..=5 {
        create(&home, &person, &json!({"name": format!("Profile {number}")})).await.expect(201);
    }
    create(&home, &person, &json!({"name": "one too many"})).await.expect_problem(409, "too_many_profiles");
    assert_eq!(count(&home, &person).await, 5);
}

#[tokio::test]
async fn of_twenty_parallel_profiles_four_are_made() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let bodies: Vec<Value> = (0..20).map(|number| json!({"name": format!("Profile {number}")})).collect();
    let answers = join_all(bodies.iter().map(|body| create(&home, &person, body))).await;
    let made = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        answer.expect_problem(409, "too_many_profiles");
    }
    assert_eq!((made, count(&home, &person).await, count(&home, &other).await), (4, 5, 1));
}

#[tokio::test]
async fn a_pin_goes_to_auth_alone_and_only_as_a_digest() {
    let home = Home::start().await;
    let person = home.person().await;
    let made = create(&home, &person, &json!({"name": "Anna", "pin": "4711"})).await.expect(201);
    assert_eq!(made["has_pin"], true);
    assert!(!made.to_string().contains("4711"));

    let mut messages = Vec::new();
    while !messages.iter().any(|message: &Value| message["subject"] == made["id"]) {
        let batch = home.service.take_messages("profile-secrets").await;
        assert!(!batch.is_empty(), "auth was not told");
        messages.extend(batch);
    }
    let message = messages.iter().find(|message| message["subject"] == made["id"]).unwrap();
    assert_eq!((&message["type"], &message["sequence"]), (&json!("cinema.user.profile_secret_changed.v1"), &json!(1)));
    assert_eq!(message["data"]["account_id"], person.account.to_string());
    let digest = message["data"]["pin_digest"].as_str().unwrap();

    let secret = SecretHandle::new(home.service.aws(), home.service.var("SECRET_PEPPER")).get().await.unwrap().unwrap();
    let pepper = BASE64_STANDARD.decode(secret.expose_secret()).unwrap();
    let argon2 = Argon2::new_with_secret(&pepper, Algorithm::Argon2id, Version::V0x13, Params::default()).unwrap();
    assert!(argon2.verify_password(b"4711", digest).is_ok());
    assert!(Argon2::default().verify_password(b"4711", digest).is_err(), "the pepper takes part");

    // No stream and no table has it.
    let event = home.service.events("domain-events", made["id"].as_str().unwrap(), 1).await.remove(0);
    assert_eq!((&event.data["has_pin"], event.data.get("pin_digest")), (&json!(true), None));
    assert!(home.service.records("domain-events").await.iter().all(|event| !event.json().contains("argon2id")));
    for table in ["outbox", "profiles", "idempotency_keys"] {
        let row = format!("select count(*) from {table} as t where t::text like '%argon2id%'");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(row)).fetch_one(&home.service.pool()).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
}

#[tokio::test]
async fn the_same_key_makes_one_profile() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let body = json!({"name": "Anna", "pin": "4711"});
    let send = |person: &Person, body: &Value| {
        home.app.post(PATH, body).token(&person.token()).header("idempotency-key", "key-1").send()
    };
    let first = send(&person, &body).await.expect(201);
    let again = send(&person, &body).await;
    assert_eq!(again.expect(201), first);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    for changed in
        [json!({"name": "Boris", "pin": "4711"}), json!({"name": "Anna", "pin": "4712"}), json!({"name": "Anna"})]
    {
        send(&person, &changed).await.expect_problem(422, "idempotency_key_reused");
    }
    assert_eq!(count(&home, &person).await, 2);
    // What was answered to a parent is not for a session that may less.
    let child = person.stale().max_rating(6);
    let repeated = home.app.post(PATH, &body).token(&child).header("idempotency-key", "key-1").send().await;
    repeated.expect_problem(403, "step_up_required");
    // Another account's key is another key.
    assert_ne!(send(&other, &body).await.expect(201)["id"], first["id"]);

    let parallel = home.person().await;
    let answers = join_all((0..8).map(|_| send(&parallel, &body))).await;
    for answer in &answers {
        assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    assert_eq!(count(&home, &parallel).await, 2);
}

#[tokio::test]
async fn bad_bodies_are_problems() {
    let home = Home::start().await;
    let person = home.person().await;
    for body in [
        json!({}),
        json!([]),
        json!({"name": ""}),
        json!({"name": "a\u{0}b"}),
        json!({"name": "x".repeat(41)}),
        json!({"name": 7}),
        json!({"name": "Anna", "avatar": "../../etc"}),
        json!({"name": "Anna", "locale": "english"}),
        json!({"name": "Anna", "max_rating": 19}),
        json!({"name": "Anna", "pin": "12"}),
        json!({"name": "Anna", "pin": 1234}),
        json!({"name": "Anna", "is_default": true}),
    ] {
        create(&home, &person, &body).await.expect_problem(422, "invalid_request");
    }
    let post = |body: String| {
        let call = home.app.call("POST".parse().unwrap(), PATH).token(&person.token());
        call.header("content-type", "application/json").bytes(body).send()
    };
    post("{\"name\": ".to_owned()).await.expect_problem(400, "malformed_json");
    post(format!("{{\"name\": \"{}\"}}", "x".repeat(1 << 20))).await.expect_problem(413, "payload_too_large");
    let key = home
        .app
        .post(PATH, &json!({"name": "Anna"}))
        .token(&person.token())
        .header("idempotency-key", &"k".repeat(256));
    key.send().await.expect_problem(400, "invalid_idempotency_key");
    assert_eq!(count(&home, &person).await, 1);
}

#[tokio::test]
async fn without_the_pepper_only_profiles_without_pin_are_made() {
    let home = Home::start().await;
    let person = home.person().await;
    let service = home.service.with("SECRET_PEPPER", "no-such-secret");
    let home = Home { app: service.app(user::operations::routes), service };
    create(&home, &person, &json!({"name": "Anna", "pin": "4711"}))
        .await
        .expect_problem(503, "temporarily_unavailable");
    create(&home, &person, &json!({"name": "Anna"})).await.expect(201);
    assert_eq!(count(&home, &person).await, 2);
}
