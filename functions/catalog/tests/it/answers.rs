//! The main answer of every operation, whole.

use kernel::{AssetId, Id};
use serde_json::{Value, json};
use testkit::Redacted;
use time::OffsetDateTime;

use crate::studio::{Studio, draft, failed, id_of, ready};

/// Calls in the order of their story: method, path, body. Writes are an editor's.
async fn told(studio: &Studio, redacted: &mut Redacted, calls: Vec<(&str, String, Value)>) -> String {
    let mut story = String::new();
    for (method, path, body) in calls {
        let call = studio.app.call(method.parse().unwrap(), &path);
        let call = if body.is_null() { call } else { call.token(&studio.editor).json(&body) };
        let answer = call.send().await;
        let path: Vec<Value> = path.split('/').map(|part| redacted.value(part.into())).collect();
        let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        story.push_str(&format!("{method} {}\n{}\n\n", path.join("/"), redacted.answer(&answer)));
    }
    story
}

fn get(path: &str) -> (&'static str, String, Value) {
    ("GET", path.to_owned(), Value::Null)
}

fn asset(number: u8) -> AssetId {
    AssetId::from_parts(OffsetDateTime::UNIX_EPOCH, [number; 10])
}

fn sintel() -> Value {
    let mut body = draft("Sintel");
    body["localisations"]["ru"] = json!({"name": "Синтел", "synopsis": "О драконе."});
    body["credits"] = json!([
        {"name": "Colin Levy", "role": "director", "also_known_as": ["Колин Леви"]},
        {"name": "Halina Reijn", "role": "actor", "character": "Sintel"},
    ]);
    body["markers"] = json!([{"kind": "credits", "from_seconds": 50, "until_seconds": 61}]);
    body["windows"] = json!([{"territories": ["DE", "NL"], "plans": ["standard"]}]);
    body
}

#[tokio::test]
async fn a_title_on_its_way_to_the_public() {
    let studio = Studio::open().await;
    let mut redacted = Redacted::default();
    let mut story = told(&studio, &mut redacted, vec![("POST", "/v1/admin/titles".to_owned(), sintel())]).await;
    let created: String = sqlx::query_scalar("select id from titles").fetch_one(&studio.service.pool()).await.unwrap();
    studio.deliver(vec![ready(&created, asset(1), 3), failed(&created, asset(2), 2)]).await;
    let (edit, title) = (format!("/v1/admin/titles/{created}"), format!("/v1/titles/{created}"));
    let calls = vec![
        ("PATCH", edit.clone(), json!({"year": 2011, "countries": null})),
        ("POST", format!("{edit}/publish"), json!({})),
        ("POST", format!("{edit}/publish"), json!({"rating": 12})),
        ("PATCH", edit, json!({"localisations": null, "genres": ["knitting"]})),
        get(&title),
        get("/v1/titles?sort=title&genre=animation"),
    ];
    story.push_str(&told(&studio, &mut redacted, calls).await);
    insta::assert_snapshot!(story);
}

#[tokio::test]
async fn lists_and_refusals() {
    let studio = Studio::open().await;
    let mut series = draft("Series");
    series["kind"] = json!("series");
    let series = id_of(&studio.create(&series).await);
    studio.publish(&series, &json!({"rating": 0})).await.expect(200);
    let mut season = draft("Season");
    (season["kind"], season["parent_id"], season["number"]) = (json!("season"), json!(series), json!(1));
    let season = id_of(&studio.create(&season).await);
    studio.publish(&season, &json!({"rating": 6})).await.expect(200);
    studio.withdraw(&season).await.expect(200);
    let calls = vec![
        get("/v1/titles?limit=1"),
        get("/v1/titles?type=season"),
        get("/v1/genres"),
        get(&format!("/v1/titles/{season}")),
        get("/v1/titles/ttl_01jd3k5m7n9pqrstvwxyz01234"),
        get("/v1/titles?genre=knitting"),
        get("/v1/titles?cursor=x"),
        get("/v1/titles?colour=red"),
        ("POST", "/v1/admin/titles".to_owned(), json!({"kind": "episode", "original_title": "A", "windows": [{}, {}]})),
        ("POST", "/v1/admin/titles".to_owned(), json!({"kind": "film", "original_title": "A", "slug": "series"})),
    ];
    insta::assert_snapshot!(told(&studio, &mut Redacted::default(), calls).await);
}
