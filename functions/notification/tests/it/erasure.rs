//! An account is forgotten with everything that it was told, and what is told late does not bring it back.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::World;
use notification::operations::consumers;
use proto::types;
use serde_json::{Value, json};
use stores::Bucket;

use crate::house::{House, Person};

/// Tables with a row that contains the text.
async fn traces(house: &House, needle: &str) -> Vec<String> {
    let pool = house.service.pool();
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

async fn nothing_is_left(house: &House, person: &Person) {
    let digest = notification::address::digest(&person.email());
    for needle in [person.account.to_string(), person.profile.to_string(), digest] {
        assert_eq!(traces(house, &needle).await, Vec::<String>::new(), "{needle}");
    }
}

async fn told(house: &House, person: &Person) {
    for event in [person.speaks(1, "ru"), person.reused(), person.subscribed(1, "active", "2030-01-01T00:00:00Z")] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    for event in person.interests() {
        assert_eq!(house.announce(event).await, Outcome::Done);
    }
    let path = "/v1/notifications/preferences";
    let wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    sqlx::query("insert into suppressions (digest, reason, created_at) values ($1, 'bounce', now())")
        .bind(notification::address::digest(&person.email()))
        .execute(&house.service.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn everything_goes_once_and_jobs_that_wait_are_not_sent() {
    let house = House::start().await;
    let (person, other) = (house.person().await, house.person().await);
    told(&house, &person).await;
    let jobs = house.jobs(&person).await;
    let erased = person.erased();
    for _ in 0..2 {
        assert_eq!(house.erase(erased.clone()).await, Outcome::Done);
    }
    nothing_is_left(&house, &person).await;
    let receipts = house.service.events("domain-events", &erased.subject, 2).await;
    assert!(receipts.iter().all(|receipt| receipt.kind == "cinema.notification.account_erased.v1"));
    assert_eq!((&receipts[0].data, &receipts[0].data["records"]), (&receipts[1].data, &json!("14")));
    for job in &jobs {
        assert_eq!(house.send(&World::system(), job).await, Outcome::Done);
    }
    let token = person.token();
    let wishes = house.app.get("/v1/notifications/preferences").token(&token).send().await.expect(200);
    let answer = house.app.put("/v1/notifications/preferences", &wishes).token(&token).send().await;
    answer.expect_problem(404, "not_found");
    nothing_is_left(&house, &person).await;
    assert_eq!(house.kinds(&other).await, ["welcome"]);
}

#[tokio::test]
async fn order_and_number_of_events_do_not_matter() {
    let house = House::start().await;
    for round in 0..12 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let mut events: Vec<Event> = vec![
            person.erased(),
            person.verified(1, &person.email()),
            person.verified(2, &person.email()),
            person.speaks(1, "ru"),
            person.reused(),
            person.export(),
            person.subscribed(1, "active", "2030-01-01T00:00:00Z"),
            person.renewed_as(2, "active", "standard", Some(("premium", 1_999))),
            person.trial_ends(1, "2030-01-01T00:00:00Z"),
            person.rental_ends((world.id(), world.id()), 1, "2030-01-01T00:00:00Z", true),
            person.export_is_ready("2030-01-01T00:00:00Z"),
        ];
        events.extend(person.interests());
        events.extend(events.clone().into_iter().filter(|_| world.below(3) == 0));
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        let apply = async |event: Event| match event.kind.as_str() {
            "cinema.user.account_erased.v1" => house.erase(event).await,
            types::WATCHLIST_CHANGED | types::HISTORY_ERASED | types::PLAYBACK_STOPPED => house.announce(event).await,
            _ => house.route(event).await,
        };
        if round % 2 == 0 {
            for event in events {
                assert_eq!(apply(event).await, Outcome::Done);
            }
        } else {
            let outcomes = futures::future::join_all(events.into_iter().map(apply)).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        }
        nothing_is_left(&house, &person).await;
    }
}

#[tokio::test]
async fn a_copy_holds_what_the_person_was_told() {
    let house = House::start().await;
    let person = house.person().await;
    told(&house, &person).await;
    let request = person.export();
    let consumer = consumers::export_account(&house.service.boot()).unwrap();
    let outcome = consumer.consume(request.clone(), &Deadline::unlimited(World::system())).await;
    assert_eq!(outcome, Outcome::Done);
    let bucket = Bucket::new(house.service.aws(), house.service.var("BUCKET_EXPORTS"));
    let part = bucket.get(&format!("{}/notification.json", request.subject)).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(part["account"]["email"], person.email());
    let lengths =
        ["profiles", "notifications", "deliveries", "subscriptions", "watchlist", "viewings", "history_erasures"]
            .map(|name| part[name].as_array().unwrap().len());
    assert_eq!((lengths, &part["suppression"]["reason"]), ([1, 3, 3, 1, 1, 1, 1], &json!("bounce")));
    assert!(part["preferences"]["workflows"].is_object());
}
