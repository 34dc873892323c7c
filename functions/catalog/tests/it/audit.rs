use serde_json::{Value, json};

use crate::studio::{Studio, draft};

#[tokio::test]
async fn who_changed_what_is_told_newest_first_page_by_page() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    studio.film(draft("Another")).await;
    studio.patch(&id, &json!({"year": 2011, "localisations": {"en": {"name": "B"}}})).await.expect(200);
    studio.offer(&id, json!([{"territories": ["DE"]}])).await.expect(200);
    studio.withdraw(&id).await.expect(200);
    let mut entries: Vec<Value> = vec![];
    let mut path = format!("/v1/admin/titles/{id}/audit?limit=2");
    loop {
        let page = studio.app.get(&path).token(&studio.editor).send().await.expect(200);
        entries.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/admin/titles/{id}/audit?limit=2&cursor={cursor}");
    }
    let told: Vec<_> =
        entries.iter().map(|entry| (entry["action"].as_str().unwrap(), entry["version"].as_i64())).collect();
    let expected = ["withdrawn", "availability_set", "updated", "published", "asset_changed", "created"];
    assert_eq!(told, expected.into_iter().zip((1..=6).rev().map(Some)).collect::<Vec<_>>());
    let editor = json!(studio.editor.0.sub);
    assert_eq!((&entries[0]["actor"], &entries[4]["actor"]), (&editor, &json!("catalog-attach-asset")));
    assert_eq!(
        entries[0]["changes"],
        json!([{"pointer": "/publication", "before": "published", "after": "withdrawn"}])
    );
    assert_eq!(
        entries[2]["changes"],
        json!([
            {"pointer": "/year", "before": 2010, "after": 2011},
            {"pointer": "/localisations/en/name", "before": "A", "after": "B"},
        ])
    );
    let created = entries[5]["changes"].as_array().unwrap();
    assert!(created.contains(&json!({"pointer": "/original_title", "after": "A"})), "{created:?}");
}
