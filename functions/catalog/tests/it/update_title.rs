use futures::future::join_all;
use serde_json::json;

use crate::studio::{Studio, draft, id_of};

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("Old")).await);
    let patch = json!({"localisations": {"ru": {"name": "Новый"}}, "year": null, "genres": ["drama", "short"]});
    let answer = studio.patch(&id, &patch).await;
    let title = answer.expect(200);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!((title["version"].as_i64(), title.get("year")), (Some(2), None));
    assert_eq!(title["localisations"]["en"]["name"], "Old");
    assert_eq!(title["localisations"]["ru"]["name"], "Новый");
    let events = studio.service.events("domain-events", &id, 2).await;
    assert_eq!(events[1].sequence, 2);
    assert_eq!(events[1].data["genres"], json!(["drama", "short"]));
    // What changes nothing is no version.
    assert_eq!(studio.patch(&id, &patch).await.expect(200)["version"], 2);
    let audited: i64 = sqlx::query_scalar("select count(*) from audit where title_id = $1 and before is not null")
        .bind(&id)
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(audited, 1);
}

#[tokio::test]
async fn a_stale_version_is_refused() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    let path = format!("/v1/admin/titles/{id}");
    let patch = |year: i32, tag: &'static str| {
        studio.app.patch(&path, &json!({"year": year})).token(&studio.editor).header("if-match", tag).send()
    };
    patch(2001, "\"1\"").await.expect(200);
    patch(2002, "\"1\"").await.expect_problem(412, "precondition_failed");
    patch(2003, "*").await.expect(200);
    // Of parallel writers who saw the same version one wins.
    let answers = join_all((2010..2016).map(|year| patch(year, "\"3\""))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 5);
    let publish =
        studio.app.post(&format!("{path}/publish"), &json!({})).token(&studio.editor).header("if-match", "\"1\"");
    publish.send().await.expect_problem(412, "precondition_failed");
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let studio = Studio::open().await;
    studio.create(&draft("Taken")).await;
    let id = id_of(&studio.create(&draft("A")).await);
    studio.patch(&id, &json!({"slug": "taken"})).await.expect_problem(409, "slug_taken");
    for (patch, pointer) in [
        (json!({"kind": "series"}), "/kind"),
        (json!({"slug": null}), "/slug"),
        (json!({"genres": ["knitting"]}), "/genres/0"),
        (json!({"windows": [{}, {}]}), "/windows/1"),
        (json!({"colour": "red"}), "/colour"),
        (json!({"version": 9}), "/version"),
        (json!([]), ""),
    ] {
        let problem = studio.patch(&id, &patch).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{patch}");
    }
    let merge = studio
        .app
        .call(cinema_http::axum::http::Method::PATCH, &format!("/v1/admin/titles/{id}"))
        .token(&studio.editor);
    merge.header("content-type", "application/merge-patch+json").bytes(r#"{"year":1999}"#).send().await.expect(200);
}

#[tokio::test]
async fn a_published_title_stays_complete() {
    let studio = Studio::open().await;
    let id = studio.film(draft("Public")).await;
    let problem =
        studio.patch(&id, &json!({"localisations": {"en": null}})).await.expect_problem(409, "not_publishable");
    assert_eq!(problem["errors"][0]["pointer"], "/localisations");
    studio
        .patch(&id, &json!({"windows": [{"until": "2001-01-01T00:00:00Z"}]}))
        .await
        .expect_problem(409, "not_publishable");
    studio.patch(&id, &json!({"localisations": {"en": {"name": "Renamed"}}})).await.expect(200);
    let shown = studio.app.get(&format!("/v1/titles/{id}")).send().await.expect(200);
    assert_eq!((&shown["name"], &shown["synopsis"]), (&json!("Renamed"), &json!("Public, the film.")));
}
