//! A service with films, people who watch them, and a clock of its own.

use std::sync::Arc;

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, Id, PlaybackId, ProfileId, TitleId, World, policy::TitleRules, world::ManualClock};
use proto::{
    catalog::{Asset, TitleChanged},
    streaming::Playback,
    types,
    user::{ContinueWatchingChanged, HistoryErased, ProfileChanged, TitleRecordChanged, WatchlistChanged},
};
use runtime::{Boot, Tick, Vars};
use serde_json::Value;
use stores::{Bucket, Table};
use testkit::{App, Service, Token, titles};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

pub const FILM_SECONDS: f64 = 6_000.0;
pub const GENRES: [&str; 5] = ["drama", "comedy", "noir", "horror", "western"];

/// A service under test.
pub struct Fixture {
    pub service: Service,
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub world: World,
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

pub fn deadline() -> Deadline {
    Deadline::unlimited(World::system())
}

/// A film as the catalogue tells of it.
pub fn film(title: TitleId, genres: &[&str]) -> TitleChanged {
    TitleChanged {
        title_id: title.to_string(),
        kind: "film".to_owned(),
        slug: "a-film".to_owned(),
        original_title: "A Film".to_owned(),
        publication: "published".to_owned(),
        rating: Some(12),
        genres: genres.iter().map(|genre| (*genre).to_owned()).collect(),
        published_at: text(World::system().now() - Duration::days(400)),
        asset: Some(Asset {
            asset_id: World::system().id::<kernel::AssetId>().to_string(),
            duration_seconds: FILM_SECONDS,
            ..Asset::default()
        }),
        ..TitleChanged::default()
    }
}

/// A state of a playback session.
pub fn playback(
    person: &Person,
    title: TitleId,
    session: PlaybackId,
    sequence: i64,
    seconds: f64,
    at: OffsetDateTime,
) -> Event {
    let data = Playback {
        session_id: session.to_string(),
        account_id: person.account.to_string(),
        profile_id: person.profile.to_string(),
        title_id: title.to_string(),
        asset_id: World::system().id::<kernel::AssetId>().to_string(),
        device_id: "tv".to_owned(),
        position_seconds: seconds,
        watched_seconds: seconds,
        duration_seconds: FILM_SECONDS,
        started_at: text(at),
        at: text(at + Duration::seconds(sequence)),
        territory: "DE".to_owned(),
        state: "playing".to_owned(),
        ..Playback::default()
    };
    Event::new(&World::system(), types::PLAYBACK_PROGRESSED, session, sequence, &data)
}

pub fn history_erased(person: &Person, title: Option<TitleId>, at: OffsetDateTime) -> Event {
    let data = HistoryErased {
        profile_id: person.profile.to_string(),
        account_id: person.account.to_string(),
        title_id: title.map(|title| title.to_string()).unwrap_or_default(),
        erased_at: text(at),
    };
    Event::new(&World::system(), types::HISTORY_ERASED, person.profile, 1, &data)
}

/// A change of what is offered to watch on.
pub fn hiding(
    person: &Person,
    title: TitleId,
    sequence: i64,
    hidden_at: Option<OffsetDateTime>,
    changed_at: OffsetDateTime,
) -> Event {
    let data = ContinueWatchingChanged {
        profile_id: person.profile.to_string(),
        account_id: person.account.to_string(),
        title_id: title.to_string(),
        hidden_at: hidden_at.map(text).unwrap_or_default(),
        changed_at: text(changed_at),
    };
    Event::new(&World::system(), types::CONTINUE_WATCHING_CHANGED, person.profile, sequence, &data)
}

/// What is on record of a title after a change.
pub fn record(person: &Person, title: TitleId, sequence: i64, stars: u32, seen_at: Option<OffsetDateTime>) -> Event {
    let data = TitleRecordChanged {
        profile_id: person.profile.to_string(),
        account_id: person.account.to_string(),
        title_id: title.to_string(),
        stars,
        seen_elsewhere_at: seen_at.map(text).unwrap_or_default(),
    };
    let (world, _) = World::replay(datetime!(2026-11-01 12:00 UTC) + Duration::seconds(sequence), 1);
    Event::new(&world, types::TITLE_RECORD_CHANGED, person.profile, sequence, &data)
}

/// A change of the watchlist.
pub fn listing(person: &Person, title: TitleId, sequence: i64, is_listed: bool) -> Event {
    let data = WatchlistChanged {
        profile_id: person.profile.to_string(),
        account_id: person.account.to_string(),
        title_id: title.to_string(),
        is_listed,
        territory: "DE".to_owned(),
    };
    let (world, _) = World::replay(datetime!(2026-11-01 12:00 UTC) + Duration::seconds(sequence), 1);
    Event::new(&world, types::WATCHLIST_CHANGED, person.profile, sequence, &data)
}

pub fn profile_deleted(person: &Person) -> Event {
    let data = ProfileChanged {
        profile_id: person.profile.to_string(),
        account_id: person.account.to_string(),
        locale: "en".to_owned(),
        max_rating: 18,
        deleted: true,
        ..ProfileChanged::default()
    };
    Event::new(&World::system(), types::PROFILE_CHANGED, person.profile, 9, &data)
}

impl Fixture {
    /// Tables and buckets that no other test sees: a model is made of all there is.
    pub async fn alone() -> Self {
        let service = Service::start_alone("recommendation").await;
        let seed = u64::from_le_bytes(World::system().bytes());
        let (world, clock) = World::replay(titles::present(), seed);
        let app = service.app_with(&service.boot().with_world(world.clone()), recommendation::operations::routes);
        Self { service, app, clock, world }
    }

    pub fn boot(&self) -> Boot {
        self.service.boot().with_world(self.world.clone())
    }

    /// Another environment of the same functions, which knows nothing yet.
    pub fn fresh_app(&self) -> App {
        self.app_with(|vars| vars)
    }

    /// The same with other variables.
    pub fn app_with(&self, change: impl Fn(Vars) -> Vars) -> App {
        let boot = Boot::new(change(self.service.vars().clone())).with_world(self.world.clone());
        self.service.app_with(&boot, recommendation::operations::routes)
    }

    pub fn table(&self) -> Table {
        Table::new(self.service.aws(), self.service.var("TABLE_TASTES"))
    }

    pub fn models(&self) -> Bucket {
        Bucket::new(self.service.aws(), self.service.var("BUCKET_MODELS"))
    }

    pub async fn tell_title(&self, title: TitleId, sequence: i64, data: &TitleChanged) {
        let event = Event::new(&self.world, types::TITLE_CHANGED, title, sequence, data);
        let consumer = recommendation::operations::consumers::project_titles(&self.boot()).unwrap();
        assert_eq!(consumer.consume(event, &deadline()).await, Outcome::Done);
    }

    /// Films of five genres, one after the other.
    pub async fn films(&self, count: usize) -> Vec<TitleId> {
        let mut films = Vec::new();
        for n in 0..count {
            let title = self.world.id();
            self.tell_title(title, 1, &film(title, &[GENRES[n % 5]])).await;
            films.push(title);
        }
        films
    }

    /// A film under these rules.
    pub async fn film_under(&self, rules: &TitleRules) -> TitleId {
        let title = self.world.id();
        self.tell_title(title, 1, &titles::under(rules, film(title, &["drama"]))).await;
        title
    }

    pub async fn tell(&self, event: Event) -> Outcome {
        let consumer = recommendation::operations::consumers::project_tastes(&self.boot()).unwrap();
        consumer.consume(event, &deadline()).await
    }

    /// As a stream brings them.
    pub async fn tell_all(&self, events: Vec<Event>) -> Vec<Outcome> {
        let consumer = recommendation::operations::consumers::project_tastes(&self.boot()).unwrap();
        consumer.consume_all(events, &deadline()).await
    }

    fn watching(&self, person: &Person, title: TitleId, share: f64, hours_ago: i64) -> Event {
        let at = self.world.now() - Duration::hours(hours_ago);
        playback(person, title, PlaybackId::from_parts(at, self.world.bytes()), 2, FILM_SECONDS * share, at)
    }

    /// Somebody watches a share of a film.
    pub async fn watch(&self, person: &Person, title: TitleId, share: f64, hours_ago: i64) {
        let event = self.watching(person, title, share, hours_ago);
        assert_eq!(self.tell(event).await, Outcome::Done);
    }

    /// People of five tastes, each of whom watched six of the films of one genre.
    pub async fn crowd(&self, films: &[TitleId], people: usize) {
        let mut events = Vec::new();
        for number in 0..people {
            let person = Person::new();
            let own: Vec<TitleId> = films.iter().copied().skip(number % 5).step_by(5).collect();
            for n in 0..6.min(own.len()) {
                let film = own[(number / 5 + n) % own.len()];
                events.push(self.watching(&person, film, 0.95, (60 * (6 - n) + number) as i64));
            }
        }
        let outcomes = self.tell_all(events).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }

    pub async fn train(&self) -> Outcome {
        let consumer = recommendation::operations::consumers::train(&self.boot()).unwrap();
        consumer.consume(Tick { time: None }, &deadline()).await
    }

    /// The pointer, as it lies in the bucket.
    pub async fn live(&self) -> Option<Value> {
        self.models().get("live.json").await.unwrap().map(|text| serde_json::from_slice(&text).unwrap())
    }

    pub async fn home(&self, app: &App, person: &Person) -> Value {
        app.get("/v1/recommendations/home").token(&self.present(person.token())).send().await.expect(200)
    }

    /// A token of the moment: the clock of the service is its own.
    pub fn present(&self, token: Token) -> Token {
        token.at(self.world.now())
    }
}

/// Titles of a page by the kind of their row.
pub fn shown(page: &Value, kind: Option<&str>) -> Vec<TitleId> {
    let rows = page["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| kind.is_none_or(|kind| row["kind"] == kind));
    rows.flat_map(|row| row["items"].as_array().unwrap())
        .map(|item| item["title"]["id"].as_str().unwrap().parse().unwrap())
        .collect()
}
