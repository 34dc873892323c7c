use kernel::World;
use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft, id_of, ready};

async fn part(studio: &Studio, kind: &str, parent: Option<&str>, number: u16, changes: Value) -> String {
    let mut body = draft(&format!("{kind} {number}"));
    body["kind"] = json!(kind);
    if let Some(parent) = parent {
        (body["parent_id"], body["number"]) = (json!(parent), json!(number));
    }
    for (member, value) in changes.as_object().unwrap() {
        body[member] = value.clone();
    }
    let id = id_of(&studio.create(&body).await);
    if kind == "episode" {
        studio.deliver(vec![ready(&id, World::system().id(), 1)]).await;
    }
    studio.publish(&id, &json!({"rating": 6})).await.expect(200);
    id
}

/// A series of two seasons and one of specials, made out of order; returns its id and that of the first season.
async fn series(studio: &Studio) -> (String, String) {
    let series = part(studio, "series", None, 0, json!({})).await;
    let mut first = String::new();
    for (number, episodes) in [(2, vec![10, 2]), (0, vec![1]), (1, vec![2, 1])] {
        let season = part(studio, "season", Some(&series), number, json!({})).await;
        for episode in episodes {
            let markers = json!({"markers": [{"kind": "intro", "from_seconds": 5, "until_seconds": 20}]});
            part(studio, "episode", Some(&season), episode, markers).await;
        }
        first = season;
    }
    (series, first)
}

fn places(page: &Value) -> Vec<(i64, i64)> {
    let place = |episode: &Value| (episode["season"].as_i64().unwrap(), episode["number"].as_i64().unwrap());
    page["items"].as_array().unwrap().iter().map(place).collect()
}

#[tokio::test]
async fn episodes_come_in_the_order_in_which_they_are_watched_specials_last() {
    let studio = Studio::open().await;
    let (series, first) = series(&studio).await;
    let path = format!("/v1/titles/{series}/episodes");
    let all = [(1, 1), (1, 2), (2, 2), (2, 10), (0, 1)];
    let whole = studio.app.get(&path).send().await;
    assert_eq!(places(&whole.expect(200)), all);
    assert_eq!(whole.header("cache-control"), Some("public, max-age=60"));
    let episode = &whole.expect(200)["items"][0];
    assert_eq!(
        (&episode["season_id"], &episode["name"], &episode["playable"]),
        (&json!(first), &json!("episode 1"), &json!(true))
    );
    assert_eq!(episode["markers"][0]["kind"], "intro");
    assert!(episode["poster_url"].as_str().unwrap().starts_with("http://localhost:8080/media/"), "{episode}");
    let mut seen = vec![];
    let mut next = format!("{path}?limit=2");
    loop {
        let page = studio.app.get(&next).send().await.expect(200);
        seen.extend(places(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{path}?limit=2&cursor={cursor}");
        let other = studio.app.get(&format!("/v1/titles/{first}/episodes?limit=2&cursor={cursor}"));
        other.send().await.expect_problem(400, "invalid_cursor");
    }
    assert_eq!(seen, all);
    for (path, expected) in [
        (format!("{path}?season=2"), vec![(2, 2), (2, 10)]),
        (format!("{path}?season=0"), vec![(0, 1)]),
        (format!("{path}?season=7"), vec![]),
        (format!("/v1/titles/{first}/episodes"), vec![(1, 1), (1, 2)]),
    ] {
        assert_eq!(places(&studio.app.get(&path).send().await.expect(200)), expected, "{path}");
    }
}

#[tokio::test]
async fn what_has_no_episodes_or_cannot_be_read_is_refused() {
    let studio = Studio::open().await;
    let film = studio.film(draft("A")).await;
    studio.app.get(&format!("/v1/titles/{film}/episodes")).send().await.expect_problem(404, "not_found");
    studio.app.get("/v1/titles/ttl_01jd3k5m7n9pqrstvwxyz01234/episodes").send().await.expect_problem(404, "not_found");
    for query in ["season=-1", "season=one", "season=10000", "season=70000", "seasons=1", "limit=0"] {
        let path = format!("/v1/titles/{film}/episodes?{query}");
        studio.app.get(&path).send().await.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn an_episode_is_seen_only_with_its_season_and_series() {
    let studio = Studio::open().await;
    let (series, first) = series(&studio).await;
    let seen = async |path: &str| {
        let answer = studio.app.get(&format!("/v1/titles/{path}/episodes")).send().await;
        if answer.status == 200 { Ok(places(&answer.json()).len()) } else { Err(answer.status.as_u16()) }
    };
    assert_eq!((seen(&series).await, seen(&first).await), (Ok(5), Ok(2)));
    let child = studio.app.get(&format!("/v1/titles/{series}/episodes")).token(&Token::viewer().max_rating(0));
    child.send().await.expect_problem(404, "not_found");
    studio.offer(&first, json!([{"territories": ["FR"]}])).await.expect(200);
    assert_eq!((seen(&series).await, seen(&first).await), (Ok(3), Err(404)));
    studio.withdraw(&first).await.expect(200);
    assert_eq!((seen(&series).await, seen(&first).await), (Ok(3), Err(410)));
    studio.offer(&series, json!([{"territories": ["FR"]}])).await.expect(200);
    assert_eq!(seen(&series).await, Err(404));
    studio.withdraw(&series).await.expect(200);
    assert_eq!(seen(&series).await, Err(410));
}
