use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use crate::library::{Library, film, names, search};

/// An engine that takes connections and never answers.
async fn silent_engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    url
}

#[tokio::test]
async fn a_slow_engine_is_not_waited_for() {
    let library = Library::with(&[film("Patience")]).await;
    let boot = runtime::Boot::new(library.service.vars().clone().set("OPENSEARCH_URL", silent_engine().await));
    let app = library.service.app_with(&boot, search::operations::routes);
    let started = Instant::now();
    let page = search(&app, "patience").await;
    assert_eq!((names(&page), &page["degraded"]), (vec!["Patience"], &serde_json::json!(true)));
    assert!(
        (Duration::from_millis(700)..Duration::from_millis(2500)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
    library.close().await;
}

#[tokio::test]
async fn without_an_index_postgres_answers() {
    let library = Library::open().await;
    let page = search(&library.app, "anything").await;
    assert_eq!((&page["total"], &page["degraded"]), (&serde_json::json!(0), &serde_json::json!(true)));
}

#[tokio::test]
async fn without_both_engines_it_is_503() {
    let library = Library::open().await;
    let vars = library.service.vars().clone().set("OPENSEARCH_URL", "http://127.0.0.1:1");
    let boot = runtime::Boot::new(vars.set("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/none"));
    let app = library.service.app_with(&boot, search::operations::routes);
    let answer = app.get("/v1/search?q=anything").send().await;
    answer.expect_problem(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
}
