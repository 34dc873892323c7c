//! A service with a film in its bucket and people who have paid for it.

use std::sync::Arc;

use cinema_http::OpenApiRouter;
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, AssetId, PlaybackId, ProfileId, TitleId, World, world::ManualClock};
use proto::{
    catalog::{Asset, Marker, Rendition, TitleChanged},
    types,
    user::EntitlementsChanged,
};
use runtime::{Boot, BootError, Vars};
use serde_json::{Value, json};
use stores::Bucket;
use testkit::{Answer, App, Service, Token, hls};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

pub const DURATION: f64 = 600.0;

/// A service under test, with a clock of its own.
pub struct Fixture {
    pub service: Service,
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub world: World,
}

/// A title and its asset.
#[derive(Debug, Clone, Copy)]
pub struct Film {
    pub title: TitleId,
    pub asset: AssetId,
}

/// An account with a profile.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub account: AccountId,
    pub profile: ProfileId,
}

impl Person {
    pub fn new() -> Self {
        let world = World::system();
        Self { account: world.id(), profile: world.id() }
    }

    pub fn token(&self) -> Token {
        Token::account(self.account).profile(self.profile)
    }
}

pub fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap()
}

pub fn unlimited() -> Deadline {
    Deadline::unlimited(World::system())
}

pub fn entitlements(account: AccountId, sequence: i64, max_streams: u32, max_height: u32) -> Event {
    let now = World::system().now();
    let data = EntitlementsChanged {
        account_id: account.to_string(),
        plan: "standard".to_owned(),
        max_streams,
        max_height,
        valid_to: text(now + Duration::days(30)),
        grace_to: text(now + Duration::days(33)),
        ..EntitlementsChanged::default()
    };
    Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, account, sequence, &data)
}

pub fn no_entitlements(account: AccountId, sequence: i64) -> Event {
    let data = EntitlementsChanged { account_id: account.to_string(), ..EntitlementsChanged::default() };
    Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, account, sequence, &data)
}

impl Film {
    pub fn new() -> Self {
        let world = World::system();
        Self { title: world.id(), asset: world.id() }
    }

    pub fn published(&self) -> TitleChanged {
        let picture =
            |name: &str, width, height, bandwidth| Rendition { name: name.to_owned(), width, height, bandwidth };
        TitleChanged {
            title_id: self.title.to_string(),
            kind: "film".to_owned(),
            publication: "published".to_owned(),
            rating: Some(12),
            asset: Some(Asset {
                asset_id: self.asset.to_string(),
                duration_seconds: DURATION,
                max_height: 1080,
                audio_languages: vec!["en".to_owned()],
                trickplay: format!("{}/sprites/0a1b/index.vtt", self.asset),
                protection: "none".to_owned(),
                renditions: vec![
                    picture("v1080", 1920, 1080, 6_000_000),
                    picture("v720", 1280, 720, 3_000_000),
                    picture("v240", 426, 240, 200_000),
                ],
                ..Asset::default()
            }),
            markers: vec![Marker { kind: "intro".to_owned(), from_seconds: 5.0, until_seconds: 35.5 }],
            ..TitleChanged::default()
        }
    }

    pub fn changed(&self, sequence: i64, data: &TitleChanged) -> Event {
        Event::new(&World::system(), types::TITLE_CHANGED, self.title, sequence, data)
    }
}

impl Fixture {
    pub async fn new() -> Self {
        Self::of(Service::start("streaming").await)
    }

    /// With a table that no other test sees: for what looks at all of it.
    pub async fn alone() -> Self {
        Self::of(Service::start_alone("streaming").await)
    }

    fn of(service: Service) -> Self {
        let seed = u64::from_le_bytes(World::system().bytes());
        let (world, clock) = World::replay(testkit::titles::present(), seed);
        let app = service.app_with(&service.boot().with_world(world.clone()), streaming::operations::routes);
        Self { service, app, clock, world }
    }

    /// The router with other variables, on the same clock.
    pub fn app_with(
        &self,
        change: impl Fn(Vars) -> Vars,
        routes: fn(&Boot) -> Result<OpenApiRouter, BootError>,
    ) -> App {
        let boot = Boot::new(change(self.service.vars().clone())).with_world(self.world.clone());
        self.service.app_with(&boot, routes)
    }

    pub fn bucket(&self) -> Bucket {
        Bucket::new(self.service.aws(), self.service.var("BUCKET_MEDIA"))
    }

    /// A published film with its playlists.
    pub async fn film(&self) -> Film {
        let film = Film::new();
        assert_eq!(self.project_title(film.changed(1, &film.published())).await, Outcome::Done);
        for (key, text) in hls::playlists(film.asset) {
            self.bucket().put(&key, text.into_bytes(), hls::MEDIA_TYPE, None).await.unwrap();
        }
        film
    }

    /// Somebody who has paid.
    pub async fn person(&self, max_streams: u32, max_height: u32) -> Person {
        let person = Person::new();
        let event = entitlements(person.account, 1, max_streams, max_height);
        assert_eq!(self.project_grant(event).await, Outcome::Done);
        person
    }

    pub async fn project_grant(&self, event: Event) -> Outcome {
        let consumer = streaming::operations::consumers::project_grants(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    /// The login session of a token ended at some moment.
    pub async fn end_login(&self, token: &Token, ended_at: OffsetDateTime) -> Outcome {
        self.project_login(token.session_ended(ended_at)).await
    }

    pub async fn project_login(&self, event: Event) -> Outcome {
        let boot = self.service.boot().with_world(self.world.clone());
        let consumer = streaming::operations::consumers::project_logins(&boot).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    pub async fn project_title(&self, event: Event) -> Outcome {
        let consumer = streaming::operations::consumers::project_titles(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    pub async fn try_start(&self, person: &Person, film: &Film, device: &str) -> Answer {
        self.start_with(&person.token(), film, device).await
    }

    pub async fn start_with(&self, token: &Token, film: &Film, device: &str) -> Answer {
        let body = json!({ "title_id": film.title, "device_id": device, "device_name": format!("Name of {device}") });
        self.app.post("/v1/playback/sessions", &body).token(token).send().await
    }

    pub async fn start(&self, person: &Person, film: &Film, device: &str) -> Value {
        self.try_start(person, film, device).await.expect(201)
    }

    pub async fn beat(&self, person: &Person, session: &str, body: &Value) -> Answer {
        let path = format!("/v1/playback/sessions/{session}/heartbeat");
        self.app.post(&path, body).token(&person.token()).send().await
    }

    pub async fn stop(&self, person: &Person, session: &str) -> Answer {
        self.app.delete(&format!("/v1/playback/sessions/{session}")).token(&person.token()).send().await
    }

    /// The clock as far as the world's: tokens are signed by that one.
    pub fn catch_up(&self) {
        let behind = World::system().now() - self.world.now();
        self.clock.advance(behind.max(Duration::ZERO));
    }

    pub fn seconds(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }
}

pub fn id(started: &Value) -> String {
    started["session_id"].as_str().unwrap().parse::<PlaybackId>().unwrap().to_string()
}

/// The part of an absolute URL that a router sees.
pub fn path(url: &str) -> String {
    url.strip_prefix("http://localhost:8080").expect("the public address").to_owned()
}
