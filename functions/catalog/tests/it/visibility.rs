use std::collections::BTreeSet;

use catalog::title::Title;
use kernel::{
    Id, TitleId, World,
    policy::{Audience, Publication, TitleRules, Visibility, Window, visibility},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use testkit::{App, Service, Token};
use time::{Duration, OffsetDateTime};

const TITLES: usize = 120;

fn window(now: OffsetDateTime) -> impl Strategy<Value = Window> {
    let edge = || option::of(select(vec![-60_000i64, -1, 0, 1, 60_000]));
    let territories = vec(select(vec!["DE", "FR", "US"]), 0..3);
    (territories, edge(), edge(), select(vec![0, 1])).prop_map(move |(territories, from, until, plans)| Window {
        territories: territories.iter().map(|code| code.parse().unwrap()).collect(),
        plans: vec!["premium".to_owned(); plans],
        from: from.map(|ms| now + Duration::milliseconds(ms)),
        until: until.map(|ms| now + Duration::milliseconds(ms)),
    })
}

fn rules(now: OffsetDateTime) -> impl Strategy<Value = TitleRules> {
    let publication = select(vec![
        Publication::Published,
        Publication::Published,
        Publication::Published,
        Publication::Draft,
        Publication::Scheduled,
        Publication::Withdrawn,
    ]);
    let rating = option::weighted(0.9, select(vec![0u8, 6, 12, 16, 18]));
    (publication, rating, vec(window(now), 0..4)).prop_map(|(publication, rating, windows)| TitleRules {
        publication,
        rating,
        windows,
        has_asset: false,
    })
}

async fn insert(service: &Service, now: OffsetDateTime, number: usize, rules: &TitleRules) -> TitleId {
    let id = TitleId::from_parts(now, [u8::try_from(number).unwrap(); 10]);
    let about = json!({
        "kind": "film", "slug": format!("film-{number}"), "original_title": "A", "windows": rules.windows,
    });
    let mut title = Title::new(id, serde_json::from_value(about).unwrap(), vec![]);
    (title.publication, title.rating, title.published_at) = (rules.publication, rules.rating, Some(now));
    sqlx::query("insert into titles (id, document, published_at, names) values ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(serde_json::to_value(&title).unwrap())
        .bind(now)
        .bind(title.names().column())
        .execute(&service.pool())
        .await
        .unwrap();
    id
}

/// All ids that the list shows, over several pages.
async fn listed(app: &App, territory: &str, token: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut path = "/v1/titles?limit=50".to_owned();
    loop {
        let call = app
            .get(&path)
            .header("x-origin-verify", "origin-secret-of-the-test")
            .header("cloudfront-viewer-country", territory);
        let page = call.bearer(token).send().await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/titles?limit=50&cursor={cursor}"),
            None => return found,
        }
    }
}

/// The list, the page of a title and the predicate say the same about random titles and audiences.
#[tokio::test]
async fn every_surface_agrees_with_the_predicate() {
    let service = Service::start("catalog").await;
    let now = catalog::windows::to_millisecond(World::system().now());
    let (world, _) = World::replay(now, 1);
    let app = service.app_with(&service.boot().with_world(world), catalog::operations::routes);
    let mut runner = TestRunner::deterministic();
    let titles = vec(rules(now), TITLES).new_tree(&mut runner).unwrap().current();
    let mut known = vec![];
    for (number, rules) in titles.into_iter().enumerate() {
        known.push((insert(&service, now, number, &rules).await, rules));
    }
    let mut seen = BTreeSet::new();
    for territory in ["DE", "FR", "BR"] {
        for max_rating in [0, 6, 12, 18] {
            let audience = Audience { territory: territory.parse().unwrap(), max_rating };
            let token = Token::viewer().max_rating(max_rating).sign();
            let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
            let visible = known.iter().filter(|(_, rules)| is_visible(rules));
            let expected: BTreeSet<String> = visible.map(|(id, _)| id.to_string()).collect();
            assert_eq!(listed(&app, territory, &token).await, expected, "{territory} {max_rating}");
            seen.extend(expected);
            for (id, rules) in known.iter().take(30) {
                let status = match visibility(rules, &audience, now) {
                    Visibility::Visible => 200,
                    Visibility::Gone => 410,
                    Visibility::Hidden => 404,
                };
                let call = app.get(&format!("/v1/titles/{id}")).header("x-origin-verify", "origin-secret-of-the-test");
                call.header("cloudfront-viewer-country", territory).bearer(&token).send().await.expect(status);
            }
        }
    }
    assert!(seen.len() > TITLES / 5, "the random titles say little: {}", seen.len());
}
