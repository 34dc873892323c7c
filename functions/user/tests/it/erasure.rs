//! An account is forgotten with everything that hangs on it, and what is told late does not bring it back.

use events::{Consumer, Event, Outcome};
use kernel::{ErasureId, ProfileId, TitleId, World};
use proto::{auth::ErasureRequested, payment::SubscriptionChanged, streaming::Playback, types};
use serde_json::{Value, json};
use stores::Bucket;

use crate::home::{Home, Person, unlimited};

fn requested(erasure: ErasureId, person: &Person, profiles: &[ProfileId]) -> Event {
    let data = ErasureRequested {
        erasure_id: erasure.to_string(),
        account_id: person.account.to_string(),
        requested_at: "2026-01-01T12:00:00Z".into(),
        profile_ids: profiles.iter().map(ToString::to_string).collect(),
    };
    Event::new(&World::system(), types::ERASURE_REQUESTED, erasure, 1, &data)
}

async fn erase(home: &Home, event: Event) -> Outcome {
    user::operations::consumers::erase_account(&home.service.boot()).unwrap().consume(event, &unlimited()).await
}

fn subscribed(person: &Person, sequence: i64) -> Event {
    let world = World::system();
    let id: kernel::SubscriptionId = world.id();
    let data = SubscriptionChanged {
        account_id: person.account.to_string(),
        subscription_id: id.to_string(),
        status: "active".into(),
        plan: "standard".into(),
        max_streams: 2,
        max_height: 1080,
        valid_to: "2030-01-01T00:00:00Z".into(),
        grace_to: String::new(),
        ..SubscriptionChanged::default()
    };
    Event::new(&world, types::SUBSCRIPTION_CHANGED, id, sequence, &data)
}

fn bought(person: &Person) -> Event {
    let world = World::system();
    let id: kernel::PurchaseId = world.id();
    let data = proto::payment::PurchaseChanged {
        account_id: person.account.to_string(),
        purchase_id: id.to_string(),
        title_id: world.id::<TitleId>().to_string(),
        kind: "buy".into(),
        status: "active".into(),
        valid_to: String::new(),
    };
    Event::new(&world, types::PURCHASE_CHANGED, id, 2, &data)
}

fn watched(person: &Person, sequence: i64) -> Event {
    let world = World::system();
    let session: kernel::PlaybackId = world.id();
    let data = Playback {
        session_id: session.to_string(),
        account_id: person.account.to_string(),
        profile_id: person.profile.to_string(),
        title_id: world.id::<TitleId>().to_string(),
        asset_id: world.id::<kernel::AssetId>().to_string(),
        state: "playing".into(),
        watched_seconds: 40.0,
        position_seconds: 40.0,
        duration_seconds: 600.0,
        started_at: "2026-01-01T12:00:00Z".into(),
        at: "2026-01-01T12:01:00Z".into(),
        ..Playback::default()
    };
    Event::new(&world, types::PLAYBACK_PROGRESSED, session, sequence, &data)
}

async fn project_playback(home: &Home, event: Event) -> Outcome {
    user::operations::consumers::project_playback(&home.service.boot()).unwrap().consume(event, &unlimited()).await
}

async fn apply(home: &Home, event: Event) -> Outcome {
    match event.kind.as_str() {
        types::ACCOUNT_VERIFIED => home.project_account(event).await,
        types::SUBSCRIPTION_CHANGED => home.project_subscription(event).await,
        types::PURCHASE_CHANGED => home.project_purchase(event).await,
        types::PLAYBACK_PROGRESSED => project_playback(home, event).await,
        _ => erase(home, event).await,
    }
}

/// Tables with a row that contains the text.
async fn traces(home: &Home, needle: &str) -> Vec<String> {
    let pool = home.service.pool();
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

async fn nothing_is_left(home: &Home, person: &Person) {
    for needle in [person.account.to_string(), person.profile.to_string(), "anna@example.com".to_owned()] {
        assert_eq!(traces(home, &needle).await, Vec::<String>::new(), "{needle}");
    }
}

#[tokio::test]
async fn everything_goes_and_the_receipt_names_every_profile() {
    let home = Home::start().await;
    let person = home.person().await;
    let token = person.token().profile(person.profile);
    let second = home.app.post("/v1/users/me/profiles", &json!({ "name": "Boris" })).token(&token);
    let second = second.header("idempotency-key", "once").send().await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(home.project_subscription(subscribed(&person, 1)).await, Outcome::Done);
    assert_eq!(home.project_purchase(bought(&person)).await, Outcome::Done);
    assert_eq!(project_playback(&home, watched(&person, 1)).await, Outcome::Done);
    for statement in [
        "insert into watchlist (profile_id, title_id, added_at) values ($1, 'ttl_1', now())",
        "insert into ratings (profile_id, title_id, value, rated_at) values ($1, 'ttl_1', 7, now())",
        "insert into continue_watching_hidden (profile_id, title_id, hidden_at) values ($1, 'ttl_1', now())",
    ] {
        sqlx::query(statement).bind(person.profile.to_string()).execute(&home.service.pool()).await.unwrap();
    }
    home.app
        .call(cinema_http::axum::http::Method::DELETE, &format!("/v1/history/{}", World::system().id::<TitleId>()))
        .token(&token)
        .send()
        .await
        .expect(202);
    let export = home.app.call(cinema_http::axum::http::Method::POST, "/v1/users/me/export").token(&token).send().await;
    let export = export.expect(202)["id"].as_str().unwrap().to_owned();
    let bucket = Bucket::new(home.service.aws(), home.service.var("BUCKET_EXPORTS"));
    let part = format!("{export}/user.json");
    bucket.put(&part, b"{}".to_vec(), "application/json", None).await.unwrap();

    let erasure: ErasureId = World::system().id();
    assert_eq!(erase(&home, requested(erasure, &person, &[])).await, Outcome::Done);
    nothing_is_left(&home, &person).await;
    assert_eq!(traces(&home, &second).await, Vec::<String>::new());
    assert_eq!(bucket.get(&part).await.unwrap(), None);
    let receipts = home.service.events("domain-events", erasure, 1).await;
    assert_eq!(receipts[0].kind, types::USER_ACCOUNT_ERASED);
    let mut profiles = [person.profile.to_string(), second];
    profiles.sort();
    assert_eq!(receipts[0].data["profile_ids"], json!(profiles));

    // The access token lives for some minutes more.
    home.app.get("/v1/users/me").token(&token).send().await.expect_problem(404, "account_not_ready");
    let again = home.app.post("/v1/users/me/profiles", &json!({ "name": "Clara" })).token(&token).send().await;
    again.expect_problem(404, "account_not_ready");

    // A part of the copy that was under way goes when its service has erased its own.
    let late = format!("{export}/streaming.json");
    bucket.put(&late, b"{}".to_vec(), "application/json", None).await.unwrap();
    let mut receipt = receipts[0].clone();
    receipt.kind = types::STREAMING_ACCOUNT_ERASED.to_owned();
    assert_eq!(erase(&home, receipt).await, Outcome::Done);
    assert_eq!(bucket.get(&late).await.unwrap(), None);
}

#[tokio::test]
async fn a_repetition_sends_the_same_receipt_with_the_profiles_that_it_names() {
    let home = Home::start().await;
    let person = home.person().await;
    let erasure: ErasureId = World::system().id();
    assert_eq!(erase(&home, requested(erasure, &person, &[])).await, Outcome::Done);
    assert_eq!(erase(&home, requested(erasure, &person, &[person.profile])).await, Outcome::Done);
    assert_eq!(erase(&home, requested(erasure, &person, &[])).await, Outcome::Done);
    let receipts = home.service.events("domain-events", erasure, 3).await;
    assert_eq!(receipts[0].data, receipts[1].data);
    assert_eq!(receipts[2].data["records"], receipts[0].data["records"]);
    nothing_is_left(&home, &person).await;
}

#[tokio::test]
async fn order_and_number_of_events_do_not_matter() {
    let home = Home::start().await;
    for round in 0..16 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let request = requested(world.id(), &person, &[]);
        let mut events = vec![
            request.clone(),
            request,
            person.verified(1, "anna@example.com"),
            person.verified(2, "anna@example.com"),
            subscribed(&person, 1),
            watched(&person, 1),
            watched(&person, 3),
        ];
        events.extend(events.clone().into_iter().filter(|_| world.below(3) == 0));
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        for event in events {
            assert_eq!(apply(&home, event).await, Outcome::Done);
        }
        nothing_is_left(&home, &person).await;
    }
}

#[tokio::test]
async fn an_event_at_the_same_moment_is_before_or_after_never_beside() {
    let home = Home::start().await;
    for _ in 0..10 {
        let person = Person::new();
        let outcomes = futures::join!(
            apply(&home, person.verified(1, "anna@example.com")),
            apply(&home, requested(World::system().id(), &person, &[])),
            apply(&home, watched(&person, 1)),
            apply(&home, subscribed(&person, 1)),
        );
        assert_eq!(outcomes, (Outcome::Done, Outcome::Done, Outcome::Done, Outcome::Done));
        nothing_is_left(&home, &person).await;
    }
}

#[tokio::test]
async fn what_names_nobody_is_poison_and_an_engine_that_is_down_is_not() {
    let home = Home::start().await;
    let person = home.person().await;
    let event = requested(World::system().id(), &person, &[]);
    let mut wrong = event.clone();
    wrong.data["account_id"] = Value::Null;
    assert!(matches!(erase(&home, wrong).await, Outcome::Poison(_)));
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    assert!(matches!(erase(&home, event).await, Outcome::Retry(_)));
}
