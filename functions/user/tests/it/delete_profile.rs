use events::Outcome;
use futures::future::join_all;
use kernel::ProfileId;
use proto::types;
use serde_json::{Value, json};
use testkit::Answer;

use crate::{
    home::{Home, Person},
    library::{Session, ago, film},
};

const PROFILES: &str = "/v1/users/me/profiles";

async fn make(home: &Home, person: &Person, body: Value) -> ProfileId {
    let made = home.app.post(PROFILES, &body).token(&person.token()).send().await.expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

async fn delete(home: &Home, person: &Person, id: ProfileId) -> Answer {
    home.app.delete(&format!("{PROFILES}/{id}")).token(&person.token()).send().await
}

async fn shown(home: &Home, person: &Person) -> Vec<Value> {
    let profiles = home.app.get(PROFILES).token(&person.token()).send().await.expect(200);
    profiles["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_profile_goes_with_all_it_has_left_behind() {
    let home = Home::start_alone().await;
    let person = home.person().await;
    let kids = make(&home, &person, json!({"name": "Kids", "pin": "4711"})).await;
    let child = Person { profile: kids, ..person.clone() };
    let title = home.title(&film("Alpha")).await;
    home.app.put(&format!("/v1/watchlist/{title}"), &json!(null)).token(&child.viewer()).send().await.expect(204);
    home.app.put(&format!("/v1/ratings/{title}"), &json!({"value": 7})).token(&child.viewer()).send().await.expect(204);
    let session = Session::new(&child, title, ago(10));
    assert_eq!(home.tell_playback(session.event(1, 900.0, ago(9))).await, Outcome::Done);
    home.app.delete(&format!("/v1/continue-watching/{title}")).token(&child.viewer()).send().await.expect(204);

    delete(&home, &person, kids).await.expect(204);
    assert_eq!(shown(&home, &person).await.len(), 1);
    // What it put on its watchlist was told as well.
    let mut events = home.service.events("domain-events", kids, 3).await;
    events.retain(|event| event.kind == types::PROFILE_CHANGED);
    assert_eq!((events[1].sequence, &events[1].data["deleted"]), (2, &json!(true)));
    // What is told late does not come back.
    assert_eq!(home.tell_playback(session.event(2, 930.0, ago(8))).await, Outcome::Done);
    for table in ["watchlist", "ratings", "viewings", "progress", "continue_watching_hidden"] {
        let count = format!("select count(*) from {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&home.service.pool()).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    // A token that still carries it writes nothing.
    for (method, path) in [
        ("PUT", format!("/v1/watchlist/{title}")),
        ("DELETE", format!("/v1/watchlist/{title}")),
        ("DELETE", format!("/v1/ratings/{title}")),
        ("DELETE", format!("/v1/continue-watching/{title}")),
        ("PUT", format!("/v1/continue-watching/{title}")),
        ("DELETE", "/v1/history".to_owned()),
        ("DELETE", format!("/v1/history/{title}")),
    ] {
        let answer = home.app.call(method.parse().unwrap(), &path).token(&child.viewer()).send().await;
        answer.expect_problem(404, "not_found");
    }
    delete(&home, &person, kids).await.expect_problem(404, "not_found");

    // Auth forgets the PIN.
    let mut digests = Vec::new();
    while digests.len() < 2 {
        let batch = home.service.take_messages("profile-secrets").await;
        assert!(!batch.is_empty(), "auth was not told");
        digests.extend(batch);
    }
    digests.sort_by_key(|message| message["sequence"].as_i64());
    assert!(digests[1]["data"]["pin_digest"].as_str().unwrap_or_default().is_empty());
}

#[tokio::test]
async fn the_last_profile_stays() {
    let home = Home::start().await;
    let person = home.person().await;
    delete(&home, &person, person.profile).await.expect_problem(409, "last_profile");
    assert_eq!(shown(&home, &person).await.len(), 1);
}

#[tokio::test]
async fn a_profile_that_is_not_the_childs_own_goes_only_with_a_proof() {
    let home = Home::start().await;
    let person = home.person().await;
    let small = make(&home, &person, json!({"name": "Small", "max_rating": 6})).await;
    let locked = make(&home, &person, json!({"name": "Locked", "max_rating": 6, "pin": "4711"})).await;
    let child = person.stale().max_rating(6);
    for id in [person.profile, locked] {
        let answer = home.app.delete(&format!("{PROFILES}/{id}")).token(&child).send().await;
        answer.expect_problem(403, "step_up_required");
    }
    home.app.delete(&format!("{PROFILES}/{small}")).token(&child).send().await.expect(204);
    delete(&home, &person, locked).await.expect(204);
}

#[tokio::test]
async fn when_the_default_profile_goes_the_oldest_that_is_left_takes_its_place() {
    let home = Home::start().await;
    let person = home.person().await;
    let oldest = make(&home, &person, json!({"name": "Anna"})).await;
    make(&home, &person, json!({"name": "Boris"})).await;
    delete(&home, &person, person.profile).await.expect(204);
    let profiles = shown(&home, &person).await;
    assert_eq!(json!([profiles[0]["id"], profiles[0]["is_default"]]), json!([oldest, true]));
    assert_eq!(profiles[1]["is_default"], false);
    let account = home.app.get("/v1/users/me").token(&person.token()).send().await.expect(200);
    assert_eq!(account["default_profile_id"], json!(oldest));
    let events = home.service.events("domain-events", oldest, 2).await;
    assert_eq!((events[1].sequence, &events[1].data["is_default"]), (2, &json!(true)));
    let gone = home.service.events("domain-events", person.profile, 2).await;
    assert!(!gone[1].data.get("is_default").and_then(Value::as_bool).unwrap_or_default());

    // A new address does not bring the first one back.
    assert_eq!(home.project_account(person.verified(2, "new@example.com")).await, Outcome::Done);
    assert_eq!(shown(&home, &person).await, profiles);
    let account = home.app.get("/v1/users/me").token(&person.token()).send().await.expect(200);
    assert_eq!(account["default_profile_id"], json!(oldest));
}

#[tokio::test]
async fn of_twenty_parallel_deletions_four_succeed_and_one_default_is_left() {
    let home = Home::start().await;
    let person = home.person().await;
    let mut ids = vec![person.profile];
    for number in 2..=5 {
        ids.push(make(&home, &person, json!({"name": format!("Profile {number}")})).await);
    }
    let answers = join_all((0..20).map(|at| delete(&home, &person, ids[at % ids.len()]))).await;
    let deleted = answers.iter().filter(|answer| answer.status.as_u16() == 204).count();
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 204) {
        assert!([404, 409].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let left = shown(&home, &person).await;
    assert_eq!((deleted, left.len(), &left[0]["is_default"]), (4, 1, &json!(true)));
    // There is room again.
    for number in 2..=5 {
        make(&home, &person, json!({"name": format!("Again {number}")})).await;
    }
}

#[tokio::test]
async fn a_foreign_profile_is_not_there() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    make(&home, &anna, json!({"name": "Kids"})).await;
    let toldests = make(&home, &boris, json!({"name": "Kids"})).await;
    delete(&home, &anna, toldests).await.expect_problem(404, "not_found");
    home.app.delete(&format!("{PROFILES}/{toldests}")).send().await.expect_problem(401, "token_required");
    home.app.delete(&format!("{PROFILES}/x")).token(&anna.token()).send().await.expect_problem(404, "not_found");
    assert_eq!(shown(&home, &boris).await.len(), 2);
    let stranger = Person::new();
    delete(&home, &stranger, toldests).await.expect_problem(404, "account_not_ready");
}
