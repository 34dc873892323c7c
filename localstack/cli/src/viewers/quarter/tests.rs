use std::collections::BTreeMap;

use kernel::{TitleId, World};
use time::macros::datetime;

use super::*;
use crate::viewers::{
    catalogue::tests::{GENRES, works},
    viewer::profiles,
};

const QUARTER: i64 = 225;

fn catalogue() -> Catalogue {
    Catalogue::new(works(400), 1)
}

fn people(catalogue: &Catalogue) -> Vec<Profile> {
    (0..200).flat_map(|number| profiles(1, number, catalogue)).collect()
}

fn share(sessions: &[Session<'_>], fits: impl Fn(&Session<'_>) -> bool) -> f64 {
    sessions.iter().filter(|session| fits(session)).count() as f64 / sessions.len() as f64
}

#[test]
fn a_quarter_follows_from_the_person_and_the_catalogue() {
    let (catalogue, world) = (catalogue(), World::system());
    let person = &profiles(1, 7, &catalogue)[0];
    let told = |quarter| -> Vec<String> {
        let sessions = sessions(&catalogue, person, quarter);
        sessions.iter().flat_map(|session| session.events(&world)).map(|event| event.json()).collect()
    };
    let first = told(QUARTER);
    assert!(first.len() > 50, "{}", first.len());
    assert_eq!(first, told(QUARTER));
    assert_ne!(first, told(QUARTER + 1));
}

#[test]
fn sessions_lie_in_their_quarter_one_after_the_other() {
    let catalogue = catalogue();
    let begins = OffsetDateTime::UNIX_EPOCH + Duration::days(QUARTER * DAYS);
    for person in &people(&catalogue)[..50] {
        let sessions = sessions(&catalogue, person, QUARTER);
        for pair in sessions.windows(2) {
            assert!(pair[0].ended_at() < pair[1].started_at, "{pair:?}");
        }
        for session in &sessions {
            assert!(session.from < session.until && session.until <= session.running_time, "{session:?}");
            assert!(session.started_at < session.ended_at(), "{session:?}");
            assert!(session.started_at >= begins - Duration::DAY, "{session:?}");
            assert!(session.ended_at() < begins + Duration::days(DAYS + 2), "{session:?}");
        }
    }
}

#[test]
fn quarters_meet_and_leave_nothing_out() {
    let (last, first) = (datetime!(1970-04-01 12:00 UTC), datetime!(1970-04-02 12:00 UTC));
    assert_eq!(between(datetime!(1970-02-01 0:00 UTC), datetime!(1970-02-02 0:00 UTC)), 0..=0);
    assert_eq!((between(last, last), between(first, first)), (0..=1, 0..=1), "an evening may lie beside its day");
    assert_eq!(between(datetime!(1970-05-01 0:00 UTC), datetime!(1971-01-10 0:00 UTC)), 1..=4);
}

#[test]
fn series_are_watched_in_order_and_go_on_where_they_were_left() {
    let (catalogue, places) = (catalogue(), places());
    let mut later_parts = 0;
    for person in &people(&catalogue)[..50] {
        let (mut left_at, mut begun) = (BTreeMap::<TitleId, u32>::new(), BTreeSet::new());
        let played = sessions(&catalogue, person, QUARTER).into_iter().filter(|it| it.start == Start::Played);
        for session in played {
            let left = left_at.insert(session.title, session.until).unwrap_or_default();
            assert_eq!(session.from, left, "{session:?}");
            let (work, part) = places[&session.title];
            begun.insert((work, part));
            assert!(part == 0 || begun.contains(&(work, part - 1)), "{session:?} comes before what it follows");
            later_parts += usize::from(part > 0);
        }
    }
    assert!(later_parts > 100, "{later_parts}");
}

/// Title → the number of its work, and of the part within.
fn places() -> BTreeMap<TitleId, (usize, usize)> {
    let mut places = BTreeMap::new();
    for (number, work) in works(400).iter().enumerate() {
        places.extend(work.parts.iter().enumerate().map(|(part, played)| (played.title, (number, part))));
    }
    places
}

#[test]
fn people_watch_as_people_do() {
    let (catalogue, world) = (catalogue(), World::system());
    let people = people(&catalogue);
    let all: Vec<Session<'_>> = people.iter().flat_map(|person| sessions(&catalogue, person, QUARTER)).collect();
    let days = people.len() as f64 * DAYS as f64;
    assert!((0.3..1.2).contains(&(all.len() as f64 / days)), "{} in {days} days", all.len());
    let evening = share(&all, |session| {
        let hour = (session.started_at + Duration::hours(session.profile.place.ahead_hours)).hour();
        (18..23).contains(&hour)
    });
    assert!((0.55..0.85).contains(&evening), "{evening} in the evening");
    let ends = share(&all, |session| session.until * 10 >= session.running_time * 9);
    assert!((0.5..0.9).contains(&ends), "{ends} to the end");
    let early = share(&all, |session| session.from == 0 && session.until * 10 < session.running_time);
    assert!((0.05..0.25).contains(&early), "{early} left at once");
    for (what, expected, found) in [
        ("stall", 0.04, share(&all, |session| session.stall.is_some())),
        ("fail to start", 0.003, share(&all, |session| session.start == Start::Failed)),
        ("leave before the start", 0.01, share(&all, |session| session.start == Start::Left)),
        ("fall silent", 0.03, share(&all, |session| session.end == End::Silent)),
    ] {
        assert!((expected * 0.6..expected * 1.5).contains(&found), "{found} {what}");
    }
    let events: usize = all.iter().take(2_000).map(|session| session.events(&world).len()).sum();
    assert!((4.0..8.0).contains(&(events as f64 / 2_000.0)), "{events} events of 2,000 sessions");
}

#[test]
fn tastes_are_planted_and_some_titles_are_popular() {
    let catalogue = catalogue();
    let people = people(&catalogue);
    let (works, places) = (works(400), places());
    let (mut of_taste, mut all, mut counts) = (0, 0, BTreeMap::<usize, usize>::new());
    for person in &people {
        let begun: BTreeSet<usize> =
            sessions(&catalogue, person, QUARTER).iter().map(|session| places[&session.title].0).collect();
        for number in begun {
            all += 1;
            // Genres lie in the order of their names, as the test's do.
            of_taste += usize::from(works[number].genres[0] == GENRES[person.taste.favourite]);
            *counts.entry(number).or_default() += 1;
        }
    }
    assert!(of_taste * 100 > all * 50, "{of_taste} of {all} are of the favourite genre");
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|one, other| other.cmp(one));
    let most: usize = counts.iter().take(40).sum();
    assert!(most * 100 > all * 30, "the first tenth has {most} of {all}");
}
