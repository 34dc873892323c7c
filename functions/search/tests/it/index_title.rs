use std::collections::BTreeMap;

use events::{Event, Outcome};
use futures::future::join_all;
use opensearch::{GetParts, SearchParts, indices::IndicesGetAliasParts};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::library::{Library, event, film, id, names, search};

/// Version and document of every title in both engines.
async fn state(library: &Library) -> [BTreeMap<String, (i64, Value)>; 2] {
    library.refresh().await;
    let body = json!({"size": 100, "version": true});
    let response = library.engine().search(SearchParts::Index(&[&library.alias])).body(body).send().await.unwrap();
    let found: Value = response.json().await.unwrap();
    let hit = |hit: &Value| {
        let id = hit["_id"].as_str().unwrap().to_owned();
        (id, (hit["_version"].as_i64().unwrap(), hit["_source"]["document"].clone()))
    };
    let indexed = found["hits"]["hits"].as_array().unwrap().iter().map(hit).collect();
    let rows: Vec<(String, i64, Value)> = sqlx::query_as("select title_id, sequence, document from documents")
        .fetch_all(&library.service.pool())
        .await
        .unwrap();
    [indexed, rows.into_iter().map(|(id, sequence, document)| (id, (sequence, document))).collect()]
}

#[tokio::test]
async fn the_highest_version_stays_in_both_engines() {
    let library = Library::open().await;
    let outcomes = library.deliver(vec![event(id(1), 3, &film("Newer")), event(id(1), 2, &film("Older"))]).await;
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done], "a conflict is nothing to repeat");
    library.refresh().await;
    for app in [&library.app, &library.without_engine()] {
        assert_eq!(names(&search(app, "newer").await), ["Newer"]);
        assert_eq!(search(app, "older").await["total"], 0);
    }
    library.close().await;
}

#[tokio::test]
async fn the_index_is_made_once_whoever_comes_first() {
    let library = Library::open().await;
    let outcomes = join_all((0..8).map(|number| library.deliver(vec![event(id(number), 1, &film("Race"))]))).await;
    assert!(outcomes.iter().flatten().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    library.refresh().await;
    assert_eq!(search(&library.app, "race").await["total"], 8);
    // An index that lost its alias gets it back.
    let name = search::index::first_index(&library.alias);
    let parts = opensearch::indices::IndicesDeleteAliasParts::IndexName(&[&name], &[&library.alias]);
    library.engine().indices().delete_alias(parts).send().await.unwrap();
    search::index::ensure_index(&library.engine(), &library.alias).await.unwrap();
    search::index::ensure_index(&library.engine(), &library.alias).await.unwrap();
    let response =
        library.engine().indices().get_alias(IndicesGetAliasParts::Name(&[&library.alias])).send().await.unwrap();
    let aliases: Value = response.json().await.unwrap();
    assert_eq!(aliases.as_object().unwrap().keys().collect::<Vec<_>>(), [&name]);
    library.close().await;
}

#[tokio::test]
async fn withdrawn_and_deleted_titles_are_hidden_and_stay_so() {
    let library = Library::open().await;
    let (mut withdrawn, mut deleted) = (film("Shown"), film("Shown"));
    withdrawn["publication"] = json!("withdrawn");
    deleted["deleted"] = json!(true);
    library
        .deliver(vec![event(id(1), 2, &withdrawn), event(id(2), 2, &deleted), event(id(3), 1, &film("Shown"))])
        .await;
    library.deliver(vec![event(id(1), 1, &film("Shown")), event(id(2), 1, &film("Shown"))]).await;
    library.refresh().await;
    for app in [&library.app, &library.without_engine()] {
        assert_eq!(search(app, "shown").await["total"], 1);
    }
    let kept = library.engine().get(GetParts::IndexId(&library.alias, &id(1).to_string())).send().await.unwrap();
    assert_eq!(kept.json::<Value>().await.unwrap()["_source"]["publication"], "withdrawn");
    library.close().await;
}

#[tokio::test]
async fn what_fails_in_a_batch_fails_alone() {
    let library = Library::open().await;
    let mut nonsense = film("Nonsense");
    nonsense["publication"] = json!("perhaps");
    let outcomes = library
        .deliver(vec![event(id(1), 1, &film("Good")), event(id(2), 1, &nonsense), event(id(3), 1, &film("Good"))])
        .await;
    assert!(matches!(&outcomes[..], [Outcome::Done, Outcome::Poison(_), Outcome::Done]), "{outcomes:?}");
    // The engine refuses a document with more than 10,000 nested objects: only that document is poison.
    let mut endless = film("Endless");
    endless["windows"] = vec![json!({}); 10_001].into();
    let outcomes = library.deliver(vec![event(id(4), 1, &endless), event(id(5), 1, &film("Good"))]).await;
    assert!(matches!(&outcomes[..], [Outcome::Poison(_), Outcome::Done]), "{outcomes:?}");
    library.close().await;
}

#[tokio::test]
async fn a_name_that_is_too_long_costs_no_title() {
    let library = Library::open().await;
    // Lucene takes no term above 32,766 bytes.
    let long = film(&format!("Long {}", "ж".repeat(20_000)));
    assert_eq!(library.deliver(vec![event(id(1), 1, &long)]).await, [Outcome::Done]);
    library.refresh().await;
    for app in [&library.app, &library.without_engine()] {
        assert_eq!(search(app, "long").await["total"], 1);
    }
    library.close().await;
}

#[tokio::test]
async fn an_engine_that_is_down_is_waited_for_and_postgres_goes_on() {
    let library = Library::open().await;
    let boot = runtime::Boot::new(library.service.vars().clone().set("OPENSEARCH_URL", "http://127.0.0.1:1"));
    let consumer = search::operations::consumers::index_title(&boot).unwrap();
    let deadline = events::Deadline::unlimited(kernel::World::system());
    let outcome = events::Consumer::consume(&consumer, event(id(1), 1, &film("Waiting")), &deadline).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    assert_eq!(names(&search(&library.app, "waiting").await), ["Waiting"]);
}

#[tokio::test]
async fn order_and_number_of_events_do_not_matter() {
    let library = Library::open().await;
    let mut events: Vec<Event> = vec![];
    for title in 0..3 {
        for sequence in 1..4 {
            events.push(event(id(title), sequence, &film(&format!("Title {title} in version {sequence}"))));
        }
    }
    library.deliver(events.clone()).await;
    let expected = state(&library).await;
    assert_eq!(expected[0], expected[1]);
    assert_eq!((expected[0].len(), expected[0][&id(2).to_string()].0), (3, 3));
    library.close().await;
    let doubled: Vec<Event> = events.iter().chain(&events).cloned().collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..8 {
        let order = Just(doubled.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
        let library = Library::open().await;
        for batch in order.chunks(5) {
            let outcomes = library.deliver(batch.to_vec()).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        }
        assert_eq!(state(&library).await, expected);
        library.close().await;
    }
}
