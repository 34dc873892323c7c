//! A series has episodes that it did not have: whoever has it on a list or watches it hears of it once a day, whatever runs twice, late or not to its end.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{TitleId, World};
use notification::operations::consumers;
use proto::{catalog, types};
use runtime::Tick;
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    crashes::crash_after,
    house::{House, Person},
};

const LENGTH_SECONDS: f64 = 3_000.0;
const MIDDLE: f64 = 1_500.0;

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

/// To the second, as catalogues write moments.
fn now() -> OffsetDateTime {
    World::system().now().replace_nanosecond(0).unwrap()
}

fn ago(minutes: i64) -> OffsetDateTime {
    now() - Duration::minutes(minutes)
}

/// A series of one season, which have long been public.
struct Series {
    id: TitleId,
    season: TitleId,
    /// Of some months ago.
    old: TitleId,
}

impl Series {
    fn new() -> Self {
        let world = World::system();
        Self { id: world.id(), season: world.id(), old: world.id() }
    }

    fn known(&self) -> [Event; 3] {
        let long_ago = ago(90 * 24 * 60);
        let local = |locale: &str, name: &str| catalog::Localisation {
            locale: locale.to_owned(),
            name: name.to_owned(),
            ..Default::default()
        };
        let series = catalog::TitleChanged {
            localisations: vec![local("en", "The Bridge"), local("ru", "Мост")],
            ..title(self.id, "series", long_ago)
        };
        let season = catalog::TitleChanged { parent_id: self.id.to_string(), ..title(self.season, "season", long_ago) };
        [changed(1, &series), changed(1, &season), changed(1, &self.episode(self.old, long_ago))]
    }

    fn episode(&self, id: TitleId, published_at: OffsetDateTime) -> catalog::TitleChanged {
        let asset = catalog::Asset {
            asset_id: "ast_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            duration_seconds: LENGTH_SECONDS,
            ..Default::default()
        };
        let (parent_id, asset) = (self.season.to_string(), Some(asset));
        catalog::TitleChanged { parent_id, asset, ..title(id, "episode", published_at) }
    }

    /// Another one, and its event.
    fn released(&self, minutes_ago: i64) -> (TitleId, Event) {
        let id: TitleId = World::system().id();
        (id, changed(1, &self.episode(id, ago(minutes_ago))))
    }
}

fn title(id: TitleId, kind: &str, published_at: OffsetDateTime) -> catalog::TitleChanged {
    catalog::TitleChanged {
        title_id: id.to_string(),
        kind: kind.to_owned(),
        publication: "published".to_owned(),
        rating: Some(12),
        published_at: text(published_at),
        ..Default::default()
    }
}

fn changed(sequence: i64, data: &catalog::TitleChanged) -> Event {
    Event::new(&World::system(), types::TITLE_CHANGED, &data.title_id, sequence, data)
}

fn window(territory: &str, from: Option<OffsetDateTime>) -> catalog::Window {
    catalog::Window { territories: vec![territory.to_owned()], from: from.map(text), ..Default::default() }
}

impl House {
    async fn hear(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            assert_eq!(self.announce(event.clone()).await, Outcome::Done, "{event:?}");
        }
    }

    async fn announce_episodes(&self, world: &World) -> Outcome {
        let consumer = consumers::announce_episodes(&self.boot(world)).unwrap();
        consumer.consume(Tick { time: None }, &Deadline::unlimited(world.clone())).await
    }

    /// Twice: what was told is not told again.
    async fn announce_twice(&self) {
        for _ in 0..2 {
            assert_eq!(self.announce_episodes(&World::system()).await, Outcome::Done);
        }
    }

    /// How often somebody heard of new episodes, in the inbox and by mail.
    async fn heard(&self, person: &Person) -> (usize, usize) {
        let is_it = |kind: &&String| *kind == "new_episodes";
        let mails: Vec<String> = self.deliveries(person).await.into_iter().map(|(kind, _)| kind).collect();
        (self.kinds(person).await.iter().filter(is_it).count(), mails.iter().filter(is_it).count())
    }
}

#[tokio::test]
async fn whoever_has_the_series_on_a_list_or_watches_it_hears_of_a_whole_season_once() {
    let house = House::start_alone().await;
    let series = Series::new();
    let [listed, both, watching, done, long_gone, opened, taken_off, late, seen, seen_one, another] =
        std::array::from_fn(|_| Person::new());
    house.hear(series.known()).await;
    let episodes: Vec<(TitleId, Event)> = (0..10).map(|_| series.released(60)).collect();
    house
        .hear([
            listed.lists(series.id, (1, true), 3),
            both.lists(series.id, (1, true), 3),
            both.stops(series.old, MIDDLE, 3_000),
            watching.stops(series.old, MIDDLE, 3_000),
            done.stops(series.old, 5_990.0, 3_000),
            long_gone.stops(series.old, MIDDLE, 181 * 24 * 60),
            opened.stops(series.old, 5.0, 3_000),
            taken_off.lists(series.id, (1, true), 3),
            taken_off.lists(series.id, (2, false), 2),
            late.lists(series.id, (1, true), 0),
            late.stops(series.old, MIDDLE, 10),
            seen_one.lists(series.id, (1, true), 3),
            seen_one.stops(episodes[0].0, 5.0, 20),
            another.lists(Series::new().id, (1, true), 3),
        ])
        .await;
    house.hear(episodes.iter().map(|(id, _)| seen.stops(*id, MIDDLE, 20))).await;
    house.hear([seen.lists(series.id, (1, true), 3)]).await;
    house.announce_twice().await;
    assert_eq!(house.heard(&listed).await, (0, 0), "nothing is new yet");
    house.hear(episodes.iter().map(|(_, event)| event.clone())).await;
    house.announce_twice().await;
    for (person, times) in [
        (&listed, 1),
        (&both, 1),
        (&watching, 1),
        (&done, 1),
        (&long_gone, 0),
        (&opened, 0),
        (&taken_off, 0),
        (&late, 0),
        (&seen, 0),
        (&seen_one, 1),
        (&another, 0),
    ] {
        assert_eq!(house.heard(person).await, (times, times), "{person:?}");
    }
    let mut russian = listed.token();
    russian.0.locale = "ru".parse().unwrap();
    let page = house.app.get("/v1/notifications").token(&russian).send().await.expect(200);
    let item = &page["items"][0];
    assert_eq!((&item["workflow"], &item["title"]), (&json!("titles"), &json!("Новые серии: Мост")));
    let jobs = house.service.take_messages("email").await;
    assert!(
        jobs.len() == 5 && jobs.iter().all(|job| job["new_episodes"]["title_id"] == series.id.to_string().as_str())
    );
}

#[tokio::test]
async fn each_day_of_release_is_told_for_three_days() {
    let house = House::start().await;
    let (series, person) = (Series::new(), Person::new());
    house.hear(series.known()).await;
    // Both days in the past, whatever time it is, and two of the same day.
    let midnight = now().replace_time(time::Time::MIDNIGHT);
    let minutes = |moment: OffsetDateTime| (now() - moment).whole_minutes();
    let noon = midnight - Duration::hours(12);
    let [first, second, third] =
        [noon, noon - Duration::HOUR, noon - Duration::DAY].map(|at| series.released(minutes(at)).1);
    let old = series.released(3 * 24 * 60 + 1).1;
    house.hear([person.lists(series.id, (1, true), 30), old]).await;
    house.announce_twice().await;
    assert_eq!(house.heard(&person).await.0, 0, "it is no news any more");
    for (event, times) in [(first, 1), (second, 1), (third, 2)] {
        house.hear([event]).await;
        house.announce_twice().await;
        assert_eq!(house.heard(&person).await.0, times);
    }
}

#[tokio::test]
async fn a_window_that_opens_releases_where_it_opens_and_not_before() {
    let house = House::start().await;
    let series = Series::new();
    let [german, french, swiss] = ["DE", "FR", "CH"].map(|territory| {
        let person = Person::new();
        let mut listed = person.lists(series.id, (1, true), 30);
        listed.data["territory"] = territory.into();
        (person, listed)
    });
    house.hear(series.known()).await;
    let opens = now() + Duration::hours(6);
    let id = World::system().id();
    let episode = catalog::TitleChanged {
        windows: vec![window("FR", None), window("DE", Some(opens))],
        ..series.episode(id, ago(60))
    };
    house.hear([german.1, french.1, swiss.1, changed(1, &episode)]).await;
    let heard =
        async || [house.heard(&german.0).await.0, house.heard(&french.0).await.0, house.heard(&swiss.0).await.0];
    house.announce_twice().await;
    assert_eq!(heard().await, [0, 1, 0]);
    let (world, clock) = World::replay(opens - Duration::SECOND, 1);
    assert_eq!(house.announce_episodes(&world).await, Outcome::Done);
    assert_eq!(heard().await, [0, 1, 0]);
    clock.advance(Duration::SECOND);
    assert_eq!(house.announce_episodes(&world).await, Outcome::Done);
    assert_eq!(heard().await, [1, 1, 0]);
    // Whoever heard of it does not hear of it again while it is news.
    clock.advance(Duration::days(2));
    assert_eq!(house.announce_episodes(&world).await, Outcome::Done);
    assert_eq!(heard().await, [1, 1, 0]);
    // In places that no window names, what is open everywhere counts.
    let everywhere = catalog::Window { from: Some(text(ago(30))), ..Default::default() };
    let windows = vec![window("FR", Some(opens)), everywhere];
    let other = Series { id: series.id, ..Series::new() };
    let [_, season, _] = other.known();
    let episode = catalog::TitleChanged { windows, ..other.episode(World::system().id(), ago(10 * 24 * 60)) };
    house.hear([season, changed(1, &episode)]).await;
    house.announce_twice().await;
    assert_eq!(heard().await[2], 1);
}

#[tokio::test]
async fn what_cannot_be_watched_is_not_told() {
    let house = House::start().await;
    let person = Person::new();
    let moments = |change: &dyn Fn(&mut catalog::TitleChanged)| {
        let series = Series::new();
        let mut episode = series.episode(World::system().id(), ago(60));
        change(&mut episode);
        (series, episode)
    };
    let changes: [&dyn Fn(&mut catalog::TitleChanged); 8] = [
        &|episode| episode.publication = "withdrawn".to_owned(),
        &|episode| episode.deleted = true,
        &|episode| episode.rating = None,
        &|episode| episode.asset = None,
        &|episode| episode.published_at = String::new(),
        &|episode| episode.published_at = text(now() + Duration::HOUR),
        &|episode| episode.windows = vec![window("FR", None)],
        &|episode| episode.windows = vec![catalog::Window { until: Some(text(ago(1))), ..Default::default() }],
    ];
    for change in changes {
        let (series, episode) = moments(change);
        house.hear(series.known()).await;
        house.hear([person.lists(series.id, (1, true), 30), changed(1, &episode)]).await;
    }
    // Its series or its season is gone, or not known.
    for gone in [0, 1] {
        let (series, episode) = moments(&|_| {});
        let mut known = series.known();
        known[gone].data["publication"] = "withdrawn".into();
        house.hear(known).await;
        house.hear([person.lists(series.id, (1, true), 30), changed(1, &episode)]).await;
        let (series, episode) = moments(&|_| {});
        let known = series.known().into_iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, event)| event);
        house.hear(known).await;
        house.hear([person.lists(series.id, (1, true), 30), changed(1, &episode)]).await;
    }
    house.announce_twice().await;
    assert_eq!(house.heard(&person).await, (0, 0));
}

#[tokio::test]
async fn a_season_that_becomes_public_later_than_its_episodes_is_news_then() {
    let house = House::start().await;
    let (series, person) = (Series::new(), Person::new());
    let [of_series, ..] = series.known();
    let season = catalog::TitleChanged { parent_id: series.id.to_string(), ..title(series.season, "season", ago(30)) };
    let (_, episode) = series.released(20 * 24 * 60);
    house.hear([of_series, episode, person.lists(series.id, (1, true), 3), changed(1, &season)]).await;
    house.announce_twice().await;
    assert_eq!(house.heard(&person).await, (1, 1));
}

#[tokio::test]
async fn what_was_forgotten_deleted_or_erased_is_no_interest() {
    let house = House::start().await;
    let series = Series::new();
    let [forgot, forgot_all, gone, erased, other] = std::array::from_fn(|_| Person::new());
    house.hear(series.known()).await;
    house
        .hear([
            forgot.stops(series.old, MIDDLE, 3_000),
            forgot.forgets(Some(series.old), 100),
            forgot_all.stops(series.old, MIDDLE, 3_000),
            forgot_all.forgets(None, 100),
            gone.lists(series.id, (1, true), 3),
            gone.stops(series.old, MIDDLE, 3_000),
            erased.lists(series.id, (1, true), 3),
            other.lists(series.id, (1, true), 3),
            series.released(60).1,
        ])
        .await;
    assert_eq!(house.route(gone.deleted()).await, Outcome::Done);
    assert_eq!(house.erase(erased.erased()).await, Outcome::Done);
    // Of another profile that was told late.
    let late = erased.lists(series.id, (2, true), 3);
    house.hear([late]).await;
    house.announce_twice().await;
    for (person, times) in [(&forgot, 0), (&forgot_all, 0), (&gone, 0), (&erased, 0), (&other, 1)] {
        assert_eq!(house.heard(person).await, (times, times), "{person:?}");
    }
}

#[tokio::test]
async fn two_profiles_are_one_reader_and_one_that_has_seen_it_does_not_speak_for_the_other() {
    let house = House::start().await;
    let series = Series::new();
    let (both, half) = (Person::new(), Person::new());
    let second = |person: &Person| Person { profile: World::system().id(), ..person.clone() };
    let (of_both, of_half) = (second(&both), second(&half));
    let (id, released) = series.released(60);
    house.hear(series.known()).await;
    house
        .hear([
            both.lists(series.id, (1, true), 3),
            of_both.stops(series.old, MIDDLE, 3_000),
            half.lists(series.id, (1, true), 3),
            half.stops(id, MIDDLE, 20),
            of_half.lists(series.id, (1, true), 3),
            released,
        ])
        .await;
    house.announce_twice().await;
    assert_eq!([house.heard(&both).await, house.heard(&half).await], [(1, 1); 2]);
}

#[tokio::test]
async fn wishes_are_kept_and_a_digest_brings_a_mail_for_each_series() {
    let house = House::start_alone().await;
    let [silent, patient] = [house.person().await, house.person().await];
    let path = "/v1/notifications/preferences";
    let moment = (now() + Duration::hours(3)).replace_second(0).unwrap();
    for (person, channels, digest_at) in [
        (&silent, json!({ "in_app": true, "email": false, "push": false }), json!(null)),
        (
            &patient,
            json!({ "in_app": true, "email": true, "push": true }),
            json!(format!("{:02}:{:02}", moment.hour(), moment.minute())),
        ),
    ] {
        let mut wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
        wishes["workflows"]["titles"] = channels;
        wishes["digest_at"] = digest_at;
        house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    }
    house.service.take_messages("email").await;
    let all = [Series::new(), Series::new()];
    for series in &all {
        house.hear(series.known()).await;
        house.hear([silent.lists(series.id, (1, true), 3), patient.lists(series.id, (1, true), 3)]).await;
        house.hear([series.released(60).1]).await;
    }
    house.announce_twice().await;
    assert_eq!((house.heard(&silent).await, house.heard(&patient).await), ((2, 0), (2, 2)));
    assert_eq!(house.service.take_messages("email").await, Vec::<serde_json::Value>::new());
    let (world, _) = World::replay(moment, 1);
    for _ in 0..2 {
        assert_eq!(house.send_digests(&world).await, Outcome::Done);
    }
    let sent: Vec<(String, String)> = house.deliveries(&patient).await;
    let count = |status| sent.iter().filter(|(kind, found)| kind == "new_episodes" && found == status).count();
    assert_eq!((count("gathered"), count("queued")), (2, 2), "{sent:?}");
    let mut told: Vec<String> = Vec::new();
    for job in house.service.take_messages("email").await {
        told.push(job["new_episodes"]["title_id"].as_str().unwrap().to_owned());
    }
    told.sort_unstable();
    let mut expected = all.map(|series| series.id.to_string());
    expected.sort_unstable();
    assert_eq!(told, expected);
}

/// Wherever runs are broken off, and however many there are at once.
#[tokio::test]
async fn no_crash_and_no_second_run_tells_anybody_twice_or_leaves_anybody_out() {
    let (house, mut crashed) = (House::start().await, 0);
    for seed in 0..4 {
        let world = World::system();
        let (chance, _) = World::replay(world.now(), seed);
        let all = [Series::new(), Series::new(), Series::new()];
        let people: Vec<Person> = (0..70).map(|_| Person::new()).collect();
        for series in &all {
            house.hear(series.known()).await;
        }
        house.hear(people.iter().map(|person| person.lists(all[0].id, (1, true), 3))).await;
        house.hear(people.iter().take(55).map(|person| person.stops(all[1].old, MIDDLE, 3_000))).await;
        house.hear(people.iter().take(3).map(|person| person.lists(all[2].id, (1, true), 3))).await;
        house.hear(all.iter().flat_map(|series| [series.released(60).1, series.released(50).1])).await;
        for _ in 0..4 {
            let run = crash_after(chance.below(400), house.announce_episodes(&world)).await;
            crashed += usize::from(run.is_none());
        }
        let runs = futures::future::join_all((0..3).map(|_| house.announce_episodes(&world))).await;
        assert!(runs.iter().all(|outcome| *outcome == Outcome::Done), "seed {seed}: {runs:?}");
        assert_eq!(house.announce_episodes(&world).await, Outcome::Done);
        for (series, expected) in all.iter().zip([70, 55, 3]) {
            let facts = "select count(*), count(distinct account_id), (select count(*) from deliveries d \
                join notifications m on m.id = d.notification_id where m.fact like $1 || ' episodes %') \
                from notifications where fact like $1 || ' episodes %'";
            let told: (i64, i64, i64) =
                sqlx::query_as(facts).bind(series.id).fetch_one(&house.service.pool()).await.unwrap();
            // Just after midnight the two may be of two days.
            let days = if ago(60).date() == ago(50).date() { 1 } else { 2 };
            assert_eq!(told, (expected * days, expected, expected * days), "seed {seed}");
        }
    }
    assert!(crashed > 4, "{crashed} of 16 crashed");
}

#[tokio::test]
async fn a_short_time_is_gone_on_with() {
    let house = House::start().await;
    let (series, person, world) = (Series::new(), Person::new(), World::system());
    house.hear(series.known()).await;
    house.hear([person.lists(series.id, (1, true), 3), series.released(60).1]).await;
    let consumer = consumers::announce_episodes(&house.boot(&world)).unwrap();
    let short = Deadline::new(world.clone(), world.now() + Duration::seconds(4));
    assert_eq!(consumer.consume(Tick { time: None }, &short).await, Outcome::Done);
    assert_eq!(house.heard(&person).await.0, 0);
    house.announce_twice().await;
    assert_eq!(house.heard(&person).await, (1, 1));
}
