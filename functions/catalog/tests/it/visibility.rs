use std::collections::BTreeSet;

use catalog::title::Title;
use kernel::{
    Id, Territory, TitleId, World,
    policy::{TitleRules, Visibility, visibility},
};
use serde_json::json;
use testkit::{App, Service, Token, titles};
use time::OffsetDateTime;

const TITLES: usize = 120;

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
async fn listed(app: &App, territory: &Territory, token: &Token) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut path = "/v1/titles?limit=50".to_owned();
    loop {
        let page = app.get(&path).territory(territory).token(token).send().await.expect(200);
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
    let now = titles::present();
    let (world, _) = World::replay(now, 1);
    let app = service.app_with(&service.boot().with_world(world), catalog::operations::routes);
    let mut known = vec![];
    for (number, rules) in titles::drawn(titles::rules(now), TITLES).into_iter().enumerate() {
        known.push((insert(&service, now, number, &rules).await, rules));
    }
    let mut seen = BTreeSet::new();
    for audience in titles::audiences() {
        let token = Token::viewer().max_rating(audience.max_rating);
        let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
        let visible = known.iter().filter(|(_, rules)| is_visible(rules));
        let expected: BTreeSet<String> = visible.map(|(id, _)| id.to_string()).collect();
        assert_eq!(listed(&app, &audience.territory, &token).await, expected, "{audience:?}");
        seen.extend(expected);
        for (id, rules) in known.iter().take(30) {
            let status = match visibility(rules, &audience, now) {
                Visibility::Visible => 200,
                Visibility::Gone => 410,
                Visibility::Hidden => 404,
            };
            let call = app.get(&format!("/v1/titles/{id}")).territory(&audience.territory);
            call.token(&token).send().await.expect(status);
        }
    }
    assert!(seen.len() > TITLES / 5, "the random titles say little: {}", seen.len());
}
