use kernel::TitleId;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};

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
