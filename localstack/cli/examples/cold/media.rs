use events::Event;
use kernel::{TitleId, World};
use proto::{catalog::TitleChanged, types::TITLE_CHANGED};
use serde_json::json;
use testkit::{Service, Token, records};

use crate::workload::{Stage, Workload, request};

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("media").await);
    let editor = Token::role("editor").sign();
    let title: TitleId = World::system().id();
    let told = TitleChanged {
        title_id: title.to_string(),
        kind: "film".to_owned(),
        slug: "the-film".to_owned(),
        publication: "draft".to_owned(),
        ..TitleChanged::default()
    };
    let told = records::sqs([Event::new(&World::system(), TITLE_CHANGED, title, 1, &told).json()]);
    stage.ask("media-project-titles", &told).await;
    let body = json!({ "title_id": title, "filename": "film.mp4", "size": 1_000_000_000_u64 });
    let create = request("POST /v1/admin/uploads", Some(&editor), Some(&body));
    let created = stage.ask("media-create-upload", &create).await;
    let id = |name: &str| created[name].as_str().expect("an id").to_owned();
    let get = |path: String| Workload::same(request(&format!("GET {path}"), Some(&editor), None));
    let (upload, asset) =
        (get(format!("/v1/admin/uploads/{}", id("upload_id"))), get(format!("/v1/admin/assets/{}", id("asset_id"))));
    stage.measure("media-create-upload", Workload::same(create));
    stage.measure("media-get-upload", upload);
    stage.measure("media-get-asset", asset);
    stage.measure_golden_anew(&["media-relay-assets", "media-project-titles", "media-erase-account"]);
    stage
}
