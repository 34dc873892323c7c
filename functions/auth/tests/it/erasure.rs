//! The erasure of an account, from the wish to the last receipt.

use auth::{erasure::ERASERS, operations};
use cinema_http::axum::http::Method;
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, ErasureId, ProfileId, World};
use proto::{auth::AccountErased, types, user::ProfileChanged};
use runtime::Tick;
use serde_json::{Value, json};
use testkit::{Answer, http::Call};
use time::Duration;

use crate::stage::{PASSWORD, SignedIn, Stage, from_the_edge, text};

fn call(stage: &Stage, method: Method, path: &str, access: &str) -> Call {
    from_the_edge(stage.app.call(method, path), &stage.address).bearer(access)
}

async fn delete(stage: &Stage, access: &str) -> Answer {
    call(stage, Method::DELETE, "/v1/auth/account", access).send().await
}

/// What a service answers.
fn receipt(service: &str, erasure: &str, account: AccountId, profiles: &[ProfileId], records: u64) -> Event {
    let data = AccountErased {
        erasure_id: erasure.to_owned(),
        account_id: account.to_string(),
        profile_ids: profiles.iter().map(ToString::to_string).collect(),
        records,
        erased_at: "2026-01-01T12:00:00Z".to_owned(),
    };
    let kind = format!("cinema.{service}.account_erased.v1");
    Event::new(&World::system(), &kind, erasure, 1, &data)
}

async fn collect(stage: &Stage, event: Event) -> Outcome {
    let boot = stage.boot();
    let consumer = operations::consumers::collect_receipts(&boot).unwrap();
    consumer.consume(event, &Deadline::unlimited(boot.world())).await
}

async fn resume(stage: &Stage) -> Outcome {
    let boot = stage.boot();
    let consumer = operations::consumers::resume_erasures(&boot).unwrap();
    consumer.consume(Tick { time: None }, &Deadline::unlimited(boot.world())).await
}

/// Tables with a row that contains the text.
async fn traces(stage: &Stage, needle: &str) -> Vec<String> {
    let pool = stage.service.pool();
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let query = format!("select count(*) from {table} where {table}::text like '%' || $1 || '%'");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(needle).fetch_one(&pool).await.unwrap();
        if count > 0 {
            found.push(table);
        }
    }
    found
}

/// The last mail to an address; others may have come before it.
async fn farewell(stage: &Stage, email: &str) -> Value {
    loop {
        let mail = stage.mail(email).await;
        if mail["template"] == "account_erased" {
            return mail;
        }
    }
}

async fn begun(stage: &Stage) -> (SignedIn, Value) {
    let person = stage.signed_in().await;
    let answer = delete(stage, &person.access).await.expect(202);
    (person, answer)
}

fn path(answer: &Value) -> String {
    text(answer, "receipts_url").strip_prefix("http://localhost:8080").unwrap().to_owned()
}

#[tokio::test]
async fn from_the_wish_on_nobody_can_sign_in_and_a_repetition_gets_the_same_answer() {
    let stage = Stage::start().await;
    let (person, answer) = begun(&stage).await;
    assert_eq!(answer["status"], "erasing");
    assert_eq!(delete(&stage, &person.access).await.expect(202), answer, "the same, byte for byte");
    stage.refresh(&person.refresh).await.expect_problem(401, "session_revoked");
    stage.log_in(&person.email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    let sessions = call(&stage, Method::GET, "/v1/auth/sessions", &person.access).send().await;
    sessions.expect_problem(401, "session_revoked");
    let erasure = text(&answer, "erasure_id");
    let told = stage.service.events("domain-events", erasure, 1).await;
    assert_eq!((told.len(), told[0].kind.as_str(), told[0].sequence), (1, types::ERASURE_REQUESTED, 1));
    assert_eq!(told[0].data["account_id"], person.account().to_string());
    assert!(told[0].data.get("profile_ids").is_none_or(|ids| ids == &json!([])));
}

#[tokio::test]
async fn the_address_is_free_at_once_and_its_new_account_is_another_one() {
    let stage = Stage::start().await;
    let (person, answer) = begun(&stage).await;
    stage.register(&person.email, "another long sentence").await.expect(202);
    let code = stage.code(&person.email).await;
    stage.verify_with(&person.email, &code, "another long sentence").await.expect(204);
    let token = stage.log_in(&person.email, "another long sentence").await.expect(200);
    let claims = crate::stage::claims(text(&token, "access_token"));
    assert_ne!(claims["sub"], person.account().to_string());
    for service in ERASERS {
        collect(&stage, receipt(service, text(&answer, "erasure_id"), person.account(), &[], 1)).await;
    }
    stage.log_in(&person.email, "another long sentence").await.expect(200);
}

#[tokio::test]
async fn an_old_proof_is_not_enough() {
    let stage = Stage::start().await;
    let person = stage.signed_in().await;
    stage.advance(Duration::minutes(10) + Duration::SECOND);
    let access = text(&stage.refresh(&person.refresh).await.expect(200), "access_token").to_owned();
    delete(&stage, &access).await.expect_problem(403, "step_up_required");
    stage.refresh(&person.refresh).await.expect(200);
    from_the_edge(stage.app.call(Method::DELETE, "/v1/auth/account"), &stage.address)
        .send()
        .await
        .expect_problem(401, "token_required");
}

#[tokio::test]
async fn the_last_receipt_ends_it_and_the_receipts_are_mailed() {
    let stage = Stage::start().await;
    let (person, answer) = begun(&stage).await;
    let (account, erasure) = (person.account(), text(&answer, "erasure_id"));
    let profile: ProfileId = stage.world.id();
    let (last, first) = ERASERS.split_last().unwrap();
    for service in first {
        assert_eq!(collect(&stage, receipt(service, erasure, account, &[profile], 4)).await, Outcome::Done);
    }
    let progress = stage.app.get(&path(&answer)).send().await.expect(200);
    assert_eq!((&progress["done"], &progress["waiting_for"]), (&json!(false), &json!([last])));
    assert_eq!(traces(&stage, &person.email).await, ["erasures"], "kept for the last letter");

    assert_eq!(collect(&stage, receipt(last, erasure, account, &[profile], 7)).await, Outcome::Done);
    let mail = farewell(&stage, &person.email).await;
    let receipts = mail["variables"]["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), ERASERS.len() + 1);
    let of_last = receipts.iter().find(|receipt| receipt["service"] == *last);
    assert_eq!(of_last.map(|receipt| &receipt["records"]), Some(&json!("7")), "{receipts:?}");
    let progress = stage.app.get(&path(&answer)).send().await.expect(200);
    assert_eq!((&progress["done"], &progress["waiting_for"]), (&json!(true), &json!([])));
    let own = progress["receipts"].as_array().unwrap().iter().find(|receipt| receipt["service"] == "auth").unwrap();
    assert!(own["records"].as_i64().unwrap() >= 3, "{progress}");
    for needle in [person.email.clone(), account.to_string(), profile.to_string(), person.session()] {
        assert_eq!(traces(&stage, &needle).await, Vec::<String>::new(), "{needle}");
    }
    assert_eq!(delete(&stage, &person.access).await.expect(202), answer, "as long as the access token lives");
}

#[tokio::test]
async fn receipts_are_shown_to_whoever_knows_their_address_only() {
    let stage = Stage::start().await;
    let (_, answer) = begun(&stage).await;
    let (_, other) = begun(&stage).await;
    let (id, token) = (text(&answer, "erasure_id"), path(&answer).split_once("token=").unwrap().1.to_owned());
    stage.app.get(&format!("/v1/auth/erasures/{id}?token={token}")).send().await.expect(200);
    let unknown: ErasureId = World::system().id();
    for without in [format!("/v1/auth/erasures/{id}"), format!("/v1/auth/erasures/{id}?token=")] {
        stage.app.get(&without).send().await.expect_problem(403, "token_required");
    }
    for wrong in [
        format!("/v1/auth/erasures/{id}?token={}x", &token[1..]),
        format!("/v1/auth/erasures/{}?token={token}", text(&other, "erasure_id")),
        format!("/v1/auth/erasures/{unknown}?token={token}"),
    ] {
        stage.app.get(&wrong).send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn any_order_with_any_copies_ends_in_the_same_state() {
    let stage = Stage::start().await;
    for round in 0..12 {
        let (person, answer) = begun(&stage).await;
        let (world, _) = World::replay(stage.world.now(), round);
        let profile: ProfileId = world.id();
        let erasure = text(&answer, "erasure_id");
        let state = |sequence: u32| {
            let state = ProfileChanged {
                profile_id: profile.to_string(),
                account_id: person.account().to_string(),
                locale: "en".into(),
                max_rating: 18,
                ..Default::default()
            };
            Event::new(&world, types::PROFILE_CHANGED, profile, sequence.into(), &state)
        };
        let mut events: Vec<Event> =
            ERASERS.iter().map(|service| receipt(service, erasure, person.account(), &[profile], 5)).collect();
        events.extend([state(1), state(2)]);
        for at in 0..events.len() {
            // A repetition finds less.
            if world.below(2) == 0 && events[at].kind.ends_with("account_erased.v1") {
                let mut again = events[at].clone();
                again.data["records"] = json!("0");
                events.push(again);
            }
        }
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        let complete = events.clone();
        for event in complete.into_iter().chain(events) {
            let outcome = match event.kind.as_str() {
                types::PROFILE_CHANGED => stage.project(event).await,
                _ => collect(&stage, event).await,
            };
            assert_eq!(outcome, Outcome::Done);
        }
        let progress = stage.app.get(&path(&answer)).send().await.expect(200);
        assert_eq!(progress["done"], true);
        for needle in [person.account().to_string(), profile.to_string(), person.email.clone()] {
            assert_eq!(traces(&stage, &needle).await, Vec::<String>::new(), "round {round}");
        }
        farewell(&stage, &person.email).await;
    }
}

#[tokio::test]
async fn who_has_not_answered_is_asked_again_with_what_the_user_service_has_forgotten() {
    let stage = Stage::start().await;
    let (person, answer) = begun(&stage).await;
    let (account, erasure) = (person.account(), text(&answer, "erasure_id"));
    let profile: ProfileId = stage.world.id();
    collect(&stage, receipt("user", erasure, account, &[profile], 1)).await;
    assert_eq!(resume(&stage).await, Outcome::Done);
    assert_eq!(stage.service.events("domain-events", erasure, 1).await.len(), 1, "too early");
    stage.advance(Duration::minutes(5));
    assert_eq!(resume(&stage).await, Outcome::Done);
    assert_eq!(resume(&stage).await, Outcome::Done);
    let told = stage.service.events("domain-events", erasure, 2).await;
    assert_eq!((told.len(), told[1].kind.as_str(), told[1].sequence), (2, types::ERASURE_REQUESTED, 2));
    assert_eq!(told[1].data["profile_ids"], json!([profile]));
    for service in ERASERS {
        collect(&stage, receipt(service, erasure, account, &[], 1)).await;
    }
    stage.advance(Duration::minutes(5));
    assert_eq!(resume(&stage).await, Outcome::Done);
    assert_eq!(stage.service.events("domain-events", erasure, 2).await.len(), 2, "it is done");
}

#[tokio::test]
async fn a_receipt_that_answers_nothing_is_poison_and_a_database_that_is_down_is_not() {
    let stage = Stage::start().await;
    let (person, answer) = begun(&stage).await;
    let erasure = text(&answer, "erasure_id");
    let stranger: ErasureId = World::system().id();
    let other: AccountId = World::system().id();
    for wrong in [
        receipt("user", &stranger.to_string(), person.account(), &[], 1),
        receipt("user", erasure, other, &[], 1),
        receipt("user", "nothing", person.account(), &[], 1),
    ] {
        assert!(matches!(collect(&stage, wrong).await, Outcome::Poison(_)));
    }
    let service = stage.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let stage = Stage { service, ..stage };
    let outcome = collect(&stage, receipt("user", erasure, person.account(), &[], 1)).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    assert!(matches!(resume(&stage).await, Outcome::Retry(_)));
}

#[tokio::test]
async fn a_copy_says_what_is_held_and_no_secret() {
    let stage = Stage::start().await;
    let person = stage.signed_in().await;
    let export: kernel::ExportId = stage.world.id();
    let data = json!({ "export_id": export, "account_id": person.account(), "profile_ids": [], "requested_at": "" });
    let wanted = Event::new(&World::system(), types::EXPORT_REQUESTED, export, 1, &data);
    let boot = stage.boot();
    let exporter = operations::consumers::export_account(&boot).unwrap();
    for _ in 0..2 {
        assert_eq!(exporter.consume(wanted.clone(), &Deadline::unlimited(boot.world())).await, Outcome::Done);
    }
    let bucket = stores::Bucket::new(stage.service.aws(), stage.service.var("BUCKET_EXPORTS"));
    let part = bucket.get(&format!("{export}/auth.json")).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(part["account"]["email"], person.email);
    assert_eq!(part["sessions"][0]["address"], stage.address);
    assert!(part["security_events"].is_array());
    let printed = part.to_string();
    assert!(!printed.contains("argon2") && !printed.contains("digest") && !printed.contains("family_key"), "{printed}");

    delete(&stage, &person.access).await.expect(202);
    let late: kernel::ExportId = stage.world.id();
    let data = json!({ "export_id": late, "account_id": person.account(), "profile_ids": [], "requested_at": "" });
    let late_wish = Event::new(&World::system(), types::EXPORT_REQUESTED, late, 1, &data);
    assert_eq!(exporter.consume(late_wish, &Deadline::unlimited(boot.world())).await, Outcome::Done);
    assert_eq!(bucket.get(&format!("{late}/auth.json")).await.unwrap(), None, "who is being erased gets no copy");
    let nonsense = Event::new(&World::system(), types::EXPORT_REQUESTED, "exp", 1, &json!({}));
    assert!(matches!(exporter.consume(nonsense, &Deadline::unlimited(boot.world())).await, Outcome::Poison(_)));
}

#[tokio::test]
async fn without_postgres_or_the_pepper_the_answer_is_503_and_nothing_has_begun() {
    let stage = Stage::start().await;
    let person = stage.signed_in().await;
    for (name, value) in
        [("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing"), ("SECRET_PEPPER", "there-is-no-such-secret")]
    {
        let app = stage.app_with(name, value);
        let answer =
            from_the_edge(app.call(Method::DELETE, "/v1/auth/account"), &stage.address).bearer(&person.access).send();
        assert_eq!(answer.await.status.as_u16(), 503, "{name}");
    }
    let begun: i64 =
        sqlx::query_scalar("select count(*) from erasures").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(begun, 0);
    stage.refresh(&person.refresh).await.expect(200);
}
