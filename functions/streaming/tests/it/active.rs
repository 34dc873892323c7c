//! Who of an account streams, as each of its profiles may know it.

use std::collections::BTreeSet;

use events::Outcome;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};
use testkit::Token;

use crate::fixture::{DURATION, Fixture, Person, id};

/// What a token is shown.
async fn seen(fixture: &Fixture, token: &Token, query: &str) -> Vec<Value> {
    let answer = fixture.app.get(&format!("/v1/playback/active{query}")).token(token).send().await.expect(200);
    answer["items"].as_array().unwrap().clone()
}

fn names(streams: &[Value]) -> Vec<&str> {
    streams.iter().map(|stream| stream["device_name"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn an_account_sees_what_runs_and_which_of_it_is_here() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(3, 1080).await);
    assert_eq!(seen(&fixture, &person.token(), "").await, [] as [Value; 0]);
    let first = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(30);
    let report = json!({ "position": 28.5, "state": "playing" });
    fixture.beat(&person, &first, &report).await.expect(200);
    // The same film on another device, by another profile.
    let other = Person { profile: Person::new().profile, ..person };
    let second = id(&fixture.start(&other, &film, "phone").await);

    let streams = seen(&fixture, &person.token(), "?device_id=phone").await;
    assert_eq!(names(&streams), ["Name of tv", "Name of phone"], "the oldest first");
    let expected = json!({
        "session_id": first, "device_name": "Name of tv", "started_at": streams[0]["started_at"], "is_this_device": false,
        "is_own": true, "profile_id": person.profile, "title_id": film.title, "position": 28.5, "duration": DURATION,
    });
    assert_eq!(streams[0], expected);
    assert!(streams[0]["started_at"].as_str().unwrap().ends_with('Z'));
    let expected = json!({
        "session_id": second, "device_name": "Name of phone", "started_at": streams[1]["started_at"], "is_this_device": true,
        "is_own": false, "profile_id": other.profile, "title_id": film.title, "position": 0.0, "duration": DURATION,
    });
    assert_eq!(streams[1], expected, "a profile that may see everything sees who watches what");
    let unsaid = seen(&fixture, &person.token(), "").await;
    assert!(unsaid.iter().all(|stream| stream["is_this_device"] == json!(false)));
}

#[tokio::test]
async fn only_live_leases_of_the_own_account_are_there() {
    let fixture = Fixture::new().await;
    let (film, person, stranger) = (fixture.film().await, fixture.person(3, 1080).await, fixture.person(1, 1080).await);
    let stopped = id(&fixture.start(&person, &film, "tv").await);
    fixture.start(&person, &film, "phone").await;
    fixture.start(&stranger, &film, "laptop").await;
    fixture.stop(&person, &stopped).await.expect(204);
    assert_eq!(names(&seen(&fixture, &person.token(), "").await), ["Name of phone"]);
    fixture.seconds(60);
    fixture.start(&person, &film, "tablet").await;
    fixture.seconds(30);
    assert_eq!(names(&seen(&fixture, &person.token(), "").await), ["Name of tablet"], "the phone is silent for 90 s");
}

#[tokio::test]
async fn a_profile_with_a_cap_learns_of_others_that_a_device_streams_and_no_more() {
    let fixture = Fixture::new().await;
    let (film, parent) = (fixture.film().await, fixture.person(2, 1080).await);
    let child = Person { profile: Person::new().profile, ..parent };
    let tv = id(&fixture.start(&parent, &film, "tv").await);
    let kid = child.token().max_rating(12);
    let own = id(&fixture.start_with(&kid, &film, "tablet").await.expect(201));

    let streams = seen(&fixture, &kid, "?device_id=tablet").await;
    let bare = json!({
        "session_id": tv, "device_name": "Name of tv", "started_at": streams[0]["started_at"], "is_this_device": false, "is_own": false,
    });
    assert_eq!(streams[0], bare);
    assert_eq!(
        (&streams[1]["session_id"], &streams[1]["title_id"]),
        (&json!(own), &json!(film.title)),
        "its own it knows"
    );

    // A start that finds no slot says the same, and to a token without a profile everything is somebody else's.
    let refused = fixture.start_with(&kid, &film, "another").await.expect_problem(409, "too_many_streams");
    assert_eq!(refused["devices"][0], bare);
    assert_eq!(refused["devices"][1]["title_id"], json!(film.title));
    let nobody = seen(&fixture, &Token::account(parent.account), "").await;
    assert_eq!(nobody.len(), 2);
    for stream in nobody {
        let known: BTreeSet<_> = stream.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(Vec::from_iter(known), ["device_name", "is_own", "is_this_device", "session_id", "started_at"]);
    }
}

#[tokio::test]
async fn a_title_that_the_caller_may_not_see_is_not_named() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let kid = person.token().max_rating(12);
    fixture.start_with(&kid, &film, "tv").await.expect(201);
    let title = async |token: &Token| seen(&fixture, token, "").await[0].get("title_id").cloned();
    assert_eq!(title(&kid).await, Some(json!(film.title)));
    let rated = TitleChanged { rating: Some(16), ..film.published() };
    assert_eq!(fixture.project_title(film.changed(2, &rated)).await, Outcome::Done);
    assert_eq!(title(&kid).await, None);
    assert_eq!(title(&person.token()).await, Some(json!(film.title)));
    let gone = TitleChanged { publication: "withdrawn".to_owned(), ..film.published() };
    assert_eq!(fixture.project_title(film.changed(3, &gone)).await, Outcome::Done);
    assert_eq!(title(&person.token()).await, None);
}

#[tokio::test]
async fn no_answer_names_a_device_id() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    fixture.start(&person, &film, "secret-of-the-tv").await;
    let list = fixture.app.get("/v1/playback/active").token(&person.token()).send().await;
    let refused = fixture.try_start(&person, &film, "phone").await;
    refused.expect_problem(409, "too_many_streams");
    for answer in [list, refused] {
        // A start under the id of another device takes the place of its stream, whoever plays it.
        assert!(
            !answer.text().replace("Name of secret-of-the-tv", "").contains("secret-of-the-tv"),
            "{}",
            answer.text()
        );
    }
}
