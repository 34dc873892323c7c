use futures::future::join_all;
use serde_json::{Value, json};

use crate::studio::{Studio, draft, id_of};

#[tokio::test]
async fn a_collection_shows_what_the_caller_may_see_in_its_order() {
    let studio = Studio::open().await;
    let (first, second) = (studio.film(draft("First")).await, studio.film(draft("Second")).await);
    let unseen = id_of(&studio.create(&draft("Draft")).await);
    let path = "/v1/admin/collections/best-of";
    let put = |body: &Value| studio.app.put(path, body).token(&studio.editor);
    let body = json!({
        "localisations": {"en": {"name": "Best", "description": "Of all."}, "ru": {"name": "Лучшее"}}, "titles": [second, unseen, first],
    });
    let made = put(&body).send().await;
    assert_eq!((made.header("etag"), &made.expect(200)["titles"]), (Some("\"1\""), &body["titles"]));
    assert_eq!(put(&body).send().await.expect(200)["version"], 1, "a repetition changes nothing");
    let shown = studio.app.get("/v1/collections/best-of").header("accept-language", "ru").send().await;
    assert_eq!(shown.header("cache-control"), Some("public, max-age=60"));
    let shown = shown.expect(200);
    let ids: Vec<_> = shown["titles"].as_array().unwrap().iter().map(|card| &card["id"]).collect();
    assert_eq!((&shown["name"], ids), (&json!("Лучшее"), vec![&json!(second), &json!(first)]));
    let reversed = json!({"localisations": {"en": {"name": "Best"}}, "titles": [first, second]});
    put(&reversed).header("if-match", "\"7\"").send().await.expect_problem(412, "precondition_failed");
    assert_eq!(put(&reversed).header("if-match", "\"1\"").send().await.expect(200)["version"], 2);
    let shown = studio.app.get("/v1/collections/best-of").send().await.expect(200);
    assert_eq!((&shown["titles"][0]["id"], shown.get("description")), (&json!(first), None));
    // A collection of which nothing is visible does not exist for the caller.
    for id in [&first, &second] {
        studio.withdraw(id).await.expect(200);
    }
    studio.app.get("/v1/collections/best-of").send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_wrong_is_refused_where_it_is() {
    let studio = Studio::open().await;
    let film = studio.film(draft("A")).await;
    let text = json!({"en": {"name": "A"}});
    let put = |slug: &str, body: &Value| {
        studio.app.put(&format!("/v1/admin/collections/{slug}"), body).token(&studio.editor).send()
    };
    for (body, pointer) in [
        (json!({"localisations": {}, "titles": []}), "/localisations"),
        (json!({"localisations": text}), "/titles"),
        (json!({"localisations": text, "titles": [film, film]}), "/titles/1"),
        (json!({"localisations": text, "titles": [film, "ttl_01jd3k5m7n9pqrstvwxyz01234"]}), "/titles/1"),
        (json!({"localisations": text, "titles": ["film"]}), "/titles/0"),
        (json!({"localisations": text, "titles": vec![&film; 201]}), "/titles"),
        (json!({"localisations": text, "titles": [], "slug": "b"}), "/slug"),
    ] {
        let problem = put("a", &body).await.expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(found == pointer || found.is_empty(), "{body}: {found}");
    }
    let good = json!({"localisations": text, "titles": [film]});
    put("No%20Slug", &good).await.expect_problem(404, "not_found");
    let known = studio.app.put("/v1/admin/collections/new", &good).token(&studio.editor).header("if-match", "\"1\"");
    known.send().await.expect_problem(412, "precondition_failed");
    for slug in ["new", "a", "No%20Slug", "%00"] {
        studio.app.get(&format!("/v1/collections/{slug}")).send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn of_editors_who_saw_the_same_version_one_wins() {
    let studio = Studio::open().await;
    let film = studio.film(draft("A")).await;
    let put = |name: String, tag: &'static str| {
        let body = json!({"localisations": {"en": {"name": name}}, "titles": [film]});
        studio.app.put("/v1/admin/collections/a", &body).token(&studio.editor).header("if-match", tag).send()
    };
    let make = json!({"localisations": {"en": {"name": "A"}}, "titles": []});
    let made =
        join_all((0..4).map(|_| studio.app.put("/v1/admin/collections/a", &make).token(&studio.editor).send())).await;
    assert!(made.iter().all(|answer| answer.expect(200)["version"] == 1));
    let answers = join_all((0..4).map(|number| put(format!("B{number}"), "\"1\""))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 3);
}

#[tokio::test]
async fn a_deleted_collection_leaves_its_titles() {
    let studio = Studio::open().await;
    let film = studio.film(draft("A")).await;
    let body = json!({"localisations": {"en": {"name": "A"}}, "titles": [film]});
    studio.app.put("/v1/admin/collections/a", &body).token(&studio.editor).send().await.expect(200);
    studio.app.delete("/v1/admin/collections/a").send().await.expect_problem(401, "token_required");
    for _ in 0..2 {
        assert_eq!(studio.app.delete("/v1/admin/collections/a").token(&studio.editor).send().await.status, 204);
    }
    studio.app.get("/v1/collections/a").send().await.expect_problem(404, "not_found");
    studio.app.get(&format!("/v1/titles/{film}")).send().await.expect(200);
}
