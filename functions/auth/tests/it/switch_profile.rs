use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::{Event, Outcome};
use kernel::{Id, ProfileId};
use password::{Password, Pepper};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::stage::{SignedIn, Stage, claims, text};

const PIN: &str = "4821";

async fn profile(stage: &Stage, owner: &SignedIn, has_pin: bool) -> String {
    let id = ProfileId::from_parts(stage.world.now(), stage.world.bytes()).to_string();
    let state = ProfileChanged {
        profile_id: id.clone(),
        account_id: owner.account().to_string(),
        locale: "ru".into(),
        max_rating: 6,
        has_pin,
        ..Default::default()
    };
    assert_eq!(stage.project(Event::new(&stage.world, types::PROFILE_CHANGED, &id, 1, &state)).await, Outcome::Done);
    id
}

async fn set_pin(stage: &Stage, owner: &SignedIn, id: &str, sequence: i64, pin: &str) {
    let pepper = stores::SecretHandle::new(stage.service.aws(), stage.service.var("SECRET_PEPPER"))
        .get()
        .await
        .unwrap()
        .unwrap();
    let pepper = Pepper::new(&BASE64_STANDARD.decode(pepper.expose_secret()).unwrap());
    let state = ProfileSecretChanged {
        profile_id: id.to_owned(),
        account_id: owner.account().to_string(),
        pin_digest: pepper.hash(&stage.world, &Password::from(pin)).unwrap(),
    };
    assert_eq!(
        stage.project(Event::new(&stage.world, types::PROFILE_SECRET_CHANGED, id, sequence, &state)).await,
        Outcome::Done
    );
}

async fn switch(stage: &Stage, someone: &SignedIn, body: &Value) -> Answer {
    stage.post("/v1/auth/profile", body).bearer(&someone.access).send().await
}

#[tokio::test]
async fn the_token_carries_the_profile_its_cap_and_its_language() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let kid = profile(&stage, &someone, false).await;
    let token = switch(&stage, &someone, &json!({ "profile_id": kid })).await.expect(200);
    assert!(token.get("refresh_token").is_none());
    assert_eq!(text(&token, "profile_id"), kid);
    let said = claims(text(&token, "access_token"));
    assert_eq!((&said["pid"], &said["max_rating"], &said["locale"]), (&json!(kid), &json!(6), &json!("ru")));
    assert_eq!((&said["sid"], &said["auth_time"]), (&someone.claims["sid"], &someone.claims["auth_time"]));
}

#[tokio::test]
async fn a_profile_of_another_account_or_none_is_404() {
    let stage = Stage::start().await;
    let (someone, other) = (stage.signed_in().await, stage.signed_in().await);
    let foreign = profile(&stage, &other, true).await;
    let unknown = ProfileId::from_parts(stage.world.now(), [1; 10]);
    for id in [foreign, unknown.to_string()] {
        switch(&stage, &someone, &json!({ "profile_id": id, "pin": PIN })).await.expect_problem(404, "not_found");
    }
    for body in [
        json!({}),
        json!({ "profile_id": "prf_1" }),
        json!({ "profile_id": someone.claims["sub"] }),
        json!({ "profile_id": unknown, "x": 1 }),
    ] {
        switch(&stage, &someone, &body).await.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn a_pin_is_asked_for_and_checked() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let adult = profile(&stage, &someone, true).await;
    // The PIN itself is late: nothing can be said about it yet.
    let body = json!({ "profile_id": adult, "pin": PIN });
    switch(&stage, &someone, &body).await.expect_problem(503, "temporarily_unavailable");
    set_pin(&stage, &someone, &adult, 1, PIN).await;
    switch(&stage, &someone, &json!({ "profile_id": adult })).await.expect_problem(403, "pin_required");
    switch(&stage, &someone, &json!({ "profile_id": adult, "pin": "1234" })).await.expect_problem(403, "wrong_pin");
    switch(&stage, &someone, &body).await.expect(200);
    // A profile whose own event is late needs the PIN as soon as that has arrived.
    let open = profile(&stage, &someone, false).await;
    set_pin(&stage, &someone, &open, 2, PIN).await;
    switch(&stage, &someone, &json!({ "profile_id": open })).await.expect_problem(403, "pin_required");
}

#[tokio::test]
async fn five_wrong_pins_lock_the_profile_for_a_quarter_of_an_hour() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let adult = profile(&stage, &someone, true).await;
    set_pin(&stage, &someone, &adult, 1, PIN).await;
    let (right, wrong) = (json!({ "profile_id": adult, "pin": PIN }), json!({ "profile_id": adult, "pin": "0000" }));
    for _ in 0..4 {
        switch(&stage, &someone, &wrong).await.expect_problem(403, "wrong_pin");
    }
    // A success in between starts the count anew.
    switch(&stage, &someone, &right).await.expect(200);
    for _ in 0..5 {
        switch(&stage, &someone, &wrong).await.expect_problem(403, "wrong_pin");
    }
    let locked = switch(&stage, &someone, &right).await;
    locked.expect_problem(429, "pin_locked");
    assert_eq!(locked.header("retry-after"), Some("900"));
    stage.advance(Duration::minutes(15));
    let fresh = stage.refresh(&someone.refresh).await.expect(200);
    stage.post("/v1/auth/profile", &right).bearer(text(&fresh, "access_token")).send().await.expect(200);
}

#[tokio::test]
async fn guesses_at_the_same_time_count_as_well() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let adult = profile(&stage, &someone, true).await;
    set_pin(&stage, &someone, &adult, 1, PIN).await;
    let guesses = (0..20).map(|number| {
        let body = json!({ "profile_id": adult, "pin": format!("{number:04}") });
        let (stage, someone) = (&stage, &someone);
        async move { switch(stage, someone, &body).await.status.as_u16() }
    });
    let answers = futures::future::join_all(guesses).await;
    assert_eq!(answers.iter().filter(|status| **status == 403).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 15, "{answers:?}");
}

#[tokio::test]
async fn an_ended_session_cannot_switch_although_its_token_is_alive() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    stage.post_empty("/v1/auth/logout").bearer(&someone.access).send().await.expect(204);
    let body = json!({ "profile_id": someone.claims["pid"] });
    switch(&stage, &someone, &body).await.expect_problem(401, "session_revoked");
}

/// The claims of a fresh access token of the session.
async fn refreshed(stage: &Stage, refresh: &str) -> (String, String, Value) {
    let token = stage.refresh(refresh).await.expect(200);
    let access = text(&token, "access_token").to_owned();
    (access.clone(), text(&token, "refresh_token").to_owned(), claims(&access))
}

#[tokio::test]
async fn a_child_does_not_climb_without_a_proof() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let parent = json!({ "profile_id": someone.claims["pid"] });
    let child = profile(&stage, &someone, false).await;
    switch(&stage, &someone, &json!({ "profile_id": child })).await.expect(200);
    stage.advance(Duration::minutes(11));
    let (access, refresh, said) = refreshed(&stage, &someone.refresh).await;
    assert_eq!((&said["pid"], &said["max_rating"]), (&json!(child), &json!(6)));
    // Neither by choosing a profile that may see more …
    let climb = stage.post("/v1/auth/profile", &parent).bearer(&access).send().await;
    climb.expect_problem(403, "step_up_required");
    // … nor by deleting one's own: what is left is a token without a profile.
    let gone = ProfileChanged {
        profile_id: child.clone(),
        account_id: someone.account().to_string(),
        locale: "ru".into(),
        max_rating: 6,
        deleted: true,
        ..Default::default()
    };
    assert_eq!(stage.project(Event::new(&stage.world, types::PROFILE_CHANGED, &child, 2, &gone)).await, Outcome::Done);
    let (access, _, said) = refreshed(&stage, &refresh).await;
    assert_eq!((said.get("pid"), &said["max_rating"]), (None, &json!(0)));
    stage.post("/v1/auth/profile", &parent).bearer(&access).send().await.expect_problem(403, "step_up_required");
    // Whoever knows the password goes on as the parent.
    let proof = json!({ "password": crate::stage::PASSWORD });
    let token = stage.post("/v1/auth/step-up", &proof).bearer(&access).send().await.expect(200);
    let token = stage.post("/v1/auth/profile", &parent).bearer(text(&token, "access_token")).send().await.expect(200);
    assert_eq!(claims(text(&token, "access_token"))["max_rating"], 18);
}
