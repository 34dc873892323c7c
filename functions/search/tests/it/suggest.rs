use serde_json::{Value, json};
use testkit::App;

use crate::library::{Library, film, named};

async fn suggest(app: &App, q: &str) -> Value {
    let encoded: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    app.get(&format!("/v1/search/suggest?q={encoded}")).send().await.expect(200)
}

fn titles(suggestions: &Value) -> Vec<&str> {
    suggestions["titles"].as_array().unwrap().iter().map(|title| title["name"].as_str().unwrap()).collect()
}

async fn shelf() -> Library {
    let mut hidden = named("Sintel Unseen", "Синтел", &["Hidden Haley"]);
    hidden["publication"] = json!("draft");
    hidden["genres"] = json!(["secret"]);
    let mut fiction = film("Tears of Steel");
    fiction["genres"] = json!(["science-fiction"]);
    let brat = named("Brother", "Брат", &["Сергей Бодров"]);
    Library::with(&[named("Sintel", "Синтел", &["Halina Reijn", "Thom Hoffman"]), hidden, fiction, brat]).await
}

#[tokio::test]
async fn titles_people_and_genres_are_suggested() {
    let library = shelf().await;
    for (typed, expected) in [
        ("sin", "Sintel"),
        ("si", "Sintel"),
        ("xintel", "Sintel"),
        ("isntel", "Sintel"),
        ("hali", "Sintel"),
        ("brat", "Brother"),
        (",hfn", "Brother"),
    ] {
        let suggestions = suggest(&library.app, typed).await;
        assert_eq!(titles(&suggestions), [expected], "{typed}");
        assert!(suggestions["query_id"].as_str().unwrap().starts_with("qry_"));
    }
    for (typed, expected) in
        [("hal", json!(["Halina Reijn"])), ("hofman", json!(["Thom Hoffman"])), ("steel", json!([]))]
    {
        assert_eq!(suggest(&library.app, typed).await["people"], expected, "{typed}");
    }
    for (typed, expected) in
        [("sci", json!(["science-fiction"])), ("science f", json!(["science-fiction"])), ("sec", json!([]))]
    {
        assert_eq!(suggest(&library.app, typed).await["genres"], expected, "{typed}");
    }
    for hidden in ["unseen", "haley", "secret"] {
        let suggestions = suggest(&library.app, hidden).await;
        assert!(
            !suggestions.to_string().contains("Unseen") && !suggestions.to_string().contains("Haley"),
            "{suggestions}"
        );
    }
    library.close().await;
}

#[tokio::test]
async fn without_the_engine_nothing_is_suggested_and_nothing_fails() {
    let library = Library::open().await;
    for app in [&library.app, &library.without_engine()] {
        for typed in ["sintel", "!", "\u{0}", "\"}},{", "*"] {
            let suggestions = suggest(app, typed).await;
            assert_eq!([&suggestions["titles"], &suggestions["people"], &suggestions["genres"]], [&json!([]); 3]);
        }
    }
    for wrong in ["", "?q=", "?q=%20", "?q=a&limit=3"] {
        let answer = library.app.get(&format!("/v1/search/suggest{wrong}")).send().await;
        answer.expect_problem(422, "invalid_request");
    }
}
