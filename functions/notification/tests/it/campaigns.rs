//! Campaigns: everybody of a segment who agreed hears of one once, whatever breaks, and nobody after it was stopped.

use events::Outcome;
use kernel::World;
use serde_json::{Value, json};
use testkit::{Answer, Token};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    crashes::crash_after,
    house::{House, Person},
    provider::Provider,
};

const PATH: &str = "/v1/admin/campaigns";

fn draft() -> Value {
    json!({
        "name": "New films",
        "words": {
            "en": { "subject": "New films", "paragraphs": ["Tom & Jerry"] },
            "ru": { "subject": "Новинки", "paragraphs": ["Том и Джерри"] },
        },
    })
}

async fn post(house: &House, draft: &Value) -> Answer {
    house.app.post(PATH, draft).token(&Token::role("editor")).send().await
}

/// A campaign that begins now; its id.
async fn create(house: &House, change: impl FnOnce(&mut Value)) -> String {
    let mut draft = draft();
    change(&mut draft);
    post(house, &draft).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn look(house: &House, id: &str) -> Value {
    house.app.get(&format!("{PATH}/{id}")).token(&Token::role("editor")).send().await.expect(200)
}

async fn stop(house: &House, id: &str) -> Value {
    let path = format!("{PATH}/{id}/stop");
    house.app.post(&path, &json!({})).token(&Token::role("editor")).send().await.expect(200)
}

/// Somebody who agreed to mails of marketing.
async fn reader(house: &House) -> Person {
    let person = house.person().await;
    house.wish(&person, |wishes| wishes["workflows"]["marketing"]["email"] = json!(true)).await;
    person
}

/// Many at once, as events and requests leave them.
async fn crowd(house: &House, count: usize) -> Vec<Person> {
    let people: Vec<Person> = (0..count).map(|_| Person::new()).collect();
    let mut workflows =
        serde_json::to_value(notification::preferences::Preferences::default()).unwrap()["workflows"].take();
    workflows["marketing"]["email"] = json!(true);
    let pool = house.service.pool();
    let ids: Vec<String> = people.iter().map(|person| person.account.to_string()).collect();
    sqlx::query("insert into accounts (id, email, locale, sequence) select id, id || '@example.com', 'en', 1 from unnest($1::text[]) id")
        .bind(&ids)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into preferences (account_id, workflows, time_zone) select id, $2, 'UTC' from unnest($1::text[]) id",
    )
    .bind(&ids)
    .bind(workflows)
    .execute(&pool)
    .await
    .unwrap();
    people
}

/// The account's announcements, by status.
async fn told(house: &House, person: &Person) -> Vec<String> {
    let all = house.deliveries(person).await;
    all.into_iter().filter(|(template, _)| template == "announcement").map(|(_, status)| status).collect()
}

/// The job of the account's announcement.
async fn job(house: &House, person: &Person) -> Value {
    house.jobs(person).await.into_iter().find(|job| job["announcement"].is_object()).unwrap()
}

async fn run(house: &House) {
    assert_eq!(house.run_campaigns(&World::system()).await, Outcome::Done);
}

fn now() -> OffsetDateTime {
    World::system().now()
}

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

#[tokio::test]
async fn everybody_who_agreed_hears_of_it_once_in_their_language() {
    let house = House::start().await;
    let (english, russian, silent, push) =
        (reader(&house).await, reader(&house).await, house.person().await, house.person().await);
    assert_eq!(house.route(russian.speaks(2, "ru-RU")).await, Outcome::Done);
    house.wish(&push, |wishes| wishes["workflows"]["marketing"]["push"] = json!(true)).await;
    let id = create(&house, |_| {}).await;
    assert_eq!(look(&house, &id).await["state"], "scheduled");
    for _ in 0..3 {
        run(&house).await;
    }
    assert_eq!(
        (told(&house, &english).await, told(&house, &russian).await),
        (vec!["queued".into()], vec!["queued".into()])
    );
    assert_eq!(job(&house, &russian).await["announcement"]["subject"], "Новинки");
    assert_eq!(job(&house, &english).await["announcement"]["subject"], "New films");
    assert_eq!((told(&house, &silent).await, told(&house, &push).await), (vec![], vec![]), "no mail and no browser");
    assert_eq!(house.kinds(&silent).await, ["welcome"]);
    assert_eq!(house.kinds(&push).await, ["announcement", "welcome"]);
    let seen = look(&house, &id).await;
    assert_eq!(json!([seen["state"], seen["told"], seen["deliveries"]]), json!(["done", 3, { "queued": 2 }]));
    let page = house.app.get(PATH).token(&Token::role("editor")).send().await.expect(200);
    assert_eq!(page["items"][0]["id"], *id);
}

#[tokio::test]
async fn a_segment_is_whoever_fits_all_of_it() {
    let house = House::start().await;
    let (subscriber, russian, former, nobody) =
        (reader(&house).await, reader(&house).await, reader(&house).await, reader(&house).await);
    let until = "2030-01-01T00:00:00Z";
    for event in [
        subscriber.subscribed(1, "active", until),
        russian.speaks(2, "ru"),
        russian.subscribed(1, "trialing", until),
        // The older word comes last.
        former.subscribed(2, "ended", until),
        former.subscribed(1, "active", until),
    ] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    let people = [&subscriber, &russian, &former, &nobody];
    let mut heard = [0; 4];
    for (segment, expected) in [
        (json!({ "is_subscribed": true }), [1, 1, 0, 0]),
        (json!({ "is_subscribed": false }), [0, 0, 1, 1]),
        (json!({ "plans": ["standard", "family"] }), [1, 1, 0, 0]),
        (json!({ "plans": ["family"] }), [0, 0, 0, 0]),
        (json!({ "languages": ["ru"] }), [0, 1, 0, 0]),
        (json!({ "languages": ["en"], "plans": ["standard"] }), [1, 0, 0, 0]),
        (json!({ "languages": ["en", "ru"] }), [1, 1, 1, 1]),
    ] {
        create(&house, |draft| {
            draft["segment"] = segment.clone();
            draft["cap"] = json!({ "at_most": 100, "days": 1 });
        })
        .await;
        run(&house).await;
        for (at, person) in people.iter().enumerate() {
            heard[at] += expected[at];
            assert_eq!(told(&house, person).await.len(), heard[at], "{segment}: person {at}");
        }
    }
}

#[tokio::test]
async fn no_crash_and_no_second_run_leaves_anybody_out_or_tells_them_twice() {
    let house = House::start().await;
    let people = crowd(&house, 120).await;
    let id = create(&house, |_| {}).await;
    let world = World::system();
    for polls in [2, 7, 15, 40, 90, 160, 300] {
        let _ = crash_after(polls, house.run_campaigns(&world)).await;
    }
    let runs = futures::future::join_all((0..3).map(|_| house.run_campaigns(&world))).await;
    assert!(runs.iter().all(|outcome| *outcome == Outcome::Done), "{runs:?}");
    run(&house).await;
    let seen = look(&house, &id).await;
    assert_eq!(json!([seen["state"], seen["told"], seen["deliveries"]]), json!(["done", 120, { "queued": 120 }]));
    for person in &people {
        assert_eq!(told(&house, person).await, ["queued"], "{person:?}");
    }
}

#[tokio::test]
async fn nobody_is_told_before_its_time() {
    let house = House::start().await;
    let person = reader(&house).await;
    let starts_at = now() + Duration::hours(2);
    let id = create(&house, |draft| draft["starts_at"] = json!(text(starts_at))).await;
    run(&house).await;
    let (world, clock) = World::replay(starts_at - Duration::SECOND, 1);
    assert_eq!(house.run_campaigns(&world).await, Outcome::Done);
    assert_eq!((told(&house, &person).await, look(&house, &id).await["state"].clone()), (vec![], json!("scheduled")));
    clock.advance(Duration::SECOND);
    assert_eq!(house.run_campaigns(&world).await, Outcome::Done);
    assert_eq!(told(&house, &person).await, ["queued"]);
}

#[tokio::test]
async fn whoever_was_told_enough_lately_is_left_out() {
    let house = House::start().await;
    let person = reader(&house).await;
    for (at_most, days, expected) in [(1, 7, 1), (1, 7, 1), (2, 7, 2), (2, 7, 2)] {
        let id = create(&house, |draft| draft["cap"] = json!({ "at_most": at_most, "days": days })).await;
        run(&house).await;
        let before = told(&house, &person).await.len();
        assert_eq!(before, expected, "{at_most} in {days}");
        let seen = look(&house, &id).await;
        assert_eq!(seen["told"].as_i64().unwrap() + seen["capped"].as_i64().unwrap(), 1);
    }
    let (world, _) = World::replay(now() + Duration::days(8), 1);
    create(&house, |draft| draft["cap"] = json!({ "at_most": 1, "days": 7 })).await;
    assert_eq!(house.run_campaigns(&world).await, Outcome::Done);
    assert_eq!(told(&house, &person).await.len(), 3, "a week later it is another");
}

#[tokio::test]
async fn what_is_stopped_reaches_nobody_else_and_what_waits_is_not_sent() {
    let (provider, house) = Provider::serve(House::start().await);
    let (person, sleeper, late) = (reader(&house).await, reader(&house).await, reader(&house).await);
    house
        .wish(&sleeper, |wishes| {
            // All but one minute of the day, a long way from now.
            let there = now() + Duration::hours(12);
            let clock = |moment: OffsetDateTime| format!("{:02}:{:02}", moment.hour(), moment.minute());
            wishes["quiet_hours"] = json!({ "from": clock(there + Duration::MINUTE), "until": clock(there) });
        })
        .await;
    house.wish(&late, |wishes| wishes["workflows"]["marketing"]["email"] = json!(false)).await;
    let id = create(&house, |_| {}).await;
    run(&house).await;
    assert_eq!(
        (told(&house, &person).await, told(&house, &sleeper).await),
        (vec!["queued".into()], vec!["held".into()])
    );
    let waiting = job(&house, &person).await;
    let stopped = stop(&house, &id).await;
    assert_eq!((stopped["state"].clone(), stop(&house, &id).await), (json!("stopped"), stopped), "twice is once");
    // Whoever agrees now, and whatever ran beside it.
    house.wish(&late, |wishes| wishes["workflows"]["marketing"]["email"] = json!(true)).await;
    run(&house).await;
    assert_eq!(told(&house, &late).await, Vec::<String>::new());
    let tomorrow = World::replay(now() + Duration::DAY, 1).0;
    assert_eq!(house.release(&tomorrow).await, Outcome::Done);
    for job in [waiting, job(&house, &sleeper).await] {
        for _ in 0..2 {
            assert_eq!(house.send(&tomorrow, &job).await, Outcome::Done);
        }
    }
    assert_eq!(provider.accepted().len(), 0);
    assert_eq!(look(&house, &id).await["deliveries"], json!({ "stopped": 2 }));
    // Another one goes on.
    let other = create(&house, |draft| draft["cap"] = json!({ "at_most": 9, "days": 1 })).await;
    run(&house).await;
    assert_eq!(look(&house, &other).await["told"], 3);
    let unknown = format!("{PATH}/cmp_01jd3k5m7n9pqrstvwxyz01234");
    let editor = Token::role("editor");
    house.app.get(&unknown).token(&editor).send().await.expect_problem(404, "not_found");
    let answer = house.app.post(&format!("{unknown}/stop"), &json!({})).token(&editor).send().await;
    answer.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_mail_has_a_way_out_and_whoever_took_it_or_cannot_be_reached_gets_none() {
    let (provider, house) = Provider::serve(House::start().await);
    let (person, gone, bounced) = (reader(&house).await, reader(&house).await, reader(&house).await);
    create(&house, |_| {}).await;
    run(&house).await;
    house.wish(&gone, |wishes| wishes["workflows"]["marketing"]["email"] = json!(false)).await;
    sqlx::query("insert into suppressions (digest, reason, created_at) values ($1, 'complaint', now())")
        .bind(notification::address::digest(&bounced.email()))
        .execute(&house.service.pool())
        .await
        .unwrap();
    for person in [&person, &gone, &bounced] {
        let job = job(&house, person).await;
        for _ in 0..2 {
            assert_eq!(house.send(&World::system(), &job).await, Outcome::Done);
        }
    }
    assert_eq!(told(&house, &person).await, ["sent"]);
    assert_eq!(
        (told(&house, &gone).await, told(&house, &bounced).await),
        (vec!["unwanted".into()], vec!["suppressed".into()])
    );
    let sent = provider.accepted();
    let mail = String::from_utf8_lossy(&sent[0]);
    assert!(sent.len() == 1 && mail.contains("List-Unsubscribe:") && mail.contains("List-Unsubscribe-Post:"), "{mail}");
}

#[tokio::test]
async fn a_repetition_makes_no_second_one_and_what_is_wrong_is_named() {
    let house = House::start().await;
    let editor = Token::role("editor");
    let send =
        |draft: Value, token: &Token| house.app.post(PATH, &draft).token(token).header("idempotency-key", "one").send();
    let first = send(draft(), &editor).await.expect(201);
    assert_eq!(send(draft(), &editor).await.expect(201), first);
    let mut other = draft();
    other["name"] = json!("Other films");
    send(other, &editor).await.expect_problem(422, "idempotency_key_reused");
    for (pointer, value) in [
        ("/name", json!("")),
        ("/words/en/subject", json!("a\r\nBcc: b@example.com")),
        ("/words/en/subject", json!("x".repeat(201))),
        ("/words/en/paragraphs", json!([])),
        ("/words/ru/paragraphs", json!(["\u{0}"])),
        ("/segment", json!({ "country": "DE" })),
        ("/segment", json!({ "plans": [] })),
        ("/cap", json!({ "at_most": 0, "days": 1 })),
        ("/cap", json!({ "at_most": 1, "days": 400 })),
        ("/starts_at", json!("2025-01-01T00:00:00Z")),
        ("/starts_at", json!("tomorrow")),
    ] {
        let mut wrong = draft();
        wrong["segment"] = json!({});
        wrong["cap"] = json!({ "at_most": 1, "days": 1 });
        wrong["starts_at"] = Value::Null;
        *wrong.pointer_mut(pointer).unwrap() = value;
        let problem = post(&house, &wrong).await.expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(found.starts_with(pointer), "{pointer}: {problem}");
    }
    for token in [Token::role("support"), Token::viewer()] {
        house.app.post(PATH, &draft()).token(&token).send().await.expect_problem(403, "role_required");
        house.app.get(PATH).token(&token).send().await.expect_problem(403, "role_required");
    }
    let mut old = Token::role("editor");
    old.0.auth_time = now().unix_timestamp() - 2 * 3600;
    house.app.post(PATH, &draft()).token(&old).send().await.expect_problem(403, "step_up_required");
    let page = house.app.get(PATH).token(&editor).send().await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_is_erased_is_not_told_and_an_editor_who_is_leaves_the_campaign_behind() {
    let house = House::start().await;
    let (person, editor) = (reader(&house).await, Person::new());
    let mut token = Token::role("editor");
    token.0.sub = editor.account;
    let made = house.app.post(PATH, &draft()).token(&token).send().await.expect(201);
    let wording = json!({ "language": "en", "subject": "Hello", "body": "Hello." });
    house.app.put("/v1/admin/templates/welcome", &wording).token(&token).send().await.expect(200);
    for erased in [person.erased(), editor.erased()] {
        assert_eq!(house.erase(erased).await, Outcome::Done);
    }
    run(&house).await;
    let seen = look(&house, made["id"].as_str().unwrap()).await;
    assert_eq!(json!([seen["state"], seen["told"], seen["editor"]]), json!(["done", 0, null]));
    // The token lives for some minutes more.
    let made = house.app.post(PATH, &draft()).token(&token).send().await.expect(201);
    assert_eq!(look(&house, made["id"].as_str().unwrap()).await["editor"], Value::Null);
    let path = "/v1/admin/templates/welcome";
    let kept = house.app.get(path).token(&Token::role("editor")).send().await.expect(200);
    assert_eq!(json!([kept["en"]["current"]["subject"], kept["en"]["current"]["editor"]]), json!(["Hello", null]));
}
