use std::io::{Cursor, Read};

use events::{Consumer, Event, Outcome};
use futures::future::join_all;
use kernel::{ExportId, World};
use runtime::{Boot, Tick};
use serde_json::{Value, json};
use stores::Bucket;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use user::export::PARTS;

use crate::{
    home::{Home, Person, unlimited},
    library::film,
};

const PATH: &str = "/v1/users/me/export";

async fn begin(home: &Home, person: &Person) -> Value {
    home.app.call("POST".parse().unwrap(), PATH).token(&person.token()).send().await.expect(202)
}

async fn look(home: &Home, person: &Person, id: &Value) -> Value {
    let path = format!("{PATH}/{}", id.as_str().unwrap());
    home.app.get(&path).token(&person.token()).send().await.expect(200)
}

fn bucket(home: &Home) -> Bucket {
    Bucket::new(home.service.aws(), home.service.var("BUCKET_EXPORTS"))
}

async fn write_part(home: &Home, event: Event) -> Outcome {
    let consumer = user::operations::consumers::export_account(&home.service.boot()).unwrap();
    consumer.consume(event, &unlimited()).await
}

#[tokio::test]
async fn an_export_is_ready_when_every_part_is_there() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    home.app.put(&format!("/v1/watchlist/{title}"), &Value::Null).token(&person.viewer()).send().await.expect(204);
    home.app
        .put(&format!("/v1/ratings/{title}"), &json!({"value": 7}))
        .token(&person.viewer())
        .send()
        .await
        .expect(204);
    home.watch(&person, title, 900.0, 9).await;
    home.app.delete(&format!("/v1/continue-watching/{title}")).token(&person.viewer()).send().await.expect(204);

    let begun = begin(&home, &person).await;
    assert_eq!(begun, json!({"id": begun["id"], "status": "preparing"}));
    let event = home.service.events("domain-events", begun["id"].as_str().unwrap(), 1).await.remove(0);
    assert_eq!((event.kind.as_str(), event.sequence), ("cinema.user.export_requested.v1", 1));
    assert_eq!(json!([event.data["account_id"], event.data["profile_ids"]]), json!([person.account, [person.profile]]));
    for _ in 0..2 {
        assert_eq!(write_part(&home, event.clone()).await, Outcome::Done);
    }
    for service in PARTS.iter().filter(|service| **service != "user") {
        assert_eq!(look(&home, &person, &begun["id"]).await, begun);
        let key = user::export::part_key(begun["id"].as_str().unwrap().parse().unwrap(), service);
        let part = json!({"service": service}).to_string().into_bytes();
        bucket(&home).put(&key, part, "application/json", None).await.unwrap();
    }
    let ready = look(&home, &person, &begun["id"]).await;
    assert_eq!((&ready["status"], ready["expires_at"].is_string()), (&json!("ready"), true));

    let url = ready["url"].as_str().unwrap();
    assert!(url.contains("X-Amz-Expires=900") && url.contains("X-Amz-Signature="), "{url}");
    let bytes = stores::Fetch::default().get(&home.service.behind_the_edge(url)).await.unwrap();
    let key = user::export::archive_key(begun["id"].as_str().unwrap().parse().unwrap());
    assert_eq!(bucket(&home).get(&key).await.unwrap().unwrap(), bytes);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    assert_eq!(
        names,
        [
            "analytics.json",
            "auth.json",
            "notification.json",
            "payment.json",
            "recommendation.json",
            "streaming.json",
            "user.json"
        ]
    );
    let mut text = String::new();
    archive.by_name("user.json").unwrap().read_to_string(&mut text).unwrap();
    let own: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json!([own["account"]["email"], own["profiles"][0]["id"], own["watchlist"][0]["title_id"]]),
        json!(["anna@example.com", person.profile, title])
    );
    assert_eq!(
        json!([own["ratings"][0]["value"], own["viewings"][0]["position_ms"], own["exports"][0]["id"]]),
        json!([7, 900_000, begun["id"]])
    );
    assert_eq!(own["continue_watching_hidden"][0]["title_id"], json!(title));
    assert!(own["account"]["created_at"].as_str().unwrap().starts_with("2026-01-01T12:00:00"));
}

#[tokio::test]
async fn whoever_asked_is_told_once_when_the_last_part_has_come() {
    let home = Home::start().await;
    let (person, waiting) = (home.person().await, home.person().await);
    let finish = async || {
        let consumer = user::operations::consumers::finish_exports(&home.service.boot()).unwrap();
        consumer.consume(Tick { time: None }, &unlimited()).await
    };
    begin(&home, &waiting).await;
    let begun = begin(&home, &person).await;
    let id = begun["id"].as_str().unwrap();
    for service in PARTS {
        assert_eq!(finish().await, Outcome::Done);
        assert_eq!(look(&home, &person, &begun["id"]).await, begun);
        let key = user::export::part_key(id.parse().unwrap(), service);
        bucket(&home).put(&key, b"{}".to_vec(), "application/json", None).await.unwrap();
    }
    let runs = join_all((0..4).map(|_| finish())).await;
    assert!(runs.iter().all(|outcome| *outcome == Outcome::Done), "{runs:?}");
    assert_eq!(finish().await, Outcome::Done);
    assert_eq!(look(&home, &person, &begun["id"]).await["status"], "ready");
    let told = home.service.events("domain-events", id, 2).await;
    let kinds: Vec<(&str, i64)> = told.iter().map(|event| (event.kind.as_str(), event.sequence)).collect();
    assert_eq!(kinds, [("cinema.user.export_requested.v1", 1), ("cinema.user.export_ready.v1", 2)]);
    let told = &told[1];
    let moment = |name: &str| OffsetDateTime::parse(told.data[name].as_str().unwrap(), &Rfc3339).unwrap();
    assert_eq!(told.data["account_id"], json!(person.account));
    let kept = moment("kept_until") - moment("ready_at");
    assert!(kept <= Duration::days(7) && kept > Duration::days(7) - Duration::HOUR, "{kept}");
}

#[tokio::test]
async fn of_twenty_parallel_exports_one_begins() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let token = person.token();
    let ask = || home.app.call("POST".parse().unwrap(), PATH).token(&token).send();
    let asked = std::time::Instant::now();
    let answers = join_all((0..20).map(|_| ask())).await;
    // What the clock has moved on meanwhile, and the seconds that both ends of it cut off.
    let least = 86_400 - asked.elapsed().as_secs() - 2;
    let begun = answers.iter().filter(|answer| answer.status.as_u16() == 202).count();
    assert_eq!(begun, 1);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 202) {
        answer.expect_problem(429, "export_limit");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((least..=86_400).contains(&wait), "{wait}");
    }
    begin(&home, &other).await;
}

#[tokio::test]
async fn the_same_key_is_the_same_export() {
    let home = Home::start().await;
    let person = home.person().await;
    let ask = || {
        let call = home.app.call("POST".parse().unwrap(), PATH).token(&person.token());
        call.header("idempotency-key", "key-1").send()
    };
    let first = ask().await.expect(202);
    let again = ask().await;
    assert_eq!((again.expect(202), again.header("idempotent-replayed")), (first, Some("true")));
    home.app
        .call("POST".parse().unwrap(), PATH)
        .token(&person.token())
        .send()
        .await
        .expect_problem(429, "export_limit");
}

#[tokio::test]
async fn a_day_later_another_one_begins_and_after_a_week_it_is_gone() {
    let home = Home::start().await;
    let person = home.person().await;
    let begun = begin(&home, &person).await;
    let later = |by: Duration| {
        let now = World::system().now() + by;
        let boot = Boot::new(home.service.vars().clone()).with_world(World::replay(now, 7).0);
        (home.service.app_with(&boot, user::operations::routes), person.token().at(now))
    };
    let (app, token) = later(Duration::hours(24) - Duration::MINUTE);
    app.call("POST".parse().unwrap(), PATH).token(&token).send().await.expect_problem(429, "export_limit");
    let (app, token) = later(Duration::hours(24));
    let second = app.call("POST".parse().unwrap(), PATH).token(&token).send().await.expect(202);
    assert_ne!(second["id"], begun["id"]);
    let (app, token) = later(Duration::days(7));
    let path = format!("{PATH}/{}", begun["id"].as_str().unwrap());
    let expired = app.get(&path).token(&token).send().await.expect(200);
    assert_eq!(expired, json!({"id": begun["id"], "status": "expired"}));
}

#[tokio::test]
async fn nobody_sees_another_accounts_export() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let begun = begin(&home, &anna).await;
    let path = format!("{PATH}/{}", begun["id"].as_str().unwrap());
    home.app.get(&path).token(&boris.token()).send().await.expect_problem(404, "not_found");
    home.app.get(&path).send().await.expect_problem(401, "token_required");
    for id in ["x".to_owned(), World::system().id::<ExportId>().to_string()] {
        let answer = home.app.get(&format!("{PATH}/{id}")).token(&anna.token()).send().await;
        answer.expect_problem(404, "not_found");
    }
    let stranger = Person::new();
    let answer = home.app.call("POST".parse().unwrap(), PATH).token(&stranger.token()).send().await;
    answer.expect_problem(404, "account_not_ready");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_poison_and_one_for_nobody_is_done() {
    let home = Home::start().await;
    let person = home.person().await;
    let ask = |person: &Person| {
        let id: ExportId = World::system().id();
        let now: OffsetDateTime = World::system().now();
        (id, user::export::requested(&World::system(), id, person.account, &[], now))
    };
    let (_, mut event) = ask(&person);
    event.data["account_id"] = json!("nobody");
    assert!(matches!(write_part(&home, event).await, Outcome::Poison(_)));
    let (id, event) = ask(&Person::new());
    assert_eq!(write_part(&home, event).await, Outcome::Done);
    assert!(bucket(&home).head(&user::export::part_key(id, "user")).await.unwrap().is_none());
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    assert!(matches!(write_part(&home, ask(&person).1).await, Outcome::Retry(_)));
}
