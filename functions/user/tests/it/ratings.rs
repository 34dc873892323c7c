use futures::future::join_all;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};
use testkit::{Answer, Token};

use crate::{home::Home, library::film};

async fn rate(home: &Home, token: &Token, title: impl std::fmt::Display, body: Value) -> Answer {
    home.app.put(&format!("/v1/ratings/{title}"), &body).token(token).send().await
}

async fn rows(home: &Home) -> Vec<(String, String, i16)> {
    let all = "select profile_id, title_id, value from ratings order by profile_id, title_id";
    sqlx::query_as(all).fetch_all(&home.service.pool()).await.unwrap()
}

#[tokio::test]
async fn the_last_word_counts_and_can_be_taken_back() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let title = home.title(&film("Alpha")).await;
    for value in [3, 8, 8] {
        rate(&home, &anna.viewer(), title, json!({"value": value})).await.expect(204);
    }
    rate(&home, &boris.viewer(), title, json!({"value": 1})).await.expect(204);
    let row = |profile: kernel::ProfileId, value| (profile.to_string(), title.to_string(), value);
    let mut both = vec![row(anna.profile, 8), row(boris.profile, 1)];
    both.sort();
    assert_eq!(rows(&home).await, both);
    let own = async |token: Token| home.app.get(&format!("/v1/ratings/{title}")).token(&token).send().await.expect(200);
    let nobody = home.person().await;
    for (viewer, value) in [(&anna, json!(8)), (&boris, json!(1)), (&nobody, Value::Null)] {
        assert_eq!(own(viewer.viewer()).await, json!({ "value": value }));
    }

    home.watch(&anna, title, 3000.0, 5).await;
    assert_eq!(home.items(&anna, "/v1/history").await[0]["my_rating"], 8);
    let path = format!("/v1/ratings/{title}");
    for _ in 0..2 {
        home.app.delete(&path).token(&anna.viewer()).send().await.expect(204);
    }
    assert_eq!(rows(&home).await, [row(boris.profile, 1)]);
    assert_eq!(home.items(&anna, "/v1/history").await[0].get("my_rating"), None);
}

#[tokio::test]
async fn only_one_to_ten_is_a_rating() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    for body in [
        json!({}),
        json!([]),
        json!({"value": 0}),
        json!({"value": 11}),
        json!({"value": -1}),
        json!({"value": 5.5}),
        json!({"value": "5"}),
        json!({"value": null}),
        json!({"value": 5, "note": "good"}),
    ] {
        rate(&home, &person.viewer(), title, body).await.expect_problem(422, "invalid_request");
    }
    let long = json!({"value": 5, "note": "x".repeat(1 << 20)});
    rate(&home, &person.viewer(), title, long).await.expect_problem(413, "payload_too_large");
    assert!(rows(&home).await.is_empty());
}

#[tokio::test]
async fn what_the_profile_may_not_see_it_cannot_rate() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let (value, good) = (json!({"value": 5}), home.title(&film("Alpha")).await);
    let draft = home.title(&TitleChanged { publication: "draft".to_owned(), ..film("Draft") }).await;
    rate(&home, &anna.viewer(), draft, value.clone()).await.expect_problem(404, "not_found");
    rate(&home, &anna.viewer(), &film("Unknown").title_id, value.clone()).await.expect_problem(404, "not_found");
    rate(&home, &anna.viewer().max_rating(6), good, value.clone()).await.expect_problem(404, "not_found");
    rate(&home, &anna.viewer(), "x", value.clone()).await.expect_problem(404, "not_found");
    rate(&home, &anna.token().profile(boris.profile), good, value.clone()).await.expect_problem(404, "not_found");
    rate(&home, &anna.token(), good, value.clone()).await.expect_problem(403, "profile_required");
    home.app.put(&format!("/v1/ratings/{good}"), &value).send().await.expect_problem(401, "token_required");
    assert!(rows(&home).await.is_empty());
}

#[tokio::test]
async fn twenty_at_once_leave_one_rating() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    let viewer = person.viewer();
    let answers = join_all((0..20).map(|at| rate(&home, &viewer, title, json!({"value": at % 10 + 1})))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 204));
    assert_eq!(rows(&home).await.len(), 1);
}
