use events::Event;
use kernel::{AccountId, AssetId, ProfileId, TitleId, World};
use proto::{
    catalog::{Asset, Rendition, TitleChanged},
    types,
    user::EntitlementsChanged,
};
use serde_json::{Value, json};
use stores::Bucket;
use testkit::{Service, Token, hls, records};

use crate::workload::{Stage, Workload, request};

const LENGTH_SECONDS: f64 = 600.0;

fn film(title: TitleId, asset: AssetId) -> Value {
    let picture = |name: &str, width, height, bandwidth| Rendition { name: name.to_owned(), width, height, bandwidth };
    let data = TitleChanged {
        title_id: title.to_string(),
        kind: "film".to_owned(),
        publication: "published".to_owned(),
        rating: Some(12),
        asset: Some(Asset {
            asset_id: asset.to_string(),
            duration_seconds: LENGTH_SECONDS,
            max_height: 1080,
            audio_languages: vec!["en".to_owned()],
            trickplay: format!("{asset}/sprites/0a1b/index.vtt"),
            protection: "none".to_owned(),
            renditions: vec![
                picture("v1080", 1920, 1080, 6_000_000),
                picture("v720", 1280, 720, 3_000_000),
                picture("v240", 426, 240, 200_000),
            ],
            ..Asset::default()
        }),
        ..TitleChanged::default()
    };
    records::sqs([Event::new(&World::system(), types::TITLE_CHANGED, title, 1, &data).json()])
}

fn grant(account: AccountId) -> Value {
    let data = EntitlementsChanged {
        account_id: account.to_string(),
        plan: "standard".to_owned(),
        max_streams: 2,
        max_height: 1080,
        valid_to: "2100-01-01T00:00:00Z".to_owned(),
        grace_to: "2100-01-08T00:00:00Z".to_owned(),
        ..EntitlementsChanged::default()
    };
    records::sqs([Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, account, 1, &data).json()])
}

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("streaming").await);
    let world = World::system();
    let (title, asset): (TitleId, AssetId) = (world.id(), world.id());
    let bucket = Bucket::new(stage.service.aws(), stage.service.var("BUCKET_MEDIA"));
    for (key, text) in hls::playlists(asset) {
        bucket.put(&key, text.into_bytes(), hls::MEDIA_TYPE, None).await.expect("a playlist");
    }
    stage.ask("streaming-project-titles", &film(title, asset)).await;
    let start = |token: &str| {
        let body = json!({ "title_id": title, "device_id": "tv", "device_name": "TV in the kitchen" });
        request("POST /v1/playback/sessions", Some(token), Some(&body))
    };
    // Whoever starts again and again replaces their own session: the one that plays is somebody else's.
    let (starter, viewer): (AccountId, AccountId) = (world.id(), world.id());
    stage.ask("streaming-project-grants", &grant(starter)).await;
    stage.ask("streaming-project-grants", &grant(viewer)).await;
    let starter = Token::account(starter).profile(world.id::<ProfileId>()).sign();
    let viewer = Token::account(viewer).profile(world.id::<ProfileId>()).sign();
    let started = stage.ask("streaming-start-session", &start(&viewer)).await;
    let (session, token) =
        (started["session_id"].as_str().expect("an id"), started["token"].as_str().expect("a token"));

    stage.measure("streaming-start-session", Workload::same(start(&starter)));
    let master = format!("GET /v1/playback/sessions/{session}/master.m3u8?token={token}");
    stage.measure("streaming-get-master", Workload::same(request(&master, None, None)));
    let playlist = format!("GET /v1/playback/sessions/{session}/renditions/v720?token={token}");
    stage.measure("streaming-get-playlist", Workload::same(request(&playlist, None, None)));
    let (beat, mut position) = (format!("POST /v1/playback/sessions/{session}/heartbeat"), 0.0);
    let token = viewer.clone();
    let beat = Workload::each(move |_| {
        position = (position + 1.0) % LENGTH_SECONDS;
        request(&beat, Some(&token), Some(&json!({ "position": position, "state": "playing" })))
    });
    stage.measure("streaming-heartbeat", beat.answering(|answer| answer["action"] == "continue"));
    let place = format!("GET /v1/playback/positions/{title}");
    stage.measure("streaming-get-position", Workload::same(request(&place, Some(&viewer), None)));
    stage.measure_golden_anew(&[
        "streaming-project-grants",
        "streaming-project-logins",
        "streaming-project-titles",
        "streaming-relay-sessions",
        "streaming-erase-account",
        "streaming-erase-history",
        "streaming-export-account",
    ]);
    stage
}
