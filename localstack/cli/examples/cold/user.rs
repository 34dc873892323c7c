use events::Event;
use kernel::{AccountId, ProfileId, TitleId, World};
use proto::{
    auth::AccountVerified,
    catalog::{Asset, Localisation, TitleChanged},
    types,
};
use serde_json::{Value, json};
use testkit::{Service, Token, golden_anew, records};

use crate::workload::{Stage, Workload, request};

/// One for each call that rates or keeps a title.
const TITLES: usize = 250;

fn verified(account: AccountId, profile: ProfileId) -> Value {
    let data = AccountVerified {
        account_id: account.to_string(),
        email: "viewer@example.com".to_owned(),
        locale: "en".to_owned(),
        default_profile_id: profile.to_string(),
        verified_at: "2026-01-01T12:00:00Z".to_owned(),
    };
    records::sqs([Event::new(&World::system(), types::ACCOUNT_VERIFIED, account, 1, &data).json()])
}

fn film(title: TitleId, number: usize) -> String {
    let name = format!("The Quiet Harbour, part {number}");
    let data = TitleChanged {
        title_id: title.to_string(),
        kind: "film".to_owned(),
        slug: format!("the-quiet-harbour-part-{number}"),
        publication: "published".to_owned(),
        rating: Some(12),
        year: 2026,
        localisations: vec![Localisation { locale: "en".to_owned(), name, synopsis: String::new() }],
        asset: Some(Asset {
            asset_id: World::system().id::<kernel::AssetId>().to_string(),
            duration_seconds: 6000.0,
            ..Asset::default()
        }),
        poster: "posters/one.webp".to_owned(),
        ..TitleChanged::default()
    };
    Event::new(&World::system(), types::TITLE_CHANGED, title, 1, &data).json()
}

/// A report from the middle of a title: it is history, and can be continued.
fn watched(account: AccountId, profile: ProfileId, title: TitleId) -> Value {
    let (world, mut payload) = (World::system(), golden_anew("user-project-playback"));
    let data = proto::streaming::Playback {
        session_id: world.id::<kernel::PlaybackId>().to_string(),
        account_id: account.to_string(),
        profile_id: profile.to_string(),
        title_id: title.to_string(),
        asset_id: world.id::<kernel::AssetId>().to_string(),
        position_seconds: 3000.0,
        watched_seconds: 1500.0,
        duration_seconds: 6000.0,
        started_at: "2026-01-01T12:00:00Z".to_owned(),
        at: "2026-01-01T12:30:00Z".to_owned(),
        state: "playing".to_owned(),
        ..Default::default()
    };
    let event = Event::new(&world, types::PLAYBACK_PROGRESSED, &data.session_id, 2, &data);
    payload["Records"][0]["kinesis"]["data"] =
        json!(base64::Engine::encode(&base64::prelude::BASE64_STANDARD, event.json()));
    payload
}

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("user").await);
    let world = World::system();
    let (account, profile): (AccountId, ProfileId) = (world.id(), world.id());
    let titles: Vec<TitleId> = (0..TITLES).map(|_| world.id()).collect();
    let films = titles.iter().enumerate().map(|(number, title)| film(*title, number));
    stage.ask("user-project-accounts", &verified(account, profile)).await;
    stage.ask("user-project-titles", &records::sqs(films)).await;
    for title in &titles[..20] {
        stage.ask("user-project-playback", &watched(account, profile, *title)).await;
    }
    let viewer = Token::account(account).profile(profile).sign();
    // Another profile's list: what is added there does not lengthen the list that is read.
    let (other, leaver): (AccountId, AccountId) = (world.id(), world.id());
    let (others, leavers): (ProfileId, ProfileId) = (world.id(), world.id());
    stage.ask("user-project-accounts", &verified(other, others)).await;
    stage.ask("user-project-accounts", &verified(leaver, leavers)).await;
    let (other, leaver) =
        (Token::account(other).profile(others).sign(), Token::account(leaver).profile(leavers).sign());
    for title in &titles[..20] {
        stage.ask("user-add-to-watchlist", &request(&format!("PUT /v1/watchlist/{title}"), Some(&viewer), None)).await;
    }
    for title in &titles {
        let stars = json!({ "value": 7 });
        stage.ask("user-add-to-watchlist", &request(&format!("PUT /v1/watchlist/{title}"), Some(&leaver), None)).await;
        stage.ask("user-rate-title", &request(&format!("PUT /v1/ratings/{title}"), Some(&leaver), Some(&stars))).await;
    }
    let get = |path: &str| Workload::same(request(&format!("GET {path}"), Some(&viewer), None));
    stage.measure("user-get-account", get("/v1/users/me"));
    stage.measure("user-list-profiles", get("/v1/users/me/profiles"));
    stage.measure("user-get-entitlements", get("/v1/users/me/entitlements"));
    stage.measure("user-list-watchlist", get("/v1/watchlist?limit=20"));
    stage.measure("user-list-history", get("/v1/history?limit=20"));
    stage.measure("user-list-continue-watching", get("/v1/continue-watching?limit=20"));
    let token = viewer.clone();
    let rename = move |number| json!({ "name": format!("Anna {number}") });
    let rename = Workload::each(move |number| request("PATCH /v1/users/me", Some(&token), Some(&rename(number))));
    stage.measure("user-update-account", rename);
    let route = format!("PATCH /v1/users/me/profiles/{profile}");
    let pin = |number: usize| json!({ "pin": format!("{:04}", 1000 + number) });
    let lock = Workload::each(move |number| request(&route, Some(&viewer), Some(&pin(number))));
    stage.measure("user-update-profile", lock);
    for (function, route, token, body) in [
        ("user-add-to-watchlist", "PUT /v1/watchlist", &other, None),
        ("user-remove-from-watchlist", "DELETE /v1/watchlist", &leaver, None),
        ("user-rate-title", "PUT /v1/ratings", &other, Some(json!({ "value": 8 }))),
        ("user-unrate-title", "DELETE /v1/ratings", &leaver, None),
        ("user-hide-continue-watching", "DELETE /v1/continue-watching", &other, None),
        ("user-erase-history", "DELETE /v1/history", &other, None),
    ] {
        let (titles, token) = (titles.clone(), token.clone());
        let about_each =
            move |number: usize| request(&format!("{route}/{}", titles[number % TITLES]), Some(&token), body.as_ref());
        stage.measure(function, Workload::each(about_each));
    }
    stage.measure_golden(&["user-relay-outbox"]);
    stage.measure_golden_anew(&[
        "user-project-accounts",
        "user-project-sessions",
        "user-project-subscriptions",
        "user-project-playback",
        "user-project-titles",
        "user-export-account",
        "user-erase-account",
    ]);
    stage
}
