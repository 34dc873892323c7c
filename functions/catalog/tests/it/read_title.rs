use kernel::World;
use serde_json::json;
use testkit::Token;

use crate::studio::{Studio, draft, id_of, ready};

#[tokio::test]
async fn a_title_is_shown_in_the_readers_language() {
    let studio = Studio::open().await;
    let mut body = draft("Sintel");
    body["localisations"]["ru"] = json!({"name": "Синтел", "synopsis": "О драконе."});
    body["credits"] = json!([{"name": "Colin Levy", "role": "director"}]);
    body["markers"] = json!([{"kind": "credits", "from_seconds": 50, "until_seconds": 61}]);
    let id = studio.film(body).await;
    let path = format!("/v1/titles/{id}");
    let russian = studio.app.get(&path).header("accept-language", "ru-RU").send().await.expect(200);
    assert_eq!(
        (&russian["name"], &russian["locale"], &russian["synopsis"]),
        (&json!("Синтел"), &json!("ru"), &json!("О драконе."))
    );
    assert_eq!(russian["genres"], json!([{"slug": "animation", "name": "Мультфильм"}]));
    let german = studio.app.get(&path).header("accept-language", "de").send().await.expect(200);
    assert_eq!((&german["name"], &german["original_title"]), (&json!("Sintel"), &json!("Sintel")));
    assert_eq!(german["credits"][0]["name"], "Colin Levy");
    assert_eq!(german["markers"][0]["kind"], "credits");
    assert_eq!((&german["film"]["max_height"], &german["film"]["duration_seconds"]), (&json!(720), &json!(61.5)));
    assert!(german["artwork"]["poster_url"].as_str().unwrap().ends_with("/poster/0a1b.jpg"));
    assert_eq!((&german["playable"], german.get("why_not")), (&json!(true), None));
    // The weights decide, and a language that the title has is found behind one that it has not (RFC 9110, RFC 4647).
    for accepted in ["en;q=0.1, ru;q=0.9", "fi, ru;q=0.5", "de;q=0, ru"] {
        let weighed = studio.app.get(&path).header("accept-language", accepted).send().await.expect(200);
        assert_eq!(weighed["name"], "Синтел", "{accepted}");
    }
    // A signed-in profile's language counts before the browser's.
    let mut viewer = Token::viewer();
    viewer.0.locale = "ru".parse().unwrap();
    let own = studio.app.get(&path).token(&viewer).header("accept-language", "de").send().await;
    assert_eq!(own.expect(200)["name"], "Синтел");
    assert_eq!(own.header("cache-control"), Some("private, no-cache"));
}

#[tokio::test]
async fn the_cast_is_who_plays_in_what_the_caller_may_see() {
    let studio = Studio::open().await;
    let mut body = draft("Sintel");
    body["credits"] = json!([
        {"name": "Colin Levy", "role": "director"}, {"name": "Halina Reijn", "role": "actor", "character": "Sintel"},
    ]);
    let id = id_of(&studio.create(&body).await);
    let path = format!("/v1/titles/{id}/cast");
    studio.app.get(&path).send().await.expect_problem(404, "not_found");
    let id = studio.film(body).await;
    let cast = studio.app.get(&format!("/v1/titles/{id}/cast")).send().await.expect(200);
    assert_eq!(cast.as_array().map(Vec::len), Some(1), "{cast}");
    assert_eq!((&cast[0]["name"], &cast[0]["character"]), (&json!("Halina Reijn"), &json!("Sintel")));
}

#[tokio::test]
async fn a_title_without_a_film_says_why() {
    let studio = Studio::open().await;
    let mut body = draft("Series");
    body["kind"] = json!("series");
    let id = id_of(&studio.create(&body).await);
    studio.publish(&id, &json!({"rating": 0})).await.expect(200);
    let shown = studio.app.get(&format!("/v1/titles/{id}")).send().await.expect(200);
    assert_eq!((&shown["playable"], &shown["why_not"]), (&json!(false), &json!("no_asset")));
}

#[tokio::test]
async fn withdrawn_is_gone_and_invisible_does_not_exist() {
    let studio = Studio::open().await;
    let mut german = draft("Only in Germany");
    german["windows"] = json!([{"territories": ["DE"]}]);
    let german = studio.film(german).await;
    let path = format!("/v1/titles/{german}");
    studio.app.get(&path).send().await.expect(200);
    let abroad = |secret: &'static str| {
        studio.app.get(&path).header("cloudfront-viewer-country", "FR").header("x-origin-verify", secret).send()
    };
    abroad("origin-secret-of-the-test").await.expect_problem(404, "not_found");
    // A country is believed from the edge alone, and nobody gets around it.
    abroad("guessed").await.expect_problem(403, "edge_required");
    studio.app.get(&path).token(&Token::viewer().max_rating(6)).send().await.expect_problem(404, "not_found");
    studio.withdraw(&german).await.expect(200);
    studio.app.get(&path).send().await.expect_problem(410, "title_withdrawn");
    assert_eq!(studio.app.get("/v1/titles").send().await.expect(200)["items"], json!([]));
    // An asset that becomes ready does not bring it back.
    studio.deliver(vec![ready(&german, World::system().id(), 2)]).await;
    studio.app.get(&path).send().await.expect_problem(410, "title_withdrawn");
}

#[tokio::test]
async fn genres_are_localised_and_cacheable() {
    let studio = Studio::open().await;
    let answer = studio.app.get("/v1/genres").header("accept-language", "ru").send().await;
    let genres = answer.expect(200);
    assert!(genres["items"].as_array().unwrap().contains(&json!({"slug": "comedy", "name": "Комедия"})), "{genres}");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    let tag = answer.header("etag").unwrap();
    let again = studio.app.get("/v1/genres").header("accept-language", "ru").header("if-none-match", tag).send().await;
    assert_eq!(again.status, 304);
    let other = studio.app.get("/v1/genres").header("accept-language", "fi").header("if-none-match", tag).send().await;
    assert!(other.expect(200)["items"].as_array().unwrap().contains(&json!({"slug": "comedy", "name": "Comedy"})));
}
