use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Boot, Tick};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};

use crate::library::{Library, film, id, search};

const PATH: &str = "/v1/search/clicks";

async fn click(library: &Library, query: &Value, title: usize, position: u32) {
    let body = json!({"query_id": query["query_id"], "title_id": id(title), "position": position});
    library.app.post(PATH, &body).send().await.expect(202);
}

type Report = (Date, i64, i64, f64, i64, Value);

async fn report(library: &Library, now: OffsetDateTime) -> Vec<Report> {
    let (world, _) = World::replay(now, 1);
    let boot = Boot::new(library.service.vars().clone()).with_world(world.clone());
    let consumer = search::operations::consumers::report_relevance(&boot).unwrap();
    assert_eq!(consumer.consume(Tick { time: Some(now) }, &Deadline::unlimited(world)).await, Outcome::Done);
    let statement =
        "select day, searches, clicked, reciprocal_ranks, without_results, missed from relevance order by day";
    sqlx::query_as(statement).fetch_all(&library.service.pool()).await.unwrap()
}

#[tokio::test]
async fn a_day_is_reported_from_its_searches_and_clicks() {
    let library = Library::with(&[film("Sintel"), film("Sintel Returns")]).await;
    let first = search(&library.app, "sintel").await;
    let second = search(&library.app, "sintel returns").await;
    for _ in 0..2 {
        search(&library.app, "Nowhere!").await;
    }
    // The best of two counts, each title once.
    click(&library, &first, 0, 2).await;
    click(&library, &first, 0, 1).await;
    click(&library, &first, 1, 4).await;
    click(&library, &second, 1, 1).await;
    let tomorrow = World::system().now() + Duration::DAY;
    let missed = json!([{"words": "nowhere", "times": 2}]);
    let today = World::system().now().date();
    let expected = vec![(today, 4, 2, 1.5, 2, missed)];
    assert_eq!(report(&library, tomorrow).await, expected);
    assert_eq!(report(&library, tomorrow).await, expected, "a repetition changes nothing");
    // After 30 days the words are gone, and the figures stay.
    assert_eq!(report(&library, tomorrow + Duration::days(31)).await[0], expected[0]);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from queries").fetch_one(&library.service.pool()).await.unwrap();
    assert_eq!(kept, 0);
    library.close().await;
}

#[tokio::test]
async fn clicks_of_no_search_are_left_out_and_wrong_ones_refused() {
    let library = Library::open().await;
    let unknown = json!({"query_id": World::system().id::<kernel::QueryId>()});
    click(&library, &unknown, 1, 1).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from clicks").fetch_one(&library.service.pool()).await.unwrap();
    assert_eq!(kept, 0);
    let right = json!({"query_id": unknown["query_id"], "title_id": id(1), "position": 1});
    for (field, value) in [
        ("position", json!(0)),
        ("position", json!(10_001)),
        ("position", json!(-1)),
        ("position", json!("1")),
        ("query_id", json!("qry_1")),
        ("title_id", json!(unknown["query_id"])),
        ("account_id", json!("acc_1")),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        library.app.post(PATH, &wrong).send().await.expect_problem(422, "invalid_request");
    }
}
