//! Bad input is a problem that says where it is.

use serde_json::json;

use crate::fixture::{Fixture, Person};

#[tokio::test]
async fn bodies() {
    let fixture = Fixture::alone().await;
    let film = fixture.films(1).await[0];
    let token = fixture.present(Person::new().token());
    let unknown: kernel::TitleId = fixture.world.id();
    let many = vec![film; 21];
    for (path, body, status, pointer) in [
        ("feedback", json!({}), 422, ""),
        ("feedback", json!({ "title_id": "x" }), 422, "/title_id"),
        ("feedback", json!({ "title_id": film, "feedback": "love" }), 422, "/feedback"),
        ("feedback", json!({ "title_id": film, "stars": 5 }), 422, "/stars"),
        ("feedback", json!({ "title_id": unknown, "feedback": "like" }), 404, ""),
        ("onboarding", json!({ "title_ids": many }), 422, "/title_ids"),
        ("onboarding", json!({ "title_ids": [film, unknown] }), 422, "/title_ids/1"),
        ("onboarding", json!({ "genres": vec!["a"; 11] }), 422, "/genres"),
        ("onboarding", json!({ "genres": ["noir", "No Slug"] }), 422, "/genres/1"),
        ("onboarding", json!({ "genres": "noir" }), 422, "/genres"),
        ("onboarding", json!([]), 422, ""),
    ] {
        let answer = fixture.app.post(&format!("/v1/recommendations/{path}"), &body).token(&token).send().await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}: {}", answer.text());
        if status == 422 {
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{path} {body}");
        }
    }
}

#[tokio::test]
async fn addresses_and_parameters() {
    let fixture = Fixture::alone().await;
    let film = fixture.films(1).await[0];
    let token = fixture.present(Person::new().token());
    for path in ["titles/x/similar", "because/x", "x/why", "titles/imp_01jd3k5m7n9pqrstvwxyz01234/similar"] {
        let path = format!("/v1/recommendations/{path}");
        fixture.app.get(&path).token(&token).send().await.expect_problem(404, "not_found");
    }
    let similar = format!("/v1/recommendations/titles/{film}/similar");
    for query in ["limit=0", "limit=51", "limit=x", "limit=-1", "genre=noir"] {
        fixture.app.get(&format!("{similar}?{query}")).send().await.expect_problem(422, "invalid_request");
    }
    for query in ["genre=", "genre=No%20Slug", "limit=0", "cursor=a"] {
        let path = format!("/v1/recommendations/trending?{query}");
        fixture.app.get(&path).send().await.expect_problem(422, "invalid_request");
    }
    let empty = fixture.app.get("/v1/recommendations/trending?genre=unheard-of").send().await.expect(200);
    assert_eq!(empty["items"], json!([]));
}
