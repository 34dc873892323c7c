use std::collections::BTreeSet;

use kernel::{
    World,
    policy::{Audience, Publication, TitleRules, Visibility, Window, visibility},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use testkit::{App, Token};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::library::{Library, film, id, path};

const TITLES: usize = 120;

fn rules(now: OffsetDateTime) -> impl Strategy<Value = TitleRules> {
    let edge = || option::of(select(vec![-60_000i64, -1, 0, 1, 60_000]));
    let territories = vec(select(vec!["DE", "FR", "US"]), 0..3);
    let window = (territories, edge(), edge()).prop_map(move |(territories, from, until)| Window {
        territories: territories.iter().map(|code| code.parse().unwrap()).collect(),
        plans: vec![],
        from: from.map(|ms| now + Duration::milliseconds(ms)),
        until: until.map(|ms| now + Duration::milliseconds(ms)),
    });
    let shown = Publication::Published;
    let publication =
        select(vec![shown, shown, shown, Publication::Draft, Publication::Scheduled, Publication::Withdrawn]);
    let rating = option::weighted(0.9, select(vec![0u8, 6, 12, 16, 18]));
    (publication, rating, vec(window, 0..4)).prop_map(|(publication, rating, windows)| TitleRules {
        publication,
        rating,
        windows,
        has_asset: false,
    })
}

fn title(rules: &TitleRules) -> Value {
    let text = |time: Option<OffsetDateTime>| time.map(|time| time.format(&Rfc3339).unwrap());
    let mut title = film("Common name");
    title["publication"] = json!(rules.publication);
    title["rating"] = json!(rules.rating);
    let window = |window: &Window| json!({"territories": window.territories, "from": text(window.from), "until": text(window.until)});
    title["windows"] = rules.windows.iter().map(window).collect();
    title
}

/// All ids that a search finds, over several pages.
async fn found(app: &App, territory: &str, token: &str, is_degraded: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let mut parameters = vec![("q", "common"), ("limit", "50")];
        if !cursor.is_empty() {
            parameters.push(("cursor", &cursor));
        }
        let call = app.get(&path(&parameters)).header("x-origin-verify", "origin-secret-of-the-test");
        let page = call.header("cloudfront-viewer-country", territory).bearer(token).send().await.expect(200);
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
    let now = OffsetDateTime::from_unix_timestamp(World::system().now().unix_timestamp()).unwrap();
    let mut runner = TestRunner::deterministic();
    let known = vec(rules(now), TITLES).new_tree(&mut runner).unwrap().current();
    let library = Library::with(&known.iter().map(title).collect::<Vec<_>>()).await;
    let app = |url: &str| {
        let (world, _) = World::replay(now, 1);
        let boot = runtime::Boot::new(library.service.vars().clone().set("OPENSEARCH_URL", url)).with_world(world);
        library.service.app_with(&boot, search::operations::routes)
    };
    let engines = [(app(&library.service.var("OPENSEARCH_URL")), false), (app("http://127.0.0.1:1"), true)];
    let mut seen = BTreeSet::new();
    for territory in ["DE", "FR", "BR"] {
        for max_rating in [0, 6, 12, 18] {
            let audience = Audience { territory: territory.parse().unwrap(), max_rating };
            let token = Token::viewer().max_rating(max_rating).sign();
            let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
            let visible = known.iter().enumerate().filter(|(_, rules)| is_visible(rules));
            let expected: BTreeSet<String> = visible.map(|(number, _)| id(number).to_string()).collect();
            for (app, is_degraded) in &engines {
                assert_eq!(
                    found(app, territory, &token, *is_degraded).await,
                    expected,
                    "{territory} {max_rating} {is_degraded}"
                );
            }
            seen.extend(expected);
        }
    }
    assert!(seen.len() > TITLES / 5, "the random titles say little: {}", seen.len());
    library.close().await;
}
