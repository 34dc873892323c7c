//! What profiles saw ends the same in any order and number of events, and what was erased does not come back.

use std::collections::BTreeMap;

use events::{Event, Outcome};
use kernel::{PlaybackId, TitleId, World};
use proto::types;
use stores::aws_sdk_dynamodb::types::AttributeValue;
use time::Duration;

use crate::fixture::{Fixture, Person, hiding, history_erased, listing, playback, profile_deleted, record};

/// What is kept of a profile, by key, without what belongs to the moment.
async fn state(fixture: &Fixture, partition: &str) -> BTreeMap<String, String> {
    let table = fixture.table();
    let query = table.client.query().table_name(&table.name).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
    let items = query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    let text =
        |item: &std::collections::HashMap<String, AttributeValue>, name: &str| item[name].as_s().unwrap().clone();
    let value = |item: &std::collections::HashMap<String, AttributeValue>| {
        let parts = item.iter().filter(|(name, _)| !["pk", "sk", "version", "traceparent"].contains(&name.as_str()));
        let parts: BTreeMap<_, _> = parts.map(|(name, value)| (name, canonical(value))).collect();
        format!("{parts:?}")
    };
    items.iter().map(|item| (text(item, "sk"), value(item))).collect()
}

fn canonical(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, canonical(value))).collect();
            format!("{map:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(canonical).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn any_order_and_number_of_events_ends_in_the_same_state() {
    let fixture = Fixture::alone().await;
    let now = fixture.world.now();
    let titles: [TitleId; 2] = [fixture.world.id(), fixture.world.id()];
    let sessions: Vec<PlaybackId> = (0..4).map(|_| fixture.world.id()).collect();
    let mut expected = None;
    for round in 0..8 {
        let (dice, _) = World::replay(now, round);
        let person = Person::new();
        let at = |n: usize| now - Duration::hours(10 - n as i64);
        let mut events: Vec<Event> = Vec::new();
        for (n, session) in sessions.iter().enumerate() {
            for sequence in 1..4 {
                events.push(playback(&person, titles[n % 2], *session, sequence, 500.0 * sequence as f64, at(n)));
            }
        }
        // Said before the history was erased, or taken back, or still so.
        events.push(hiding(&person, titles[0], 1, Some(at(0)), at(0)));
        events.push(hiding(&person, titles[1], 2, Some(at(2)), at(2)));
        events.push(hiding(&person, titles[1], 3, None, at(3)));
        events.push(hiding(&person, titles[0], 4, Some(at(3)), at(3)));
        // Rated, rated anew and taken back; seen elsewhere, until the import was undone.
        for (sequence, title, stars, seen) in
            [(1, 0, 8, Some(at(0))), (2, 0, 3, None), (3, 1, 9, Some(at(1))), (4, 1, 0, None)]
        {
            events.push(record(&person, titles[title], sequence, stars, seen));
        }
        // Wanted and not any more; the other way round.
        for (sequence, title, is_listed) in [(1, 0, true), (2, 1, false), (3, 0, false), (4, 1, true)] {
            events.push(listing(&person, titles[title], sequence, is_listed));
        }
        events.push(history_erased(&person, Some(titles[0]), at(0)));
        events.push(history_erased(&person, None, at(1)));
        let mut told: Vec<Event> = events.iter().chain(&events).cloned().collect();
        for place in (1..told.len()).rev() {
            told.swap(place, dice.below(place as u32 + 1) as usize);
        }
        // One by one, or as batches of any size.
        for batch in told.chunks(1 + 5 * round as usize) {
            assert_eq!(fixture.tell_all(batch.to_vec()).await, vec![Outcome::Done; batch.len()]);
        }
        let state = state(&fixture, &format!("profile#{}", person.profile)).await;
        let viewings = state.keys().filter(|key| key.starts_with("viewing#")).count();
        assert_eq!(viewings, 2, "the sessions after the erasures stay: {state:?}");
        let hidings = state.keys().filter(|key| key.starts_with("hidden#")).count();
        assert_eq!(hidings, 2, "the newest word on each title: {state:?}");
        let records = state.keys().filter(|key| key.starts_with("record#")).count();
        assert_eq!(records, 2, "the newest word on each title: {state:?}");
        let wanted = state.iter().filter(|(key, value)| key.starts_with("watchlist#") && !value.contains("Null"));
        assert_eq!(wanted.count(), 1, "the newest word on each title: {state:?}");
        assert_eq!(expected.get_or_insert(state.clone()), &state, "round {round}");
    }
}

#[tokio::test]
async fn an_erased_history_speaks_for_nothing_and_hides_nothing() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(6).await;
    let person = Person::new();
    fixture.watch(&person, films[0], 0.95, 3).await;
    fixture.watch(&person, films[1], 0.95, 2).await;
    let seen = async || crate::fixture::shown(&fixture.home(&fixture.app, &person).await, None);
    let first = seen().await;
    assert!(!first.contains(&films[0]) && !first.contains(&films[1]) && first.contains(&films[2]));
    let erased = history_erased(&person, Some(films[0]), fixture.world.now());
    assert_eq!(fixture.tell(erased).await, Outcome::Done);
    let second = seen().await;
    assert!(second.contains(&films[0]) && !second.contains(&films[1]));
    assert!(
        state(&fixture, &format!("impressions#{}", person.profile)).await.len() == 1,
        "only the page that came since"
    );
    assert_eq!(fixture.tell(history_erased(&person, None, fixture.world.now())).await, Outcome::Done);
    assert!(seen().await.contains(&films[1]));
}

#[tokio::test]
async fn what_was_rated_or_seen_elsewhere_is_no_news_until_that_is_taken_back() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(6).await;
    let person = Person::new();
    let seen = Some(fixture.world.now() - Duration::days(900));
    let shown = async || crate::fixture::shown(&fixture.home(&fixture.app, &person).await, None);
    let first = shown().await;
    assert!(films[..3].iter().all(|film| first.contains(film)), "{first:?}");
    for event in [
        record(&person, films[0], 1, 0, seen),
        record(&person, films[1], 2, 2, None),
        record(&person, films[2], 3, 9, seen),
    ] {
        assert_eq!(fixture.tell(event).await, Outcome::Done);
    }
    let then = shown().await;
    assert!(films[..3].iter().all(|film| !then.contains(film)) && then.contains(&films[3]), "{then:?}");
    // The import is undone, the rating taken back; the older word comes once more.
    for event in [
        record(&person, films[0], 4, 0, None),
        record(&person, films[1], 5, 0, None),
        record(&person, films[0], 1, 0, seen),
    ] {
        assert_eq!(fixture.tell(event).await, Outcome::Done);
    }
    let now = shown().await;
    assert!(now.contains(&films[0]) && now.contains(&films[1]) && !now.contains(&films[2]), "{now:?}");
}

#[tokio::test]
async fn a_deleted_profile_leaves_nothing_and_late_news_change_nothing() {
    let fixture = Fixture::alone().await;
    let title = fixture.films(1).await[0];
    let person = Person::new();
    let session: PlaybackId = fixture.world.id();
    let event = |sequence| playback(&person, title, session, sequence, 3_000.0, fixture.world.now());
    assert_eq!(fixture.tell(event(1)).await, Outcome::Done);
    fixture.home(&fixture.app, &person).await;
    assert_eq!(fixture.tell(profile_deleted(&person)).await, Outcome::Done);
    assert_eq!(fixture.tell(event(2)).await, Outcome::Done);
    let now = fixture.world.now();
    assert_eq!(fixture.tell(hiding(&person, title, 1, Some(now), now)).await, Outcome::Done);
    assert_eq!(fixture.tell(record(&person, title, 1, 9, Some(now))).await, Outcome::Done);
    let feedback = serde_json::json!({ "title_id": title, "feedback": "like" });
    let token = fixture.present(person.token());
    fixture.app.post("/v1/recommendations/feedback", &feedback).token(&token).send().await.expect(204);
    fixture.home(&fixture.app, &person).await;
    for partition in [format!("profile#{}", person.profile), format!("impressions#{}", person.profile)] {
        assert!(state(&fixture, &partition).await.is_empty(), "{partition}");
    }
}

#[tokio::test]
async fn what_describes_no_session_is_poison_and_what_players_measure_is_passed_over() {
    let fixture = Fixture::alone().await;
    let person = Person::new();
    let good = playback(&person, fixture.world.id(), fixture.world.id(), 1, 1.0, fixture.world.now());
    for (name, value) in [("profile_id", "nobody"), ("title_id", ""), ("started_at", "yesterday")] {
        let mut event = good.clone();
        event.data[name] = value.into();
        // Alone in its place: what came with it is done.
        let outcomes = fixture.tell_all(vec![good.clone(), event, good.clone()]).await;
        assert!(matches!(&outcomes[..], [Outcome::Done, Outcome::Poison(_), Outcome::Done]), "{name}: {outcomes:?}");
    }
    let mut sample = good;
    sample.kind = types::PLAYER_SAMPLED.to_owned();
    assert_eq!(fixture.tell(sample).await, Outcome::Done);
}

#[tokio::test]
async fn the_newest_version_of_a_title_stays() {
    let fixture = Fixture::alone().await;
    let title: TitleId = fixture.world.id();
    let withdrawn =
        proto::catalog::TitleChanged { publication: "withdrawn".to_owned(), ..crate::fixture::film(title, &["drama"]) };
    fixture.tell_title(title, 2, &withdrawn).await;
    fixture.tell_title(title, 1, &crate::fixture::film(title, &["drama"])).await;
    let list = fixture.app.get("/v1/recommendations/trending").send().await.expect(200);
    assert_eq!(list["items"], serde_json::json!([]));
}
