use futures::future::join;
use kernel::{Territory, World};
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
pub async fn series(studio: &Studio) -> (String, String) {
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

/// The ids of the episodes of [`series`] by season and number.
pub async fn ids(studio: &Studio, series: &str) -> Vec<((i64, i64), String)> {
    let page = studio.app.get(&format!("/v1/titles/{series}/episodes")).send().await.expect(200);
    let ids = page["items"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>();
    places(&page).into_iter().zip(ids).collect()
}

async fn next_in(studio: &Studio, id: &str, territory: &str) -> Option<(i64, i64)> {
    let territory: Territory = territory.parse().unwrap();
    let page = studio.app.get(&format!("/v1/titles/{id}")).territory(&territory).send().await.expect(200);
    let next = page.get("next_episode")?;
    Some((next["season"].as_i64().unwrap(), next["number"].as_i64().unwrap()))
}

#[tokio::test]
async fn an_episode_names_the_next_one_that_can_be_seen() {
    let studio = Studio::open().await;
    let (series, _) = series(&studio).await;
    let episodes = ids(&studio, &series).await;
    let chain = async |territory: &str| {
        let mut found = vec![];
        for (place, id) in &episodes {
            let page = studio.app.get(&format!("/v1/titles/{id}")).territory(&territory.parse().unwrap()).send().await;
            found.push((*place, if page.status == 200 { next_in(&studio, id, territory).await } else { None }));
        }
        found
    };
    // After the last one nothing, after specials no pilot.
    let whole =
        [((1, 1), Some((1, 2))), ((1, 2), Some((2, 2))), ((2, 2), Some((2, 10))), ((2, 10), None), ((0, 1), None)];
    assert_eq!(chain("DE").await, whole);
    let film = studio.film(draft("A")).await;
    assert_eq!((next_in(&studio, &film, "DE").await, next_in(&studio, &series, "DE").await), (None, None));
    // What is not offered here, or is gone, is passed over.
    studio.offer(&episodes[1].1, json!([{"territories": ["FR"]}])).await.expect(200);
    assert_eq!(chain("DE").await[0], ((1, 1), Some((2, 2))));
    assert_eq!(chain("FR").await, whole);
    studio.withdraw(&episodes[2].1).await.expect(200);
    assert_eq!(chain("FR").await[1], ((1, 2), Some((2, 10))));
    // A later season that is not offered here has no next episode for anybody here.
    let second = studio.app.get(&format!("/v1/titles/{}", episodes[3].1)).send().await.expect(200)["parent_id"].clone();
    studio.offer(second.as_str().unwrap(), json!([{"territories": ["FR"]}])).await.expect(200);
    assert_eq!((chain("DE").await[0], chain("FR").await[1]), (((1, 1), None), ((1, 2), Some((2, 10)))));
    let next = &studio
        .app
        .get(&format!("/v1/titles/{}", episodes[1].1))
        .territory(&"FR".parse().unwrap())
        .send()
        .await
        .expect(200)["next_episode"];
    assert_eq!(
        (&next["id"], &next["name"], &next["playable"]),
        (&json!(episodes[3].1), &json!("episode 10"), &json!(true))
    );
}

#[tokio::test]
async fn an_episode_is_where_its_series_is_on_every_surface() {
    let studio = Studio::open().await;
    let (series, _) = series(&studio).await;
    let (_, first) = ids(&studio, &series).await.remove(0);
    let status = async |path: String, territory: &str| {
        studio.app.get(&path).territory(&territory.parse().unwrap()).send().await.status.as_u16()
    };
    let listed = async |territory: &str| {
        let call = studio.app.get("/v1/titles?type=episode&limit=100").territory(&territory.parse().unwrap());
        call.send().await.expect(200)["items"].as_array().unwrap().len()
    };
    // What other services know of the episode: state, windows and version.
    let told = async |count: usize| {
        let events = studio.service.events("domain-events", &first, count).await;
        let newest = events.into_iter().max_by_key(|event| event.sequence).unwrap();
        json!([newest.data["publication"], newest.data.get("windows").cloned().unwrap_or(json!([])), newest.sequence])
    };
    assert_eq!((listed("DE").await, told(3).await), (5, json!(["published", [], 3])));

    studio.offer(&first, json!([{"territories": ["DE", "FR"]}])).await.expect(200);
    studio.offer(&series, json!([{"territories": ["FR", "US"]}])).await.expect(200);
    for (territory, expected, count) in [("DE", 404, 0), ("FR", 200, 5), ("US", 404, 4)] {
        assert_eq!(status(format!("/v1/titles/{first}"), territory).await, expected, "{territory}");
        assert_eq!(status(format!("/v1/titles/{first}/cast"), territory).await, expected, "{territory}");
        assert_eq!(listed(territory).await, count, "{territory}");
    }
    assert_eq!(told(5).await, json!(["published", [{"territories": ["FR"], "plans": []}], 5]));
    studio.offer(&series, json!([{"territories": ["US"]}])).await.expect(200);
    assert_eq!(told(6).await, json!(["draft", [], 6]), "nowhere, which is not everywhere");
    studio.offer(&series, json!([])).await.expect(200);
    assert_eq!(told(7).await, json!(["published", [{"territories": ["DE", "FR"], "plans": []}], 7]));
    // A change that moves nobody's rules tells nothing of the parts.
    let year = json!({"year": 1999});
    studio.patch(&series, &year).await.expect(200);
    assert_eq!(told(7).await[2], json!(7));
    studio.withdraw(&series).await.expect(200);
    assert_eq!(told(8).await, json!(["withdrawn", [{"territories": ["DE", "FR"], "plans": []}], 8]), "told once");
    assert_eq!(status(format!("/v1/titles/{first}"), "FR").await, 410);
}

#[tokio::test]
async fn a_series_and_its_episodes_are_changed_at_once_by_many() {
    let studio = Studio::open().await;
    let (series, first) = series(&studio).await;
    let episodes = ids(&studio, &series).await;
    let windows = |territory: &str| json!([{"territories": [territory], "plans": []}]);
    for round in 0..6 {
        let of_series = async {
            studio.offer(&series, windows(["FR", "US"][round % 2])).await.expect(200);
            studio.offer(&first, json!([])).await.expect(200);
        };
        let of_episodes = async {
            for (_, id) in &episodes {
                studio.offer(id, windows("FR")).await.expect(200);
                studio.offer(id, json!([])).await.expect(200);
            }
        };
        join(of_series, of_episodes).await;
    }
    for (_, id) in &episodes {
        let version = studio.service.events("domain-events", id, 15).await;
        let newest = version.into_iter().max_by_key(|event| event.sequence).unwrap();
        assert_eq!(newest.data["windows"], windows("US"), "{id}");
    }
}
