use std::collections::BTreeSet;

use events::{Consumer, Deadline, Event, Outcome};
use kernel::World;
use proto::types::TITLE_LEAVING;
use runtime::Tick;
use serde_json::{Value, json};
use testkit::Service;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    episodes::{ids, series},
    studio::{Studio, draft},
};

fn text(moment: OffsetDateTime) -> Value {
    json!(moment.format(&Rfc3339).unwrap())
}

async fn tick(service: &Service, now: OffsetDateTime) -> Outcome {
    let (world, _) = World::replay(now, now.unix_timestamp().unsigned_abs());
    let consumer =
        catalog::operations::consumers::tick_availability(&service.boot().with_world(world.clone())).unwrap();
    consumer.consume(Tick { time: None }, &Deadline::unlimited(world)).await
}

/// What was announced about a title: days and territories.
async fn announced(service: &Service, id: &str) -> Vec<(u64, Value)> {
    let about = |event: &Event| event.subject == id && event.kind == TITLE_LEAVING;
    let records = service.records("domain-events").await;
    let plain = |event: Event| {
        assert!(events::TitleLeaving::read(&event).is_ok());
        (event.data["days"].as_u64().unwrap(), event.data["territories"].clone())
    };
    records.into_iter().filter(about).map(plain).collect()
}

#[tokio::test]
async fn what_leaves_soon_is_flagged_and_can_be_listed() {
    let studio = Studio::open().await;
    let now = World::system().now();
    let mut films = vec![];
    for (name, windows) in [
        ("soon", json!([{"territories": ["DE"], "until": text(now + Duration::days(10))}, {"territories": ["FR"]}])),
        ("later", json!([{"until": text(now + Duration::days(50))}])),
        ("comes again", json!([{"until": text(now + Duration::days(2))}, {"from": text(now + Duration::days(90))}])),
        ("always", json!([])),
    ] {
        let id = studio.film(draft(name)).await;
        studio.offer(&id, windows).await.expect(200);
        films.push(id);
    }
    let names = async |query: &str, territory: &str| -> BTreeSet<String> {
        let call = studio.app.get(&format!("/v1/titles?{query}")).territory(&territory.parse().unwrap());
        let page = call.send().await.expect(200);
        page["items"].as_array().unwrap().iter().map(|card| card["name"].as_str().unwrap().to_owned()).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names("leaving_within=30d", "DE").await, set(&["soon"]));
    assert_eq!(names("leaving_within=9d", "DE").await, set(&[]));
    assert_eq!(names("leaving_within=60d", "DE").await, set(&["soon", "later"]));
    assert_eq!(names("leaving_within=60d&sort=title", "FR").await, set(&["later"]));
    let page = studio.app.get("/v1/titles?sort=title").send().await.expect(200);
    let flagged: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|card| card.get("leaving_at").is_some()).collect();
    assert_eq!(flagged, [false, false, false, true], "always, comes again, later, soon");
    let shown = studio.app.get(&format!("/v1/titles/{}", films[0])).send().await.expect(200);
    assert_eq!(shown["leaving_at"], page["items"][3]["leaving_at"]);
    for wrong in ["0d", "366d", "30", "soon", "", "-1d", "30d,30d"] {
        let refused = studio.app.get(&format!("/v1/titles?leaving_within={wrong}")).send().await;
        refused.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn an_end_is_announced_once_at_each_stage_whatever_ticks() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let end = World::system().now() + Duration::days(100);
    let windows = json!([{"territories": ["DE"], "until": text(end)}, {"territories": ["FR"], "until": text(end)}, {"territories": ["US"]}]);
    studio.offer(&id, windows).await.expect(200);
    let service = &studio.service;
    let at = |days: i64| end - Duration::days(days);
    for (now, stages) in [
        (at(31), vec![]),
        (at(30), vec![30]),
        (at(29), vec![30]),
        // The seventh day was missed.
        (at(6), vec![30, 7]),
        (at(1), vec![30, 7, 1]),
        (end - Duration::SECOND, vec![30, 7, 1]),
        (end, vec![30, 7, 1]),
        (end + Duration::days(9), vec![30, 7, 1]),
    ] {
        // However many functions tick at the same time.
        for outcome in [tick(service, now).await, futures::future::join(tick(service, now), tick(service, now)).await.0]
        {
            assert_eq!(outcome, Outcome::Done);
        }
        let expected: Vec<_> = stages.into_iter().map(|days| (days, json!(["DE", "FR"]))).collect();
        assert_eq!(announced(service, &id).await, expected, "{now}");
    }
}

#[tokio::test]
async fn a_long_outage_announces_the_last_stage_alone_and_another_end_again() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let end = World::system().now() + Duration::days(100);
    studio.offer(&id, json!([{"until": text(end)}])).await.expect(200);
    tick(&studio.service, end - Duration::hours(3)).await;
    assert_eq!(announced(&studio.service, &id).await, [(1, json!([]))]);
    // Given longer, it leaves at another moment.
    let later = end + Duration::days(20);
    studio.offer(&id, json!([{"until": text(later)}])).await.expect(200);
    tick(&studio.service, end - Duration::hours(2)).await;
    assert_eq!(announced(&studio.service, &id).await, [(1, json!([])), (30, json!([]))]);
    studio.withdraw(&id).await.expect(200);
    tick(&studio.service, later - Duration::hours(1)).await;
    assert_eq!(announced(&studio.service, &id).await.len(), 2, "nobody sees it");
}

#[tokio::test]
async fn a_crash_before_the_stream_heard_announces_once() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let end = World::system().now() + Duration::days(40);
    studio.offer(&id, json!([{"until": text(end)}])).await.expect(200);
    let stream = studio.service.var("STREAM_DOMAIN_EVENTS");
    let service = studio.service.with("STREAM_DOMAIN_EVENTS", "no-such-stream");
    let now = end - Duration::days(20);
    assert_eq!(tick(&service, now).await, Outcome::Done, "it is announced: the outbox holds it");
    let service = service.with("STREAM_DOMAIN_EVENTS", &stream);
    assert_eq!(tick(&service, now).await, Outcome::Done);
    assert_eq!(announced(&service, &id).await, []);
    let pool = service.pool();
    sqlx::query("update outbox set created_at = created_at - interval '1 minute'").execute(&pool).await.unwrap();
    let relay = catalog::operations::consumers::relay_outbox(&service.boot()).unwrap();
    for _ in 0..2 {
        assert_eq!(relay.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await, Outcome::Done);
        assert_eq!(tick(&service, now + Duration::MINUTE).await, Outcome::Done);
    }
    assert_eq!(announced(&service, &id).await, [(30, json!([]))]);
}

#[tokio::test]
async fn openings_and_closings_are_in_the_audit_once_and_missed_ones_too() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let now = World::system().now();
    let (opens, closes) = (now + Duration::hours(2), now + Duration::hours(5));
    let windows = json!([{"territories": ["DE"], "from": text(opens), "until": text(closes)}, {"territories": ["FR"]}]);
    studio.offer(&id, windows).await.expect(200);
    let draft = studio.create(&draft("Nobody sees it")).await;
    studio.offer(draft["id"].as_str().unwrap(), json!([{"from": text(opens)}])).await.expect(200);
    let passed = async || -> Vec<(String, String)> {
        let passed = "select action, to_char(happened_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI') from audit where action like 'window%' order by id";
        sqlx::query_as(passed).fetch_all(&studio.service.pool()).await.unwrap()
    };
    let minute = |moment: OffsetDateTime| moment.format(&Rfc3339).unwrap()[..16].to_owned();
    let (opened, closed) = (("window_opened".to_owned(), minute(opens)), ("window_closed".to_owned(), minute(closes)));
    for (at, expected) in [
        (now + Duration::HOUR, vec![]),
        (opens, vec![opened.clone()]),
        // A clock that goes back passes nothing twice.
        (now, vec![opened.clone()]),
        // Nothing ticked while it closed.
        (now + Duration::days(3), vec![opened.clone(), closed.clone()]),
    ] {
        futures::join!(tick(&studio.service, at), tick(&studio.service, at));
        assert_eq!(tick(&studio.service, at).await, Outcome::Done);
        assert_eq!(passed().await, expected, "{at}");
    }
    let audit = studio.app.get(&format!("/v1/admin/titles/{id}/audit?limit=1")).token(&studio.editor);
    let entry = audit.send().await.expect(200)["items"][0].clone();
    assert_eq!((&entry["action"], &entry["actor"]), (&json!("window_closed"), &json!("catalog-tick-availability")));
    assert_eq!(entry["changes"], json!([]));
}

#[tokio::test]
async fn an_episode_leaves_with_its_series() {
    let studio = Studio::open().await;
    let end = World::system().now() + Duration::days(100);
    let (series, _) = series(&studio).await;
    let (_, episode) = ids(&studio, &series).await.remove(0);
    studio.offer(&series, json!([{"territories": ["DE"], "until": text(end)}])).await.expect(200);
    let service = &studio.service;
    tick(service, end - Duration::days(31)).await;
    assert_eq!(announced(service, &episode).await, []);
    tick(service, end - Duration::days(6)).await;
    tick(service, end - Duration::days(6)).await;
    for title in [&series, &episode] {
        assert_eq!(announced(service, title).await, [(7, json!(["DE"]))], "{title}");
    }
    // Its own windows end earlier: it is announced at its own end.
    studio.offer(&episode, json!([{"until": text(end - Duration::days(3))}])).await.expect(200);
    tick(service, end - Duration::days(4)).await;
    assert_eq!(announced(service, &episode).await, [(7, json!(["DE"])), (1, json!(["DE"]))]);
    // Where the two share no moment there is nothing to leave.
    studio.offer(&episode, json!([{"territories": ["FR"], "until": text(end - Duration::days(3))}])).await.expect(200);
    tick(service, end - Duration::days(3) - Duration::HOUR).await;
    assert_eq!(announced(service, &episode).await.len(), 2);
}
