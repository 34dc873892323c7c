use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft};

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|card| card["name"].as_str().unwrap()).collect()
}

async fn library() -> Studio {
    let studio = Studio::open().await;
    for (name, russian, year, genre, country) in [
        ("Sintel", "Синтел", 2010, "fantasy", "NL"),
        ("agent 327", "Агент 327", 2017, "comedy", "NL"),
        ("Big Buck Bunny", "Большой Бак", 2008, "comedy", "DE"),
    ] {
        let mut body = draft(name);
        (body["year"], body["genres"], body["countries"]) = (json!(year), json!([genre]), json!([country]));
        body["localisations"]["ru"] = json!({"name": russian});
        studio.film(body).await;
    }
    studio
}

#[tokio::test]
async fn filters_and_orders() {
    let studio = library().await;
    studio.create(&draft("Unseen draft")).await;
    for (query, expected) in [
        ("", vec!["Big Buck Bunny", "agent 327", "Sintel"]),
        ("?sort=newest", vec!["Big Buck Bunny", "agent 327", "Sintel"]),
        ("?sort=title", vec!["agent 327", "Big Buck Bunny", "Sintel"]),
        ("?sort=year", vec!["agent 327", "Sintel", "Big Buck Bunny"]),
        ("?genre=comedy", vec!["Big Buck Bunny", "agent 327"]),
        ("?genre=comedy&country=NL&type=film", vec!["agent 327"]),
        ("?year=2010", vec!["Sintel"]),
        ("?type=series", vec![]),
        ("?genre=horror", vec![]),
    ] {
        let page = studio.app.get(&format!("/v1/titles{query}")).send().await.expect(200);
        assert_eq!(names(&page), expected, "{query}");
    }
    let page =
        studio.app.get("/v1/titles?sort=title").header("accept-language", "ru-RU,ru;q=0.9").send().await.expect(200);
    assert_eq!(names(&page), ["Агент 327", "Большой Бак", "Синтел"]);
    let card = &page["items"][1];
    assert!(card["poster_url"].as_str().unwrap().starts_with("http://localhost:8080/media/ast_"), "{card}");
    assert_eq!(
        (&card["duration_seconds"], &card["playable"], &card["rating"]),
        (&json!(61.5), &json!(true), &json!(12))
    );
    assert_eq!(
        (&card["kind"], &card["genres"], &card["slug"]),
        (&json!("film"), &json!(["comedy"]), &json!("big-buck-bunny"))
    );
}

#[tokio::test]
async fn what_a_list_does_not_know_is_refused() {
    let studio = Studio::open().await;
    for query in [
        "colour=red",
        "type=opera",
        "year=soon",
        "country=Germany",
        "sort=worst",
        "limit=0",
        "limit=101",
        "genre=A%00",
        "genre=knitting",
    ] {
        studio.app.get(&format!("/v1/titles?{query}")).send().await.expect_problem(422, "invalid_request");
    }
    for cursor in ["x", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00"] {
        studio.app.get(&format!("/v1/titles?cursor={cursor}")).send().await.expect_problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn pages_are_complete_while_titles_are_published() {
    let studio = library().await;
    for sort in ["newest", "title", "year"] {
        let mut seen: Vec<String> = vec![];
        let mut path = format!("/v1/titles?sort={sort}&limit=1");
        for round in 0.. {
            let page = studio.app.get(&path).send().await.expect(200);
            seen.extend(names(&page).iter().map(|name| (*name).to_owned()));
            let mut late = draft(&format!("Zzz {sort} {round}"));
            late["year"] = json!(2099 - round);
            if round < 2 {
                studio.film(late).await;
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/titles?sort={sort}&limit=1&cursor={cursor}");
            // A cursor belongs to its list.
            let other = if sort == "title" { "year" } else { "title" };
            let stolen = studio.app.get(&format!("/v1/titles?sort={other}&limit=1&cursor={cursor}"));
            stolen.send().await.expect_problem(400, "invalid_cursor");
        }
        for name in ["Sintel", "agent 327", "Big Buck Bunny"] {
            assert_eq!(seen.iter().filter(|other| *other == name).count(), 1, "{sort}: {seen:?}");
        }
        let mut distinct = seen.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), seen.len(), "{sort}: {seen:?}");
    }
}

#[tokio::test]
async fn lists_are_cached_by_who_asks() {
    let studio = library().await;
    let first = studio.app.get("/v1/titles").send().await;
    first.expect(200);
    assert_eq!(first.header("cache-control"), Some("public, max-age=60"));
    let tag = first.header("etag").unwrap();
    assert_eq!(studio.app.get("/v1/titles").header("if-none-match", tag).send().await.status, 304);
    let mine = studio.app.get("/v1/titles").token(&Token::viewer()).send().await;
    assert_eq!(mine.header("cache-control"), Some("private, no-cache"));
    // A child's list has only what a child may see.
    let child = studio.app.get("/v1/titles").token(&Token::viewer().max_rating(6)).send().await.expect(200);
    assert_eq!(names(&child), [""; 0]);
}
