//! The home page: what is shown, why, and what is heard by the next call.

use kernel::{
    Id, TitleId,
    policy::{Visibility, visibility},
};
use serde_json::{Value, json};
use testkit::{Token, titles};
use time::Duration;

use crate::fixture::{Fixture, GENRES, Person, shown};

async fn post(fixture: &Fixture, person: &Person, path: &str, body: &Value) {
    let token = fixture.present(person.token());
    fixture.app.post(path, body).token(&token).send().await.expect(204);
}

#[tokio::test]
async fn a_page_says_why_and_is_explained_by_the_same_list() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(60).await;
    fixture.crowd(&films, 60).await;
    assert_eq!(fixture.train().await, events::Outcome::Done);
    assert!(fixture.live().await.is_some(), "the version passed its tests");
    let person = Person::new();
    fixture.watch(&person, films[0], 0.95, 5).await;
    fixture.watch(&person, films[5], 0.95, 4).await;
    fixture.watch(&person, films[7], 0.4, 3).await;
    let page = fixture.home(&fixture.fresh_app(), &person).await;
    assert_eq!((&page["degraded"], page["model_version"].is_string()), (&json!(false), true));
    assert_eq!(shown(&page, Some("continue")), [films[7]]);
    let all = shown(&page, None);
    let once: std::collections::BTreeSet<TitleId> = all.iter().copied().collect();
    assert_eq!(once.len(), all.len(), "a title is in one row");
    assert!(!all.contains(&films[0]) && !all.contains(&films[5]));
    let picks = shown(&page, Some("top_picks"));
    let of_cluster = |title: &TitleId| films.iter().position(|film| film == title).unwrap() % 5 == 0;
    assert!(picks.iter().take(3).all(of_cluster), "{page}");
    let top = page["rows"].as_array().unwrap().iter().find(|row| row["kind"] == "top_picks").unwrap();
    let sources = [json!(films[0]), json!(films[5])];
    for item in top["items"].as_array().unwrap() {
        let evidence = item["evidence"].as_array().unwrap();
        assert!(!evidence.is_empty() && evidence.iter().all(|reason| sources.contains(&reason["title_id"])), "{item}");
    }

    // Whatever became of the catalogue and the version meanwhile.
    let path = format!("/v1/recommendations/{}/why", page["impression_id"].as_str().unwrap());
    let withdrawn = proto::catalog::TitleChanged {
        publication: "withdrawn".to_owned(),
        ..crate::fixture::film(picks[0], &["horror"])
    };
    fixture.tell_title(picks[0], 2, &withdrawn).await;
    fixture.watch(&person, films[10], 0.95, 1).await;
    fixture.crowd(&films, 5).await;
    assert_eq!(fixture.train().await, events::Outcome::Done);
    let why = async || fixture.fresh_app().get(&path).token(&fixture.present(person.token())).send().await;
    let explained = why().await.expect(200);
    assert_eq!(explained["model_version"], page["model_version"]);
    let weights: Vec<&Value> =
        explained["sources"].as_array().unwrap().iter().map(|source| &source["title_id"]).collect();
    assert_eq!(weights, [&json!(films[5]), &json!(films[0])]);
    let flat = |page: &Value, id: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        let rows = page["rows"].as_array().unwrap().iter();
        let row = |row: &Value| {
            let items = row["items"].as_array().unwrap().iter();
            json!([
                row["kind"],
                row["title_id"],
                row["genre"],
                items.map(|item| json!([id(item), item["score"], item["evidence"]])).collect::<Vec<_>>()
            ])
        };
        rows.map(row).collect()
    };
    assert_eq!(flat(&explained, &|item| item["title_id"].clone()), flat(&page, &|item| item["title"]["id"].clone()));

    let other = Person::new();
    fixture.app.get(&path).token(&fixture.present(other.token())).send().await.expect_problem(404, "not_found");
    let unknown = format!("/v1/recommendations/{}/why", fixture.world.id::<kernel::ImpressionId>());
    let token = fixture.present(person.token());
    fixture.app.get(&unknown).token(&token).send().await.expect_problem(404, "not_found");
    fixture.clock.advance(Duration::days(7));
    why().await.expect_problem(410, "impression_expired");
}

#[tokio::test]
async fn feedback_and_choices_are_heard_by_the_next_call() {
    let fixture = Fixture::alone().await;
    // As many as a row holds: without a model all that may be shown is.
    let films = fixture.films(20).await;
    let person = Person::new();
    let page = async || fixture.home(&fixture.app, &person).await;
    assert!(shown(&page().await, None).contains(&films[3]));
    for (verdict, is_shown) in [("not_interested", false), ("dislike", false), ("like", false)] {
        let body = json!({ "title_id": films[3], "feedback": verdict });
        post(&fixture, &person, "/v1/recommendations/feedback", &body).await;
        assert_eq!(shown(&page().await, None).contains(&films[3]), is_shown, "{verdict}");
    }
    // What it likes is a genre.
    assert!(page().await["rows"].as_array().unwrap().iter().any(|row| row["genre"] == GENRES[3]));
    post(&fixture, &person, "/v1/recommendations/feedback", &json!({ "title_id": films[3] })).await;
    assert!(shown(&page().await, None).contains(&films[3]), "taken back");

    let chosen = json!({ "title_ids": [films[4]], "genres": ["comedy"] });
    post(&fixture, &person, "/v1/recommendations/onboarding", &chosen).await;
    let rows = page().await;
    assert_eq!(rows["rows"][0]["genre"], "comedy", "{rows}");
    assert!(!shown(&rows, None).contains(&films[4]));
    post(&fixture, &person, "/v1/recommendations/onboarding", &json!({})).await;
    assert!(shown(&page().await, None).contains(&films[4]));
}

/// Every page and list over HTTP agrees with the predicate, for random titles and audiences.
#[tokio::test]
async fn nothing_seen_refused_or_invisible_is_ever_shown() {
    let fixture = Fixture::alone().await;
    let now = fixture.world.now();
    let mut library = Vec::new();
    for rules in titles::drawn(titles::rules(now), 60) {
        library.push((fixture.film_under(&rules).await, rules));
    }
    let mut count = 0;
    for audience in titles::audiences() {
        for _ in 0..3 {
            let person = Person::new();
            let mut gone = Vec::new();
            for (title, _) in library.iter().filter(|_| fixture.world.below(10) == 0) {
                fixture.watch(&person, *title, 0.5, 1).await;
                gone.push(*title);
            }
            let token = fixture.present(person.token().max_rating(audience.max_rating));
            let get = async |path: &str| {
                let call = fixture.app.get(path).token(&token).territory(&audience.territory);
                call.send().await.expect(200)
            };
            let page = get("/v1/recommendations/home").await;
            let trend = get("/v1/recommendations/trending?limit=50").await;
            let listed = trend["items"].as_array().unwrap().iter();
            let listed = listed.map(|item| item["title"]["id"].as_str().unwrap().parse().unwrap());
            let continued = shown(&page, Some("continue"));
            for title in shown(&page, None).into_iter().chain(listed) {
                let (_, rules) = library.iter().find(|(known, _)| *known == title).unwrap();
                assert_eq!(visibility(rules, &audience, now), Visibility::Visible);
                assert!(!gone.contains(&title) || continued.contains(&title), "{title} was seen");
                count += 1;
            }
        }
    }
    assert!(count > 500, "the audiences see little: {count}");
}

#[tokio::test]
async fn every_viewer_route_wants_a_profile() {
    let fixture = Fixture::alone().await;
    let id = TitleId::derived("a");
    for path in ["/v1/recommendations/home".to_owned(), format!("/v1/recommendations/because/{id}")] {
        fixture.app.get(&path).send().await.expect_problem(401, "token_required");
        let token = fixture.present(Token::fresh());
        fixture.app.get(&path).token(&token).send().await.expect_problem(403, "profile_required");
    }
}
