//! No store that is down makes a page empty.

use events::{Consumer, Outcome};
use runtime::Tick;
use serde_json::json;
use testkit::App;

use crate::fixture::{Fixture, Person, deadline, shown};

const NOBODY: &str = "http://127.0.0.1:1";

/// An environment that reaches neither table nor bucket, and knows nothing yet.
fn cut_off(fixture: &Fixture) -> App {
    fixture.app_with(|vars| vars.set("AWS_ENDPOINT_URL", NOBODY))
}

#[tokio::test]
async fn without_the_table_the_page_is_for_anybody_and_not_empty() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(30).await;
    let snapshot = recommendation::operations::consumers::snapshot_titles(&fixture.boot()).unwrap();
    for _ in 0..2 {
        assert_eq!(snapshot.consume(Tick { time: None }, &deadline()).await, Outcome::Done);
    }
    let person = Person::new();
    // The emulator answers for both: a table that does not exist fails as one that is down.
    let app = fixture.app_with(|vars| vars.set("TABLE_TASTES", "nowhere"));
    let page = fixture.home(&app, &person).await;
    assert_eq!((&page["degraded"], page.get("impression_id")), (&json!(true), None));
    assert!(shown(&page, None).len() >= 20 && shown(&page, None).iter().all(|title| films.contains(title)));
    let list = app.get("/v1/recommendations/trending").send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 20);
    let token = fixture.present(person.token());
    let similar = format!("/v1/recommendations/titles/{}/similar", films[0]);
    app.get(&similar).token(&token).send().await.expect(200);
    let feedback = json!({ "title_id": films[0], "feedback": "like" });
    let answer = app.post("/v1/recommendations/feedback", &feedback).token(&token).send().await;
    answer.expect_problem(503, "temporarily_unavailable");
}

#[tokio::test]
async fn without_the_bucket_the_page_is_of_popular_titles() {
    let fixture = Fixture::alone().await;
    fixture.films(30).await;
    let app = fixture.app_with(|vars| vars.set("BUCKET_MODELS", "nowhere"));
    let page = fixture.home(&app, &Person::new()).await;
    assert_eq!((&page["degraded"], page.get("model_version")), (&json!(false), None));
    assert!(shown(&page, None).len() >= 20);
    assert!(page["impression_id"].is_string());
}

#[tokio::test]
async fn where_nothing_answers_and_nothing_is_known_it_says_so() {
    let fixture = Fixture::alone().await;
    let person = Person::new();
    let token = fixture.present(person.token());
    let app = cut_off(&fixture);
    app.get("/v1/recommendations/home").token(&token).send().await.expect_problem(503, "temporarily_unavailable");
    app.get("/v1/recommendations/trending").send().await.expect_problem(503, "temporarily_unavailable");
}
