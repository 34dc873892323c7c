//! A catalogue with an editor in it.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AssetId, TitleId, World};
use proto::{media, types};
use serde_json::{Value, json};
use testkit::{App, Service, Token};

pub struct Studio {
    pub service: Service,
    pub app: App,
    pub editor: Token,
}

impl Studio {
    pub async fn open() -> Self {
        let service = Service::start("catalog").await;
        let app = service.app(catalog::operations::routes);
        Self { service, app, editor: Token::role("editor") }
    }

    pub async fn create(&self, draft: &Value) -> Value {
        self.app.post("/v1/admin/titles", draft).token(&self.editor).send().await.expect(201)
    }

    pub async fn patch(&self, id: &str, patch: &Value) -> testkit::Answer {
        self.app.patch(&format!("/v1/admin/titles/{id}"), patch).token(&self.editor).send().await
    }

    pub async fn publish(&self, id: &str, publishing: &Value) -> testkit::Answer {
        self.app.post(&format!("/v1/admin/titles/{id}/publish"), publishing).token(&self.editor).send().await
    }

    /// Delivers events of the pipeline.
    pub async fn deliver(&self, events: Vec<Event>) -> Vec<Outcome> {
        let consumer = catalog::operations::consumers::attach_asset(&self.service.boot()).unwrap();
        consumer.consume_all(events, &Deadline::unlimited(World::system())).await
    }

    /// A film that viewers can see; returns its id.
    pub async fn film(&self, draft: Value) -> String {
        let id = id_of(&self.create(&draft).await);
        let outcomes = self.deliver(vec![ready(&id, World::system().id(), 1)]).await;
        assert_eq!(outcomes, [Outcome::Done]);
        self.publish(&id, &json!({"rating": 12})).await.expect(200);
        id
    }

    pub async fn withdraw(&self, id: &str) -> testkit::Answer {
        let path = format!("/v1/admin/titles/{id}/withdraw");
        self.app.call(cinema_http::axum::http::Method::POST, &path).token(&self.editor).send().await
    }

    pub async fn offer(&self, id: &str, windows: Value) -> testkit::Answer {
        let path = format!("/v1/admin/titles/{id}/availability");
        self.app.put(&path, &json!({"windows": windows})).token(&self.editor).send().await
    }
}

pub fn id_of(title: &Value) -> String {
    title["id"].as_str().unwrap().to_owned()
}

/// A draft that only lacks its film.
pub fn draft(name: &str) -> Value {
    json!({
        "kind": "film", "original_title": name, "year": 2010, "countries": ["NL"], "genres": ["animation"],
        "localisations": {"en": {"name": name, "synopsis": format!("{name}, the film.")}},
    })
}

pub fn ready(title: &str, asset: AssetId, sequence: i64) -> Event {
    let data = media::AssetReady {
        asset_id: asset.to_string(),
        title_id: title.to_owned(),
        duration_seconds: 61.5,
        renditions: vec![media::Rendition { name: "v720".into(), width: 1280, height: 720, bandwidth: 2_000_000 }],
        audio_languages: vec!["en".into()],
        poster: format!("{asset}/poster/0a1b.jpg"),
        filename: "film.mp4".into(),
        trickplay: format!("{asset}/sprites/index.vtt"),
        ..Default::default()
    };
    Event::new(&World::system(), types::ASSET_READY, asset, sequence, &data)
}

pub fn failed(title: &str, asset: AssetId, sequence: i64) -> Event {
    let data = media::AssetFailed {
        asset_id: asset.to_string(),
        title_id: title.to_owned(),
        code: "not_a_video".into(),
        detail: "Upload a file with a video track.".into(),
        filename: "sound.mp3".into(),
    };
    Event::new(&World::system(), types::ASSET_FAILED, asset, sequence, &data)
}

/// Subtitles in these languages.
pub fn captions(title: &str, sequence: i64, languages: &[&str]) -> Event {
    let track = |language: &&str| media::CaptionTrack {
        language: (*language).to_owned(),
        kind: "subtitles".to_owned(),
        name: language.to_uppercase(),
        path: format!("captions/{title}/{language}/captions.vtt"),
    };
    let data = media::CaptionsChanged { title_id: title.to_owned(), tracks: languages.iter().map(track).collect() };
    Event::new(&World::system(), types::CAPTIONS_CHANGED, title, sequence, &data)
}

pub fn dropped(title: TitleId, asset: AssetId, filename: &str) -> Event {
    let data =
        media::SourceDropped { asset_id: asset.to_string(), title_id: title.to_string(), filename: filename.into() };
    Event::new(&World::system(), types::SOURCE_DROPPED, asset, 1, &data)
}
