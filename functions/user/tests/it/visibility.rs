use std::collections::BTreeSet;

use kernel::{
    World,
    policy::{Audience, Publication, TitleRules, Visibility, Window, visibility},
};
use proto::catalog::TitleChanged;
use runtime::Boot;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    home::Home,
    library::{LENGTH, film},
};

const TITLES: usize = 80;

fn rules(world: &World, now: OffsetDateTime) -> TitleRules {
    let pick = |bound: u32| world.below(bound) as usize;
    let edge = || match world.below(4) {
        0 => None,
        _ => Some(now + Duration::milliseconds([-60_000, -1, 0, 1, 60_000][pick(5)])),
    };
    let territories = |world: &World| {
        let all = ["DE", "FR", "US"].iter().filter(|_| world.below(3) == 0);
        all.map(|code| code.parse().unwrap()).collect()
    };
    let window = |_| Window { territories: territories(world), plans: vec![], from: edge(), until: edge() };
    let publications = [Publication::Draft, Publication::Scheduled, Publication::Withdrawn];
    TitleRules {
        publication: publications.get(pick(9)).copied().unwrap_or(Publication::Published),
        rating: [None, Some(0), Some(6), Some(12), Some(16), Some(18)][pick(6)],
        windows: (0..world.below(3)).map(window).collect(),
        has_asset: true,
    }
}

fn title(rules: &TitleRules) -> TitleChanged {
    let text = |moment: Option<OffsetDateTime>| moment.map(|moment| moment.format(&Rfc3339).unwrap());
    let window = |window: &Window| proto::catalog::Window {
        territories: window.territories.iter().map(ToString::to_string).collect(),
        plans: vec![],
        from: text(window.from),
        until: text(window.until),
    };
    TitleChanged {
        publication: rules.publication.as_str().to_owned(),
        rating: rules.rating.map(u32::from),
        windows: rules.windows.iter().map(window).collect(),
        ..film("Film")
    }
}

/// Watchlist, history, continue-watching and what may be put on the watchlist say the same as the predicate.
#[tokio::test]
async fn every_list_agrees_with_the_predicate() {
    let home = Home::start().await;
    let person = home.person().await;
    let (world, _) = World::replay(World::system().now(), 5);
    let now = OffsetDateTime::from_unix_timestamp(world.now().unix_timestamp()).unwrap();
    let known: Vec<TitleRules> = (0..TITLES).map(|_| rules(&world, now)).collect();
    let mut ids = Vec::new();
    for rules in &known {
        let id = home.title(&title(rules)).await;
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
    let mut seen = 0;
    for (territory, max_rating) in [("DE", 18), ("FR", 12), ("US", 0)] {
        let audience = Audience { territory: territory.parse().unwrap(), max_rating };
        let expected: BTreeSet<String> = known
            .iter()
            .zip(&ids)
            .filter(|(rules, _)| visibility(rules, &audience, now) == Visibility::Visible)
            .map(|(_, id)| id.clone())
            .collect();
        let call = |method: &str, path: &str| {
            let call = app.call(method.parse().unwrap(), path).token(&person.viewer().max_rating(max_rating));
            call.header("x-origin-verify", "origin-secret-of-the-test").header("cloudfront-viewer-country", territory)
        };
        for list in ["watchlist", "history", "continue-watching"] {
            let page = call("GET", &format!("/v1/{list}?limit=100")).send().await.expect(200);
            let items = page["items"].as_array().unwrap().iter();
            let found: BTreeSet<String> = items.map(|item| item["title"]["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, expected, "{list} in {territory}");
        }
        for id in &ids {
            let status = call("PUT", &format!("/v1/watchlist/{id}")).send().await.status.as_u16();
            assert_eq!(status, if expected.contains(id) { 204 } else { 404 });
        }
        seen += expected.len();
    }
    assert!(seen > 20 && seen < 3 * TITLES, "{seen} of {TITLES} seen three times");
}
