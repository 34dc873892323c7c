use std::collections::BTreeMap;

use events::{Event, Outcome};
use futures::future::join_all;
use kernel::{ProfileId, TitleId, World};
use runtime::Boot;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::{
    home::{Home, Person},
    library::{LENGTH, Session, ago, film},
};

/// title, position, watched, when
type Progress = Vec<(String, i64, i64, OffsetDateTime)>;

async fn progress(home: &Home, profile: ProfileId) -> Progress {
    let all =
        "select title_id, position_ms, watched_ms, watched_at from progress where profile_id = $1 order by title_id";
    sqlx::query_as(all).bind(profile.to_string()).fetch_all(&home.service.pool()).await.unwrap()
}

/// A state of a session.
#[derive(Clone)]
struct Told {
    session: Session,
    sequence: i64,
    position: f64,
    at: OffsetDateTime,
}

/// What all these come to when everything until `erased_at` is forgotten, by plain arithmetic.
fn expected(told: &[Told], erased: &BTreeMap<TitleId, OffsetDateTime>) -> Progress {
    let mut newest: BTreeMap<String, &Told> = BTreeMap::new();
    for state in told.iter().filter(|state| erased.get(&state.session.title).is_none_or(|until| state.at > *until)) {
        let known = newest.entry(state.session.id.to_string()).or_insert(state);
        if state.sequence > known.sequence {
            *known = state;
        }
    }
    let mut titles: BTreeMap<String, Vec<&Told>> = BTreeMap::new();
    for state in newest.into_values() {
        titles.entry(state.session.title.to_string()).or_default().push(state);
    }
    let row = |(title, states): (String, Vec<&Told>)| {
        let last = states.iter().max_by_key(|state| (state.session.started_at, state.session.id)).unwrap();
        let watched = states.iter().map(|state| (state.position * 500.0) as i64).sum();
        let at = states.iter().map(|state| state.at).max().unwrap();
        (title, (last.position * 1000.0) as i64, watched, at)
    };
    titles.into_iter().map(row).collect()
}

#[tokio::test]
async fn copies_order_and_erasures_in_between_do_not_matter() {
    let home = Home::start().await;
    let titles = [home.title(&film("First")).await, home.title(&film("Second")).await];
    for round in 0..30 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = home.person().await;
        let mut told = Vec::new();
        for _ in 0..=world.below(4) {
            let title = titles[world.below(2) as usize];
            let session = Session::new(&person, title, ago(200 - i64::from(world.below(100))));
            let mut at = session.started_at;
            for sequence in 1..=i64::from(world.below(4)) + 1 {
                at += Duration::minutes(i64::from(world.below(30)));
                let position = f64::from(world.below(6000));
                told.push(Told { session: session.clone(), sequence, position, at });
            }
        }
        // One title, or all, is forgotten up to a moment among the events.
        let erased_at = ago(i64::from(world.below(200)));
        let scope = (world.below(2) == 0).then_some(titles[0]);
        let erased = titles.iter().filter(|title| scope.is_none_or(|scope| scope == **title));
        let erased = erased.map(|title| (*title, erased_at)).collect();
        let mut disturbed = told.clone();
        disturbed.extend(told.iter().filter(|_| world.below(2) == 0).cloned());
        for at in (1..disturbed.len()).rev() {
            disturbed.swap(at, world.below(at as u32 + 1) as usize);
        }
        let moment = world.below(disturbed.len() as u32 + 1) as usize;
        for (at, state) in disturbed.iter().enumerate() {
            if at == moment {
                erase(&home, &person, scope, erased_at).await;
            }
            let event = state.session.event(state.sequence, state.position, state.at);
            assert_eq!(home.tell_playback(event).await, Outcome::Done);
        }
        if moment == disturbed.len() {
            erase(&home, &person, scope, erased_at).await;
        }
        assert_eq!(progress(&home, person.profile).await, expected(&told, &erased), "round {round}");
    }
}

/// Erases as if it were `now`.
async fn erase(home: &Home, person: &Person, title: Option<TitleId>, now: OffsetDateTime) {
    let (world, _) = World::replay(now, 1);
    let boot = Boot::new(home.service.vars().clone()).with_world(world);
    let app = home.service.app_with(&boot, user::operations::routes);
    let path = title.map_or("/v1/history".to_owned(), |title| format!("/v1/history/{title}"));
    let token = person.viewer().at(now);
    app.delete(&path).token(&token).send().await.expect(202);
}

#[tokio::test]
async fn parallel_sessions_of_a_title_add_up() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Film")).await;
    let told: Vec<Told> = (0..20)
        .map(|at| {
            let session = Session::new(&person, title, ago(100 - at));
            Told { session, sequence: 1, position: at as f64 * 10.0, at: ago(90 - at) }
        })
        .collect();
    let events = told.iter().map(|state| state.session.event(state.sequence, state.position, state.at));
    let outcomes = join_all(events.map(|event| home.tell_playback(event))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    assert_eq!(progress(&home, person.profile).await, expected(&told, &BTreeMap::new()));
}

#[tokio::test]
async fn neither_account_nor_title_need_be_known() {
    let home = Home::start().await;
    let person = Person::new();
    let title = film("Film");
    let id: TitleId = title.title_id.parse().unwrap();
    home.watch(&person, id, 0.5 * LENGTH, 9).await;
    assert_eq!(progress(&home, person.profile).await.len(), 1);
    assert!(home.titles(&person, "/v1/history").await.is_empty());
    home.project_account(person.verified(1, "anna@example.com")).await;
    home.title(&title).await;
    assert_eq!(home.titles(&person, "/v1/history").await, [id]);
}

#[tokio::test]
async fn what_is_no_playback_is_poison_and_a_database_that_is_down_is_not() {
    let home = Home::start().await;
    let person = home.person().await;
    let session = Session::new(&person, World::system().id(), ago(9));
    let good = session.event(1, 10.0, ago(8));
    for (member, value) in [
        ("session_id", json!("")),
        ("profile_id", json!(person.account)),
        ("position_seconds", json!(-1)),
        ("duration_seconds", json!("Infinity")),
        ("at", json!("now")),
    ] {
        let mut event = good.clone();
        event.data[member] = value;
        assert!(matches!(home.tell_playback(event).await, Outcome::Poison(_)), "{member}");
    }
    let sample = Event { kind: proto::types::PLAYER_SAMPLED.to_owned(), ..good.clone() };
    assert_eq!(home.tell_playback(sample).await, Outcome::Done);
    assert!(progress(&home, person.profile).await.is_empty());
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    assert!(matches!(home.tell_playback(good).await, Outcome::Retry(_)));
}
