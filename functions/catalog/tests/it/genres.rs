use serde_json::{Value, json};

use crate::studio::{Studio, draft};

#[tokio::test]
async fn an_editor_makes_renames_and_deletes_a_genre() {
    let studio = Studio::open().await;
    let put =
        |slug: &str, body: Value| studio.app.put(&format!("/v1/admin/genres/{slug}"), &body).token(&studio.editor);
    let made = put("noir", json!({"names": {"en": "Noir", "ru": "Нуар"}})).send().await;
    assert_eq!((made.header("etag"), &made.expect(200)["names"]["ru"]), (Some("\"1\""), &json!("Нуар")));
    let renamed = put("noir", json!({"names": {"en": "Film noir"}}));
    assert_eq!(renamed.header("if-match", "\"1\"").send().await.expect(200)["version"], 2);
    let stale = put("noir", json!({"names": {"en": "B"}})).header("if-match", "\"1\"");
    stale.send().await.expect_problem(412, "precondition_failed");
    assert_eq!(put("drama", json!({"names": {"en": "Drama"}})).send().await.expect(200)["version"], 2);
    for (body, pointer) in [
        (json!({"names": {}}), "/names"),
        (json!({}), "/names"),
        (json!({"names": {"en": ""}}), "/names/en"),
        (json!({"names": {"english": "A"}}), "/names"),
    ] {
        let problem = put("noir", body.clone()).send().await.expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(pointer.starts_with(&found) || found.starts_with(pointer), "{body}: {found}");
    }
    let mut film = draft("A");
    film["genres"] = json!(["noir"]);
    let film = studio.film(film).await;
    let delete = || studio.app.delete("/v1/admin/genres/noir").token(&studio.editor).send();
    delete().await.expect_problem(409, "in_use");
    studio.patch(&film, &json!({"genres": []})).await.expect(200);
    for _ in 0..2 {
        assert_eq!(delete().await.status, 204);
    }
    studio.patch(&film, &json!({"genres": ["noir"]})).await.expect_problem(422, "invalid_request");
    let put = studio.app.put("/v1/admin/genres/noir", &json!({"names": {"en": "A"}}));
    put.send().await.expect_problem(401, "token_required");
    studio.app.delete("/v1/admin/genres/noir").send().await.expect_problem(401, "token_required");
}
