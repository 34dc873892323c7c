//! A title leaves: whoever has it on a list or left it half seen hears of it, once for each stage, however the events come.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{Id, PlaybackId, TitleId, World};
use notification::operations::consumers;
use proto::{catalog, streaming, types, user};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    crashes::{crash_after, with_copies},
    house::{House, Person},
};

const LENGTH_SECONDS: f64 = 6_000.0;

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

/// To the second, as catalogues write ends.
fn now() -> OffsetDateTime {
    World::system().now().replace_nanosecond(0).unwrap()
}

/// A film or a series that ends in Germany.
pub struct Leaving {
    pub title: TitleId,
    pub ends_at: OffsetDateTime,
}

impl Leaving {
    pub fn new() -> Self {
        Self { title: World::system().id(), ends_at: now() + Duration::days(5) }
    }

    fn described(&self, kind: &str) -> catalog::TitleChanged {
        let german = |until| catalog::Window { territories: vec!["DE".to_owned()], until, ..Default::default() };
        let french = catalog::Window { territories: vec!["FR".to_owned()], ..Default::default() };
        let local = |locale: &str, name: &str| catalog::Localisation {
            locale: locale.to_owned(),
            name: name.to_owned(),
            ..Default::default()
        };
        catalog::TitleChanged {
            title_id: self.title.to_string(),
            kind: kind.to_owned(),
            publication: "published".to_owned(),
            rating: Some(12),
            windows: vec![german(Some(text(self.ends_at))), french],
            localisations: vec![local("en", "Stalker"), local("ru", "Сталкер")],
            ..Default::default()
        }
    }

    pub fn film(&self) -> Event {
        changed(1, &self.described("film"))
    }

    /// Announced a day ago.
    pub fn announced(&self, days: u32) -> Event {
        let data = catalog::TitleLeaving {
            title_id: self.title.to_string(),
            territories: vec!["DE".to_owned()],
            elsewhere: false,
            named: vec!["DE".to_owned(), "FR".to_owned()],
            ends_at: text(self.ends_at),
            days,
        };
        let event = Event::new(&World::system(), types::TITLE_LEAVING, self.title, 1, &data);
        Event { time: now() - Duration::DAY, ..event }
    }
}

fn changed(sequence: i64, data: &catalog::TitleChanged) -> Event {
    Event::new(&World::system(), types::TITLE_CHANGED, &data.title_id, sequence, data)
}

fn part(kind: &str, parent: TitleId, number: u32) -> (TitleId, Event) {
    let id: TitleId = World::system().id();
    let asset = catalog::Asset {
        asset_id: "ast_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
        duration_seconds: LENGTH_SECONDS,
        ..Default::default()
    };
    let data = catalog::TitleChanged {
        title_id: id.to_string(),
        kind: kind.to_owned(),
        publication: "published".to_owned(),
        rating: Some(12),
        parent_id: parent.to_string(),
        number,
        asset: (kind == "episode").then_some(asset),
        ..Default::default()
    };
    (id, changed(1, &data))
}

impl Person {
    /// Put on the list, or taken off, some days ago.
    pub fn lists(&self, title: TitleId, (sequence, is_listed): (i64, bool), days_ago: i64) -> Event {
        let data = user::WatchlistChanged {
            profile_id: self.profile.to_string(),
            account_id: self.account.to_string(),
            title_id: title.to_string(),
            is_listed,
            territory: "DE".to_owned(),
        };
        let event = Event::new(&World::system(), types::WATCHLIST_CHANGED, self.profile, sequence, &data);
        Event { time: now() - Duration::days(days_ago), ..event }
    }

    /// Stopped at a place, so many minutes ago, in Germany.
    pub fn stops(&self, title: TitleId, seconds: f64, minutes_ago: i64) -> Event {
        let session: PlaybackId = World::system().id();
        let at = now() - Duration::minutes(minutes_ago);
        let data = streaming::Playback {
            session_id: session.to_string(),
            account_id: self.account.to_string(),
            profile_id: self.profile.to_string(),
            title_id: title.to_string(),
            asset_id: "ast_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            device_id: "tv".to_owned(),
            position_seconds: seconds,
            watched_seconds: seconds,
            duration_seconds: LENGTH_SECONDS,
            territory: "DE".to_owned(),
            started_at: text(at - Duration::HOUR),
            at: text(at),
            state: "stopped".to_owned(),
            ..streaming::Playback::default()
        };
        Event::new(&World::system(), types::PLAYBACK_STOPPED, session, 9, &data)
    }

    pub fn forgets(&self, title: Option<TitleId>, minutes_ago: i64) -> Event {
        let data = user::HistoryErased {
            profile_id: self.profile.to_string(),
            account_id: self.account.to_string(),
            title_id: title.map(|title| title.to_string()).unwrap_or_default(),
            erased_at: text(now() - Duration::minutes(minutes_ago)),
        };
        Event::new(&World::system(), types::HISTORY_ERASED, self.profile, 1, &data)
    }

    /// Something of each kind that is held of what somebody wants to see and has seen.
    pub fn interests(&self) -> [Event; 3] {
        let (listed, watched): (TitleId, TitleId) = (World::system().id(), World::system().id());
        [self.lists(listed, (1, true), 3), self.stops(watched, 3_000.0, 10), self.forgets(None, 50)]
    }

    pub fn deleted(&self) -> Event {
        let data = user::ProfileChanged {
            profile_id: self.profile.to_string(),
            account_id: self.account.to_string(),
            locale: "en".to_owned(),
            deleted: true,
            ..Default::default()
        };
        Event::new(&World::system(), types::PROFILE_CHANGED, self.profile, 9, &data)
    }
}

impl House {
    async fn announce_all(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            assert_eq!(self.announce(event.clone()).await, Outcome::Done, "{event:?}");
        }
    }

    /// How often somebody was told that something leaves, in the inbox and by mail.
    async fn told(&self, person: &Person) -> (usize, usize) {
        let is_leaving = |kind: &&String| *kind == "title_leaving_soon";
        let mails: Vec<String> = self.deliveries(person).await.into_iter().map(|(kind, _)| kind).collect();
        (self.kinds(person).await.iter().filter(is_leaving).count(), mails.iter().filter(is_leaving).count())
    }
}

#[tokio::test]
async fn whoever_has_it_on_a_list_or_half_seen_hears_of_each_stage_once() {
    let house = House::start_alone().await;
    let leaving = Leaving::new();
    let title = leaving.title;
    let [listed, both, half, begun, watched, taken_off, late, elsewhere] = std::array::from_fn(|_| Person::new());
    let mut french = elsewhere.lists(title, (1, true), 3);
    french.data["territory"] = "FR".into();
    house
        .announce_all([
            leaving.film(),
            listed.lists(title, (1, true), 3),
            both.lists(title, (1, true), 3),
            both.stops(title, 3_000.0, 100),
            half.stops(title, 3_000.0, 100),
            begun.stops(title, 5.0, 100),
            watched.stops(title, 3_000.0, 100),
            watched.stops(title, 5_990.0, 50),
            taken_off.lists(title, (1, true), 3),
            taken_off.lists(title, (2, false), 2),
            late.lists(title, (1, true), 0),
            french,
        ])
        .await;
    for _ in 0..3 {
        house.announce_all([leaving.announced(30), leaving.announced(7)]).await;
    }
    for (person, times) in
        [(&listed, 2), (&both, 2), (&half, 2), (&begun, 0), (&watched, 0), (&taken_off, 0), (&late, 0), (&elsewhere, 0)]
    {
        assert_eq!(house.told(person).await, (times, times), "{person:?}");
    }
    let mut russian = listed.token();
    russian.0.locale = "ru".parse().unwrap();
    let page = house.app.get("/v1/notifications").token(&russian).send().await.expect(200);
    let item = &page["items"][0];
    assert_eq!(
        (&item["workflow"], &item["title"]),
        (&"titles".into(), &"Скоро уйдёт из Online Cinema: Сталкер".into())
    );
    let day = (leaving.ends_at - Duration::SECOND).date();
    assert!(item["text"].as_str().unwrap().contains(&format!("Можно посмотреть до: {day}")), "{item}");
    // The jobs have left through the queue of mails.
    let jobs = house.service.take_messages("email").await;
    assert!(!jobs.is_empty() && jobs.iter().all(|job| job["title_leaving_soon"]["until"] == day.to_string().as_str()));
}

#[tokio::test]
async fn wishes_are_kept() {
    let house = House::start().await;
    let (leaving, person) = (Leaving::new(), house.person().await);
    let path = "/v1/notifications/preferences";
    let mut wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
    wishes["workflows"]["titles"] = serde_json::json!({ "in_app": true, "email": false, "push": false });
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    let listed = person.lists(leaving.title, (1, true), 3);
    house.announce_all([leaving.film(), listed, leaving.announced(7)]).await;
    assert_eq!(house.told(&person).await, (1, 0));
}

#[tokio::test]
async fn a_series_is_half_seen_while_an_episode_is_left() {
    let house = House::start().await;
    let series = Leaving::new();
    let (season, season_event) = part("season", series.title, 1);
    let (first, first_event) = part("episode", season, 1);
    let (second, second_event) = part("episode", season, 2);
    let [midway, one_left, done] = std::array::from_fn(|_| Person::new());
    house
        .announce_all([
            // The series is heard of last.
            second_event,
            first_event,
            season_event,
            midway.stops(first, 1_000.0, 100),
            one_left.stops(first, 5_990.0, 100),
            done.stops(first, 5_990.0, 100),
            done.stops(second, 5_990.0, 50),
            series.announced(7),
            changed(1, &series.described("series")),
        ])
        .await;
    for (person, times) in [(&midway, 1), (&one_left, 1), (&done, 0)] {
        assert_eq!(house.told(person).await.0, times, "{person:?}");
    }
}

#[tokio::test]
async fn an_end_that_was_moved_or_is_over_is_not_told() {
    let house = House::start().await;
    let (moved, person) = (Leaving::new(), Person::new());
    let later = Leaving { title: moved.title, ends_at: moved.ends_at + Duration::days(90) };
    let newer = changed(2, &later.described("film"));
    let listed = |leaving: &Leaving| person.lists(leaving.title, (1, true), 3);
    house.announce_all([moved.film(), newer, listed(&moved), moved.announced(7)]).await;
    let hidden = Leaving::new();
    let withdrawn = catalog::TitleChanged { publication: "withdrawn".to_owned(), ..hidden.described("film") };
    house.announce_all([changed(2, &withdrawn), listed(&hidden), hidden.announced(7)]).await;
    let over = Leaving { ends_at: now() - Duration::SECOND, ..Leaving::new() };
    house.announce_all([over.film(), listed(&over), over.announced(1)]).await;
    // Announced from a state of the title that is not known yet: it may name another end.
    let ahead = Leaving::new();
    house.announce_all([ahead.film(), listed(&ahead), Event { sequence: 5, ..ahead.announced(7) }]).await;
    assert_eq!(house.told(&person).await, (0, 0));
    house.announce_all([changed(5, &ahead.described("film"))]).await;
    assert_eq!(house.told(&person).await, (1, 1));
}

#[tokio::test]
async fn what_was_forgotten_or_deleted_is_not_told_however_late_it_is_heard_of() {
    let house = House::start().await;
    let leaving = Leaving::new();
    let title = leaving.title;
    for order in 0..2 {
        let [forgot, forgot_all, began_again, gone] = std::array::from_fn(|_| Person::new());
        let mut events = vec![
            forgot.stops(title, 3_000.0, 100),
            forgot.forgets(Some(title), 50),
            forgot_all.stops(title, 3_000.0, 100),
            forgot_all.forgets(None, 50),
            began_again.forgets(None, 50),
            began_again.stops(title, 3_000.0, 20),
            gone.lists(title, (1, true), 3),
            gone.stops(title, 3_000.0, 100),
        ];
        if order == 1 {
            assert_eq!(house.route(gone.deleted()).await, Outcome::Done);
            events.reverse();
        }
        house.announce_all(events).await;
        if order == 0 {
            assert_eq!(house.route(gone.deleted()).await, Outcome::Done);
            let left: i64 = sqlx::query_scalar(
                "select (select count(*) from watchlist where profile_id = $1) + (select count(*) from viewings where profile_id = $1)",
            )
            .bind(gone.profile)
            .fetch_one(&house.service.pool())
            .await
            .unwrap();
            assert_eq!(left, 0);
        }
        house.announce_all([leaving.film(), leaving.announced(7)]).await;
        for (person, times) in [(&forgot, 0), (&forgot_all, 0), (&began_again, 1), (&gone, 0)] {
            assert_eq!(house.told(person).await.0, times, "order {order}: {person:?}");
        }
    }
}

/// Whatever order, copies, crashes or neighbours: each account hears of each stage once, and only those concerned do.
#[tokio::test]
async fn no_order_no_copy_and_no_crash_changes_who_hears_how_often() {
    let house = House::start().await;
    for seed in 0..16 {
        let (world, _) = World::replay(World::system().now(), seed);
        let leaving = Leaving::new();
        let title = leaving.title;
        let [listed, half, both, late, begun] = std::array::from_fn(|_| Person::new());
        // A second profile of the same account.
        let second = Person { profile: world.id(), ..listed.clone() };
        let events = with_copies(
            &world,
            vec![
                leaving.film(),
                leaving.announced(30),
                leaving.announced(7),
                listed.lists(title, (1, true), 3),
                second.lists(title, (1, true), 2),
                half.stops(title, 3_000.0, 100),
                both.lists(title, (1, true), 3),
                both.stops(title, 3_000.0, 100),
                late.lists(title, (1, true), 0),
                begun.stops(title, 5.0, 100),
            ],
        );
        match seed % 2 {
            0 => {
                for event in events {
                    let _ = crash_after(world.below(60), house.announce(event.clone())).await;
                    assert_eq!(house.announce(event).await, Outcome::Done, "seed {seed}");
                }
            }
            _ => {
                let outcomes = futures::future::join_all(events.into_iter().map(|event| house.announce(event))).await;
                assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "seed {seed}: {outcomes:?}");
            }
        }
        for (person, times) in [(&listed, 2), (&half, 2), (&both, 2), (&late, 0), (&begun, 0)] {
            assert_eq!(house.told(person).await, (times, times), "seed {seed}: {person:?}");
        }
    }
}

#[tokio::test]
async fn many_are_told_page_by_page_and_a_short_time_is_gone_on_with() {
    let house = House::start().await;
    let leaving = Leaving::new();
    let people: Vec<Person> = (0..120).map(|_| Person::new()).collect();
    house.announce_all([leaving.film()]).await;
    house.announce_all(people.iter().map(|person| person.lists(leaving.title, (1, true), 3))).await;
    let world = World::system();
    let consumer = consumers::announce_leaving(&house.boot(&world)).unwrap();
    let short = Deadline::new(world.clone(), world.now() + Duration::seconds(4));
    let outcome = consumer.consume(leaving.announced(7), &short).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    let count = async || -> i64 {
        let count = sqlx::query_scalar("select count(*) from notifications where fact like $1 || ' leaves %'");
        count.bind(leaving.title).fetch_one(&house.service.pool()).await.unwrap()
    };
    assert_eq!(count().await, 0);
    for _ in 0..2 {
        house.announce_all([leaving.announced(7)]).await;
        assert_eq!(count().await, 120);
    }
}

#[tokio::test]
async fn what_is_of_no_contract_is_set_aside_and_what_only_passes_is_let_by() {
    let house = House::start().await;
    let (leaving, person) = (Leaving::new(), Person::new());
    for (event, field) in [
        (leaving.announced(7), "ends_at"),
        (person.lists(leaving.title, (1, true), 1), "territory"),
        (person.stops(leaving.title, 1.0, 1), "at"),
        (person.forgets(None, 1), "erased_at"),
        (leaving.film(), "publication"),
        (person.reused(), "account_id"),
    ] {
        let mut broken = event;
        broken.data[field] = "nonsense".into();
        assert!(matches!(house.announce(broken.clone()).await, Outcome::Poison(_)), "{broken:?}");
    }
    let mut going_on = person.stops(leaving.title, 3_000.0, 1);
    (going_on.kind, going_on.data["state"]) = (types::PLAYBACK_PROGRESSED.to_owned(), "playing".into());
    house.announce_all([leaving.film(), going_on, leaving.announced(7)]).await;
    assert_eq!(house.told(&person).await, (0, 0), "whoever is watching needs no word");
    assert!(leaving.title.to_string().starts_with(TitleId::PREFIX));
}
