//! The inbox as its owner sees it.

use events::Outcome;
use kernel::{NotificationId, World};
use serde_json::{Value, json};
use testkit::{Redacted, Token};

use crate::house::{House, Person};

const PATH: &str = "/v1/notifications";

async fn unread(house: &House, person: &Person) -> Value {
    house.app.get("/v1/notifications/unread-count").token(&person.token()).send().await.expect(200)["unread"].clone()
}

#[tokio::test]
async fn a_notification_is_told_in_the_language_of_whoever_looks() {
    let house = House::start().await;
    let person = house.person().await;
    let mut russian = person.token();
    russian.0.locale = "ru".parse().unwrap();
    let mut answers = String::new();
    for token in [person.token(), russian] {
        let answer = house.app.get(PATH).token(&token).send().await;
        answers.push_str(&Redacted::default().answer(&answer));
        answers.push('\n');
    }
    insta::assert_snapshot!(answers);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let house = House::start().await;
    let person = house.person().await;
    for _ in 0..6 {
        assert_eq!(house.route(person.export()).await, Outcome::Done);
    }
    let (mut seen, mut path) = (Vec::new(), format!("{PATH}?limit=3"));
    loop {
        let page = house.app.get(&path).token(&person.token()).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?limit=3&cursor={cursor}");
        let foreign = house.app.get(&path).token(&Token::fresh()).send().await;
        foreign.expect_problem(400, "invalid_cursor");
    }
    let mut newest_first = seen.clone();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    newest_first.dedup();
    assert_eq!((seen.len(), &seen), (7, &newest_first));
    house
        .app
        .get("/v1/notifications?state=lost")
        .token(&person.token())
        .send()
        .await
        .expect_problem(422, "invalid_request");
    house
        .app
        .get("/v1/notifications?cursor=x")
        .token(&person.token())
        .send()
        .await
        .expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn reading_and_putting_away_count_once_and_only_for_the_owner() {
    let house = House::start().await;
    let (person, other) = (house.person().await, house.person().await);
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    assert_eq!(unread(&house, &person).await, 2);
    let list = house.app.get(PATH).token(&person.token()).send().await.expect(200);
    let path = format!("{PATH}/{}", list["items"][0]["id"].as_str().unwrap());
    let set = async |token: &Token, state: Value| {
        house.app.patch(&path, &json!({ "state": state })).token(token).send().await
    };
    for _ in 0..2 {
        assert_eq!(set(&person.token(), json!("read")).await.expect(200)["state"], "read");
        assert_eq!(unread(&house, &person).await, 1);
    }
    set(&other.token(), json!("archived")).await.expect_problem(404, "not_found");
    for wrong in [json!("seen"), json!(null), json!(1)] {
        set(&person.token(), wrong).await.expect_problem(422, "invalid_request");
    }
    set(&person.token(), json!("archived")).await.expect(200);
    assert_eq!(house.kinds(&person).await, ["welcome"]);
    let archived = house.app.get("/v1/notifications?state=archived").token(&person.token()).send().await.expect(200);
    assert_eq!(archived["items"][0]["kind"], "session_revoked");
    for _ in 0..2 {
        house.app.post("/v1/notifications/read-all", &json!({})).token(&person.token()).send().await.expect(204);
        assert_eq!((unread(&house, &person).await, unread(&house, &other).await), (json!(0), json!(1)));
    }
    let archived = house.app.get("/v1/notifications?state=archived").token(&person.token()).send().await.expect(200);
    assert_eq!(archived["items"].as_array().unwrap().len(), 1);
    let nothing = format!("{PATH}/{}", World::system().id::<NotificationId>());
    let answer = house.app.patch(&nothing, &json!({ "state": "read" })).token(&person.token()).send().await;
    answer.expect_problem(404, "not_found");
}

#[tokio::test]
async fn without_postgres_the_answer_is_503() {
    let house = House::start().await;
    let service = house.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let app = service.app(notification::operations::routes);
    for path in [PATH, "/v1/notifications/unread-count", "/v1/notifications/preferences"] {
        app.get(path).token(&Token::fresh()).send().await.expect_problem(503, "temporarily_unavailable");
    }
}
