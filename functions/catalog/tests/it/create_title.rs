use futures::future::join_all;
use serde_json::{Value, json};

use crate::studio::{Studio, draft, id_of};

#[tokio::test]
async fn a_draft_is_stored_audited_and_announced() {
    let studio = Studio::open().await;
    let mut body = draft("Sintel");
    body["credits"] = json!([{"name": "Colin Levy", "role": "director"}, {"name": "Halina Reijn", "role": "actor", "character": "Sintel"}]);
    let answer = studio.app.post("/v1/admin/titles", &body).token(&studio.editor).send().await;
    let title = answer.expect(201);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(
        (&title["slug"], &title["publication"], &title["version"]),
        (&json!("sintel"), &json!("draft"), &json!(1))
    );
    assert_eq!(title["unmet"], json!(["/asset", "/rating", "/artwork"]));
    let id = id_of(&title);
    let events = studio.service.events("domain-events", &id, 1).await;
    assert_eq!((events.len(), events[0].sequence), (1, 1));
    assert_eq!(events[0].data["credits"][1]["character"], "Sintel");
    assert_eq!(events[0].data["credits"][1]["person_id"], title["people"][1]);
    let audit: (String, String) = sqlx::query_as("select actor, action from audit where title_id = $1")
        .bind(&id)
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(audit, (studio.editor.0.sub.to_string(), "created".to_owned()));
    // A draft is nobody's business.
    studio.app.get(&format!("/v1/titles/{id}")).send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn one_key_creates_once() {
    let studio = Studio::open().await;
    let create = |body: Value| {
        studio.app.post("/v1/admin/titles", &body).token(&studio.editor).header("idempotency-key", "k1").send()
    };
    let answers = join_all((0..6).map(|_| create(draft("Once")))).await;
    let created: Vec<_> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| id_of(&answer.json())).collect();
    assert!(!created.is_empty() && created.iter().all(|id| *id == created[0]), "{created:?}");
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.expect_problem(409, "request_in_flight");
        assert!(refused.header("retry-after").is_some());
    }
    let replayed = create(draft("Once")).await;
    assert_eq!(
        (id_of(&replayed.expect(201)), replayed.header("idempotent-replayed")),
        (created[0].clone(), Some("true"))
    );
    create(draft("Other")).await.expect_problem(422, "idempotency_key_reused");
    let count: i64 = sqlx::query_scalar("select count(*) from titles").fetch_one(&studio.service.pool()).await.unwrap();
    assert_eq!(count, 1);
    // Another editor's key is another key.
    let other = testkit::Token::role("editor");
    let theirs = studio
        .app
        .post("/v1/admin/titles", &draft("Theirs"))
        .token(&other)
        .header("idempotency-key", "k1")
        .send()
        .await;
    assert_ne!(id_of(&theirs.expect(201)), created[0]);
}

#[tokio::test]
async fn a_taken_slug_is_refused_and_a_derived_one_avoided() {
    let studio = Studio::open().await;
    let first = studio.create(&draft("Same Name")).await;
    assert_eq!(first["slug"], "same-name");
    let second = studio.create(&draft("Same Name")).await;
    assert!(second["slug"].as_str().unwrap().starts_with("same-name-"), "{second}");
    let mut wanted = draft("Other");
    wanted["slug"] = json!("same-name");
    let refused = studio.app.post("/v1/admin/titles", &wanted).token(&studio.editor).send().await;
    assert_eq!(refused.expect_problem(409, "slug_taken")["errors"][0]["pointer"], "/slug");
}

#[tokio::test]
async fn one_name_is_one_person() {
    let studio = Studio::open().await;
    let with = |name: &str, also: Value| {
        let mut body = draft(name);
        body["credits"] = json!([{"name": "Ton Roosendaal", "role": "producer", "also_known_as": also}]);
        body
    };
    let (one, other) = (with("One", json!(["Тон Розендаль"])), with("Other", json!(["T. Roosendaal"])));
    let titles = join_all([studio.create(&one), studio.create(&other)]).await;
    assert_eq!(titles[0]["people"], titles[1]["people"]);
    let known: Vec<String> = sqlx::query_scalar("select unnest(also_known_as) from persons")
        .fetch_all(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(known.len(), 2, "{known:?}");
}

#[tokio::test]
async fn a_series_has_seasons_with_episodes() {
    let studio = Studio::open().await;
    let part = |kind: &str, parent: &Value, number: u16| {
        let mut body = draft(&format!("{kind} {number}"));
        (body["kind"], body["parent_id"], body["number"]) = (json!(kind), parent["id"].clone(), json!(number));
        body
    };
    let mut series = draft("Series");
    series["kind"] = json!("series");
    let series = studio.create(&series).await;
    let season = studio.create(&part("season", &series, 1)).await;
    studio.create(&part("episode", &season, 1)).await;
    let post = |body: Value| studio.app.post("/v1/admin/titles", &body).token(&studio.editor).send();
    post(part("episode", &season, 1)).await.expect_problem(409, "number_taken");
    let stray = post(part("episode", &series, 2)).await.expect_problem(422, "invalid_request");
    assert_eq!(stray["errors"][0]["pointer"], "/parent_id");
}
