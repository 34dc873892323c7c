//! The main answer of every operation, whole.

use proto::{payment::SubscriptionChanged, types};
use serde_json::{Value, json};
use testkit::{Redacted, Token};

use crate::{
    home::Home,
    library::{LENGTH, film, part},
};

/// Calls in the order of their story: method, path, body.
async fn told(home: &Home, token: &Token, calls: Vec<(&str, String, Value)>) -> String {
    let (mut story, mut redacted) = (String::new(), Redacted::default());
    for (method, path, body) in calls {
        let call = home.app.call(method.parse().unwrap(), &path).token(token);
        let call = if body.is_null() { call } else { call.json(&body) };
        let answer = call.send().await;
        let path: Vec<Value> = path.split('/').map(|part| redacted.value(part.into())).collect();
        let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        story.push_str(&format!("{method} {}", path.join("/")));
        if !body.is_null() {
            story.push_str(&format!(" {body}"));
        }
        story.push_str(&format!("\n{}\n\n", redacted.answer(&answer)));
    }
    story
}

fn get(path: &str) -> (&'static str, String, Value) {
    ("GET", path.to_owned(), Value::Null)
}

#[tokio::test]
async fn account_and_profiles() {
    let home = Home::start().await;
    let person = home.person().await;
    let subscription = SubscriptionChanged {
        account_id: person.account.to_string(),
        subscription_id: "sub_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
        status: "active".to_owned(),
        plan: "standard".to_owned(),
        max_streams: 2,
        max_height: 1080,
        valid_to: "2126-02-01T00:00:00Z".to_owned(),
        grace_to: "2126-02-08T00:00:00Z".to_owned(),
        ..SubscriptionChanged::default()
    };
    let id = subscription.subscription_id.clone();
    let event = events::Event::new(&kernel::World::system(), types::SUBSCRIPTION_CHANGED, id, 1, &subscription);
    assert_eq!(home.project_subscription(event).await, events::Outcome::Done);
    let profiles = "/v1/users/me/profiles";
    let own = format!("{profiles}/{}", person.profile);
    let calls = vec![
        get("/v1/users/me"),
        ("PATCH", "/v1/users/me".to_owned(), json!({"name": "Anna", "territory": "DE"})),
        get("/v1/users/me/entitlements"),
        ("POST", profiles.to_owned(), json!({"name": "Kids", "avatar": "fox", "max_rating": 6, "pin": "4711"})),
        ("PATCH", own.clone(), json!({"name": "Anna", "autoplay": false})),
        get(profiles),
        ("DELETE", own, Value::Null),
        get(profiles),
        ("POST", "/v1/users/me/export".to_owned(), Value::Null),
        ("POST", "/v1/users/me/export".to_owned(), Value::Null),
    ];
    insta::assert_snapshot!(told(&home, &person.viewer(), calls).await);
}

#[tokio::test]
async fn lists() {
    let home = Home::start().await;
    let person = home.person().await;
    let single = home.title(&film("Alpha")).await;
    let season = home.title(&part("season", kernel::World::system().id(), 1)).await;
    let episodes = [home.title(&part("episode", season, 1)).await, home.title(&part("episode", season, 2)).await];
    home.watch(&person, single, 0.5 * LENGTH, 9).await;
    home.watch(&person, episodes[0], LENGTH, 8).await;
    let calls = vec![
        ("PUT", format!("/v1/watchlist/{single}"), Value::Null),
        ("PUT", format!("/v1/watchlist/{}", episodes[1]), Value::Null),
        ("PUT", format!("/v1/ratings/{single}"), json!({"value": 7})),
        ("GET", format!("/v1/ratings/{single}"), Value::Null),
        ("GET", format!("/v1/ratings/{}", episodes[1]), Value::Null),
        get("/v1/watchlist?limit=1"),
        get("/v1/history"),
        get("/v1/continue-watching"),
        ("DELETE", format!("/v1/continue-watching/{}", episodes[1]), Value::Null),
        get("/v1/continue-watching"),
        ("PUT", format!("/v1/continue-watching/{}", episodes[1]), Value::Null),
        ("DELETE", format!("/v1/watchlist/{single}"), Value::Null),
        ("DELETE", format!("/v1/ratings/{single}"), Value::Null),
        ("DELETE", format!("/v1/history/{single}"), Value::Null),
        ("DELETE", "/v1/history".to_owned(), Value::Null),
        get("/v1/history"),
        get("/v1/watchlist?cursor=x"),
        get("/v1/watchlist?limit=0"),
    ];
    insta::assert_snapshot!(told(&home, &person.viewer(), calls).await);
}
