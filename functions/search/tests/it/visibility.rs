use std::collections::BTreeSet;

use kernel::{
    Territory, World,
    policy::{TitleRules, Visibility, visibility},
};
use proto::catalog::TitleChanged;
use serde_json::Value;
use testkit::{App, Token, titles};

use crate::library::{Library, film, id, path};

const TITLES: usize = 120;

fn title(rules: &TitleRules) -> Value {
    let common: TitleChanged = serde_json::from_value(film("Common name")).unwrap();
    serde_json::to_value(titles::under(rules, common)).unwrap()
}

/// All ids that a search finds, over several pages.
async fn found(app: &App, territory: &Territory, token: &Token, is_degraded: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let mut parameters = vec![("q", "common"), ("limit", "50")];
        if !cursor.is_empty() {
            parameters.push(("cursor", &cursor));
        }
        let page = app.get(&path(&parameters)).territory(territory).token(token).send().await.expect(200);
        assert_eq!(page["degraded"], is_degraded);
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

/// The search engine, its replacement and the predicate say the same about random titles and audiences.
#[tokio::test]
async fn both_engines_agree_with_the_predicate() {
    let now = titles::present();
    let known = titles::drawn(titles::rules(now), TITLES);
    let library = Library::with(&known.iter().map(title).collect::<Vec<_>>()).await;
    let app = |url: &str| {
        let (world, _) = World::replay(now, 1);
        let boot = runtime::Boot::new(library.service.vars().clone().set("OPENSEARCH_URL", url)).with_world(world);
        library.service.app_with(&boot, search::operations::routes)
    };
    let engines = [(app(&library.service.var("OPENSEARCH_URL")), false), (app("http://127.0.0.1:1"), true)];
    let mut seen = BTreeSet::new();
    for audience in titles::audiences() {
        // Of the service's moment: its clock stands still, however long the test takes.
        let token = Token::viewer().max_rating(audience.max_rating).at(now);
        let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
        let visible = known.iter().enumerate().filter(|(_, rules)| is_visible(rules));
        let expected: BTreeSet<String> = visible.map(|(number, _)| id(number).to_string()).collect();
        for (app, is_degraded) in &engines {
            let found = found(app, &audience.territory, &token, *is_degraded).await;
            assert_eq!(found, expected, "{audience:?} {is_degraded}");
        }
        seen.extend(expected);
    }
    assert!(seen.len() > TITLES / 5, "the random titles say little: {}", seen.len());
    library.close().await;
}
