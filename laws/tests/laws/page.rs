//! The page calls operations that exist.

use std::collections::BTreeSet;

use laws::{files, root};
use manifest::Plan;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Method and path of each call that a script makes: `call("GET", "/v1/titles")` or with a template whose variables fill whole segments.
fn calls(script: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for method in METHODS {
        for after in script.split(&format!("\"{method}\", ")).skip(1) {
            let Some(quote) = after.chars().next().filter(|quote| ['"', '`'].contains(quote)) else { continue };
            let text = after[1..].split(quote).next().unwrap_or_default();
            let path = text.split('?').next().unwrap_or_default();
            if path.starts_with("/v1/") {
                found.insert((method.to_owned(), without_names(path, "${")));
            }
        }
    }
    found
}

/// `/v1/titles/{id}` → `/v1/titles/{}`.
fn without_names(path: &str, opening: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with(opening) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_call_of_the_page_is_a_route() {
    let plan = Plan::read(root()).expect("the plan");
    let routes = plan.functions.values().flat_map(|function| &function.routes);
    let routes: BTreeSet<_> = routes.map(|route| (route.method.clone(), without_names(&route.path, "{"))).collect();
    let scripts = files(&root().join("web/src"), "js");
    let called: BTreeSet<_> =
        scripts.iter().flat_map(|script| calls(&std::fs::read_to_string(script).expect("text"))).collect();
    assert!(called.len() > 15, "the calls are not found any more: {called:?}");
    let unknown: Vec<_> = called.difference(&routes).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn calls_are_read_from_scripts() {
    let script = r#"await call("GET", `/v1/titles/${id}?x=${y}`); send("POST", "/v1/events", body); el("GET", {})"#;
    let call = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    assert_eq!(calls(script), BTreeSet::from([call("GET", "/v1/titles/{}"), call("POST", "/v1/events")]));
}
