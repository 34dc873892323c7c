use events::Outcome;
use kernel::{PlaybackId, World};
use proto::catalog::{TitleChanged, Window};
use serde_json::json;
use stores::{Table, aws_sdk_dynamodb::types::AttributeValue};
use time::{Duration, OffsetDateTime};

use crate::fixture::{Film, Fixture, Person, id, no_entitlements, text};

#[tokio::test]
async fn a_report_renews_the_lease_and_moves_the_position() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    for n in 1..=6 {
        fixture.seconds(30);
        let quality =
            json!({ "height": 720, "bandwidth": 5_000_000, "stalls": 1, "stall_seconds": 0.4, "dropped_frames": 2 });
        let report = json!({ "position": 30.0 * f64::from(n), "state": "playing", "client_time": text(fixture.world.now()), "quality": quality });
        let advice = fixture.beat(&person, &session, &report).await.expect(200);
        assert_eq!(advice, json!({ "action": "continue", "heartbeat_interval": 30 }));
    }
    let place = fixture
        .app
        .get(&format!("/v1/playback/positions/{}", film.title))
        .token(&person.token())
        .send()
        .await
        .expect(200);
    assert_eq!(place["position"], 180.0);
}

#[tokio::test]
async fn a_late_report_is_gone_and_so_is_every_one_after_it() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(90);
    for _ in 0..2 {
        let answer = fixture.beat(&person, &session, &json!({ "position": 90.0, "state": "playing" })).await;
        answer.expect_problem(410, "session_expired");
    }
    // Whoever was late starts again, and nothing is in the way.
    fixture.start(&person, &film, "phone").await;
    assert_eq!(fixture.stop(&person, &session).await.status, 204);
}

#[tokio::test]
async fn a_wrong_clock_neither_blocks_nor_undoes_reports() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    let position = || async {
        let answer =
            fixture.app.get(&format!("/v1/playback/positions/{}", film.title)).token(&person.token()).send().await;
        answer.expect(200)
    };
    fixture.seconds(30);
    let far = json!({ "position": 30.0, "state": "playing", "client_time": "2099-01-01T00:00:00Z" });
    fixture.beat(&person, &session, &far).await.expect(200);
    let updated_at = position().await["updated_at"].as_str().unwrap().to_owned();
    let updated_at = OffsetDateTime::parse(&updated_at, &time::format_description::well_known::Rfc3339).unwrap();
    assert!((fixture.world.now() - updated_at).abs() < Duration::SECOND, "clamped to our time");
    fixture.seconds(30);
    let right = json!({ "position": 60.0, "state": "playing", "client_time": text(fixture.world.now()) });
    fixture.beat(&person, &session, &right).await.expect(200);
    assert_eq!(position().await["position"], 60.0);
    // A report that was overtaken.
    let overtaken = json!({ "position": 45.0, "state": "playing", "client_time": text(fixture.world.now() - Duration::seconds(15)) });
    fixture.beat(&person, &session, &overtaken).await.expect(200);
    assert_eq!(position().await["position"], 60.0);
}

#[tokio::test]
async fn who_stops_paying_stops_watching() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    assert_eq!(fixture.project_grant(no_entitlements(person.account, 2)).await, Outcome::Done);
    fixture.seconds(30);
    let report = json!({ "position": 30.0, "state": "playing" });
    let advice = fixture.beat(&person, &session, &report).await.expect(200);
    assert_eq!(advice, json!({ "action": "stop", "reason": "subscription_required" }));
    fixture.beat(&person, &session, &report).await.expect_problem(410, "session_stopped");
}

#[tokio::test]
async fn a_title_that_may_not_be_watched_any_more_stops_with_the_reason() {
    let fixture = Fixture::new().await;
    let person = fixture.person(1, 1080).await;
    let french = Window { territories: vec!["FR".to_owned()], ..Window::default() };
    let premium = Window { plans: vec!["premium".to_owned()], ..Window::default() };
    let over = Window { until: Some(text(fixture.world.now())), ..Window::default() };
    let film = Film::new().published();
    for (change, reason) in [
        (TitleChanged { publication: "withdrawn".to_owned(), ..film.clone() }, "title_withdrawn"),
        (TitleChanged { publication: "draft".to_owned(), ..film.clone() }, "not_found"),
        (TitleChanged { windows: vec![french], ..film.clone() }, "territory_not_allowed"),
        (TitleChanged { windows: vec![premium], ..film.clone() }, "plan_too_low"),
        (TitleChanged { windows: vec![over], ..film.clone() }, "not_found"),
    ] {
        let film = fixture.film().await;
        let session = id(&fixture.start(&person, &film, "tv").await);
        fixture.seconds(30);
        let change = TitleChanged { title_id: film.title.to_string(), ..change };
        assert_eq!(fixture.project_title(film.changed(2, &change)).await, Outcome::Done);
        let report = json!({ "position": 30.0, "state": "playing" });
        let told = fixture.beat(&person, &session, &report).await.expect(200);
        assert_eq!(told, json!({ "action": "stop", "reason": reason }));
        fixture.beat(&person, &session, &report).await.expect_problem(410, "session_stopped");
        let place = format!("/v1/playback/positions/{}", film.title);
        let place = fixture.app.get(&place).token(&person.token()).send().await.expect(200);
        assert_eq!(place["position"], 30.0, "what was watched until then is not lost");
        let next = fixture.start(&person, &fixture.film().await, "phone").await;
        assert_eq!(fixture.stop(&person, &id(&next)).await.status, 204, "the slot was free");
    }
}

#[tokio::test]
async fn the_lower_of_both_caps_counts() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(30);
    let (path, report) =
        (format!("/v1/playback/sessions/{session}/heartbeat"), json!({ "position": 30.0, "state": "playing" }));
    let told = fixture.app.post(&path, &report).token(&person.token().max_rating(6)).send().await.expect(200);
    assert_eq!(told, json!({ "action": "stop", "reason": "rating_too_high" }));

    let session = id(&fixture.start_with(&person.token().max_rating(12), &film, "phone").await.expect(201));
    let rated = TitleChanged { rating: Some(16), ..film.published() };
    assert_eq!(fixture.project_title(film.changed(2, &rated)).await, Outcome::Done);
    let told = fixture.beat(&person, &session, &report).await.expect(200);
    assert_eq!(told, json!({ "action": "stop", "reason": "rating_too_high" }), "a higher cap is for the next session");
}

#[tokio::test]
async fn sessions_of_others_do_not_exist() {
    let fixture = Fixture::new().await;
    let (film, person, other) = (fixture.film().await, fixture.person(1, 1080).await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    let report = json!({ "position": 1.0, "state": "playing" });
    let unknown = World::system().id::<PlaybackId>().to_string();
    for (who, session) in [(&other, &session), (&person, &unknown)] {
        fixture.beat(who, session, &report).await.expect_problem(404, "not_found");
        fixture.stop(who, session).await.expect_problem(404, "not_found");
    }
    fixture.beat(&person, &session, &report).await.expect(200);
}

#[tokio::test]
async fn another_profile_neither_moves_a_session_nor_stops_it_without_a_proof() {
    let fixture = Fixture::new().await;
    let (film, parent) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&parent, &film, "tv").await);
    fixture.seconds(30);
    let report = json!({ "position": 30.0, "state": "playing" });
    fixture.beat(&parent, &session, &report).await.expect(200);
    let child = Person { profile: Person::new().profile, ..parent };
    fixture
        .beat(&child, &session, &json!({ "position": 1.0, "state": "playing" }))
        .await
        .expect_problem(404, "not_found");
    let mut stale = child.token();
    stale.0.auth_time -= 11 * 60;
    let path = format!("/v1/playback/sessions/{session}?position=500");
    fixture.app.delete(&path).token(&stale).send().await.expect_problem(403, "step_up_required");
    fixture.beat(&parent, &session, &report).await.expect(200);
    // With a proof it ends, where its own player has told that it is.
    assert_eq!(fixture.app.delete(&path).token(&child.token()).send().await.status, 204);
    fixture.beat(&parent, &session, &report).await.expect_problem(410, "session_stopped");
    assert_eq!(fixture.start(&parent, &film, "tv").await["position"], 30.0);
}

#[tokio::test]
async fn a_proof_that_stops_what_another_profile_plays_ends_with_its_login_session() {
    let fixture = Fixture::new().await;
    let (film, parent) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&parent, &film, "tv").await);
    let child = Person { profile: Person::new().profile, ..parent };
    let path = format!("/v1/playback/sessions/{session}");
    // Just proven, and then signed out: the token lives on for minutes.
    let (ended, live) = (child.token(), child.token());
    for _ in 0..2 {
        assert_eq!(fixture.end_login(&ended, fixture.world.now()).await, Outcome::Done);
    }
    fixture.app.delete(&path).token(&ended).send().await.expect_problem(401, "session_revoked");
    let mut stale = ended.clone();
    stale.0.auth_time -= 11 * 60;
    fixture.app.delete(&path).token(&stale).send().await.expect_problem(401, "session_revoked");
    let report = json!({ "position": 1.0, "state": "playing" });
    fixture.beat(&parent, &session, &report).await.expect(200);
    // Nothing begins with that token any more; what runs goes on until it expires, and another session's proof is not touched.
    fixture.start_with(&ended, &film, "phone").await.expect_problem(401, "session_revoked");
    let mut own = parent.token();
    own.0.sid = ended.0.sid;
    let own = fixture.app.delete(&path).token(&own).send().await;
    own.expect(204);
    let session = id(&fixture.start(&parent, &film, "tv").await);
    let path = format!("/v1/playback/sessions/{session}");
    fixture.app.delete(&path).token(&live).send().await.expect(204);
}

#[tokio::test]
async fn an_ended_login_is_forgotten_when_its_tokens_have_expired() {
    let fixture = Fixture::new().await;
    let now = fixture.world.now();
    let table = Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"));
    for (minutes, is_kept) in [(0, true), (59, true), (61, false)] {
        let token = Person::new().token();
        let ended_at = now - Duration::minutes(minutes);
        assert_eq!(fixture.end_login(&token, ended_at).await, Outcome::Done);
        let request = table.client.get_item().table_name(&table.name).consistent_read(true);
        let request = request.key("pk", AttributeValue::S(format!("login#{}", token.0.sid)));
        let item = request.key("sk", AttributeValue::S("ended".to_owned())).send().await.unwrap().item;
        let expires_at = item.map(|item| item["expires_at"].as_n().unwrap().parse::<i64>().unwrap());
        let until = (ended_at + Duration::hours(1)).unix_timestamp();
        assert_eq!(expires_at, is_kept.then_some(until), "{minutes}");
    }
    let token = Person::new().token();
    let mut event = token.session_ended(now);
    event.data["session_id"] = json!("nobody");
    assert!(matches!(fixture.project_login(event).await, Outcome::Poison(_)));
}

#[tokio::test]
async fn parallel_reports_of_several_devices_all_arrive() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(4, 1080).await);
    let mut sessions = Vec::new();
    for device in ["a", "b", "c", "d"] {
        sessions.push(id(&fixture.start(&person, &film, device).await));
    }
    fixture.seconds(30);
    let report = json!({ "position": 30.0, "state": "playing" });
    let answers =
        futures::future::join_all(sessions.iter().map(|session| fixture.beat(&person, session, &report))).await;
    for answer in answers {
        assert_eq!(answer.expect(200)["action"], "continue");
    }
}
