use std::collections::{BTreeMap, BTreeSet};

use catalog::{draft::Draft, title::Title};
use kernel::{
    Id, PersonId, Territory, TitleId, World,
    policy::{Publication, TitleRules, Visibility, leaving_soon_at, visibility},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::{App, Service, Token, titles};
use time::{Duration, OffsetDateTime};

const TITLES: usize = 120;
const SERIES: usize = 40;

/// Whoever all credits are about.
fn someone() -> PersonId {
    PersonId::from_parts(OffsetDateTime::UNIX_EPOCH, [7; 10])
}

/// A title under these rules; `about` is what its kind needs.
async fn insert(service: &Service, now: OffsetDateTime, number: usize, rules: &TitleRules, about: Value) -> TitleId {
    let id = TitleId::from_parts(now, [u8::try_from(number).unwrap(); 10]);
    let mut draft = json!({
        "kind": "film", "slug": format!("title-{id}").replace('_', "-"), "original_title": "A", "windows": rules.windows,
    });
    draft.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
    let draft: Draft = serde_json::from_value(draft).unwrap();
    let people = draft.credits.iter().map(|_| someone()).collect();
    let mut title = Title::new(id, draft, people);
    (title.publication, title.rating, title.published_at) = (rules.publication, rules.rating, Some(now));
    sqlx::query("insert into titles (id, document, published_at, names, created_at) values ($1, $2, $3, $4, $3)")
        .bind(id.to_string())
        .bind(serde_json::to_value(&title).unwrap())
        .bind(now)
        .bind(title.names().column())
        .execute(&service.pool())
        .await
        .unwrap();
    id
}

/// All ids of a list over several pages, with whether the title is said to leave.
async fn listed(app: &App, path: &str, territory: &Territory, token: &Token) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    let mut next = format!("{path}limit=50");
    loop {
        let page = app.get(&next).territory(territory).token(token).send().await.expect(200);
        let shown = |item: &Value| (item["id"].as_str().unwrap().to_owned(), item.get("leaving_at").is_some());
        let items: Vec<_> = page["items"].as_array().unwrap().iter().map(shown).collect();
        let before = found.len();
        found.extend(items.clone());
        assert_eq!(found.len(), before + items.len(), "{path}: a title comes twice");
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}limit=50&cursor={cursor}"),
            None => return found,
        }
    }
}

/// A token of the service's moment: its clock stands still, however long the test takes.
fn viewer(max_rating: u8, now: OffsetDateTime) -> Token {
    Token::viewer().max_rating(max_rating).at(now)
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
        known.push((
            insert(&service, now, number, &rules, json!({"credits": [{"name": "Anna", "role": "actor"}]})).await,
            rules,
        ));
    }
    let pool = service.pool();
    sqlx::query("insert into persons (id, key, name) values ($1, 'anna', 'Anna')")
        .bind(someone())
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("insert into collections values ('all', 1, '{}')").execute(&pool).await.unwrap();
    let all = "insert into collection_titles select 'all', id, row_number() over (order by id) from titles";
    sqlx::query(all).execute(&pool).await.unwrap();
    let (mut seen, mut left) = (BTreeSet::new(), BTreeSet::new());
    for audience in titles::audiences() {
        let token = viewer(audience.max_rating, now);
        let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
        let visible = known.iter().filter(|(_, rules)| is_visible(rules));
        let leaves = |rules: &TitleRules| leaving_soon_at(rules, &audience.territory, now).is_some();
        let expected: BTreeMap<String, bool> = visible.map(|(id, rules)| (id.to_string(), leaves(rules))).collect();
        for path in ["/v1/titles?", "/v1/titles?sort=title&", "/v1/titles?sort=year&"] {
            assert_eq!(listed(&app, path, &audience.territory, &token).await, expected, "{path} {audience:?}");
        }
        for (path, list, card) in [
            (format!("/v1/persons/{}", someone()), "/filmography", "/title/id"),
            ("/v1/collections/all".to_owned(), "/titles", "/id"),
        ] {
            let answer = app.get(&path).territory(&audience.territory).token(&token).send().await;
            let answer = answer.expect(if expected.is_empty() { 404 } else { 200 });
            let items = answer.pointer(list).and_then(Value::as_array).into_iter().flatten();
            let found: BTreeSet<_> =
                items.map(|item| item.pointer(card).unwrap().as_str().unwrap().to_owned()).collect();
            assert_eq!(found, expected.keys().cloned().collect(), "{path} {audience:?}");
        }
        // Every end that is drawn lies within the next day.
        let leaving: BTreeMap<String, bool> = expected.clone().into_iter().filter(|(_, leaves)| *leaves).collect();
        let found = listed(&app, "/v1/titles?leaving_within=1d&", &audience.territory, &token).await;
        assert_eq!(found, leaving, "{audience:?}");
        left.extend(leaving.into_keys());
        seen.extend(expected.into_keys());
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
    assert!(!left.is_empty(), "no random title leaves");
}

/// An episode is listed to whoever may see it, its season and its series; a season is there for whoever may see its series.
#[tokio::test]
async fn episodes_agree_with_the_predicate_three_times() {
    let service = Service::start("catalog").await;
    let now = titles::present();
    let (world, _) = World::replay(now, 1);
    let app = service.app_with(&service.boot().with_world(world), catalog::operations::routes);
    let open = TitleRules { publication: Publication::Published, rating: Some(0), windows: vec![], has_asset: true };
    let mostly_open = || prop_oneof![2 => Just(open.clone()), 1 => titles::rules(now)];
    let drawn = titles::drawn((mostly_open(), mostly_open(), mostly_open()), SERIES);
    let mut known = vec![];
    for (number, (series, season, episode)) in drawn.into_iter().enumerate() {
        let place = |parent: TitleId, kind: &str| json!({"kind": kind, "parent_id": parent, "number": 1});
        let top = insert(&service, now, number, &series, json!({"kind": "series"})).await;
        let later = |minutes: i64| now + Duration::minutes(minutes);
        let middle = insert(&service, later(1), number, &season, place(top, "season")).await;
        let last = insert(&service, later(2), number, &episode, place(middle, "episode")).await;
        known.push(([top, middle, last], [series, season, episode]));
    }
    let mut seen = 0;
    for audience in titles::audiences() {
        let token = viewer(audience.max_rating, now);
        for ([series, season, episode], rules) in &known {
            let visibilities = rules.each_ref().map(|rules| visibility(rules, &audience, now));
            let is_listed = visibilities == [Visibility::Visible; 3];
            seen += usize::from(is_listed);
            let of_season = visibility(&rules[1].within(&rules[0]), &audience, now);
            for (id, visibility) in [(series, visibilities[0]), (season, of_season)] {
                let call = app.get(&format!("/v1/titles/{id}/episodes")).territory(&audience.territory).token(&token);
                let answer = call.send().await;
                let expected = match visibility {
                    Visibility::Visible => 200,
                    Visibility::Gone => 410,
                    Visibility::Hidden => 404,
                };
                let (page, answered) = (answer.expect(expected), expected == 200);
                let listed: Vec<_> = page["items"].as_array().into_iter().flatten().map(|item| &item["id"]).collect();
                let expected = if is_listed && answered { vec![json!(episode)] } else { vec![] };
                assert!(listed.into_iter().eq(expected.iter()), "{audience:?} {rules:?}: {page}");
            }
        }
    }
    assert!(seen > SERIES / 4, "the random series say little: {seen}");
}
