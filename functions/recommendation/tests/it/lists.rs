//! Lists beside the home page.

use kernel::TitleId;
use proto::catalog::{Credit, TitleChanged};
use serde_json::{Value, json};

use crate::fixture::{Fixture, Person, film};

fn ids(list: &Value) -> Vec<TitleId> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["title"]["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_title_that_nobody_watched_is_beside_what_it_is_like() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(10).await;
    let (asked, same_people): (TitleId, TitleId) = (fixture.world.id(), fixture.world.id());
    let credit = || vec![Credit { name: "Ada".to_owned(), role: "director".to_owned(), ..Credit::default() }];
    let by_ada = |id| TitleChanged { credits: credit(), ..film(id, &["noir", "war"]) };
    fixture.tell_title(asked, 1, &by_ada(asked)).await;
    fixture.tell_title(same_people, 1, &by_ada(same_people)).await;
    let path = format!("/v1/recommendations/titles/{asked}/similar");
    let answer = fixture.app.get(&path).send().await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    let list = answer.expect(200);
    // Those that are as much alike come in the order of their ids.
    let (one, other) = (films[2].min(films[7]), films[2].max(films[7]));
    assert_eq!(ids(&list), [same_people, one, other], "{list}");
    assert_eq!(list["items"][0]["evidence"][0]["title_id"], json!(asked));
    let short = fixture.app.get(&format!("{path}?limit=1")).send().await.expect(200);
    assert_eq!(ids(&short), [same_people]);
}

#[tokio::test]
async fn what_was_watched_together_is_beside_each_other_and_trends() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(50).await;
    fixture.crowd(&films, 50).await;
    fixture.train().await;
    let app = fixture.fresh_app();
    let list = app.get(&format!("/v1/recommendations/titles/{}/similar?limit=5", films[0])).send().await.expect(200);
    let place = |title: &TitleId| films.iter().position(|film| film == title).unwrap();
    assert!(ids(&list).iter().all(|title| place(title) % 5 == 0) && ids(&list).len() == 5, "{list}");
    assert!(list["model_version"].is_string());
    let trend = app.get("/v1/recommendations/trending?genre=noir").send().await.expect(200);
    assert!(ids(&trend).iter().all(|title| place(title) % 5 == 2) && ids(&trend).len() == 10, "{trend}");
    let scores: Vec<f64> =
        trend["items"].as_array().unwrap().iter().map(|item| item["score"].as_f64().unwrap()).collect();
    assert!(scores[0] > 0.0 && scores.is_sorted_by(|one, other| one >= other));

    // To a profile, without what it has seen or refused.
    let person = Person::new();
    fixture.watch(&person, films[5], 0.95, 1).await;
    let token = fixture.present(person.token());
    let path = format!("/v1/recommendations/because/{}", films[5]);
    let because = app.get(&path).token(&token).send().await.expect(200);
    assert!(!ids(&because).is_empty() && !ids(&because).contains(&films[5]));
    assert!(because["items"].as_array().unwrap().iter().all(|item| item["evidence"][0]["title_id"] == json!(films[5])));
    let other = format!("/v1/recommendations/because/{}", films[6]);
    app.get(&other).token(&token).send().await.expect_problem(404, "not_found");
    let similar = format!("/v1/recommendations/titles/{}/similar?limit=50", films[0]);
    assert!(ids(&app.get(&similar).send().await.expect(200)).contains(&films[5]));
    assert!(!ids(&app.get(&similar).token(&token).send().await.expect(200)).contains(&films[5]));
}
