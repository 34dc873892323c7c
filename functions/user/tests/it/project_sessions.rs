use events::{Consumer, Outcome};
use kernel::World;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::home::{Home, Person, unlimited};

async fn known(home: &Home) -> Vec<(String, OffsetDateTime)> {
    let all = "select session_id, ended_at from ended_sessions order by ended_at";
    sqlx::query_as(all).fetch_all(&home.service.pool()).await.unwrap()
}

#[tokio::test]
async fn an_ended_session_is_known_for_an_hour() {
    let home = Home::start().await;
    let now = World::system().now().replace_nanosecond(0).unwrap();
    let person = Person::new();
    let (first, second, old) = (person.token(), person.token(), person.token());
    for (token, minutes) in [(&second, 1), (&first, 5), (&second, 1), (&old, 61)] {
        home.end_session(token, now - Duration::minutes(minutes)).await;
    }
    let expected =
        [(first.0.sid.to_string(), now - Duration::minutes(5)), (second.0.sid.to_string(), now - Duration::minutes(1))];
    assert_eq!(known(&home).await, expected, "the tokens of the oldest have expired");

    sqlx::query("update ended_sessions set ended_at = ended_at - interval '57 minutes'")
        .execute(&home.service.pool())
        .await
        .unwrap();
    let third = person.token();
    home.end_session(&third, now).await;
    let left: Vec<String> = known(&home).await.into_iter().map(|(session, _)| session).collect();
    assert_eq!(left, [second.0.sid.to_string(), third.0.sid.to_string()]);
}

#[tokio::test]
async fn what_is_no_session_is_poison_and_a_database_that_is_down_is_not() {
    let home = Home::start().await;
    let token = Person::new().token();
    let event = token.session_ended(World::system().now());
    let mut wrong = event.clone();
    wrong.data["session_id"] = json!("nobody");
    let consumer = user::operations::consumers::project_sessions(&home.service.boot()).unwrap();
    assert!(matches!(consumer.consume(wrong, &unlimited()).await, Outcome::Poison(_)));
    let down = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let consumer = user::operations::consumers::project_sessions(&down.boot()).unwrap();
    assert!(matches!(consumer.consume(event, &unlimited()).await, Outcome::Retry(_)));
}
