use std::collections::BTreeMap;

use events::Outcome;
use futures::future::join_all;
use kernel::{TitleId, World};
use proto::{catalog::TitleChanged, types};
use runtime::Boot;
use serde_json::{Value, json};
use testkit::{Answer, Token};
use time::{Duration, OffsetDateTime};

use crate::{
    home::{Home, Person},
    library::{LENGTH, Session, ago, film, part},
};

const PATH: &str = "/v1/continue-watching";

/// A series with two seasons of two episodes.
struct Series {
    seasons: Vec<TitleChanged>,
    episodes: Vec<TitleChanged>,
}

impl Series {
    async fn tell(home: &Home) -> Self {
        let series = TitleChanged { kind: "series".to_owned(), asset: None, ..film("Series") };
        let series = home.title(&series).await;
        let mut all = Self { seasons: vec![], episodes: vec![] };
        for season in 1..=2 {
            let season = part("season", series, season);
            let id = home.title(&season).await;
            all.seasons.push(season);
            for episode in 1..=2 {
                let episode = part("episode", id, episode);
                home.title(&episode).await;
                all.episodes.push(episode);
            }
        }
        all
    }

    fn id(&self, at: usize) -> TitleId {
        self.episodes[at].title_id.parse().unwrap()
    }
}

async fn offers(home: &Home, person: &Person) -> Vec<Value> {
    let items = home.items(person, PATH).await;
    items.iter().map(|item| json!([item["title"]["id"], item["position_seconds"], item["is_next_episode"]])).collect()
}

#[tokio::test]
async fn what_is_begun_and_not_finished_goes_on() {
    let home = Home::start().await;
    let person = home.person().await;
    let mut expected = Vec::new();
    for (share, is_offered) in [(0.0499, false), (0.05, true), (0.5, true), (0.8999, true), (0.9, false), (1.0, false)]
    {
        let title = home.title(&film("Film")).await;
        home.watch(&person, title, share * LENGTH, 100 - expected.len() as i64).await;
        if is_offered {
            expected.insert(0, json!([title, (share * LENGTH * 1000.0).round() / 1000.0, false]));
        }
    }
    assert_eq!(offers(&home, &person).await, expected);
    // Begun again from the start: not begun.
    let last: TitleId = serde_json::from_value(expected[0][0].clone()).unwrap();
    home.watch(&person, last, 10.0, 1).await;
    assert_eq!(offers(&home, &person).await, expected[1..]);
}

#[tokio::test]
async fn what_is_shorter_than_five_minutes_is_left_out() {
    let home = Home::start().await;
    let person = home.person().await;
    let mut expected = Vec::new();
    for (length, is_offered) in [(299.0, false), (300.0, true), (0.0, false)] {
        let title = home.title(&film("Clip")).await;
        let session = Session { length, ..Session::new(&person, title, ago(9)) };
        home.tell_playback(session.event(1, length / 2.0, ago(8))).await;
        expected.extend(is_offered.then(|| json!([title, length / 2.0, false])));
    }
    assert_eq!(offers(&home, &person).await, expected);
}

#[tokio::test]
async fn a_finished_episode_offers_the_next_and_then_the_next_season() {
    let home = Home::start().await;
    let person = home.person().await;
    let series = Series::tell(&home).await;
    for at in 0..3 {
        home.watch(&person, series.id(at), 0.5 * LENGTH, 90 - 20 * at as i64).await;
        assert_eq!(offers(&home, &person).await, [json!([series.id(at), 3000.0, false])]);
        home.watch(&person, series.id(at), 0.95 * LENGTH, 80 - 20 * at as i64).await;
        assert_eq!(offers(&home, &person).await, [json!([series.id(at + 1), 0.0, true])]);
    }
    // A look into the next one is no beginning; after the last one there is nothing.
    home.watch(&person, series.id(3), 10.0, 20).await;
    assert_eq!(offers(&home, &person).await, [json!([series.id(3), 10.0, true])], "playing it goes on there");
    home.watch(&person, series.id(3), LENGTH, 10).await;
    assert!(offers(&home, &person).await.is_empty());
    let next = home.title(&part("episode", series.seasons[1].title_id.parse().unwrap(), 7)).await;
    assert_eq!(offers(&home, &person).await, [json!([next, 0.0, true])]);
    let item = home.items(&person, PATH).await.remove(0);
    assert_eq!(
        json!([item["title"]["number"], item["title"]["parent_id"], item["duration_seconds"]]),
        json!([7, series.seasons[1].title_id, LENGTH])
    );
}

#[tokio::test]
async fn specials_are_followed_by_specials_only() {
    let home = Home::start().await;
    let person = home.person().await;
    let series = Series::tell(&home).await;
    let whole: TitleId = series.seasons[0].parent_id.parse().unwrap();
    let specials = home.title(&part("season", whole, 0)).await;
    let (first, second) =
        (home.title(&part("episode", specials, 1)).await, home.title(&part("episode", specials, 2)).await);
    home.watch(&person, first, LENGTH, 20).await;
    assert_eq!(offers(&home, &person).await, [json!([second, 0.0, true])]);
    home.watch(&person, second, LENGTH, 10).await;
    assert!(offers(&home, &person).await.is_empty(), "whoever has seen the specials is not sent to the pilot");
}

#[tokio::test]
async fn what_cannot_be_seen_is_left_out() {
    let home = Home::start().await;
    let person = home.person().await;
    let alone = film("Film");
    let id = home.title(&alone).await;
    home.watch(&person, id, 0.5 * LENGTH, 50).await;
    let series = Series::tell(&home).await;
    home.watch(&person, series.id(0), LENGTH, 40).await;
    assert_eq!(offers(&home, &person).await.len(), 2);
    let withdrawn = |title: &TitleChanged| TitleChanged { publication: "withdrawn".to_owned(), ..title.clone() };
    home.tell_title(2, &withdrawn(&alone)).await;
    // Neither what is withdrawn nor what has no film is a next episode.
    home.tell_title(2, &withdrawn(&series.episodes[1])).await;
    home.tell_title(2, &TitleChanged { asset: None, ..series.episodes[2].clone() }).await;
    assert_eq!(offers(&home, &person).await, [json!([series.id(3), 0.0, true])]);
    let kids = home.app.get(PATH).token(&person.viewer().max_rating(6)).send().await.expect(200);
    assert_eq!(kids["items"], json!([]));
}

#[tokio::test]
async fn an_episode_whose_season_is_not_known_yet_still_has_a_next_one() {
    let home = Home::start().await;
    let person = home.person().await;
    let season: TitleId = kernel::World::system().id();
    let (first, second) = (part("episode", season, 1), part("episode", season, 2));
    let (first, second) = (home.title(&first).await, home.title(&second).await);
    home.watch(&person, first, LENGTH, 10).await;
    assert_eq!(offers(&home, &person).await, [json!([second, 0.0, true])]);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let home = Home::start().await;
    let person = home.person().await;
    for number in 0..5 {
        let title = home.title(&film(&format!("Film {number}"))).await;
        home.watch(&person, title, 3000.0, 50 - number).await;
    }
    let all = home.titles(&person, PATH).await;
    let mut found = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let page = home.app.get(&path).token(&person.viewer()).send().await.expect(200);
        let ids = page["items"].as_array().unwrap().iter().map(|item| item["title"]["id"].clone());
        found.extend(ids.map(|id| serde_json::from_value::<TitleId>(id).unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?limit=2&cursor={next}");
    }
    assert_eq!((found.len(), found), (5, all));
}

async fn change(home: &Home, token: &Token, method: &str, title: impl std::fmt::Display) -> Answer {
    home.app.call(method.parse().unwrap(), &format!("{PATH}/{title}")).token(token).send().await
}

async fn hide(home: &Home, person: &Person, title: TitleId) {
    change(home, &person.viewer(), "DELETE", title).await.expect(204);
}

#[tokio::test]
async fn what_is_hidden_comes_back_by_undoing_it_or_by_playing_it_again() {
    let home = Home::start().await;
    let person = home.person().await;
    let (film_one, film_two) = (home.title(&film("One")).await, home.title(&film("Two")).await);
    let session = Session::new(&person, film_one, ago(60));
    assert_eq!(home.tell_playback(session.event(1, 3000.0, ago(50))).await, Outcome::Done);
    home.watch(&person, film_two, 3000.0, 40).await;
    let both = home.titles(&person, PATH).await;
    assert_eq!(both, [film_two, film_one]);
    for _ in 0..2 {
        hide(&home, &person, film_one).await;
        assert_eq!(home.titles(&person, PATH).await, [film_two]);
    }
    // Told twice, told late, paused, ended, fallen silent: not played.
    let told = session.event(1, 3000.0, ago(50));
    let late = session.event(2, 3100.0, ago(45));
    let paused = session.event_in("paused", 3, 3100.0, ago(-1));
    let ended = session.event_in("stopped", 4, 3100.0, ago(-2));
    let silent = Session::new(&person, film_one, ago(70)).event_in("expired", 2, 2000.0, ago(-3));
    for event in [told, late, paused, ended, silent] {
        assert_eq!(home.tell_playback(event).await, Outcome::Done);
        assert_eq!(home.titles(&person, PATH).await, [film_two]);
    }
    assert_eq!(home.titles(&person, "/v1/history").await, [film_one, film_two], "its history stays");
    for _ in 0..2 {
        change(&home, &person.viewer(), "PUT", film_one).await.expect(204);
        assert_eq!(home.titles(&person, PATH).await, [film_one, film_two]);
    }
    hide(&home, &person, film_one).await;
    assert_eq!(home.tell_playback(session.event(5, 3200.0, ago(-4))).await, Outcome::Done);
    assert_eq!(home.titles(&person, PATH).await, [film_one, film_two], "it was played again");
}

#[tokio::test]
async fn a_series_is_hidden_as_one_and_each_of_its_episodes_brings_it_back() {
    let home = Home::start().await;
    let person = home.person().await;
    let series = Series::tell(&home).await;
    home.watch(&person, series.id(1), LENGTH, 50).await;
    assert_eq!(offers(&home, &person).await, [json!([series.id(2), 0.0, true])]);
    hide(&home, &person, series.id(2)).await;
    assert!(offers(&home, &person).await.is_empty(), "the next episode was hidden, and nothing takes its place");
    change(&home, &person.viewer(), "PUT", series.id(0)).await.expect(204);
    assert_eq!(offers(&home, &person).await, [json!([series.id(2), 0.0, true])]);
    hide(&home, &person, series.seasons[0].title_id.parse().unwrap()).await;
    assert!(offers(&home, &person).await.is_empty());
    home.watch(&person, series.id(0), LENGTH, -1).await;
    assert_eq!(offers(&home, &person).await, [json!([series.id(1), 0.0, true])]);
}

/// Numbers, titles and moments of what others were told.
async fn told(home: &Home, person: &Person, changes: usize) -> Vec<(i64, String, bool)> {
    // The profile itself was told before.
    let events = home.service.events("domain-events", person.profile, changes + 1).await;
    let changes = events.iter().filter(|event| event.kind == types::CONTINUE_WATCHING_CHANGED);
    let changes = changes.map(|event| events::HidingChange::read(event).unwrap());
    changes.map(|change| (change.sequence, change.title.to_string(), change.hidden_at.is_some())).collect()
}

#[tokio::test]
async fn others_are_told_what_is_hidden_and_what_is_shown_again() {
    let home = Home::start().await;
    let person = home.person().await;
    let series = Series::tell(&home).await;
    let unknown: TitleId = World::system().id();
    hide(&home, &person, unknown).await;
    for at in [1, 0, 0] {
        hide(&home, &person, series.id(at)).await;
    }
    for _ in 0..2 {
        change(&home, &person.viewer(), "PUT", &series.seasons[1].title_id).await.expect(204);
    }
    let (first, second) = (series.id(0).to_string(), series.id(1).to_string());
    let mut shown = [first.clone(), second.clone()];
    shown.sort();
    let [one, two] = shown;
    let expected = [(1, second, true), (2, first.clone(), true), (3, first, true), (4, one, false), (5, two, false)];
    assert_eq!(told(&home, &person, 5).await, expected, "nothing of what changed nothing");
}

#[tokio::test]
async fn only_the_accounts_own_profile_hides_and_only_for_itself() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let title = home.title(&film("Alpha")).await;
    for person in [&anna, &boris] {
        home.watch(person, title, 3000.0, 9).await;
    }
    let crossed = anna.token().profile(boris.profile);
    let unknown = film("Unknown").title_id;
    for method in ["DELETE", "PUT"] {
        change(&home, &crossed, method, title).await.expect_problem(404, "not_found");
        change(&home, &Person::new().viewer(), method, title).await.expect_problem(404, "not_found");
        change(&home, &anna.token(), method, title).await.expect_problem(403, "profile_required");
        change(&home, &anna.viewer(), method, "ttl_1").await.expect_problem(404, "not_found");
        change(&home, &anna.viewer(), method, &unknown).await.expect(204);
        let answer = home.app.call(method.parse().unwrap(), &format!("{PATH}/{title}")).send().await;
        answer.expect_problem(401, "token_required");
    }
    hide(&home, &anna, title).await;
    assert_eq!((home.titles(&anna, PATH).await, home.titles(&boris, PATH).await), (vec![], vec![title]));
    let kept: Vec<String> = sqlx::query_scalar("select title_id from continue_watching_hidden where profile_id = $1")
        .bind(anna.profile.to_string())
        .fetch_all(&home.service.pool())
        .await
        .unwrap();
    assert_eq!(kept, [title.to_string()], "nothing is kept of what the catalogue does not know");
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { app: service.app(user::operations::routes), service };
    for method in ["DELETE", "PUT"] {
        change(&home, &anna.viewer(), method, title).await.expect_problem(503, "temporarily_unavailable");
    }
}

#[tokio::test]
async fn an_erased_history_takes_what_was_hidden_with_it() {
    let home = Home::start().await;
    let person = home.person().await;
    let (first, second) = (home.title(&film("First")).await, home.title(&film("Second")).await);
    for title in [first, second] {
        home.watch(&person, title, 3000.0, 9).await;
        hide(&home, &person, title).await;
    }
    let hidden = async || {
        let count = "select count(*) from continue_watching_hidden where profile_id = $1";
        let count = sqlx::query_scalar::<_, i64>(count).bind(person.profile.to_string());
        count.fetch_one(&home.service.pool()).await.unwrap()
    };
    assert_eq!(hidden().await, 2);
    home.app.delete(&format!("/v1/history/{first}")).token(&person.viewer()).send().await.expect(202);
    assert_eq!(hidden().await, 1);
    home.app.delete("/v1/history").token(&person.viewer()).send().await.expect(202);
    assert_eq!(hidden().await, 0);
}

#[tokio::test]
async fn twenty_at_once_hide_it_once() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    home.watch(&person, title, 3000.0, 9).await;
    let viewer = person.viewer();
    let answers = join_all((0..20).map(|_| change(&home, &viewer, "DELETE", title))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 204));
    assert!(home.titles(&person, PATH).await.is_empty());
}

/// Hides or shows as if it were `now`.
async fn change_at(home: &Home, person: &Person, method: &str, title: TitleId, now: OffsetDateTime) {
    let boot = Boot::new(home.service.vars().clone()).with_world(World::replay(now, 1).0);
    let app = home.service.app_with(&boot, user::operations::routes);
    let token = person.viewer().at(now);
    app.call(method.parse().unwrap(), &format!("{PATH}/{title}")).token(&token).send().await.expect(204);
}

/// Something that a player said.
#[derive(Clone)]
struct Said {
    session: Session,
    sequence: i64,
    state: &'static str,
    position: f64,
    at: OffsetDateTime,
}

/// Whether a film is offered after all that was said, by plain arithmetic.
fn is_offered(said: &[Said], hidden_at: Option<OffsetDateTime>) -> bool {
    let mut newest: BTreeMap<String, &Said> = BTreeMap::new();
    for one in said {
        let known = newest.entry(one.session.id.to_string()).or_insert(one);
        if one.sequence > known.sequence {
            *known = one;
        }
    }
    let last = newest.into_values().max_by_key(|one| (one.session.started_at, one.session.id));
    let is_continued = last.is_some_and(|one| (0.05 * LENGTH..0.9 * LENGTH).contains(&one.position));
    let began = said.iter().map(|one| one.session.started_at);
    let played = said.iter().filter(|one| one.state == "playing").map(|one| one.at);
    is_continued && began.chain(played).any(|moment| hidden_at.is_none_or(|hidden| moment > hidden))
}

#[tokio::test]
async fn no_order_and_no_copy_of_what_players_say_brings_it_back() {
    let home = Home::start().await;
    let title = home.title(&film("Film")).await;
    let mut outcomes = BTreeMap::new();
    for round in 0..60 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = home.person().await;
        let mut said = Vec::new();
        for _ in 0..=world.below(2) {
            let session = Session::new(&person, title, ago(200 - i64::from(world.below(100))));
            let mut at = session.started_at;
            let last = i64::from(world.below(4)) + 1;
            for sequence in 1..=last {
                at += Duration::minutes(i64::from(world.below(30)));
                let state = ["playing", "paused", "buffering"][world.below(3) as usize];
                let state =
                    if sequence == last { ["stopped", "expired", state][world.below(3) as usize] } else { state };
                let position = 1000.0 + f64::from(world.below(5000));
                said.push(Said { session: session.clone(), sequence, state, position, at });
            }
        }
        // Hidden once or twice, the earlier one perhaps told later; sometimes shown again in the end.
        let mut hidden = vec![ago(i64::from(world.below(200))); 1];
        if world.below(2) == 0 {
            hidden.push(ago(i64::from(world.below(200))));
        }
        let is_shown = world.below(5) == 0;
        let mut disturbed: Vec<Said> = said.clone();
        disturbed.extend(said.iter().filter(|_| world.below(2) == 0).cloned());
        for at in (1..disturbed.len()).rev() {
            disturbed.swap(at, world.below(at as u32 + 1) as usize);
        }
        let moments: Vec<usize> = hidden.iter().map(|_| world.below(disturbed.len() as u32 + 1) as usize).collect();
        for place in 0..=disturbed.len() {
            for (now, _) in hidden.iter().zip(&moments).filter(|(_, moment)| **moment == place) {
                change_at(&home, &person, "DELETE", title, *now).await;
            }
            if let Some(one) = disturbed.get(place) {
                let event = one.session.event_in(one.state, one.sequence, one.position, one.at);
                assert_eq!(home.tell_playback(event).await, Outcome::Done);
            }
        }
        if is_shown {
            change_at(&home, &person, "PUT", title, ago(0)).await;
        }
        let hidden_at = hidden.into_iter().max().filter(|_| !is_shown);
        let expected = is_offered(&said, hidden_at);
        assert_eq!(!home.titles(&person, PATH).await.is_empty(), expected, "round {round}");
        *outcomes.entry((expected, is_shown)).or_insert(0) += 1;
    }
    assert!(outcomes[&(true, false)] > 5 && outcomes[&(false, false)] > 5, "the rounds say little: {outcomes:?}");
}
