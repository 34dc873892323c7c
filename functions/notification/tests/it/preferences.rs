//! What people want to be told.

use serde_json::{Value, json};
use testkit::{Answer, Token};

use crate::house::{House, Person};

const PATH: &str = "/v1/notifications/preferences";

async fn get(house: &House, token: &Token) -> Value {
    house.app.get(PATH).token(token).send().await.expect(200)
}

async fn put(house: &House, person: &Person, wishes: &Value) -> Answer {
    house.app.put(PATH, wishes).token(&person.token()).send().await
}

#[tokio::test]
async fn what_is_set_is_what_is_read_and_only_by_its_owner() {
    let house = House::start().await;
    let (person, other) = (Person::new(), Person::new());
    let defaults = get(&house, &person.token()).await;
    assert_eq!(defaults["workflows"]["marketing"], json!({ "in_app": true, "email": false, "push": false }));
    assert_eq!(json!([defaults["time_zone"], defaults["quiet_hours"]]), json!(["UTC", null]));
    let mut wishes = defaults.clone();
    wishes["workflows"]["marketing"]["email"] = json!(true);
    wishes["workflows"]["account"]["push"] = json!(false);
    wishes["time_zone"] = json!("Europe/Moscow");
    wishes["quiet_hours"] = json!({ "from": "23:30", "until": "08:05" });
    for _ in 0..2 {
        assert_eq!(put(&house, &person, &wishes).await.expect(200), wishes);
        assert_eq!(get(&house, &person.token()).await, wishes);
    }
    assert_eq!(get(&house, &other.token()).await, defaults);
    wishes["quiet_hours"] = Value::Null;
    assert_eq!(put(&house, &person, &wishes).await.expect(200), get(&house, &person.token()).await);
}

#[tokio::test]
async fn mails_about_security_and_billing_cannot_be_switched_off() {
    let house = House::start().await;
    let person = Person::new();
    let before = get(&house, &person.token()).await;
    let mut wishes = before.clone();
    for workflow in ["security", "billing"] {
        wishes["workflows"][workflow] = json!({ "in_app": false, "email": false, "push": false });
    }
    let problem = put(&house, &person, &wishes).await.expect_problem(422, "invalid_request");
    let places: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(places, ["/workflows/security/email", "/workflows/billing/email"]);
    assert_eq!(get(&house, &person.token()).await, before);
}

#[tokio::test]
async fn what_makes_no_preferences_is_refused_where_it_is_wrong() {
    let house = House::start().await;
    let person = Person::new();
    let good = get(&house, &person.token()).await;
    for (pointer, value) in [
        ("/time_zone", json!("Middle-earth/Shire")),
        ("/time_zone", json!("")),
        ("/time_zone", json!(null)),
        ("/quiet_hours", json!({ "from": "22:00", "until": "22:00" })),
        ("/quiet_hours", json!({ "from": "22:00" })),
        ("/quiet_hours", json!({ "from": "25:00", "until": "07:00" })),
        ("/quiet_hours", json!({ "from": 22, "until": 7 })),
        ("/workflows/marketing", json!({ "in_app": true, "email": true })),
        ("/workflows/marketing/email", json!("yes")),
        ("/workflows/marketing", json!({ "in_app": true, "email": true, "push": true, "pigeon": true })),
        ("/workflows", json!({})),
    ] {
        let mut wishes = good.clone();
        *wishes.pointer_mut(pointer).unwrap() = value.clone();
        let answer = put(&house, &person, &wishes).await;
        let problem = answer.expect_problem(422, "invalid_request");
        assert!(problem["errors"][0]["pointer"].as_str().unwrap().starts_with(pointer), "{value}: {problem}");
    }
    put(&house, &person, &json!([])).await.expect_problem(422, "invalid_request");
    house.app.put(PATH, &good).send().await.expect_problem(401, "token_required");
}
