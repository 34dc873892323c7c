//! The main answers, whole.

use serde_json::json;
use testkit::{App, Redacted};

use crate::library::{Library, film, named, path};

async fn told(app: &App, calls: &[&[(&str, &str)]]) -> String {
    let (mut story, mut redacted) = (String::new(), Redacted::default());
    for parameters in calls {
        let answer = app.get(&path(parameters)).send().await;
        story.push_str(&format!("{parameters:?}\n{}\n\n", redacted.answer(&answer)));
    }
    story
}

#[tokio::test]
async fn both_engines_answer_alike() {
    let mut sintel = named("Sintel", "Синтел", &["Halina Reijn"]);
    sintel["asset"] = json!({"asset_id": "ast_01jd3k5m7n9pqrstvwxyz01234", "duration_seconds": 888.0});
    sintel["poster"] = json!("ast_01jd3k5m7n9pqrstvwxyz01234/poster.jpg");
    let library = Library::with(&[sintel, film("Sintel Returns"), film("Big Buck Bunny")]).await;
    let calls: [&[(&str, &str)]; 8] = [
        &[("q", "sintel")],
        &[("q", "sintel"), ("limit", "1")],
        &[("q", "!")],
        &[("q", " ")],
        &[("q", "a"), ("genre", "A")],
        &[("q", "a"), ("cursor", "x")],
        &[("q", "sintel"), ("sort", "title"), ("limit", "1")],
        &[("q", "sintel"), ("sort", "best")],
    ];
    let story = told(&library.app, &calls).await;
    let without_engine = told(&library.without_engine(), &calls).await;
    assert_eq!(without_engine.replace("\"degraded\": true", "\"degraded\": false"), story);
    insta::assert_snapshot!(story);
    library.close().await;
}
