//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, Service, Token, gateway, golden, lambda::pairs};

use crate::studio::draft;

async fn invoke(service: &Service, name: &str, payload: &Value) -> Value {
    let mut function = Function::start(name, &pairs(service.vars())).await;
    function.invoke(payload).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[tokio::test]
async fn every_read_answers() {
    // The golden payloads come from a gateway without an edge.
    let service = Service::start("catalog").await.with("ORIGIN_VERIFY", "");
    let list = invoke(&service, "catalog-list-titles", &golden("catalog-list-titles")).await;
    assert_eq!((&list["statusCode"], &body(&list)["items"]), (&json!(200), &json!([])));
    let title = invoke(&service, "catalog-get-title", &golden("catalog-get-title")).await;
    assert_eq!((&title["statusCode"], &body(&title)["code"]), (&json!(404), &json!("not_found")));
    let genres = invoke(&service, "catalog-list-genres", &gateway::event("GET", "/v1/genres", &[], None)).await;
    assert!(body(&genres)["items"].as_array().unwrap().len() > 10, "{genres}");
}

#[tokio::test]
async fn every_write_answers() {
    let service = Service::start("catalog").await;
    let bearer = format!("Bearer {}", Token::role("editor").sign());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let call = |method: &str, path: &str, body: &Value| gateway::event(method, path, &headers, Some(&body.to_string()));
    let created = invoke(&service, "catalog-create-title", &call("POST", "/v1/admin/titles", &draft("Shipped"))).await;
    assert_eq!(created["statusCode"], 201, "{created}");
    let path = format!("/v1/admin/titles/{}", body(&created)["id"].as_str().unwrap());
    let updated = invoke(&service, "catalog-update-title", &call("PATCH", &path, &json!({"year": 1999}))).await;
    assert_eq!((&updated["statusCode"], &body(&updated)["year"]), (&json!(200), &json!(1999)));
    let listed = invoke(&service, "catalog-list-admin-titles", &call("GET", "/v1/admin/titles", &json!({}))).await;
    assert_eq!((&listed["statusCode"], body(&listed)["items"].as_array().unwrap().len()), (&json!(200), 1));
    let published =
        invoke(&service, "catalog-publish-title", &call("POST", &format!("{path}/publish"), &json!({"rating": 6})))
            .await;
    assert_eq!((&published["statusCode"], &body(&published)["code"]), (&json!(409), &json!("not_publishable")));
    let windows = json!({"windows": [{"territories": ["DE"]}]});
    let offered = call("PUT", &format!("{path}/availability"), &windows);
    let offered = invoke(&service, "catalog-set-availability", &offered).await;
    assert_eq!((&offered["statusCode"], &body(&offered)["version"]), (&json!(200), &json!(3)));
    let withdrawn = call("POST", &format!("{path}/withdraw"), &json!({}));
    let withdrawn = invoke(&service, "catalog-withdraw-title", &withdrawn).await;
    assert_eq!((&withdrawn["statusCode"], &body(&withdrawn)["code"]), (&json!(409), &json!("not_published")));
    let begun = call("POST", &format!("{path}/artwork"), &json!({"kind": "poster", "size": 1}));
    let begun = invoke(&service, "catalog-upload-artwork", &begun).await;
    assert_eq!(begun["statusCode"], 201, "{begun}");
    let read = invoke(&service, "catalog-get-admin-title", &call("GET", &path, &json!({}))).await;
    assert_eq!(body(&read)["artwork"]["uploads"]["poster"]["state"], "waiting", "{read}");
    let gone = gateway::event("DELETE", &format!("{path}/artwork/poster"), &headers, None);
    let gone = invoke(&service, "catalog-delete-artwork", &gone).await;
    assert_eq!((&gone["statusCode"], &body(&gone)["artwork"]), (&json!(200), &json!({})));
    let audit = gateway::event("GET", &format!("{path}/audit"), &headers, None);
    let audit = invoke(&service, "catalog-list-audit", &audit).await;
    assert_eq!(body(&audit)["items"].as_array().map(Vec::len), Some(5), "{audit}");
    // Nobody answers there; that it is asked is enough.
    let service = service.with("METADATA_PROVIDERS", r#"[{"provider": "tmdb", "url": "http://127.0.0.1:1/tmdb"}]"#);
    let wanted = json!({"provider": "tmdb", "items": [{"kind": "film", "external_id": "1"}]});
    let import = invoke(&service, "catalog-import-metadata", &call("POST", "/v1/admin/import", &wanted)).await;
    assert_eq!(import["statusCode"], 202, "{import}");
    let import = format!("/v1/admin/import/{}", body(&import)["id"].as_str().unwrap());
    let import = invoke(&service, "catalog-get-import", &gateway::event("GET", &import, &headers, None)).await;
    assert_eq!(body(&import)["items"][0]["state"], "waiting", "{import}");
    let deleted = invoke(&service, "catalog-delete-title", &gateway::event("DELETE", &path, &headers, None)).await;
    assert_eq!(deleted["statusCode"], 204, "{deleted}");
}

#[tokio::test]
async fn every_trigger_answers() {
    let service = Service::start("catalog").await;
    let attached = invoke(&service, "catalog-attach-asset", &golden("catalog-attach-asset")).await;
    assert_eq!(attached, json!({"batchItemFailures": []}));
    let name: String = sqlx::query_scalar("select slug from titles").fetch_one(&service.pool()).await.unwrap();
    assert_eq!(name, "my-holiday");
    let told = invoke(&service, "catalog-attach-artwork", &golden("catalog-attach-artwork")).await;
    assert_eq!(told, json!({"batchItemFailures": []}), "nobody waits for that picture");
    let fetched = invoke(&service, "catalog-fetch-metadata", &golden("catalog-fetch-metadata")).await;
    assert_eq!(fetched, json!({"batchItemFailures": []}), "nobody looks at that import any more");
    // Its file is gone: there is nothing to do.
    invoke(&service, "catalog-resize-artwork", &golden("catalog-resize-artwork")).await;
    for name in
        ["catalog-relay-outbox", "catalog-refresh-sort-keys", "catalog-remove-artwork", "catalog-tick-availability"]
    {
        invoke(&service, name, &golden(name)).await;
    }
    let erased = invoke(&service, "catalog-erase-account", &golden("catalog-erase-account")).await;
    assert_eq!(erased, json!({"batchItemFailures": []}));
}
