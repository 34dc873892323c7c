use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft, id_of};

async fn film(studio: &Studio, name: &str, year: u16, credits: Value) -> String {
    let mut body = draft(name);
    (body["year"], body["credits"]) = (json!(year), credits);
    studio.film(body).await
}

async fn person_of(studio: &Studio, title: &str, at: usize) -> String {
    studio.patch(title, &json!({})).await.expect(200)["people"][at].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_shown_with_the_work_that_the_caller_may_see() {
    let studio = Studio::open().await;
    let both = json!([
        {"name": "Other", "role": "producer"}, {"name": "Anna", "role": "director", "also_known_as": ["Анна"]},
        {"name": "anna", "role": "actor", "character": "Herself"},
    ]);
    let early = film(&studio, "Early", 1999, both).await;
    let late = film(&studio, "Late", 2015, json!([{"name": "Anna", "role": "writer"}])).await;
    let french = film(&studio, "French", 2020, json!([{"name": "Anna", "role": "writer"}])).await;
    studio.offer(&french, json!([{"territories": ["FR"]}])).await.expect(200);
    let mut unseen = draft("Draft");
    unseen["credits"] = json!([{"name": "Anna", "role": "writer"}, {"name": "Nobody yet", "role": "writer"}]);
    let unseen = id_of(&studio.create(&unseen).await);
    let anna = person_of(&studio, &early, 1).await;
    let path = format!("/v1/persons/{anna}");

    let person = studio.app.get(&path).send().await;
    assert_eq!(person.header("cache-control"), Some("public, max-age=60"));
    let person = person.expect(200);
    assert_eq!((&person["name"], &person["also_known_as"]), (&json!("Anna"), &json!(["Анна"])));
    let works: Vec<_> = person["filmography"].as_array().unwrap().iter().map(|work| &work["title"]["id"]).collect();
    assert_eq!(works, [&json!(late), &json!(early)]);
    let parts = json!([{"role": "director"}, {"role": "actor", "character": "Herself"}]);
    assert_eq!(person["filmography"][1]["parts"], parts);
    // Whoever worked on nothing that the caller may see does not exist.
    let child = studio.app.get(&path).token(&Token::viewer().max_rating(6)).send().await;
    child.expect_problem(404, "not_found");
    let nobody = person_of(&studio, &unseen, 1).await;
    studio.app.get(&format!("/v1/persons/{nobody}")).send().await.expect_problem(404, "not_found");
    for id in ["per_01jd3k5m7n9pqrstvwxyz01234", "ttl_01jd3k5m7n9pqrstvwxyz01234", "7"] {
        studio.app.get(&format!("/v1/persons/{id}")).send().await.expect_problem(404, "not_found");
    }
    studio.withdraw(&late).await.expect(200);
    studio.withdraw(&early).await.expect(200);
    studio.app.get(&path).send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn an_editor_writes_about_a_person_in_several_languages() {
    let studio = Studio::open().await;
    let credits = json!([{"name": "Anna", "role": "director"}, {"name": "Boris", "role": "writer"}]);
    let film = film(&studio, "A", 1999, credits).await;
    let anna = person_of(&studio, &film, 0).await;
    let path = format!("/v1/admin/persons/{anna}");
    let put = |body: Value| studio.app.put(&path, &body).token(&studio.editor);
    let about = json!({
        "name": "Anna A.", "also_known_as": ["Аня", "Аня", "A. A."],
        "localisations": {"ru": {"name": "Анна", "biography": "Режиссёр."}},
    });
    let first = put(about.clone()).header("if-match", "\"1\"").send().await;
    assert_eq!((first.header("etag"), &first.expect(200)["version"]), (Some("\"2\""), &json!(2)));
    put(about.clone()).header("if-match", "\"1\"").send().await.expect_problem(412, "precondition_failed");
    assert_eq!(put(about).send().await.expect(200)["version"], 2, "a repetition changes nothing");
    let shown = studio.app.get(&format!("/v1/persons/{anna}")).header("accept-language", "ru").send().await.expect(200);
    assert_eq!((&shown["name"], &shown["biography"]), (&json!("Анна"), &json!("Режиссёр.")));
    assert_eq!(shown["also_known_as"], json!(["A. A.", "Аня"]));
    // A title that is changed later still finds the person under the old name.
    studio.patch(&film, &json!({"credits": [{"name": "anna", "role": "producer"}]})).await.expect(200);
    assert_eq!(person_of(&studio, &film, 0).await, anna);
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "A", "colour": "red"}), "/colour"),
        (json!({"name": "A", "also_known_as": vec!["B"; 101]}), "/also_known_as"),
        (json!({"name": "A", "localisations": {"en": {}}}), "/localisations/en"),
    ] {
        let problem = put(body.clone()).send().await.expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(found.starts_with(pointer) || found == pointer.rsplit_once('/').unwrap().0, "{body}: {found}");
    }
    let unknown = "/v1/admin/persons/per_01jd3k5m7n9pqrstvwxyz01234";
    let unknown = studio.app.put(unknown, &json!({"name": "A"})).token(&studio.editor);
    unknown.send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn whoever_is_named_by_a_title_cannot_be_deleted() {
    let studio = Studio::open().await;
    let credits = json!([{"name": "Anna", "role": "director"}, {"name": "Boris", "role": "writer"}]);
    let film = film(&studio, "A", 1999, credits).await;
    let (anna, boris) = (person_of(&studio, &film, 0).await, person_of(&studio, &film, 1).await);
    studio.patch(&film, &json!({"credits": [{"name": "Anna", "role": "director"}]})).await.expect(200);
    let delete = |id: &str| studio.app.delete(&format!("/v1/admin/persons/{id}")).token(&studio.editor).send();
    delete(&anna).await.expect_problem(409, "in_use");
    for _ in 0..2 {
        assert_eq!(delete(&boris).await.status, 204);
    }
    assert_eq!(delete("per_01jd3k5m7n9pqrstvwxyz01234").await.status, 204);
    studio.app.delete(&format!("/v1/admin/persons/{anna}")).send().await.expect_problem(401, "token_required");
    studio.app.get(&format!("/v1/persons/{anna}")).send().await.expect(200);
}

/// Whatever wins, no title names somebody who is gone.
#[tokio::test]
async fn a_person_is_not_deleted_while_a_title_begins_to_name_them() {
    let studio = Studio::open().await;
    for round in 0..6 {
        let mut body = draft(&format!("A {round}"));
        body["credits"] = json!([{"name": format!("Person {round}"), "role": "writer"}]);
        let first = id_of(&studio.create(&body).await);
        let person = person_of(&studio, &first, 0).await;
        studio.patch(&first, &json!({"credits": []})).await.expect(200);
        let path = format!("/v1/admin/persons/{person}");
        let delete = studio.app.delete(&path).token(&studio.editor).send();
        let (title, deleted) = futures::join!(studio.create(&body), delete);
        assert!([204, 409].contains(&deleted.status.as_u16()), "{}", deleted.text());
        let named = title["people"][0].as_str().unwrap();
        let known: bool = sqlx::query_scalar("select exists (select from persons where id = $1)")
            .bind(named)
            .fetch_one(&studio.service.pool())
            .await
            .unwrap();
        assert!(known, "{named}");
    }
}
