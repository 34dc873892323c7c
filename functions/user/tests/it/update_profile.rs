use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::join_all;
use kernel::{ProfileId, World};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stores::SecretHandle;
use testkit::{Answer, Token};

use crate::home::Home;

fn path(id: impl std::fmt::Display) -> String {
    format!("/v1/users/me/profiles/{id}")
}

async fn change(home: &Home, token: &Token, id: ProfileId, patch: Value) -> Answer {
    home.app.patch(&path(id), &patch).token(token).send().await
}

#[tokio::test]
async fn what_changes_is_shown_and_announced() {
    let home = Home::start().await;
    let person = home.person().await;
    let patch = json!({"name": "Kids", "avatar": "fox", "locale": "en", "max_rating": 6, "autoplay": false});
    let changed = change(&home, &person.token(), person.profile, patch.clone()).await.expect(200);
    let mut expected = json!({"id": person.profile, "has_pin": false, "is_default": true});
    expected.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    assert_eq!(changed, expected);
    let events = home.service.events("domain-events", person.profile, 2).await;
    assert_eq!((events[1].kind.as_str(), events[1].sequence), ("cinema.user.profile_changed.v1", 2));
    assert_eq!(
        json!([events[1].data["name"], events[1].data["max_rating"], events[1].data["is_default"]]),
        json!(["Kids", 6, true])
    );
    // Nothing new is nothing to tell.
    assert_eq!(change(&home, &person.token(), person.profile, json!({"name": "Kids"})).await.expect(200), changed);
    let nulls = json!({"avatar": null, "locale": null, "max_rating": null, "autoplay": null});
    let plain = change(&home, &person.token(), person.profile, nulls).await.expect(200);
    assert_eq!(
        json!([plain["name"], plain["avatar"], plain["locale"], plain["max_rating"], plain["autoplay"]]),
        json!(["Kids", "default", "ru", 18, true])
    );
    let events = home.service.events("domain-events", person.profile, 3).await;
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_pin_is_set_and_removed_at_auth_alone() {
    let home = Home::start_alone().await;
    let person = home.person().await;
    let set = change(&home, &person.token(), person.profile, json!({"pin": "4711"})).await.expect(200);
    assert_eq!(set["has_pin"], true);
    let removed = change(&home, &person.token(), person.profile, json!({"pin": null})).await.expect(200);
    assert_eq!(removed["has_pin"], false);

    let mut messages = Vec::new();
    while messages.len() < 2 {
        let batch = home.service.take_messages("profile-secrets").await;
        assert!(!batch.is_empty(), "auth was not told");
        messages.extend(batch);
    }
    messages.sort_by_key(|message| message["sequence"].as_i64());
    let digest = messages[0]["data"]["pin_digest"].as_str().unwrap();
    assert_eq!(json!([messages[0]["sequence"], messages[1]["sequence"]]), json!([2, 3]));
    assert_eq!(messages[1]["data"].get("pin_digest").and_then(Value::as_str).unwrap_or_default(), "");
    let secret = SecretHandle::new(home.service.aws(), home.service.var("SECRET_PEPPER")).get().await.unwrap().unwrap();
    let pepper = BASE64_STANDARD.decode(secret.expose_secret()).unwrap();
    let argon2 = Argon2::new_with_secret(&pepper, Algorithm::Argon2id, Version::V0x13, Params::default()).unwrap();
    assert!(argon2.verify_password(b"4711", digest).is_ok());

    let events = home.service.events("domain-events", person.profile, 3).await;
    let pins: Vec<_> = events.iter().map(|event| event.data["has_pin"].as_bool().unwrap_or_default()).collect();
    assert_eq!(pins, [false, true, false]);
    assert!(events.iter().all(|event| !event.json().contains("argon2id")));
}

#[tokio::test]
async fn what_keeps_a_child_away_is_lifted_only_by_who_has_just_signed_in() {
    let home = Home::start().await;
    let person = home.person().await;
    let (fresh, stale) = (person.viewer(), person.stale());
    let id = person.profile;
    for patch in [json!({"max_rating": 6}), json!({"pin": "4711"}), json!({"name": "Kids"}), json!({"max_rating": 0})] {
        change(&home, &stale, id, patch).await.expect(200);
    }
    for patch in [json!({"max_rating": 18}), json!({"max_rating": null}), json!({"pin": null}), json!({"pin": "0000"})]
    {
        change(&home, &stale, id, patch).await.expect_problem(403, "step_up_required");
    }
    let shown = home.app.get("/v1/users/me/profiles").token(&fresh).send().await.expect(200);
    assert_eq!(json!([shown["items"][0]["max_rating"], shown["items"][0]["has_pin"]]), json!([0, true]));
    change(&home, &fresh, id, json!({"max_rating": 18, "pin": null})).await.expect(200);

    // Nor does a child make itself another profile.
    let (grown, child) = (json!({"name": "Grown up"}), stale.clone().max_rating(6));
    home.app.post("/v1/users/me/profiles", &grown).token(&child).send().await.expect_problem(403, "step_up_required");
    let small = json!({"name": "Small", "max_rating": 6});
    home.app.post("/v1/users/me/profiles", &small).token(&child).send().await.expect(201);
    // Without a profile it counts as the smallest.
    let nobody = {
        let mut token = person.token();
        token.0.auth_time -= 3600;
        token
    };
    home.app.post("/v1/users/me/profiles", &small).token(&nobody).send().await.expect_problem(403, "step_up_required");
    home.app.post("/v1/users/me/profiles", &grown).token(&fresh.max_rating(6)).send().await.expect(201);
}

#[tokio::test]
async fn what_a_session_cannot_choose_it_does_not_change() {
    let home = Home::start().await;
    let person = home.person().await;
    let create = async |body: Value| -> ProfileId {
        let made = home.app.post("/v1/users/me/profiles", &body).token(&person.viewer()).send().await.expect(201);
        made["id"].as_str().unwrap().parse().unwrap()
    };
    let child = create(json!({"name": "Child", "max_rating": 6})).await;
    let with_pin = create(json!({"name": "With PIN", "max_rating": 0, "pin": "4711"})).await;
    let sibling = create(json!({"name": "Sibling", "max_rating": 6})).await;
    let stale = person.stale().profile(child).max_rating(6);
    let nobody = {
        let mut token = person.token();
        token.0.auth_time -= 3600;
        token
    };
    let changes = [
        json!({"name": "Mallory"}),
        json!({"avatar": "fox"}),
        json!({"locale": "de"}),
        json!({"max_rating": 0}),
        json!({"autoplay": false}),
        json!({"pin": "1111"}),
        json!({}),
    ];
    for patch in &changes {
        for (token, id) in [(&stale, person.profile), (&stale, with_pin), (&nobody, person.profile), (&nobody, child)] {
            change(&home, token, id, patch.clone()).await.expect_problem(403, "step_up_required");
        }
        change(&home, &stale, sibling, patch.clone()).await;
    }
    let shown = home.app.get("/v1/users/me/profiles").token(&stale).send().await.expect(200);
    let named =
        |name: &str| shown["items"].as_array().unwrap().iter().filter(|profile| profile["name"] == name).count();
    assert_eq!((named("Mallory"), named("With PIN"), named("Основной")), (1, 1, 1), "{shown}");
    // One's own, although it has a PIN by now, and everything with a proof.
    change(&home, &stale, child, json!({"pin": "1111"})).await.expect(200);
    change(&home, &stale, child, json!({"name": "Me", "max_rating": 0})).await.expect(200);
    let fresh = person.viewer().profile(child).max_rating(6);
    for id in [person.profile, with_pin, child] {
        change(&home, &fresh, id, json!({"name": "Proven", "pin": "2222"})).await.expect(200);
    }
}

#[tokio::test]
async fn a_proof_ends_with_its_session() {
    let home = Home::start().await;
    let person = home.person().await;
    let token = person.viewer();
    change(&home, &token, person.profile, json!({"max_rating": 6, "pin": "4711"})).await.expect(200);
    home.end_session(&token, World::system().now()).await;
    for patch in [json!({"max_rating": 18}), json!({"pin": null}), json!({"pin": "0000"})] {
        change(&home, &token, person.profile, patch).await.expect_problem(401, "session_revoked");
    }
    // Neither does anything else of the service take the token, but for reading.
    assert_eq!(testkit::access::open_to_ended("user", &home.app, &token).await, Vec::<String>::new());
    home.app.get("/v1/users/me/profiles").token(&token).send().await.expect(200);
    // Another session's proof counts.
    change(&home, &person.viewer(), person.profile, json!({"max_rating": 18, "pin": null})).await.expect(200);
}

#[tokio::test]
async fn only_a_living_profile_of_the_account_can_be_changed() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let patch = json!({"name": "Mallory"});
    change(&home, &anna.token(), boris.profile, patch.clone()).await.expect_problem(404, "not_found");
    home.app.patch(&path("prf_1"), &patch).token(&anna.token()).send().await.expect_problem(404, "not_found");
    home.app.patch(&path(anna.profile), &patch).send().await.expect_problem(401, "token_required");
    let made = home.app.post("/v1/users/me/profiles", &json!({"name": "Kids"})).token(&anna.token()).send().await;
    let made = made.expect(201)["id"].as_str().unwrap().to_owned();
    home.app.delete(&path(&made)).token(&anna.token()).send().await.expect(204);
    home.app.patch(&path(&made), &patch).token(&anna.token()).send().await.expect_problem(404, "not_found");
    let theirs = home.app.get("/v1/users/me/profiles").token(&boris.token()).send().await.expect(200);
    assert_eq!(theirs["items"][0]["name"], "Основной");
}

#[tokio::test]
async fn bad_patches_are_problems() {
    let home = Home::start().await;
    let person = home.person().await;
    for patch in [
        json!([]),
        json!(["Anna"]),
        json!({"name": null}),
        json!({"name": ""}),
        json!({"avatar": "../../etc"}),
        json!({"locale": "english"}),
        json!({"max_rating": 19}),
        json!({"pin": "12"}),
        json!({"pin": 1234}),
        json!({"autoplay": "yes"}),
        json!({"is_default": true}),
        json!({"has_pin": false}),
    ] {
        change(&home, &person.token(), person.profile, patch).await.expect_problem(422, "invalid_request");
    }
    let long = json!({"name": "x".repeat(1 << 20)});
    change(&home, &person.token(), person.profile, long).await.expect_problem(413, "payload_too_large");
}

#[tokio::test]
async fn twenty_parallel_changes_are_twenty_versions() {
    let home = Home::start().await;
    let person = home.person().await;
    let patches: Vec<_> = (0..20).map(|number| json!({"name": format!("Anna {number}")})).collect();
    let token = person.token();
    let answers = join_all(patches.iter().map(|patch| change(&home, &token, person.profile, patch.clone()))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 200));
    let events = home.service.events("domain-events", person.profile, 21).await;
    let last = events.iter().max_by_key(|event| event.sequence).unwrap();
    let shown = home.app.get("/v1/users/me/profiles").token(&token).send().await.expect(200);
    assert_eq!((last.sequence, &last.data["name"]), (21, &shown["items"][0]["name"]));
}

#[tokio::test]
async fn without_the_pepper_everything_but_a_pin_can_be_changed() {
    let home = Home::start().await;
    let person = home.person().await;
    let service = home.service.with("SECRET_PEPPER", "no-such-secret");
    let home = Home { app: service.app(user::operations::routes), service };
    let refused = change(&home, &person.token(), person.profile, json!({"pin": "4711"})).await;
    refused.expect_problem(503, "temporarily_unavailable");
    let changed = change(&home, &person.token(), person.profile, json!({"name": "Anna"})).await.expect(200);
    assert_eq!(changed["has_pin"], false);
}
