use kernel::World;
use runtime::Boot;
use serde_json::{Value, json};
use testkit::{App, Token};
use time::Duration;

use crate::library::{Library, film, named, names, search};

const PATH: &str = "/v1/admin/search/synonyms";

async fn set(app: &App, groups: Value) -> Value {
    app.put(PATH, &json!({"groups": groups})).token(&Token::role("admin")).send().await.expect(200)
}

#[tokio::test]
async fn a_synonym_finds_names_in_both_engines_and_goes_again() {
    let library = Library::with(&[named("Lord of the Rings", "Властелин колец", &[]), film("Ring of Fire")]).await;
    let (world, clock) = World::replay(World::system().now(), 1);
    let app = |url: &str| {
        let boot = Boot::new(library.service.vars().clone().set("OPENSEARCH_URL", url)).with_world(world.clone());
        library.service.app_with(&boot, search::operations::routes)
    };
    let apps = [app(&library.service.var("OPENSEARCH_URL")), app("http://127.0.0.1:1")];
    for app in &apps {
        assert_eq!(search(app, "lotr").await["total"], 0);
    }
    let groups = json!([["LOTR", "Lord of the Rings"], ["кино", "фильм"]]);
    assert_eq!(set(&apps[0], groups.clone()).await["groups"], groups);
    clock.advance(Duration::seconds(61));
    for app in &apps {
        assert_eq!(names(&search(app, "lotr").await), ["Lord of the Rings"]);
    }
    set(&apps[0], json!([])).await;
    clock.advance(Duration::seconds(61));
    for app in &apps {
        assert_eq!(search(app, "lotr").await["total"], 0);
    }
    library.close().await;
}

#[tokio::test]
async fn malformed_synonyms_are_refused_and_change_nothing() {
    let library = Library::open().await;
    let before = json!([["a", "b"]]);
    set(&library.app, before.clone()).await;
    for wrong in [
        json!({}),
        json!({"groups": null}),
        json!({"groups": "a, b => c"}),
        json!({"groups": [["alone"]]}),
        json!({"groups": [["a", "a"]]}),
        json!({"groups": [["a", "!"]]}),
        json!({"groups": [["a", "\u{202e}b"]]}),
        json!({"groups": [["a", 1]]}),
        json!({"groups": [["a", "b".repeat(61)]]}),
        json!({"groups": [["one two", "three four"]]}),
        json!({"groups": [], "more": 1}),
    ] {
        let answer = library.app.put(PATH, &wrong).token(&Token::role("admin")).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    let kept: Value =
        sqlx::query_scalar("select groups from synonyms").fetch_one(&library.service.pool()).await.unwrap();
    assert_eq!(kept, before);
}
