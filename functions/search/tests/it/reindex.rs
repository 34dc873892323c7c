use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use opensearch::{
    SearchParts,
    indices::{IndicesCreateParts, IndicesDeleteParts, IndicesGetAliasParts},
};
use runtime::Tick;
use serde_json::{Value, json};
use testkit::{App, Token};

use crate::library::{Library, event, film, id, names, search};

const TITLES: usize = 60;

/// Index by alias, without the library's own prefix.
async fn aliases(library: &Library) -> BTreeMap<String, String> {
    let pattern = format!("{}*", library.alias);
    let indices = library.engine();
    let response = indices.indices().get_alias(IndicesGetAliasParts::Name(&[&pattern])).send().await.unwrap();
    let found: Value = response.json().await.unwrap();
    let of = |(index, named): (&String, &Value)| {
        let aliases = named["aliases"].as_object().unwrap().keys();
        aliases.map(|alias| (alias.replace(&library.alias, "titles"), index.clone())).collect::<Vec<_>>()
    };
    found.as_object().unwrap().iter().flat_map(of).collect()
}

async fn close(library: Library) {
    let pattern = format!("{}-*", library.alias);
    library.engine().indices().delete(IndicesDeleteParts::Index(&[&pattern])).send().await.unwrap();
}

async fn post(app: &App, path: &str, status: u16) -> Value {
    app.post(path, &json!({})).token(&Token::role("admin")).send().await.expect(status)
}

async fn tick(library: &Library) -> Outcome {
    let consumer = search::operations::consumers::verify_index(&library.service.boot()).unwrap();
    consumer.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await
}

async fn states(library: &Library) -> Vec<(String, Option<String>)> {
    let statement = "select state, reason from reindexes order by started_at";
    sqlx::query_as(statement).fetch_all(&library.service.pool()).await.unwrap()
}

async fn versions(library: &Library, index: &str) -> BTreeMap<String, i64> {
    library.refresh().await;
    let body = json!({"size": 1000, "version": true, "_source": false});
    let response = library.engine().search(SearchParts::Index(&[index])).body(body).send().await.unwrap();
    let found: Value = response.json().await.unwrap();
    let of = |hit: &Value| (hit["_id"].as_str().unwrap().to_owned(), hit["_version"].as_i64().unwrap());
    found["hits"]["hits"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn a_reindex_under_load_loses_no_edit_and_fails_no_search_and_can_be_taken_back() {
    let titles: Vec<Value> = (0..TITLES).map(|number| film(&format!("Common {number}"))).collect();
    let library = Library::with(&titles).await;
    let before = aliases(&library).await;
    let started = post(&library.app, "/v1/admin/search/reindex", 202).await;
    assert_eq!((&started["state"], &started["copied"]), (&json!("building"), &json!(0)));
    // While one is being built there is no second.
    assert_eq!(post(&library.app, "/v1/admin/search/reindex", 202).await["name"], started["name"]);
    let is_over = AtomicBool::new(false);
    let searches = async {
        let mut searches = 0;
        while !is_over.load(Ordering::Relaxed) {
            let page = search(&library.app, "common").await;
            assert_eq!(page["total"], TITLES, "{page}");
            searches += 1;
        }
        searches
    };
    let edits = async {
        let mut sequence = 1;
        while !is_over.load(Ordering::Relaxed) {
            sequence += 1;
            for number in 0..TITLES {
                let edit = event(id(number), sequence, &film(&format!("Common {number} in version {sequence}")));
                assert_eq!(library.deliver(vec![edit]).await, [Outcome::Done]);
            }
        }
        sequence
    };
    let build = async {
        assert_eq!(tick(&library).await, Outcome::Done);
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_over.store(true, Ordering::Relaxed);
    };
    let (searched, sequence, ()) = futures::join!(searches, edits, build);
    assert!(searched > 0 && sequence > 1, "{searched} {sequence}");
    assert_eq!(states(&library).await, [("live".to_owned(), None)]);
    let after = aliases(&library).await;
    assert_eq!(
        (&after["titles"], &after["titles-previous"]),
        (&started["name"].as_str().unwrap().to_owned(), &before["titles"])
    );
    assert!(!after.contains_key("titles-building"));
    let newest: BTreeMap<String, i64> = (0..TITLES).map(|number| (id(number).to_string(), sequence)).collect();
    for index in after.values() {
        library
            .engine()
            .indices()
            .refresh(opensearch::indices::IndicesRefreshParts::Index(&[index]))
            .send()
            .await
            .unwrap();
        assert_eq!(versions(&library, index).await, newest, "{index}");
    }
    // One call puts the index before back, which had every edit meanwhile.
    let answer = post(&library.app, "/v1/admin/search/rollback", 200).await;
    assert_eq!((&answer["live"], &answer["previous"]), (&json!(after["titles-previous"]), &json!(after["titles"])));
    library.deliver(vec![event(id(1), sequence + 1, &film("Edited after"))]).await;
    library.refresh().await;
    assert_eq!(names(&search(&library.app, "edited after").await), ["Edited after"]);
    post(&library.app, "/v1/admin/search/rollback", 200).await;
    library.refresh().await;
    assert_eq!(names(&search(&library.app, "edited after").await), ["Edited after"]);
    close(library).await;
}

#[tokio::test]
async fn an_index_that_is_not_complete_does_not_become_live() {
    let library = Library::with(&[film("Good")]).await;
    let before = aliases(&library).await;
    // The engine refuses it for ever, so the new index can never have it.
    let mut endless = film("Endless");
    endless["windows"] = vec![json!({}); 10_001].into();
    assert!(matches!(&library.deliver(vec![event(id(7), 1, &endless)]).await[..], [Outcome::Poison(_)]));
    post(&library.app, "/v1/admin/search/reindex", 202).await;
    assert_eq!(tick(&library).await, Outcome::Done);
    let found = states(&library).await;
    assert!(
        matches!(&found[..], [(state, Some(reason))] if state == "failed" && reason.contains(&id(7).to_string())),
        "{found:?}"
    );
    assert_eq!(aliases(&library).await, before);
    assert_eq!(names(&search(&library.app, "good").await), ["Good"]);
    let refused = library.app.post("/v1/admin/search/rollback", &json!({})).token(&Token::role("admin")).send().await;
    refused.expect_problem(409, "no_previous_index");
    close(library).await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_continued() {
    let library = Library::with(&[film("One"), film("Two")]).await;
    let started = post(&library.app, "/v1/admin/search/reindex", 202).await;
    let name = started["name"].as_str().unwrap();
    // Cut off after the last page, and the index was lost besides.
    sqlx::query("update documents set terms = ' old'").execute(&library.service.pool()).await.unwrap();
    sqlx::query("update reindexes set position = $1, copied = 2")
        .bind(id(1).to_string())
        .execute(&library.service.pool())
        .await
        .unwrap();
    assert_eq!(tick(&library).await, Outcome::Done);
    assert_eq!((aliases(&library).await["titles"].as_str(), versions(&library, name).await.len()), (name, 2));
    assert_eq!(names(&search(&library.without_engine(), "two").await), ["Two"], "Postgres has the present terms");
    // Cut off after the exchange.
    sqlx::query("update reindexes set state = 'building', ended_at = null")
        .execute(&library.service.pool())
        .await
        .unwrap();
    assert_eq!(tick(&library).await, Outcome::Done);
    assert_eq!(states(&library).await, [("live".to_owned(), None)]);
    assert_eq!(aliases(&library).await["titles"], name);
    // Without a build there is nothing to do.
    assert_eq!(tick(&library).await, Outcome::Done);
    close(library).await;
}

#[tokio::test]
async fn an_index_of_another_mapping_is_replaced_by_itself() {
    let library = Library::open().await;
    let old = format!("{}-v1", library.alias);
    let strict = json!({"mappings": {"dynamic": "strict", "properties": {}}, "aliases": {library.alias.as_str(): {}}});
    let indices = library.engine();
    let created = indices.indices().create(IndicesCreateParts::Index(&old)).body(strict).send().await.unwrap();
    assert!(created.status_code().is_success());
    // It takes no title; Postgres does.
    assert_eq!(library.deliver(vec![event(id(1), 1, &film("Edited meanwhile"))]).await, [Outcome::Done]);
    for _ in 0..2 {
        assert_eq!(tick(&library).await, Outcome::Done);
    }
    let after = aliases(&library).await;
    assert!(after["titles"].starts_with(&search::index::first_index(&library.alias)), "{after:?}");
    assert_eq!(after["titles-previous"], old);
    assert_eq!(names(&search(&library.app, "meanwhile").await), ["Edited meanwhile"]);
    // Whoever puts the old one back wants it.
    post(&library.app, "/v1/admin/search/rollback", 200).await;
    assert_eq!(tick(&library).await, Outcome::Done);
    assert_eq!((aliases(&library).await["titles"].as_str(), states(&library).await.len()), (old.as_str(), 1));
    close(library).await;
}

#[tokio::test]
async fn one_key_begins_one_reindex() {
    let library = Library::with(&[film("One")]).await;
    let admin = Token::role("admin");
    let begin = async |key: &str| {
        let call =
            library.app.post("/v1/admin/search/reindex", &json!({})).token(&admin).header("idempotency-key", key);
        call.send().await.expect(202)["name"].clone()
    };
    let first = begin("monday").await;
    assert_eq!(tick(&library).await, Outcome::Done);
    assert_eq!(begin("monday").await, first, "it is over, and is not begun again");
    assert_ne!(begin("tuesday").await, first);
    close(library).await;
}
