//! Titles and playback, as other services tell of them.

use events::{Consumer, Event, Outcome};
use kernel::{AssetId, PlaybackId, TitleId, World};
use proto::{
    catalog::{Asset, Localisation, TitleChanged},
    streaming::Playback,
    types,
};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::home::{Home, Person, unlimited};

/// Seconds of every film here.
pub const LENGTH: f64 = 6000.0;

fn asset() -> Asset {
    let asset_id = World::system().id::<AssetId>().to_string();
    Asset { asset_id, duration_seconds: LENGTH, ..Asset::default() }
}

/// A published film.
pub fn film(name: &str) -> TitleChanged {
    let local = |locale: &str, name: String| Localisation { locale: locale.to_owned(), name, synopsis: String::new() };
    TitleChanged {
        title_id: World::system().id::<TitleId>().to_string(),
        kind: "film".to_owned(),
        slug: name.to_lowercase().replace(' ', "-"),
        publication: "published".to_owned(),
        rating: Some(12),
        year: 2026,
        localisations: vec![local("en", name.to_owned()), local("ru", format!("{name} по-русски"))],
        asset: Some(asset()),
        poster: "posters/one.webp".to_owned(),
        ..TitleChanged::default()
    }
}

/// A part of a series or a season.
pub fn part(kind: &str, parent: TitleId, number: u32) -> TitleChanged {
    let asset = (kind == "episode").then(asset);
    TitleChanged {
        kind: kind.to_owned(),
        parent_id: parent.to_string(),
        number,
        asset,
        ..film(&format!("{kind} {number}"))
    }
}

pub fn ago(minutes: i64) -> OffsetDateTime {
    let now = World::system().now() - Duration::minutes(minutes);
    now.replace_nanosecond(0).unwrap()
}

/// A playback session.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: PlaybackId,
    pub person: Person,
    pub title: TitleId,
    pub length: f64,
    pub started_at: OffsetDateTime,
}

impl Session {
    pub fn new(person: &Person, title: TitleId, started_at: OffsetDateTime) -> Self {
        Self { id: World::system().id(), person: person.clone(), title, length: LENGTH, started_at }
    }

    pub fn event(&self, sequence: i64, position: f64, at: OffsetDateTime) -> Event {
        self.event_in("playing", sequence, position, at)
    }

    pub fn event_in(&self, state: &str, sequence: i64, position: f64, at: OffsetDateTime) -> Event {
        let data = Playback {
            session_id: self.id.to_string(),
            account_id: self.person.account.to_string(),
            profile_id: self.person.profile.to_string(),
            title_id: self.title.to_string(),
            asset_id: World::system().id::<AssetId>().to_string(),
            position_seconds: position,
            watched_seconds: position / 2.0,
            duration_seconds: self.length,
            started_at: self.started_at.format(&Rfc3339).unwrap(),
            at: at.format(&Rfc3339).unwrap(),
            state: state.to_owned(),
            ..Playback::default()
        };
        Event::new(&World::system(), types::PLAYBACK_PROGRESSED, self.id, sequence, &data)
    }
}

impl Home {
    pub async fn tell_title(&self, sequence: i64, data: &TitleChanged) -> Outcome {
        let consumer = user::operations::consumers::project_titles(&self.service.boot()).unwrap();
        let event = Event::new(&World::system(), types::TITLE_CHANGED, &data.title_id, sequence, data);
        consumer.consume(event, &unlimited()).await
    }

    /// Tells of a title for the first time.
    pub async fn title(&self, data: &TitleChanged) -> TitleId {
        assert_eq!(self.tell_title(1, data).await, Outcome::Done);
        data.title_id.parse().unwrap()
    }

    pub async fn tell_playback(&self, event: Event) -> Outcome {
        let consumer = user::operations::consumers::project_playback(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    /// A whole session that ended at `position`, `minutes` ago.
    pub async fn watch(&self, person: &Person, title: TitleId, position: f64, minutes: i64) {
        let session = Session::new(person, title, ago(minutes));
        assert_eq!(self.tell_playback(session.event(1, position, ago(minutes))).await, Outcome::Done);
    }

    /// The items of a list of the person's default profile.
    pub async fn items(&self, person: &Person, path: &str) -> Vec<Value> {
        let page = self.app.get(path).token(&person.viewer()).send().await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    /// Their titles.
    pub async fn titles(&self, person: &Person, path: &str) -> Vec<TitleId> {
        let items = self.items(person, path).await;
        items.iter().map(|item| item["title"]["id"].as_str().unwrap().parse().unwrap()).collect()
    }
}
