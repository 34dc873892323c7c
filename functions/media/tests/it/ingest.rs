//! From a notification to a workflow: once per version of an object, whatever S3 tells twice or late.

use events::Outcome;
use media::assets::job::Job;
use runtime::S3Object;
use serde_json::json;

use crate::studio::{Studio, asset_of, film};

#[tokio::test]
async fn an_announced_source_begins_once_however_often_it_is_told() {
    let studio = Studio::open().await;
    let (asset, object) = studio.upload(b"not a film at all").await;
    studio.expect_state(&asset, "uploading").await;
    let told = futures::future::join_all((0..4).map(|_| studio.notify(&object))).await;
    assert!(told.iter().all(|outcome| *outcome == Outcome::Done), "{told:?}");
    studio.expect_state(&asset, "probing").await;
    let messages = studio.take().await;
    assert!(!messages.is_empty() && messages.iter().all(|message| message.job == Job::Probe), "{messages:?}");
    studio.deliver(&messages[0]).await;
    assert_eq!(studio.expect_state(&asset, "failed").await["error"]["code"], "not_a_video");
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    assert_eq!(studio.take().await, [], "a late copy changes nothing");
    studio.expect_state(&asset, "failed").await;
}

#[tokio::test]
async fn the_trace_of_an_upload_reaches_its_jobs_and_its_asset() {
    let studio = Studio::open().await;
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let title = studio.title().await;
    let request = json!({ "title_id": title, "filename": "film.mp4", "size": film().len() });
    let call = studio.app.post("/v1/admin/uploads", &request).token(&studio.editor);
    let created = call.header("traceparent", &format!("00-{trace_id}-b7ad6b7169203331-01")).send().await.expect(201);
    let key = format!("sources/{}/film.mp4", created["upload_id"].as_str().unwrap());
    let object = studio.put(&key, film()).await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    for jobs in ["probe", "chunks and sound"] {
        let messages = studio.take_traced().await;
        assert!(!messages.is_empty(), "{jobs}");
        for (message, trace) in messages {
            assert_eq!(trace.map(|trace| trace.trace_id()).as_deref(), Some(trace_id), "{message:?}");
            assert_eq!(stores::trace::within(trace, studio.deliver(&message)).await, Outcome::Done);
        }
    }
    // The reconciler has a trace of its own.
    studio.tick(120).await;
    let asset = studio.image(created["asset_id"].as_str().unwrap(), "asset").await;
    assert!(asset["traceparent"]["S"].as_str().is_some_and(|trace| trace.contains(trace_id)), "{asset:#}");
}

#[tokio::test]
async fn a_second_version_is_another_asset_of_the_same_title_in_any_order() {
    let studio = Studio::open().await;
    let (asset, first) = studio.upload(b"first").await;
    let second = studio.put(&first.key, b"second").await;
    for object in [&second, &first, &second] {
        assert_eq!(studio.notify(object).await, Outcome::Done);
    }
    let (announced, other) = (studio.asset(&asset).await, studio.asset(&asset_of(&second)).await);
    assert_eq!((announced["state"].as_str(), other["state"].as_str()), (Some("probing"), Some("probing")));
    assert_eq!(announced["title_id"], other["title_id"]);
    assert_eq!(studio.take().await.len(), 3, "one job each, and one that was told again before anybody began");
}

#[tokio::test]
async fn dropped_files_become_assets_of_their_own() {
    let studio = Studio::open().await;
    let object = studio.put("inbox/a folder/Мой фильм.mp4", b"x").await;
    for _ in 0..3 {
        assert_eq!(studio.notify(&object).await, Outcome::Done);
    }
    let asset = studio.asset(&asset_of(&object)).await;
    assert_eq!((asset["state"].as_str(), asset["filename"].as_str()), (Some("probing"), Some("Мой фильм.mp4")));
    let again = studio.put("inbox/a folder/Мой фильм.mp4", b"y").await;
    studio.notify(&again).await;
    assert_ne!(asset_of(&again), asset_of(&object));
    studio.expect_state(&asset_of(&again), "probing").await;
}

#[tokio::test]
async fn what_nobody_announced_is_left_alone() {
    let studio = Studio::open().await;
    let stranger = "sources/upl_01jd3k5m7n9pqrstvwxyz01234/film.mp4";
    for key in ["inbox/", "inbox/folder/", "sources/film.mp4", stranger] {
        let object = studio.put(key, b"x").await;
        assert_eq!(studio.notify(&object).await, Outcome::Done, "{key}");
    }
    assert_eq!(studio.take().await, []);
    let nameless = S3Object { bucket: "b".into(), key: "inbox/x".into(), version: None, sequencer: None, size: 1 };
    assert!(matches!(studio.notify(&nameless).await, Outcome::Poison(_)));
}

#[tokio::test]
async fn a_lost_notification_is_noticed() {
    let studio = Studio::open().await;
    let (asset, object) = studio.upload(b"not a film").await;
    studio.tick(30).await;
    studio.expect_state(&asset, "uploading").await;
    studio.tick(120).await;
    studio.expect_state(&asset, "probing").await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    studio.work().await;
    studio.expect_state(&asset, "failed").await;
}

#[tokio::test]
async fn an_editor_sees_what_was_dropped_and_what_was_refused() {
    let studio = Studio::open().await;
    let list = async |query: &str| {
        studio.app.get(&format!("/v1/admin/assets{query}")).token(&studio.editor).send().await.expect(200)
    };
    let mut refused = Vec::new();
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        refused.push(studio.drop_file(name, b"no film at all").await);
        studio.work().await;
        studio.tick(1).await;
    }
    let (waiting, _) = studio.upload(b"not a film").await;
    let all = list("").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 4, "{all:#}");
    let failed = list("?state=failed&limit=2").await;
    let second = list(&format!("?state=failed&limit=2&cursor={}", failed["next_cursor"].as_str().unwrap())).await;
    let items = failed["items"].as_array().unwrap().iter().chain(second["items"].as_array().unwrap());
    let ids: Vec<&str> = items.clone().map(|item| item["asset_id"].as_str().unwrap()).collect();
    refused.reverse();
    assert_eq!(ids, refused, "the newest first, each once");
    assert!(second["next_cursor"].is_null());
    for item in items {
        let detail = item["error"]["detail"].as_str().unwrap();
        assert!(item["is_dropped"] == true && detail.contains("upload"), "{item:#}");
    }
    let uploading = list("?state=uploading").await;
    assert_eq!(uploading["items"][0]["asset_id"], waiting, "{uploading:#}");
    assert_eq!(list("?state=ready").await["items"], json!([]));
    let wrong = studio.app.get("/v1/admin/assets?state=lost").token(&studio.editor).send().await;
    wrong.expect_problem(422, "invalid_request");
    let nobody = studio.app.get("/v1/admin/assets").token(&testkit::Token::viewer()).send().await;
    nobody.expect_problem(403, "role_required");
}
