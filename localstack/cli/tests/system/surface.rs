use engines::aws;
use reqwest::Method;
use serde_json::json;

use crate::{title, visitor};

#[tokio::test]
async fn the_seed_is_listed_found_and_shown() {
    let visitor = visitor();
    let id = title("big-buck-bunny").await;
    let shown = visitor.get(&format!("/v1/titles/{id}")).await.unwrap();
    assert_eq!(shown["name"], "Big Buck Bunny");
    // The catalogue knows no plans: whether somebody has paid is asked when a session starts.
    assert_eq!(shown["playable"], true, "{shown}");
    assert_eq!(shown["film"]["max_height"].as_u64().map(|height| height > 0), Some(true), "{shown}");
    let found = visitor.get("/v1/search?q=bunny").await.unwrap();
    assert!(found["items"].as_array().unwrap().iter().any(|item| item["id"] == id.as_str()), "{found}");
    let genres = visitor.get("/v1/genres").await.unwrap();
    assert!(genres.to_string().contains("animation"), "{genres}");
}

#[tokio::test]
async fn a_poster_is_public_and_everything_else_under_media_is_not() {
    let visitor = visitor();
    let listed = visitor.get("/v1/titles?limit=100").await.unwrap();
    let poster = listed["items"][0]["poster_url"].as_str().expect("a poster").to_owned();
    let path = poster.strip_prefix(visitor.base()).unwrap_or(&poster).to_owned();
    let picture = visitor.http().get(format!("{}{path}", visitor.base())).send().await.unwrap();
    assert_eq!(picture.status(), 200);
    assert_eq!(&picture.bytes().await.unwrap()[..2], [0xff, 0xd8], "a JPEG");
    let asset = path.split('/').nth(2).expect("an asset");
    for key in ["master.m3u8", "poster.jpg"] {
        let (status, problem) = visitor.raw(Method::GET, &format!("/media/{asset}/{key}"), None, &[]).await.unwrap();
        assert_eq!((status, &problem["code"]), (403, &json!("signature_required")), "{key}");
    }
}

#[tokio::test]
async fn refusals_are_problem_documents() {
    let visitor = visitor();
    let cases = [
        (Method::GET, "/v1/nothing/here", None, 404),
        (Method::GET, "/v1/titles/ttl_nonsense", None, 404),
        (Method::GET, "/v1/titles?limit=0", None, 422),
        (Method::GET, "/v1/titles?cursor=forged", None, 400),
        (Method::GET, "/v1/titles?colour=red", None, 422),
        (Method::POST, "/v1/auth/login", Some(json!({ "email": 7 })), 422),
        (Method::POST, "/v1/auth/login", Some(json!({ "email": "a@example.com", "password": "x", "extra": 1 })), 422),
    ];
    for (method, path, body, expected) in cases {
        let (status, problem) = visitor.raw(method.clone(), path, body.as_ref(), &[]).await.unwrap();
        assert_eq!(status, expected, "{method} {path}: {problem}");
        assert_eq!(problem["status"], expected, "{method} {path}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{method} {path}: {problem}");
    }
}

#[tokio::test]
async fn the_page_is_served_and_nothing_beside_it() {
    let visitor = visitor();
    let page = visitor.http().get(visitor.base()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("<title>Online Cinema</title>"));
    for path in ["/vendor/hls.min.js", "/app.js", "/style.css"] {
        let file = visitor.http().get(format!("{}{path}", visitor.base())).send().await.unwrap();
        assert_eq!(file.status(), 200, "{path}");
    }
    for path in ["/../Cargo.toml", "/.digest", "/%2e%2e/package.json"] {
        let file = visitor.http().get(format!("{}{path}", visitor.base())).send().await.unwrap();
        assert_eq!(file.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn schedules_fire() {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&aws::config(&crate::aws_url()));
    for _ in 0..150 {
        let group = logs.filter_log_events().log_group_name("/aws/lambda/media-reconcile").send().await;
        if group.is_ok_and(|page| !page.events().is_empty()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("media-reconcile was not started within two and a half minutes");
}
