//! Versions: what goes live, what does not, and what is served when something is damaged.

use events::Outcome;
use serde_json::{Value, json};
use stores::Bucket;
use testkit::{Answer, Token};
use time::Duration;

use crate::fixture::{Fixture, Person};

const PUBLISH: &str = "/v1/admin/recommendations/publish";

async fn publish(fixture: &Fixture, body: &Value) -> Answer {
    fixture.app.post(PUBLISH, body).token(&fixture.present(Token::role("admin"))).send().await
}

async fn put(bucket: &Bucket, key: &str, body: Vec<u8>) {
    bucket.put(key, body, "application/octet-stream", None).await.unwrap();
}

/// Two versions, the second one live: their names.
async fn two_versions(fixture: &Fixture) -> (String, String) {
    let films = fixture.films(50).await;
    let mut names = Vec::new();
    for _ in 0..2 {
        fixture.crowd(&films, 50).await;
        fixture.clock.advance(Duration::minutes(1));
        assert_eq!(fixture.train().await, Outcome::Done);
        names.push(fixture.live().await.expect("the version passed its tests")["version"].as_str().unwrap().to_owned());
    }
    assert_ne!(names[0], names[1]);
    (names[0].clone(), names[1].clone())
}

async fn served(fixture: &Fixture, app: &testkit::App) -> Value {
    fixture.home(app, &Person::new()).await["model_version"].clone()
}

#[tokio::test]
async fn a_version_goes_live_and_goes_back() {
    let fixture = Fixture::alone().await;
    let (first, second) = two_versions(&fixture).await;
    let live = fixture.live().await.unwrap();
    assert_eq!((&live["version"], &live["previous"]), (&json!(second), &json!(first)));
    let app = fixture.fresh_app();
    assert_eq!(served(&fixture, &app).await, json!(second));

    let back = publish(&fixture, &json!({})).await.expect(200);
    assert_eq!((&back["version"], &back["previous"]), (&json!(first), &json!(second)));
    assert_eq!(served(&fixture, &app).await, json!(second), "for a minute at most");
    fixture.clock.advance(Duration::minutes(1));
    assert_eq!(served(&fixture, &app).await, json!(first));

    // Repeating it changes nothing; naming a version goes there.
    for _ in 0..2 {
        let forth = publish(&fixture, &json!({ "version": second })).await.expect(200);
        assert_eq!((&forth["version"], &forth["previous"]), (&json!(second), &json!(first)));
    }
    // The same people and titles make the same version: nothing moves.
    let before = fixture.live().await;
    assert_eq!(fixture.train().await, Outcome::Done);
    assert_eq!(fixture.live().await, before);
}

#[tokio::test]
async fn a_damaged_version_leaves_the_one_before_in_service() {
    let fixture = Fixture::alone().await;
    let (first, second) = two_versions(&fixture).await;
    let warm = fixture.fresh_app();
    publish(&fixture, &json!({})).await.expect(200);
    assert_eq!(served(&fixture, &warm).await, json!(first));
    publish(&fixture, &json!({ "version": second })).await.expect(200);
    let key = format!("versions/{second}/model");
    let whole = fixture.models().get(&key).await.unwrap().unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [flipped, whole[..whole.len() / 2].to_vec(), vec![], b"<html>".to_vec()] {
        put(&fixture.models(), &key, damaged).await;
        fixture.clock.advance(Duration::minutes(2));
        assert_eq!(served(&fixture, &warm).await, json!(first), "what was loaded stays");
        assert_eq!(served(&fixture, &fixture.fresh_app()).await, json!(first), "a new environment looks further back");
    }
    // Another version under its name is as bad.
    let other = fixture.models().get(&format!("versions/{first}/model")).await.unwrap().unwrap();
    put(&fixture.models(), &key, other).await;
    assert_eq!(served(&fixture, &fixture.fresh_app()).await, json!(first));
    publish(&fixture, &json!({})).await.expect(200);
    publish(&fixture, &json!({ "version": second })).await.expect_problem(503, "temporarily_unavailable");

    for damaged in ["", "{}", r#"{"version": "../../x", "previous": null, "published_at": "2026-01-01T00:00:00Z"}"#] {
        put(&fixture.models(), "live.json", damaged.into()).await;
        fixture.clock.advance(Duration::minutes(2));
        assert_eq!(served(&fixture, &warm).await, json!(first));
        assert_eq!(served(&fixture, &fixture.fresh_app()).await, Value::Null, "popular titles");
    }
    assert_eq!(publish(&fixture, &json!({ "version": first })).await.expect(200)["version"], json!(first));
}

#[tokio::test]
async fn what_does_not_pass_the_gate_changes_nothing() {
    let fixture = Fixture::alone().await;
    assert_eq!(fixture.train().await, Outcome::Done, "nobody and nothing");
    assert_eq!(fixture.live().await, None);
    let films = fixture.films(10).await;
    fixture.crowd(&films, 4).await;
    assert_eq!(fixture.train().await, Outcome::Done);
    assert_eq!(fixture.live().await, None);
    publish(&fixture, &json!({})).await.expect_problem(409, "no_previous_version");

    // The version is kept with its report, and refused by hand as well.
    let listed = fixture.models().client.list_objects_v2().bucket(&fixture.models().name).send().await.unwrap();
    let report =
        listed.contents().iter().filter_map(|object| object.key()).find(|key| key.ends_with("report.json")).unwrap();
    let version = report.split('/').nth(1).unwrap();
    let problem = publish(&fixture, &json!({ "version": version })).await.expect_problem(409, "gate_not_met");
    assert!(!problem["objections"].as_array().unwrap().is_empty());
    let nothing = "0".repeat(32);
    publish(&fixture, &json!({ "version": nothing })).await.expect_problem(404, "not_found");
    for wrong in ["", "live", "../live.json", &"A".repeat(32)] {
        publish(&fixture, &json!({ "version": wrong })).await.expect_problem(422, "invalid_request");
    }
}
