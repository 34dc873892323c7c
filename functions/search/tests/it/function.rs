//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, gateway, golden, lambda::pairs};

use crate::library::Library;

#[tokio::test]
async fn a_title_is_indexed_and_found() {
    let library = Library::open().await;
    let mut index = Function::start("search-index-title", &pairs(library.service.vars())).await;
    assert_eq!(index.invoke(&golden("search-index-title")).await.unwrap(), json!({"batchItemFailures": []}));
    library.refresh().await;
    let mut titles = Function::start("search-titles", &pairs(library.service.vars())).await;
    let mut page = Value::Null;
    // On a busy machine the first question to a new index may take longer than a search may; the fallback answers it.
    for _ in 0..20 {
        let answer = titles.invoke(&gateway::event("GET", "/v1/search?q=sintel", &[], None)).await.unwrap();
        page = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        if page["degraded"] == false {
            break;
        }
    }
    assert_eq!((&page["total"], &page["degraded"]), (&json!(1), &json!(false)), "{page}");
    assert_eq!(page["items"][0]["slug"], "sintel");
    library.close().await;
}
