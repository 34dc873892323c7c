use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft};

#[tokio::test]
async fn only_editors_write() {
    let studio = Studio::open().await;
    let id = studio.create(&draft("A")).await["id"].as_str().unwrap().to_owned();
    let calls = || {
        [
            studio.app.post("/v1/admin/titles", &draft("B")),
            studio.app.patch(&format!("/v1/admin/titles/{id}"), &json!({})),
            studio.app.post(&format!("/v1/admin/titles/{id}/publish"), &json!({})),
            studio.app.post(&format!("/v1/admin/titles/{id}/withdraw"), &json!({})),
            studio.app.put(&format!("/v1/admin/titles/{id}/availability"), &json!({"windows": []})),
            studio.app.get(&format!("/v1/admin/titles/{id}/audit")),
            studio.app.get(&format!("/v1/admin/titles/{id}")),
            studio.app.post(&format!("/v1/admin/titles/{id}/artwork"), &json!({"kind": "poster", "size": 1})),
            studio.app.delete(&format!("/v1/admin/titles/{id}/artwork/poster")),
            studio.app.put("/v1/admin/persons/per_01jd3k5m7n9pqrstvwxyz01234", &json!({"name": "A"})),
            studio.app.put("/v1/admin/collections/a", &json!({"localisations": {"en": {"name": "A"}}, "titles": []})),
        ]
    };
    for call in calls() {
        call.send().await.expect_problem(401, "token_required");
    }
    for call in calls() {
        call.bearer(&Token::expired()).send().await.expect(401);
    }
    for call in calls() {
        call.bearer(&studio.editor.forged()).send().await.expect(401);
    }
    for call in calls() {
        call.token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    }
    for call in calls() {
        call.token(&Token::role("support")).send().await.expect_problem(403, "role_required");
    }
    studio.app.post("/v1/admin/titles", &draft("C")).token(&Token::role("admin")).send().await.expect(201);
    // A broken token is refused where none is needed, too.
    for path in ["/v1/titles", "/v1/genres"] {
        studio.app.get(path).bearer(&Token::expired()).send().await.expect(401);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let studio = Studio::open().await;
    let post = |kind: &'static str, body: String| {
        let call = studio.app.post("/v1/admin/titles", &json!({})).token(&studio.editor);
        call.header("content-type", kind).bytes(body).send()
    };
    // The first header counts: a fresh call without JSON.
    let raw = studio.app.call(cinema_http::axum::http::Method::POST, "/v1/admin/titles").token(&studio.editor);
    raw.header("content-type", "text/plain").bytes("{}").send().await.expect_problem(415, "unsupported_media_type");
    post("application/json", "{".into()).await.expect_problem(400, "malformed_json");
    let large = format!("{{\"original_title\":\"{}\"}}", "x".repeat(1 << 20));
    post("application/json", large).await.expect_problem(413, "payload_too_large");
}

#[tokio::test]
async fn a_draft_that_is_wrong_says_where() {
    let studio = Studio::open().await;
    let cases: Vec<(&str, Value, &str)> = vec![
        ("kind", json!("opera"), "/kind"),
        ("original_title", json!(""), "/original_title"),
        ("original_title", json!("nul\u{0}"), "/original_title"),
        ("original_title", json!("x".repeat(201)), "/original_title"),
        ("original_title", json!(7), "/original_title"),
        ("slug", json!("No Slug"), "/slug"),
        ("year", json!(99999), "/year"),
        ("countries", json!(["Germany"]), "/countries/0"),
        ("genres", json!(["animation", "knitting"]), "/genres/1"),
        ("localisations", json!({"en": {"name": "A", "synopsis": "nul\u{0}"}}), "/localisations/en/synopsis"),
        ("localisations", json!({"english": {"name": "A"}}), "/localisations"),
        ("credits", json!([{"name": "A", "role": "Main Hero"}]), "/credits/0/role"),
        ("markers", json!([{"kind": "intro", "from_seconds": 9, "until_seconds": 3}]), "/markers/0"),
        ("windows", json!([{}, {"territories": ["DE"]}]), "/windows/1"),
        ("windows", json!([{"from": "0000-01-01T00:00:00Z"}]), "/windows/0/from"),
        ("windows", json!([{"until": "9999-12-31T23:59:59-23:59"}]), "/windows/0/until"),
        ("windows", json!([{"from": "tomorrow"}]), "/windows/0/from"),
        ("windows", json!([{"plans": ["nul\u{0}"]}]), "/windows/0/plans"),
        ("parent_id", json!("ttl_01jd3k5m7n9pqrstvwxyz01234"), "/parent_id"),
        ("publication", json!("published"), "/publication"),
        ("rating", json!(12), "/rating"),
    ];
    for (field, value, pointer) in cases {
        let mut body = draft("A");
        body[field] = value.clone();
        let problem = studio
            .app
            .post("/v1/admin/titles", &body)
            .token(&studio.editor)
            .send()
            .await
            .expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(found.starts_with(pointer), "{field} = {value}: {found}");
    }
    let count: i64 = sqlx::query_scalar("select count(*) from titles").fetch_one(&studio.service.pool()).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn unknown_things_are_not_found() {
    let studio = Studio::open().await;
    for id in ["ttl_01jd3k5m7n9pqrstvwxyz01234", "acc_01jd3k5m7n9pqrstvwxyz01234", "7", "%00", "..%2f"] {
        studio.app.get(&format!("/v1/titles/{id}")).send().await.expect_problem(404, "not_found");
        studio.patch(id, &json!({})).await.expect_problem(404, "not_found");
        studio.publish(id, &json!({})).await.expect_problem(404, "not_found");
        studio.withdraw(id).await.expect_problem(404, "not_found");
        studio.offer(id, json!([])).await.expect_problem(404, "not_found");
        let audit = studio.app.get(&format!("/v1/admin/titles/{id}/audit")).token(&studio.editor);
        audit.send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_database_that_is_down_is_503() {
    let service = testkit::Service::start("catalog").await.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/none");
    let app = service.app(catalog::operations::routes);
    for path in [
        "/v1/titles",
        "/v1/genres",
        "/v1/titles/ttl_01jd3k5m7n9pqrstvwxyz01234/episodes",
        "/v1/collections/a",
        "/v1/persons/per_01jd3k5m7n9pqrstvwxyz01234",
    ] {
        let answer = app.get(path).send().await;
        answer.expect_problem(503, "temporarily_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    let create = app.post("/v1/admin/titles", &draft("A")).token(&Token::role("editor")).header("idempotency-key", "k");
    create.send().await.expect_problem(503, "temporarily_unavailable");
}

/// The engine takes the new password at once, environments that read the old one live on for a while.
#[tokio::test]
async fn a_password_that_was_rotated_is_503() {
    let service = testkit::Service::start("catalog").await;
    let rotated = service.var("POSTGRES_URL").replacen(":test@", ":old@", 1);
    let app = service.with("POSTGRES_URL", &rotated).app(catalog::operations::routes);
    app.get("/v1/genres").send().await.expect_problem(503, "temporarily_unavailable");
}
