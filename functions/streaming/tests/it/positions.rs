use serde_json::{Value, json};

use crate::fixture::{Fixture, Person, id};

async fn place(fixture: &Fixture, person: &Person, film: &crate::fixture::Film) -> Value {
    fixture.app.get(&format!("/v1/playback/positions/{}", film.title)).token(&person.token()).send().await.expect(200)
}

async fn watch_to(fixture: &Fixture, person: &Person, session: &str, position: f64) {
    fixture.seconds(30);
    fixture.beat(person, session, &json!({ "position": position, "state": "playing" })).await.expect(200);
}

#[tokio::test]
async fn the_next_session_begins_where_the_last_one_ended() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let begin = place(&fixture, &person, &film).await;
    assert_eq!(
        begin,
        json!({ "title_id": film.title, "position": 0.0, "resume_at": 0.0, "duration": 0.0, "finished": false })
    );
    let session = id(&fixture.start(&person, &film, "tv").await);
    watch_to(&fixture, &person, &session, 100.0).await;
    fixture.seconds(5);
    let stop = fixture
        .app
        .delete(&format!("/v1/playback/sessions/{session}?position=105.5"))
        .token(&person.token())
        .send()
        .await;
    assert_eq!(stop.status, 204);
    assert_eq!(fixture.start(&person, &film, "phone").await["position"], 105.5);
    // Another profile of the household has its own place.
    let sibling = Person { profile: Person::new().profile, ..person };
    assert_eq!(place(&fixture, &sibling, &film).await["position"], 0.0);
}

#[tokio::test]
async fn a_title_that_was_watched_begins_again() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    watch_to(&fixture, &person, &session, 539.999).await;
    assert_eq!(fixture.start(&person, &film, "tv").await["position"], 539.999);
    let session = id(&fixture.start(&person, &film, "tv").await);
    watch_to(&fixture, &person, &session, 540.0).await;
    let seen = place(&fixture, &person, &film).await;
    assert_eq!((&seen["position"], &seen["resume_at"], &seen["finished"]), (&json!(540.0), &json!(0.0), &json!(true)));
    assert_eq!(fixture.start(&person, &film, "tv").await["position"], 0.0);
    let session = id(&fixture.start(&person, &film, "tv").await);
    watch_to(&fixture, &person, &session, 9999.0).await;
    assert_eq!(place(&fixture, &person, &film).await["position"], 600.0, "nobody is beyond the end");
}

#[tokio::test]
async fn across_sessions_the_later_one_wins_whatever_arrives_last() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let older = id(&fixture.start(&person, &film, "tv").await);
    watch_to(&fixture, &person, &older, 300.0).await;
    let newer = id(&fixture.start(&person, &film, "phone").await);
    watch_to(&fixture, &person, &newer, 40.0).await;
    watch_to(&fixture, &person, &older, 360.0).await;
    assert_eq!(place(&fixture, &person, &film).await["position"], 40.0);
    watch_to(&fixture, &person, &newer, 70.0).await;
    assert_eq!(place(&fixture, &person, &film).await["position"], 70.0);
}
