//! A service with tables of its own, and playback sessions to fill them.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AssetId, PlaybackId, ProfileId, TitleId, World};
use proto::{streaming::Playback, types};
use runtime::{Boot, Tick};
use serde_json::{Value, json};
use stores::ClickHouse;
use testkit::{App, Service, Token};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Beginning in seconds since 1970, title, starts, views, viewers, milliseconds watched, completed.
pub type Row = (u32, String, u64, u64, u64, u64, u64);

/// A service under test with its own ClickHouse database.
pub struct Fixture {
    pub service: Service,
    pub client: ClickHouse,
    database: String,
}

impl Fixture {
    pub async fn start() -> Self {
        let database = format!("test_{}", World::system().id::<kernel::EventId>());
        let url = testkit::Engines::from_env().clickhouse;
        migrations::migrate_clickhouse(&url, &database, &testkit::root()).await.unwrap();
        let service = Service::start("analytics").await.with("CLICKHOUSE_DATABASE", &database);
        Self { service, client: stores::clickhouse::client(&url, &database), database }
    }

    /// The same with ClickHouse out of reach.
    pub fn without_clickhouse(self) -> Self {
        Self { service: self.service.with("CLICKHOUSE_URL", "http://127.0.0.1:1"), ..self }
    }

    pub fn boot_at(&self, now: OffsetDateTime) -> Boot {
        self.service.boot().with_world(World::replay(now, rand_seed()).0)
    }

    /// Events of a test carry the system's time: nothing is told before it happens.
    pub async fn ingest(&self, now: OffsetDateTime, events: Vec<Event>) -> Vec<Outcome> {
        let events = events.into_iter().map(|event| Event { time: event.time.min(now), ..event }).collect();
        let consumer = analytics::operations::consumers::ingest(&self.boot_at(now)).unwrap();
        consumer.consume_all(events, &Deadline::unlimited(World::system())).await
    }

    pub async fn ingest_all(&self, now: OffsetDateTime, events: Vec<Event>) {
        let outcomes = self.ingest(now, events).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }

    pub async fn try_roll_up(&self, now: OffsetDateTime) -> Outcome {
        let consumer = analytics::operations::consumers::roll_up_hour(&self.boot_at(now)).unwrap();
        consumer.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await
    }

    pub async fn roll_up(&self, now: OffsetDateTime) {
        assert_eq!(self.try_roll_up(now).await, Outcome::Done);
    }

    pub async fn roll_up_day(&self, now: OffsetDateTime) {
        let consumer = analytics::operations::consumers::roll_up_day(&self.boot_at(now)).unwrap();
        let outcome = consumer.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await;
        assert_eq!(outcome, Outcome::Done);
    }

    pub async fn evaluate_alerts(&self, now: OffsetDateTime) -> Outcome {
        let consumer = analytics::operations::consumers::evaluate_alerts(&self.boot_at(now)).unwrap();
        consumer.consume(Tick { time: Some(now) }, &Deadline::unlimited(World::system())).await
    }

    /// All routes; the clock is the system's.
    pub fn app(&self) -> App {
        self.service.app(analytics::operations::routes)
    }

    /// What an editor, or somebody of support, is answered.
    pub async fn ask(&self, role: &str, path: &str) -> Value {
        self.app().get(path).token(&Token::role(role)).send().await.expect(200)
    }

    pub async fn hours(&self) -> Vec<Row> {
        let query = "SELECT toUInt32(hour), title_id, starts, views, finalizeAggregation(viewers), watched_ms, completed \
                     FROM title_hours ORDER BY hour, title_id";
        self.client.query(query).fetch_all().await.unwrap()
    }

    pub async fn days(&self) -> Vec<Row> {
        let query = "SELECT toUInt32(day), title_id, starts, views, finalizeAggregation(viewers), watched_ms, completed \
                     FROM title_days ORDER BY day, title_id";
        self.client.query(query).fetch_all().await.unwrap()
    }

    /// Every byte of the daily roll-up.
    pub async fn bytes_of_days(&self) -> Vec<(u32, String, String)> {
        let query = "SELECT toUInt32(day), title_id, hex(concat(toString(starts), ' ', toString(views), ' ', toString(watched_ms), ' ', \
                     toString(completed), ' ', toString(viewers))) FROM title_days ORDER BY day, title_id";
        self.client.query(query).fetch_all().await.unwrap()
    }

    /// Every byte of the roll-up.
    pub async fn bytes(&self) -> Vec<(u32, String, String)> {
        let query = "SELECT toUInt32(hour), title_id, hex(concat(toString(starts), ' ', toString(views), ' ', toString(watched_ms), ' ', \
                     toString(completed), ' ', toString(viewers))) FROM title_hours ORDER BY hour, title_id";
        self.client.query(query).fetch_all().await.unwrap()
    }

    pub async fn count(&self, table: &str) -> u64 {
        self.client.query(&format!("SELECT count() FROM {table} FINAL")).fetch_one().await.unwrap()
    }

    pub async fn end(self) {
        self.client.query(&format!("DROP DATABASE {}", self.database)).execute().await.unwrap();
    }
}

/// Different in every boot, so that no two runs share ids.
fn rand_seed() -> u64 {
    u64::from_le_bytes(World::system().bytes())
}

/// A playback session.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: PlaybackId,
    pub profile: ProfileId,
    pub title: TitleId,
    pub started_at: OffsetDateTime,
    pub duration_seconds: f64,
}

impl Session {
    pub fn new(title: TitleId, profile: ProfileId, started_at: OffsetDateTime) -> Self {
        Self { id: World::system().id(), profile, title, started_at, duration_seconds: 600.0 }
    }

    /// The session's state in one of its versions.
    pub fn event(&self, kind: &str, sequence: i64, watched_seconds: f64) -> Event {
        self.state(kind, sequence, (watched_seconds, watched_seconds), watched_seconds)
    }

    /// The session's state so many seconds after its start: position and watched time in seconds.
    pub fn state(&self, kind: &str, sequence: i64, (position, watched): (f64, f64), after_seconds: f64) -> Event {
        let at = self.started_at + Duration::seconds_f64(after_seconds);
        let state = Playback {
            session_id: self.id.to_string(),
            account_id: World::system().id::<kernel::AccountId>().to_string(),
            profile_id: self.profile.to_string(),
            title_id: self.title.to_string(),
            asset_id: World::system().id::<AssetId>().to_string(),
            device_id: "device-1".to_owned(),
            position_seconds: position,
            watched_seconds: watched,
            duration_seconds: self.duration_seconds,
            started_at: self.started_at.format(&Rfc3339).unwrap(),
            at: at.format(&Rfc3339).unwrap(),
            territory: "DE".to_owned(),
            state: "playing".to_owned(),
            ..Playback::default()
        };
        Event::new(&World::system(), kind, self.id, sequence, &state)
    }

    /// What the player measured so many seconds after the session began.
    pub fn sample(&self, kind: &str, after_seconds: f64, value: f64) -> Event {
        let at = (self.started_at + Duration::seconds_f64(after_seconds)).format(&Rfc3339).unwrap();
        let code = if kind.ends_with("failure") || kind == "error" { "E1" } else { "" };
        let sample = json!({"session_id": self.id, "title_id": self.title, "kind": kind, "value": value, "code": code, "at": at,
            "client_time": at});
        Event::new(&World::system(), types::PLAYER_SAMPLED, self.id, 1, &sample)
    }

    /// A start and then one heartbeat per given watched time.
    pub fn events(&self, watched: &[f64]) -> Vec<Event> {
        let mut events = vec![self.event(types::PLAYBACK_STARTED, 1, 0.0)];
        let heartbeat = |(at, watched): (usize, &f64)| self.event(types::PLAYBACK_PROGRESSED, at as i64 + 2, *watched);
        events.extend(watched.iter().enumerate().map(heartbeat));
        events
    }
}
