//! Experiments: who may begin them, what they change, and whom they are told of.

use std::time::{Duration as Span, Instant};

use events::{Event, Outcome};
use proto::types;
use recommendation::experiment::Experiment;
use serde_json::{Value, json};
use testkit::{Answer, App, Token};
use time::Duration;

use crate::fixture::{Fixture, GENRES, Person, shown};

fn path(key: &str) -> String {
    format!("/v1/admin/experiments/{key}")
}

async fn put(fixture: &Fixture, key: &str, body: &Value) -> Answer {
    fixture.app.put(&path(key), body).token(&fixture.present(Token::role("admin"))).send().await
}

/// As usual, and rows of which no more than a fifth is of one genre.
fn two_variants() -> Value {
    json!([
        { "name": "as-usual", "share": 50 },
        { "name": "mixed", "share": 50, "serving": { "genre_percent": 20 } },
    ])
}

async fn begin(fixture: &Fixture, key: &str) -> Experiment {
    let body = json!({ "status": "running", "variants": two_variants() });
    serde_json::from_value(put(fixture, key, &body).await.expect(200)).unwrap()
}

#[tokio::test]
async fn who_may_not_and_what_is_wrong() {
    let fixture = Fixture::alone().await;
    let body = json!({ "variants": two_variants() });
    for token in [Token::viewer(), Token::role("editor"), Token::role("support")] {
        let token = fixture.present(token);
        fixture.app.put(&path("a"), &body).token(&token).send().await.expect_problem(403, "role_required");
        let list = fixture.app.get("/v1/admin/experiments").token(&token).send().await;
        list.expect_problem(403, "role_required");
    }
    for key in ["A", "a_b", &"a".repeat(101)] {
        put(&fixture, key, &body).await.expect_problem(404, "not_found");
    }
    let share = |share: u64| json!({ "name": "b", "share": share });
    for (body, pointer) in [
        (json!({}), "/variants"),
        (json!({ "status": "paused", "variants": two_variants() }), "/status"),
        (json!({ "variants": [] }), "/variants"),
        (json!({ "variants": [share(100)] }), "/variants"),
        (json!({ "variants": [{ "name": "a", "share": 50 }, share(49)] }), "/variants"),
        (json!({ "variants": [{ "name": "b", "share": 50 }, share(50)] }), "/variants/1/name"),
        (json!({ "variants": [{ "name": "a", "share": 50 }, share(300)] }), "/variants/1/share"),
        (
            json!({ "variants": [{ "name": "a", "share": 50, "serving": { "genre_percent": 5 } }, share(50)] }),
            "/variants/0/serving/genre_percent",
        ),
        (
            json!({ "variants": [{ "name": "a", "share": 50, "serving": { "weight": 5 } }, share(50)] }),
            "/variants/0/serving/weight",
        ),
    ] {
        let problem = put(&fixture, "a", &body).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn one_runs_at_a_time_and_stays_as_it_began() {
    let fixture = Fixture::alone().await;
    let running = |key: &str| (key.to_owned(), json!({ "status": "running" }));
    let draft = put(&fixture, "one", &json!({ "variants": two_variants() })).await;
    assert_eq!(draft.header("etag"), Some("\"1\""));
    assert_eq!(draft.expect(200)["status"], "draft");
    let again = put(&fixture, "one", &json!({ "variants": two_variants() })).await.expect(200);
    assert_eq!(again["version"], 1, "a repetition changes nothing");
    let other = json!([{ "name": "a", "share": 60 }, { "name": "b", "share": 40 }]);
    assert_eq!(put(&fixture, "one", &json!({ "variants": other })).await.expect(200)["version"], 2);
    let token = fixture.present(Token::role("admin"));
    let outdated = fixture.app.put(&path("one"), &json!({})).token(&token).header("if-match", "\"1\"").send().await;
    outdated.expect_problem(412, "precondition_failed");

    put(&fixture, "two", &json!({ "variants": two_variants() })).await.expect(200);
    let ((one, go), (two, _)) = (running("one"), running("two"));
    let (one, two) = futures::join!(put(&fixture, &one, &go), put(&fixture, &two, &go));
    let (first, second, refused) = if one.status == 200 { ("one", "two", two) } else { ("two", "one", one) };
    let problem = refused.expect_problem(409, "experiment_running");
    assert_eq!(problem["running"], first);
    for body in [
        json!({ "status": "draft" }),
        json!({ "variants": [{ "name": "x", "share": 1 }, { "name": "y", "share": 99 }] }),
    ] {
        put(&fixture, first, &body).await.expect_problem(409, "experiment_started");
    }
    let began = put(&fixture, first, &go).await.expect(200);
    fixture.clock.advance(Duration::minutes(1));
    assert_eq!(put(&fixture, first, &go).await.expect(200), began);

    let stopped = put(&fixture, first, &json!({ "status": "stopped" })).await.expect(200);
    assert_eq!((&stopped["started_at"], stopped["stopped_at"].is_string()), (&began["started_at"], true));
    put(&fixture, first, &go).await.expect_problem(409, "experiment_stopped");
    assert_eq!(put(&fixture, second, &go).await.expect(200)["status"], "running");
    // Stopping again, and stopping what is stopped, leaves the other alone.
    assert_eq!(put(&fixture, first, &json!({ "status": "stopped" })).await.expect(200), stopped);
    let third = json!({ "status": "running", "variants": two_variants() });
    let problem = put(&fixture, "three", &third).await.expect_problem(409, "experiment_running");
    assert_eq!(problem["running"], second);

    let admin = fixture.present(Token::role("admin"));
    let page = async |query: &str| {
        let list = fixture.app.get(&format!("/v1/admin/experiments?limit=1{query}"));
        list.token(&admin).send().await.expect(200)
    };
    let one = page("").await;
    assert_eq!(one["items"][0]["key"], "one");
    let two = page(&format!("&cursor={}", one["next_cursor"].as_str().unwrap())).await;
    assert_eq!((&two["items"][0]["key"], two.get("next_cursor")), (&json!("two"), None));
}

/// A model, and somebody whom each variant serves. They watched a film of each genre and one drama more: as usual, most of their picks are dramas.
async fn served(fixture: &Fixture, experiment: &Experiment) -> [Person; 2] {
    let films = fixture.films(60).await;
    fixture.crowd(&films, 60).await;
    assert_eq!(fixture.train().await, Outcome::Done);
    assert!(fixture.live().await.is_some(), "the version passed its tests");
    let mut people = Vec::new();
    for variant in &experiment.variants {
        let mut anybody = std::iter::repeat_with(Person::new);
        let person = anybody.find(|person| experiment.variant_of(person.profile) == Some(variant)).unwrap();
        for (hours, film) in [0, 5, 1, 2, 3, 4].into_iter().enumerate() {
            fixture.watch(&person, films[film], 0.95, hours as i64 + 1).await;
        }
        people.push(person);
    }
    [people[0], people[1]]
}

async fn told(fixture: &Fixture, person: &Person, count: usize) -> Vec<Event> {
    let events = fixture.service.events("domain-events", person.profile, count).await;
    assert!(events.iter().all(|event| event.kind == types::PROFILE_EXPOSED));
    events
}

/// Of the picks, the most that have a genre in common, in percent.
fn most_alike(page: &Value) -> usize {
    let rows = page["rows"].as_array().unwrap().iter();
    let picks: Vec<&Value> = rows
        .filter(|row| row["kind"] == "top_picks")
        .flat_map(|row| row["items"].as_array().unwrap())
        .map(|item| &item["title"]["genres"])
        .collect();
    let of = |genre: &str| picks.iter().filter(|own| own.as_array().unwrap().contains(&json!(genre))).count();
    GENRES.iter().map(|genre| of(genre)).max().unwrap() * 100 / picks.len().max(1)
}

#[tokio::test]
async fn a_page_is_made_as_its_variant_says_and_told_of_once_a_day() {
    let fixture = Fixture::alone().await;
    let experiment = begin(&fixture, "more-mixed").await;
    let [usual, changed] = served(&fixture, &experiment).await;
    let app = fixture.fresh_app();
    let page = fixture.home(&app, &changed).await;
    let of_usual = fixture.home(&app, &usual).await;
    assert!(most_alike(&of_usual) > 20, "{of_usual}");
    assert!((1..=20).contains(&most_alike(&page)), "{page}");

    // Reloaded, also where nothing is remembered: one id.
    fixture.home(&app, &changed).await;
    fixture.home(&fixture.fresh_app(), &changed).await;
    let events = told(&fixture, &changed, 2).await;
    assert_eq!((events.len(), &events[0].id), (2, &events[1].id), "an environment tells once, and another the same");
    let data = &events[0].data;
    assert_eq!((&data["experiment"], &data["variant"]), (&json!("more-mixed"), &json!("mixed")));
    assert_eq!((&data["is_control"], events[0].time), (&json!(false), fixture.world.now()));
    assert_eq!(told(&fixture, &usual, 1).await[0].data["is_control"], json!(true));
    fixture.clock.advance(Duration::days(1));
    fixture.home(&app, &changed).await;
    let events = told(&fixture, &changed, 3).await;
    assert_ne!(events[0].id, events[2].id, "another day");

    // The page is explained as it was served, also when the experiment is over.
    put(&fixture, "more-mixed", &json!({ "status": "stopped" })).await.expect(200);
    fixture.clock.advance(Duration::minutes(1));
    let why = format!("/v1/recommendations/{}/why", page["impression_id"].as_str().unwrap());
    let explained = app.get(&why).token(&fixture.present(changed.token())).send().await.expect(200);
    let titles: Vec<Value> = explained["rows"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["items"].as_array().unwrap())
        .map(|item| item["title_id"].clone())
        .collect();
    assert_eq!(titles, shown(&page, None).into_iter().map(|title| json!(title)).collect::<Vec<_>>());
    fixture.clock.advance(Duration::days(1));
    assert!(most_alike(&fixture.home(&app, &changed).await) > 20, "all is as usual a minute later");
    fixture.home(&fixture.fresh_app(), &changed).await;
    assert_eq!(told(&fixture, &changed, 3).await.len(), 3, "and nobody is told of");
}

#[tokio::test]
async fn whoever_was_not_served_by_it_is_not_told_of() {
    let fixture = Fixture::alone().await;
    let experiment = begin(&fixture, "more-mixed").await;
    // No model yet: the page is of titles alone.
    fixture.films(30).await;
    let early = Person::new();
    assert_eq!(fixture.home(&fixture.fresh_app(), &early).await.get("model_version"), None);
    let [usual, changed] = served(&fixture, &experiment).await;
    let snapshot = recommendation::operations::consumers::snapshot_titles(&fixture.boot()).unwrap();
    let tick = runtime::Tick { time: None };
    assert_eq!(events::Consumer::consume(&snapshot, tick, &crate::fixture::deadline()).await, Outcome::Done);
    // The table does not answer: the page is for anybody.
    let app = fixture.app_with(|vars| vars.set("TABLE_TASTES", "nowhere"));
    assert_eq!(fixture.home(&app, &changed).await["degraded"], json!(true));
    // Pages without ranking.
    let trending = fixture.app.get("/v1/recommendations/trending").token(&fixture.present(changed.token()));
    trending.send().await.expect(200);

    fixture.home(&fixture.fresh_app(), &usual).await;
    told(&fixture, &usual, 1).await;
    let all = fixture.service.records("domain-events").await;
    for person in [early, changed] {
        assert!(all.iter().all(|event| event.subject != person.profile.to_string()), "{person:?}");
    }
}

async fn timed(fixture: &Fixture, app: &App, person: &Person) -> (Value, Span) {
    let began = Instant::now();
    (fixture.home(app, person).await, began.elapsed())
}

/// The page is the same, and what it waits for the stream is bounded: once, and then not at all for a minute.
#[tokio::test]
async fn a_stream_that_is_down_costs_no_page() {
    let fixture = Fixture::alone().await;
    let experiment = begin(&fixture, "more-mixed").await;
    let [_, changed] = served(&fixture, &experiment).await;
    let down = fixture.app_with(|vars| vars.set("STREAM_DOMAIN_EVENTS", "nowhere"));
    for _ in 0..3 {
        let (page, took) = timed(&fixture, &down, &changed).await;
        assert!((1..=20).contains(&most_alike(&page)) && page["impression_id"].is_string(), "{page}");
        assert!(took < Span::from_secs(5), "{took:?}");
    }
}
