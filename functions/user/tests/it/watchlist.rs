use events::WatchlistChange;
use futures::future::join_all;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};
use testkit::{Answer, Token};

use crate::{
    home::{Home, Person},
    library::film,
};

const PATH: &str = "/v1/watchlist";

async fn put(home: &Home, token: &Token, title: impl std::fmt::Display) -> Answer {
    home.app.call("PUT".parse().unwrap(), &format!("{PATH}/{title}")).token(token).send().await
}

async fn remove(home: &Home, token: &Token, title: impl std::fmt::Display) -> Answer {
    home.app.delete(&format!("{PATH}/{title}")).token(token).send().await
}

#[tokio::test]
async fn titles_are_listed_newest_first_each_once() {
    let home = Home::start().await;
    let person = home.person().await;
    let (first, second) = (home.title(&film("First")).await, home.title(&film("Second")).await);
    for title in [first, second, first] {
        put(&home, &person.viewer(), title).await.expect(204);
    }
    let mut russian = person.viewer();
    russian.0.locale = "ru".parse().unwrap();
    let answer = home.app.get(PATH).token(&russian).send().await;
    let page = answer.expect(200);
    let card = json!({"id": second, "kind": "film", "slug": "second", "name": "Second по-русски", "year": 2026, "rating": 12,
        "poster_url": "http://localhost:8080/media/posters/one.webp", "duration_seconds": 6000.0});
    assert_eq!((&page["items"][0]["title"], &page["items"][1]["title"]["id"]), (&card, &json!(first)));
    assert!(page["items"][0]["added_at"].is_string() && page.get("next_cursor").is_none());
    let tag = answer.header("etag").unwrap();
    let again = home.app.get(PATH).token(&russian).header("if-none-match", tag).send().await;
    assert_eq!(again.status.as_u16(), 304);

    for _ in 0..2 {
        remove(&home, &person.viewer(), second).await.expect(204);
    }
    assert_eq!(home.titles(&person, PATH).await, [first]);
}

#[tokio::test]
async fn only_a_title_that_the_profile_may_see_can_be_put_there() {
    let home = Home::start().await;
    let person = home.person().await;
    let viewer = person.viewer();
    let hidden = [
        TitleChanged { publication: "draft".to_owned(), ..film("Draft") },
        TitleChanged { publication: "withdrawn".to_owned(), ..film("Withdrawn") },
        TitleChanged { rating: None, ..film("Unrated") },
        TitleChanged { deleted: true, ..film("Deleted") },
        TitleChanged {
            windows: vec![proto::catalog::Window { territories: vec!["FR".to_owned()], ..Default::default() }],
            ..film("French")
        },
    ];
    for title in &hidden {
        let id = home.title(title).await;
        put(&home, &viewer, id).await.expect_problem(404, "not_found");
    }
    put(&home, &viewer, &film("Unknown").title_id).await.expect_problem(404, "not_found");
    put(&home, &viewer, "ttl_1").await.expect_problem(404, "not_found");
    let grown = home.title(&film("Grown up")).await;
    put(&home, &viewer.clone().max_rating(6), grown).await.expect_problem(404, "not_found");
    // In France the French one is there.
    let french = format!("{PATH}/{}", hidden[4].title_id);
    let call = home.app.call("PUT".parse().unwrap(), &french).token(&viewer);
    let call = call.header("x-origin-verify", "origin-secret-of-the-test").header("cloudfront-viewer-country", "FR");
    call.send().await.expect(204);
    assert!(home.titles(&person, PATH).await.is_empty());
}

#[tokio::test]
async fn a_title_that_goes_is_left_out_and_comes_back_with_it() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = film("Alpha");
    let id = home.title(&title).await;
    put(&home, &person.viewer(), id).await.expect(204);
    home.tell_title(2, &TitleChanged { publication: "withdrawn".to_owned(), ..title.clone() }).await;
    assert!(home.titles(&person, PATH).await.is_empty());
    home.tell_title(3, &title).await;
    assert_eq!(home.titles(&person, PATH).await, [id]);
    // What cannot be seen any more can be taken off.
    home.tell_title(4, &TitleChanged { publication: "withdrawn".to_owned(), ..title.clone() }).await;
    remove(&home, &person.viewer(), id).await.expect(204);
    home.tell_title(5, &title).await;
    assert!(home.titles(&person, PATH).await.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_and_belong_to_one_profile() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let mut expected = Vec::new();
    for number in 0..7 {
        let title = home.title(&film(&format!("Film {number}"))).await;
        put(&home, &person.viewer(), title).await.expect(204);
        expected.insert(0, json!(title));
    }
    let mut found = Vec::new();
    let mut path = format!("{PATH}?limit=3");
    let mut cursors = Vec::new();
    loop {
        let page = home.app.get(&path).token(&person.viewer()).send().await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["title"]["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?limit=3&cursor={next}");
        cursors.push(next.to_owned());
    }
    assert_eq!((found, cursors.len()), (expected, 2));
    for (token, path) in [
        (other.viewer(), format!("{PATH}?cursor={}", cursors[0])),
        (person.viewer(), format!("/v1/history?cursor={}", cursors[0])),
        (person.viewer(), format!("{PATH}?cursor=x{}", cursors[0])),
        (person.viewer(), format!("{PATH}?cursor=")),
    ] {
        home.app.get(&path).token(&token).send().await.expect_problem(400, "invalid_cursor");
    }
    for query in ["limit=0", "limit=101", "limit=x", "order=name"] {
        let answer = home.app.get(&format!("{PATH}?{query}")).token(&person.viewer()).send().await;
        answer.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn a_profile_that_is_not_the_accounts_own_writes_nothing() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let title = home.title(&film("Alpha")).await;
    put(&home, &boris.viewer(), title).await.expect(204);
    let crossed = anna.token().profile(boris.profile);
    put(&home, &crossed, home.title(&film("Beta")).await).await.expect_problem(404, "not_found");
    remove(&home, &crossed, title).await.expect_problem(404, "not_found");
    put(&home, &Person::new().viewer(), title).await.expect_problem(404, "not_found");
    assert_eq!((home.titles(&boris, PATH).await, home.titles(&anna, PATH).await), (vec![title], vec![]));
    put(&home, &anna.token(), title).await.expect_problem(403, "profile_required");
    for path in [PATH, "/v1/history", "/v1/continue-watching"] {
        home.app.get(path).send().await.expect_problem(401, "token_required");
        home.app.get(path).token(&anna.token()).send().await.expect_problem(403, "profile_required");
    }
}

#[tokio::test]
async fn each_change_is_told_once_with_its_number_and_what_changes_nothing_is_not() {
    let home = Home::start().await;
    let person = home.person().await;
    let viewer = person.viewer();
    let (first, second) = (home.title(&film("First")).await, home.title(&film("Second")).await);
    put(&home, &viewer, &film("Unknown").title_id).await.expect_problem(404, "not_found");
    for title in [first, first, second] {
        put(&home, &viewer, title).await.expect(204);
    }
    for _ in 0..2 {
        remove(&home, &viewer, first).await.expect(204);
    }
    let path = format!("{PATH}/{first}");
    let call = home.app.call("PUT".parse().unwrap(), &path).token(&viewer);
    let call = call.header("x-origin-verify", "origin-secret-of-the-test").header("cloudfront-viewer-country", "FR");
    call.send().await.expect(204);
    let events = home.service.events("domain-events", &person.profile.to_string(), 5).await;
    let changes: Vec<_> = events.iter().filter_map(|event| WatchlistChange::read(event).ok()).collect();
    let plain: Vec<_> =
        changes.iter().map(|change| (change.sequence, change.title, change.is_listed, change.account)).collect();
    let account = person.account;
    assert_eq!(
        plain,
        [(1, first, true, account), (2, second, true, account), (3, first, false, account), (4, first, true, account)]
    );
    assert_eq!(changes[3].territory, "FR".parse().unwrap());
    assert_eq!(home.outbox_rows().await, 0);
}

#[tokio::test]
async fn twenty_at_once_put_it_there_once() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    let viewer = person.viewer();
    let answers = join_all((0..20).map(|_| put(&home, &viewer, title))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 204));
    let items: Vec<Value> = home.items(&person, PATH).await;
    assert_eq!(items.len(), 1);
}

#[tokio::test]
async fn without_postgres_the_answer_is_503() {
    let home = Home::start().await;
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { app: service.app(user::operations::routes), service };
    for path in [PATH, "/v1/history", "/v1/continue-watching"] {
        home.app.get(path).token(&Token::viewer()).send().await.expect_problem(503, "temporarily_unavailable");
    }
    put(&home, &Token::viewer(), &film("Alpha").title_id).await.expect_problem(503, "temporarily_unavailable");
}
