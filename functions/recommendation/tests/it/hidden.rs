//! What a profile has hidden is not offered to watch on until it is played again.

use events::Outcome;
use kernel::{PlaybackId, TitleId};
use proto::catalog::TitleChanged;
use time::{Duration, OffsetDateTime};

use crate::fixture::{FILM_SECONDS, Fixture, Person, film, hiding, history_erased, playback, shown};

async fn continued(fixture: &Fixture, person: &Person) -> Vec<TitleId> {
    shown(&fixture.home(&fixture.app, person).await, Some("continue"))
}

/// A session of a title, told again with other states.
struct Watching<'a> {
    fixture: &'a Fixture,
    person: Person,
    title: TitleId,
    session: PlaybackId,
}

impl Watching<'_> {
    async fn tell(&self, state: &str, sequence: i64, at: OffsetDateTime) {
        let begun = self.fixture.world.now() - Duration::hours(2);
        let mut event = playback(&self.person, self.title, self.session, sequence, FILM_SECONDS / 2.0, begun);
        (event.data["state"], event.data["at"]) = (state.into(), crate::fixture::text(at).into());
        assert_eq!(self.fixture.tell(event).await, Outcome::Done);
    }
}

#[tokio::test]
async fn it_is_left_out_until_it_is_played_or_shown_again() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(3).await;
    let (anna, boris) = (Person::new(), Person::new());
    let now = fixture.world.now();
    let minutes = |minutes: i64| now + Duration::minutes(minutes);
    for person in [anna, boris] {
        fixture.watch(&person, films[1], 0.5, 3).await;
    }
    let watching = Watching { fixture: &fixture, person: anna, title: films[0], session: fixture.world.id() };
    watching.tell("playing", 1, minutes(-60)).await;
    assert_eq!(continued(&fixture, &anna).await, [films[0], films[1]]);
    for title in [films[0], films[1]] {
        // Told twice.
        for _ in 0..2 {
            let hidden = hiding(&anna, title, 1, Some(minutes(-30)), minutes(-30));
            assert_eq!(fixture.tell(hidden).await, Outcome::Done);
        }
        assert!(!shown(&fixture.home(&fixture.app, &anna).await, None).contains(&title), "nor anywhere else");
    }
    assert_eq!(continued(&fixture, &boris).await, [films[1]], "another profile's word");
    // It stands, ends, and was played before: not played.
    for (state, sequence, at) in [("paused", 3, -20), ("stopped", 4, -10), ("playing", 2, -40)] {
        watching.tell(state, sequence, minutes(at)).await;
        assert!(continued(&fixture, &anna).await.is_empty(), "{state}");
    }
    watching.tell("playing", 5, minutes(-5)).await;
    assert_eq!(continued(&fixture, &anna).await, [films[0]]);
    // What is shown again stays so, although the older word comes once more.
    for event in [hiding(&anna, films[1], 2, None, now), hiding(&anna, films[1], 1, Some(minutes(-30)), minutes(-30))] {
        assert_eq!(fixture.tell(event).await, Outcome::Done);
        assert_eq!(continued(&fixture, &anna).await, [films[0], films[1]]);
    }
}

#[tokio::test]
async fn a_series_is_hidden_as_one_and_each_of_its_episodes_brings_it_back() {
    let fixture = Fixture::alone().await;
    let (series, season): (TitleId, TitleId) = (fixture.world.id(), fixture.world.id());
    let episodes: [TitleId; 2] = [fixture.world.id(), fixture.world.id()];
    let part = |kind: &str, id: TitleId, parent: Option<TitleId>| TitleChanged {
        kind: kind.to_owned(),
        parent_id: parent.map(|parent| parent.to_string()).unwrap_or_default(),
        ..film(id, &["drama"])
    };
    fixture.tell_title(series, 1, &part("series", series, None)).await;
    fixture.tell_title(season, 1, &part("season", season, Some(series))).await;
    for episode in episodes {
        fixture.tell_title(episode, 1, &part("episode", episode, Some(season))).await;
    }
    let person = Person::new();
    fixture.watch(&person, episodes[0], 0.5, 3).await;
    assert_eq!(continued(&fixture, &person).await, [episodes[0]]);
    let hidden_at = fixture.world.now() - Duration::hours(2);
    assert_eq!(fixture.tell(hiding(&person, episodes[1], 1, Some(hidden_at), hidden_at)).await, Outcome::Done);
    assert!(continued(&fixture, &person).await.is_empty());
    fixture.watch(&person, episodes[1], 0.5, 1).await;
    assert_eq!(continued(&fixture, &person).await, [episodes[1]]);
}

#[tokio::test]
async fn an_erased_history_takes_hidings_with_it_and_they_do_not_come_back_late() {
    let fixture = Fixture::alone().await;
    let films = fixture.films(2).await;
    let person = Person::new();
    let now = fixture.world.now();
    let hidden = |title, sequence| hiding(&person, title, sequence, Some(now), now - Duration::hours(5));
    assert_eq!(fixture.tell(hidden(films[0], 1)).await, Outcome::Done);
    assert_eq!(fixture.tell(history_erased(&person, None, now - Duration::hours(4))).await, Outcome::Done);
    assert_eq!(fixture.tell(hidden(films[1], 2)).await, Outcome::Done);
    for title in films {
        fixture.watch(&person, title, 0.5, 3).await;
    }
    assert_eq!(continued(&fixture, &person).await.len(), 2);
}

#[tokio::test]
async fn a_word_on_nothing_is_poison() {
    let fixture = Fixture::alone().await;
    let now = fixture.world.now();
    for (field, value) in [("title_id", ""), ("hidden_at", "soon"), ("changed_at", "")] {
        let mut event = hiding(&Person::new(), fixture.world.id(), 1, Some(now), now);
        event.data[field] = value.into();
        assert!(matches!(fixture.tell(event).await, Outcome::Poison(_)), "{field}");
    }
}
