//! rollup(events) = rollup(shuffle(events + duplicates)) = what plain arithmetic over the sessions says, to the digit.

use std::collections::{BTreeMap, BTreeSet};

use analytics::view::Watched;
use events::Event;
use kernel::{ProfileId, TitleId, World};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const START: OffsetDateTime = datetime!(2026-04-01 00:00 UTC);
const ROUNDS: u32 = 10;

type Row = (u32, String, u64, u64, u64, u64, u64);

/// Random sessions of one day, with what the roll-up must say about them.
struct Day {
    events: Vec<Event>,
    expected: Vec<Row>,
}

fn random_day(world: &World, day: OffsetDateTime) -> Day {
    let titles: Vec<TitleId> = (0..=world.below(3)).map(|_| world.id()).collect();
    let profiles: Vec<ProfileId> = (0..=world.below(5)).map(|_| world.id()).collect();
    let mut events = Vec::new();
    type Figures = (u64, u64, BTreeSet<String>, u64, u64);
    let mut figures: BTreeMap<(u32, String), Figures> = BTreeMap::new();
    for _ in 0..=world.below(25) {
        let title = titles[world.below(titles.len() as u32) as usize];
        let profile = profiles[world.below(profiles.len() as u32) as usize];
        let started_at = day + Duration::seconds(i64::from(world.below(4 * 3600)));
        let session =
            Session { duration_seconds: f64::from(world.below(900)), ..Session::new(title, profile, started_at) };
        // Thirds do not fit into a float: summed up in another order they would give another sum.
        let mut watched: Vec<f64> = (0..world.below(5)).map(|_| f64::from(world.below(3000)) / 3.0).collect();
        watched.sort_by(f64::total_cmp);
        events.extend(session.events(&watched));
        let last = Watched {
            watched_ms: (watched.last().copied().unwrap_or_default() * 1000.0).round() as u64,
            duration_ms: (session.duration_seconds * 1000.0).round() as u64,
        };
        let hour = u32::try_from(started_at.unix_timestamp()).unwrap() / 3600 * 3600;
        let figure = figures.entry((hour, title.to_string())).or_default();
        figure.0 += 1;
        figure.3 += last.watched_ms;
        if last.is_view() {
            figure.1 += 1;
            figure.2.insert(profile.to_string());
        }
        figure.4 += u64::from(last.is_completed());
    }
    let expected = figures.into_iter().map(|((hour, title), (starts, views, viewers, watched, completed))| {
        (hour, title, starts, views, viewers.len() as u64, watched, completed)
    });
    Day { events, expected: expected.collect() }
}

fn shuffle<T>(world: &World, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, world.below(at as u32 + 1) as usize);
    }
}

/// Duplicated and reordered.
fn disturb(world: &World, events: &[Event]) -> Vec<Event> {
    let mut disturbed = events.to_vec();
    for event in events {
        for _ in 0..world.below(3) {
            disturbed.push(event.clone());
        }
    }
    shuffle(world, &mut disturbed);
    disturbed
}

#[tokio::test]
async fn the_roll_up_does_not_see_order_or_copies() {
    let (orderly, disturbed) = (Fixture::start().await, Fixture::start().await);
    for round in 0..ROUNDS {
        let day = START + Duration::days(i64::from(round));
        let now = day + Duration::hours(3) + Duration::minutes(59);
        let (world, _) = World::replay(day, u64::from(round));
        let Day { events, expected } = random_day(&world, day);
        orderly.ingest_all(now, events.clone()).await;
        orderly.roll_up(now).await;

        // In several deliveries, with roll-ups in between.
        let mut rest = disturb(&world, &events);
        while !rest.is_empty() {
            let later = rest.split_off((1 + world.below(40) as usize).min(rest.len()));
            disturbed.ingest_all(now, std::mem::replace(&mut rest, later)).await;
            if world.below(4) == 0 {
                disturbed.roll_up(now).await;
            }
        }
        disturbed.roll_up(now).await;

        let of_day = |rows: Vec<Row>| -> Vec<Row> {
            let from = u32::try_from(day.unix_timestamp()).unwrap();
            rows.into_iter().filter(|row| (from..from + 86_400).contains(&row.0)).collect()
        };
        assert_eq!(of_day(orderly.hours().await), expected, "round {round}");
        assert_eq!(of_day(disturbed.hours().await), expected, "round {round}, disturbed");
    }
    assert_eq!(orderly.bytes().await, disturbed.bytes().await);
    assert_eq!(orderly.count("playback_events").await, disturbed.count("playback_events").await);
    orderly.end().await;
    disturbed.end().await;
}
