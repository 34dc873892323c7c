use std::collections::BTreeSet;

use kernel::{
    World,
    policy::{TitleRules, Visibility, visibility},
};
use runtime::Boot;
use testkit::titles;

use crate::{
    home::Home,
    library::{LENGTH, film},
};

const TITLES: usize = 80;

/// Watchlist, history, continue-watching and what may be put on the watchlist say the same as the predicate.
#[tokio::test]
async fn every_list_agrees_with_the_predicate() {
    let home = Home::start().await;
    let person = home.person().await;
    let now = titles::present();
    let known = titles::drawn(titles::rules(now), TITLES);
    let mut ids = Vec::new();
    for rules in &known {
        let id = home.title(&titles::under(rules, film("Film"))).await;
        home.watch(&person, id, 0.5 * LENGTH, 9).await;
        sqlx::query("insert into watchlist (profile_id, title_id, added_at) values ($1, $2, $3)")
            .bind(person.profile.to_string())
            .bind(id.to_string())
            .bind(now)
            .execute(&home.service.pool())
            .await
            .unwrap();
        ids.push(id.to_string());
    }
    let boot = Boot::new(home.service.vars().clone()).with_world(World::replay(now, 1).0);
    let app = home.service.app_with(&boot, user::operations::routes);
    let mut seen = BTreeSet::new();
    for audience in titles::audiences() {
        let is_visible = |rules: &TitleRules| visibility(rules, &audience, now) == Visibility::Visible;
        let visible = known.iter().zip(&ids).filter(|(rules, _)| is_visible(rules));
        let expected: BTreeSet<String> = visible.map(|(_, id)| id.clone()).collect();
        let call = |method: &str, path: &str| {
            let call = app.call(method.parse().unwrap(), path).territory(&audience.territory);
            // Of the service's moment: its clock stands still, however long the test takes.
            call.token(&person.viewer().max_rating(audience.max_rating).at(now))
        };
        for list in ["watchlist", "history", "continue-watching"] {
            let page = call("GET", &format!("/v1/{list}?limit=100")).send().await.expect(200);
            let items = page["items"].as_array().unwrap().iter();
            let found: BTreeSet<String> = items.map(|item| item["title"]["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, expected, "{list} for {audience:?}");
        }
        for id in ids.iter().take(30) {
            let status = call("PUT", &format!("/v1/watchlist/{id}")).send().await.status.as_u16();
            assert_eq!(status, if expected.contains(id) { 204 } else { 404 }, "{audience:?}");
        }
        seen.extend(expected);
    }
    assert!(seen.len() > TITLES / 5, "the random titles say little: {}", seen.len());
}
