//! A stream is ended from another place.

use events::Outcome;
use kernel::{PlaybackId, World};
use serde_json::{Value, json};
use testkit::{Answer, Token};

use crate::{
    fixture::{Film, Fixture, Person, id},
    relay::{Witness, relay},
};

async fn kick(fixture: &Fixture, token: &Token, session: &str) -> Answer {
    fixture.app.delete(&format!("/v1/playback/active/{session}")).token(token).send().await
}

fn report() -> Value {
    json!({ "position": 20.0, "state": "playing" })
}

/// Somebody else of the account.
fn relative(person: &Person) -> Person {
    Person { profile: Person::new().profile, ..*person }
}

/// Proven long ago.
fn stale(mut token: Token) -> Token {
    token.0.auth_time -= 11 * 60;
    token
}

#[tokio::test]
async fn the_slot_is_free_at_once_and_the_player_is_told_why() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let started = fixture.start(&person, &film, "tv").await;
    let (session, token) = (id(&started), started["token"].as_str().unwrap());
    fixture.seconds(20);
    fixture.beat(&person, &session, &report()).await.expect(200);
    fixture.try_start(&person, &film, "phone").await.expect_problem(409, "too_many_streams");
    // One's own takes no proof.
    let answer = kick(&fixture, &stale(person.token()), &session).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));

    for _ in 0..2 {
        let told = fixture.beat(&person, &session, &json!({ "position": 25.0, "state": "playing" })).await.expect(200);
        assert_eq!(told, json!({ "action": "stop", "reason": "session_kicked" }));
    }
    for file in ["master.m3u8", "renditions/v720"] {
        let address = format!("/v1/playback/sessions/{session}/{file}?token={token}");
        fixture.app.get(&address).send().await.expect_problem(403, "session_kicked");
    }
    let next = fixture.start(&person, &film, "phone").await;
    assert_eq!(next["position"], 20.0, "where it was, as its own player has told before");
    // The player gives up, somebody presses the button again: nothing changes, and the new stream is not touched.
    fixture.stop(&person, &session).await.expect(204);
    kick(&fixture, &person.token(), &session).await.expect(204);
    assert_eq!(fixture.beat(&person, &id(&next), &report()).await.expect(200)["action"], "continue");
}

#[tokio::test]
async fn a_stream_of_another_account_does_not_exist() {
    let fixture = Fixture::new().await;
    let (film, person, stranger) = (fixture.film().await, fixture.person(1, 1080).await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    let unknown = World::system().id::<PlaybackId>().to_string();
    for (who, session) in [(&stranger, &session), (&person, &unknown)] {
        kick(&fixture, &who.token(), session).await.expect_problem(404, "not_found");
    }
    kick(&fixture, &person.token(), "pbs_x").await.expect_problem(404, "not_found");
    assert_eq!(fixture.beat(&person, &session, &report()).await.expect(200)["action"], "continue");
}

#[tokio::test]
async fn another_profiles_stream_takes_a_proof_whoever_asks() {
    let fixture = Fixture::new().await;
    let (film, parent) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&parent, &film, "tv").await);
    let other = relative(&parent);
    for token in [other.token(), other.token().max_rating(6), Token::account(parent.account)] {
        let refused = kick(&fixture, &stale(token), &session).await.expect_problem(403, "step_up_required");
        assert_eq!(refused["proof"], json!({ "max_age": 600, "second_factor": false }));
    }
    // A proof ends with its login session, although the access token that carries it lives on.
    let ended = other.token();
    assert_eq!(fixture.end_login(&ended, fixture.world.now()).await, Outcome::Done);
    kick(&fixture, &ended, &session).await.expect_problem(401, "session_revoked");
    assert_eq!(fixture.beat(&parent, &session, &report()).await.expect(200)["action"], "continue");

    for token in [other.token(), other.token().max_rating(6), Token::account(parent.account)] {
        let session = id(&fixture.start(&parent, &film, "tv").await);
        kick(&fixture, &token, &session).await.expect(204);
        let told = fixture.beat(&parent, &session, &report()).await.expect(200);
        assert_eq!(told["reason"], "session_kicked");
    }
}

#[tokio::test]
async fn its_end_is_told_once_and_says_why() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    let mut witness = Witness::new(&fixture, session.clone()).await;
    for _ in 0..2 {
        kick(&fixture, &person.token(), &session).await.expect(204);
        witness.look().await;
    }
    witness.record(None);
    relay(&fixture, &witness.records).await;
    let told = fixture.service.events("playback-events", &session, 2).await;
    let ends: Vec<_> = told.iter().map(|event| (event.sequence, &event.data["state"], &event.data["reason"])).collect();
    assert_eq!(ends, [(1, &json!("playing"), &json!("")), (2, &json!("stopped"), &json!("kicked"))]);
}

/// What can happen to a session at the same time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    Kick,
    Beat,
    Stop,
    /// Another session of the same device.
    Start,
}

const DEEDS: [Deed; 5] = [Deed::Kick, Deed::Kick, Deed::Beat, Deed::Stop, Deed::Start];

struct Scene<'a> {
    fixture: &'a Fixture,
    person: Person,
    film: &'a Film,
    session: String,
}

impl<'a> Scene<'a> {
    async fn new(fixture: &'a Fixture, film: &'a Film) -> Self {
        fixture.catch_up();
        let person = fixture.person(1, 1080).await;
        let session = id(&fixture.start(&person, film, "tv").await);
        Self { fixture, person, film, session }
    }

    /// The session of a start.
    async fn act(&self, deed: Deed) -> Option<String> {
        let Self { fixture, person, session, .. } = self;
        match deed {
            Deed::Kick => drop(kick(fixture, &person.token(), session).await.expect(204)),
            Deed::Stop => drop(fixture.stop(person, session).await.expect(204)),
            Deed::Start => return Some(id(&fixture.start(person, self.film, "tv").await)),
            Deed::Beat => {
                let answer = fixture.beat(person, session, &report()).await;
                let code = answer.json()["code"].clone();
                assert!(answer.status == 200 || code == "session_stopped", "{}", answer.text());
            }
        }
        None
    }

    /// The old session has ended for good, the new one lives, and the one slot is its.
    async fn ends_with(&self, new: &str, about: &str) {
        let Self { fixture, person, session, film } = self;
        let answer = fixture.beat(person, session, &report()).await;
        let ended = answer.status == 410 || answer.json()["action"] == "stop";
        assert!(ended, "{about}: {}", answer.text());
        assert_eq!(fixture.beat(person, new, &report()).await.expect(200)["action"], "continue", "{about}");
        let list = fixture.app.get("/v1/playback/active").token(&person.token()).send().await.expect(200);
        let live: Vec<_> = list["items"].as_array().unwrap().iter().map(|stream| &stream["session_id"]).collect();
        assert_eq!(live, [&json!(new)], "{about}");
        fixture.try_start(person, film, "phone").await.expect_problem(409, "too_many_streams");
        kick(fixture, &person.token(), new).await.expect(204);
        fixture.start(person, film, "phone").await;
    }
}

#[tokio::test]
async fn any_order_of_kicks_reports_stops_and_starts_ends_in_the_same_place() {
    let fixture = Fixture::new().await;
    let film = fixture.film().await;
    let mut orders = vec![vec![]];
    for deed in [Deed::Kick, Deed::Beat, Deed::Stop, Deed::Start] {
        let longer = |order: Vec<Deed>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, deed);
                order
            })
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 24);
    for order in orders {
        let scene = Scene::new(&fixture, &film).await;
        let mut new = None;
        for deed in &order {
            new = scene.act(*deed).await.or(new);
        }
        scene.ends_with(&new.unwrap(), &format!("{order:?}")).await;
    }
}

#[tokio::test]
async fn at_once_they_end_in_the_same_place_as_well() {
    let fixture = Fixture::new().await;
    let film = fixture.film().await;
    for round in 0..12 {
        let scene = Scene::new(&fixture, &film).await;
        let mut deeds = DEEDS;
        deeds.rotate_left(round % DEEDS.len());
        let new = futures::future::join_all(deeds.iter().map(|deed| scene.act(*deed))).await;
        let new = new.into_iter().flatten().next().unwrap();
        scene.ends_with(&new, &format!("round {round}")).await;
    }
}
