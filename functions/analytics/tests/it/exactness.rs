//! rollup(events) = rollup(shuffle(events + duplicates), late, with crashes) = what plain arithmetic over the sessions says, to the digit.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use analytics::view::Watched;
use events::{Event, Outcome};
use kernel::{ProfileId, TitleId, World};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Row, Session};

const START: OffsetDateTime = datetime!(2026-04-01 00:00 UTC);
const ROUNDS: u32 = 10;

/// What plain arithmetic looks at: the last state of a session.
struct Counted {
    started_at: u32,
    title: TitleId,
    profile: ProfileId,
    last: Watched,
}

/// Random sessions of one day.
struct Day {
    events: Vec<Event>,
    sessions: Vec<Counted>,
}

fn random_day(world: &World, day: OffsetDateTime) -> Day {
    let titles: Vec<TitleId> = (0..=world.below(3)).map(|_| world.id()).collect();
    let profiles: Vec<ProfileId> = (0..=world.below(5)).map(|_| world.id()).collect();
    let (mut events, mut sessions) = (Vec::new(), Vec::new());
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
        let started_at = u32::try_from(started_at.unix_timestamp()).unwrap();
        sessions.push(Counted { started_at, title, profile, last });
    }
    Day { events, sessions }
}

/// The roll-up over spans of so many seconds, by going through all sessions.
fn brute_force(sessions: &[Counted], span: u32) -> Vec<Row> {
    type Figures = (u64, u64, BTreeSet<String>, u64, u64);
    let mut figures: BTreeMap<(u32, String), Figures> = BTreeMap::new();
    for Counted { started_at, title, profile, last } in sessions {
        let figure = figures.entry((started_at / span * span, title.to_string())).or_default();
        figure.0 += 1;
        figure.3 += last.watched_ms;
        if last.is_view() {
            figure.1 += 1;
            figure.2.insert(profile.to_string());
        }
        figure.4 += u64::from(last.is_completed());
    }
    let rows = figures.into_iter().map(|((begins, title), (starts, views, viewers, watched, completed))| {
        (begins, title, starts, views, viewers.len() as u64, watched, completed)
    });
    rows.collect()
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

/// Lets a consumer work for a few milliseconds at most and then drops it, wherever it is.
async fn crash(world: &World, work: impl Future<Output = Outcome>) {
    let _ = tokio::time::timeout(std::time::Duration::from_millis(world.below(12).into()), work).await;
}

#[tokio::test]
async fn the_roll_up_sees_neither_order_nor_copies_nor_delays_nor_crashes() {
    let (orderly, disturbed) = (Fixture::start().await, Fixture::start().await);
    let (mut sessions, mut clock) = (Vec::new(), START);
    for round in 0..ROUNDS {
        let day = START + Duration::days(i64::from(round));
        let now = day + Duration::hours(3) + Duration::minutes(59);
        let (world, _) = World::replay(day, u64::from(round));
        let random = random_day(&world, day);
        orderly.ingest_all(now, random.events.clone()).await;
        orderly.roll_up(now).await;

        // In several deliveries, some of them days later, with roll-ups in between, and consumers that die.
        clock = clock.max(now);
        let mut rest = disturb(&world, &random.events);
        while !rest.is_empty() {
            clock += Duration::minutes(i64::from(world.below(2 * 24 * 60)));
            let later = rest.split_off((1 + world.below(40) as usize).min(rest.len()));
            let batch = std::mem::replace(&mut rest, later);
            let died = async { disturbed.ingest(clock, batch.clone()).await.pop().unwrap_or(Outcome::Done) };
            crash(&world, died).await;
            disturbed.ingest_all(clock, batch).await;
            if world.below(4) == 0 {
                crash(&world, disturbed.try_roll_up(clock)).await;
                disturbed.roll_up(clock).await;
            }
        }
        disturbed.roll_up(clock).await;

        let of_day = |rows: Vec<Row>| -> Vec<Row> {
            let from = u32::try_from(day.unix_timestamp()).unwrap();
            rows.into_iter().filter(|row| (from..from + 86_400).contains(&row.0)).collect()
        };
        let expected = brute_force(&random.sessions, 3600);
        assert_eq!(of_day(orderly.hours().await), expected, "round {round}");
        assert_eq!(of_day(disturbed.hours().await), expected, "round {round}, disturbed");
        sessions.extend(random.sessions);
    }
    let after = clock.max(START + Duration::days(i64::from(ROUNDS))) + Duration::DAY;
    orderly.roll_up_day(after).await;
    disturbed.roll_up_day(after).await;
    assert_eq!(disturbed.days().await, brute_force(&sessions, 86_400));
    assert_eq!(orderly.bytes().await, disturbed.bytes().await);
    assert_eq!(orderly.bytes_of_days().await, disturbed.bytes_of_days().await);
    assert_eq!(orderly.count("playback_events").await, disturbed.count("playback_events").await);
    orderly.end().await;
    disturbed.end().await;
}
