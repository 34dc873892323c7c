use events::Outcome;
use playback::{PlaybackClaims, TokenKey};
use proto::catalog::{TitleChanged, Window};
use serde_json::{Value, json};
use time::Duration;

use crate::fixture::{DURATION, Film, Fixture, Person, id, no_entitlements, text};

#[tokio::test]
async fn a_session_says_everything_that_a_player_needs() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 720).await);
    let started = fixture.start(&person, &film, "tv").await;
    let (session, token) = (id(&started), started["token"].as_str().unwrap());
    assert_eq!(
        started["manifest_url"],
        format!("http://localhost:8080/v1/playback/sessions/{session}/master.m3u8?token={token}")
    );
    assert_eq!((&started["position"], &started["duration"]), (&json!(0.0), &json!(DURATION)));
    assert_eq!(started["heartbeat_interval"], 30);
    assert_eq!(started["markers"], json!([{ "kind": "intro", "from": 5.0, "until": 35.5 }]));
    assert_eq!(started["trickplay_url"], format!("http://localhost:8080/media/{}/sprites/0a1b/index.vtt", film.asset));
    assert_eq!(
        started["tracks"],
        json!({
            "video": [
                { "name": "v720", "width": 1280, "height": 720, "bandwidth": 3_000_000 },
                { "name": "v240", "width": 426, "height": 240, "bandwidth": 200_000 },
            ],
            "audio": [{ "language": "en" }],
            "captions": [],
        })
    );
    let secret = secret(&fixture, "SECRET_PLAYBACK_TOKEN").await;
    let claims = TokenKey::new(&secret).open(token, fixture.world.now()).unwrap();
    let expected = PlaybackClaims {
        session: session.parse().unwrap(),
        account: person.account,
        profile: person.profile,
        title: film.title,
        asset: film.asset,
        fence: 1,
        max_height: 720,
        expires_at: claims.expires_at,
    };
    assert_eq!(claims, expected);
    let lifetime = claims.expires_at - fixture.world.now();
    assert!((lifetime - Duration::seconds(2 * 600 + 3600)).abs() <= Duration::SECOND, "{lifetime}");
}

pub async fn secret(fixture: &Fixture, variable: &str) -> Vec<u8> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use secrecy::ExposeSecret;
    let handle = stores::SecretHandle::new(fixture.service.aws(), fixture.service.var(variable));
    BASE64_STANDARD.decode(handle.get().await.unwrap().unwrap().expose_secret()).unwrap()
}

#[tokio::test]
async fn whoever_has_no_plan_or_one_that_is_too_small_pays_first() {
    let fixture = Fixture::new().await;
    let film = fixture.film().await;
    let stranger = Person::new();
    fixture.try_start(&stranger, &film, "tv").await.expect_problem(402, "subscription_required");
    let person = fixture.person(1, 1080).await;
    assert_eq!(fixture.project_grant(no_entitlements(person.account, 2)).await, Outcome::Done);
    fixture.try_start(&person, &film, "tv").await.expect_problem(402, "subscription_required");

    let person = fixture.person(1, 1080).await;
    let premium = Window { plans: vec!["premium".to_owned()], ..Window::default() };
    fixture.project_title(film.changed(2, &TitleChanged { windows: vec![premium], ..film.published() })).await;
    fixture.try_start(&person, &film, "tv").await.expect_problem(402, "plan_too_low");
}

#[tokio::test]
async fn an_expired_plan_counts_until_its_grace_ends() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    // Tokens live ten minutes, so the plan is moved instead of the clock.
    let now = fixture.world.now();
    let mut event = crate::fixture::entitlements(person.account, 2, 1, 1080);
    event.data["valid_to"] = json!(text(now - Duration::DAY));
    event.data["grace_to"] = json!(text(now + Duration::HOUR));
    fixture.project_grant(event.clone()).await;
    fixture.start(&person, &film, "tv").await;
    event.sequence = 3;
    event.data["grace_to"] = json!(text(now - Duration::HOUR));
    fixture.project_grant(event).await;
    fixture.try_start(&person, &film, "tv").await.expect_problem(402, "subscription_required");
}

#[tokio::test]
async fn rating_territory_and_publication_are_looked_at_first() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let child = person.token().max_rating(6);
    fixture.app.post("/v1/playback/sessions", &body).token(&child).send().await.expect_problem(403, "rating_too_high");

    let german = Window { territories: vec!["DE".to_owned()], ..Window::default() };
    fixture.project_title(film.changed(2, &TitleChanged { windows: vec![german], ..film.published() })).await;
    let from = |country: &'static str, secret: &'static str| {
        fixture
            .app
            .post("/v1/playback/sessions", &body)
            .token(&person.token())
            .header("cloudfront-viewer-country", country)
            .header("x-origin-verify", secret)
            .send()
    };
    from("FR", "origin-secret-of-the-test").await.expect_problem(451, "territory_not_allowed");
    from("DE", "guessed").await.expect_problem(403, "edge_required");
    from("DE", "origin-secret-of-the-test").await.expect(201);

    for (sequence, change, status, code) in [
        (3, TitleChanged { publication: "withdrawn".to_owned(), ..film.published() }, 410, "title_withdrawn"),
        (4, TitleChanged { publication: "draft".to_owned(), ..film.published() }, 404, "not_found"),
        (5, TitleChanged { asset: None, ..film.published() }, 409, "not_playable_yet"),
        (6, TitleChanged { deleted: true, ..film.published() }, 404, "not_found"),
    ] {
        fixture.project_title(film.changed(sequence, &change)).await;
        fixture.try_start(&person, &film, "tv").await.expect_problem(status, code);
    }
    fixture.try_start(&person, &Film::new(), "tv").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_same_key_gives_the_same_session() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let post = |person: &Person, key: &str, body: &Value| {
        fixture.app.post("/v1/playback/sessions", body).token(&person.token()).header("idempotency-key", key).send()
    };
    let first = post(&person, "one", &body).await;
    let again = post(&person, "one", &body).await;
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = json!({ "title_id": film.title, "device_id": "phone" });
    post(&person, "one", &other).await.expect_problem(422, "idempotency_key_reused");
    let second = post(&person, "two", &body).await.expect(201);
    assert_ne!(id(&second), id(&first.json()));
    // The key is the profile's own.
    let sibling = Person { profile: Person::new().profile, ..person };
    let own = post(&sibling, "one", &other).await.expect(201);
    assert_ne!(id(&own), id(&first.json()));
    let neighbour = fixture.person(1, 1080).await;
    let theirs = post(&neighbour, "one", &body).await.expect(201);
    assert_ne!(id(&theirs), id(&first.json()));
    post(&person, &"k".repeat(256), &body).await.expect_problem(400, "invalid_idempotency_key");
}

#[tokio::test]
async fn a_stored_answer_is_given_only_to_who_may_watch() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let post = |max_rating| {
        let call = fixture.app.post("/v1/playback/sessions", &body).header("idempotency-key", "one");
        call.token(&person.token().max_rating(max_rating)).send()
    };
    let first = post(18).await;
    assert_eq!(post(18).await.expect(201), first.expect(201));
    post(6).await.expect_problem(403, "rating_too_high");
    let withdrawn = TitleChanged { publication: "withdrawn".to_owned(), ..film.published() };
    fixture.project_title(film.changed(2, &withdrawn)).await;
    post(18).await.expect_problem(410, "title_withdrawn");
}

#[tokio::test]
async fn the_same_key_in_parallel_starts_one_session() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(4, 1080).await);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let calls = (0..12).map(|_| {
        fixture
            .app
            .post("/v1/playback/sessions", &body)
            .token(&person.token())
            .header("idempotency-key", "burst")
            .send()
    });
    let answers = futures::future::join_all(calls).await;
    let sessions: std::collections::BTreeSet<String> = answers.iter().map(|answer| id(&answer.expect(201))).collect();
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn a_table_that_is_down_is_503_and_no_session() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let down = fixture.app_with(|vars| vars.set("TABLE_PLAYBACK", "no-such-table"), streaming::operations::routes);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let answer = down.post("/v1/playback/sessions", &body).token(&person.token()).send().await;
    answer.expect_problem(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    let keyless =
        fixture.app_with(|vars| vars.set("SECRET_PLAYBACK_TOKEN", "no-such-secret"), streaming::operations::routes);
    let answer = keyless.post("/v1/playback/sessions", &body).token(&person.token()).send().await;
    answer.expect_problem(503, "temporarily_unavailable");
}
