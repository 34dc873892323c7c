//! The whole way of a film through every function, in order and out of it.

use std::collections::BTreeMap;

use events::Outcome;
use media::assets::job::{Job, Message};
use serde_json::json;

use crate::studio::{Studio, film, sqs};

/// Objects that must not depend on when and how often anybody worked; the hashes in their keys name the source's version.
fn essence(objects: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let is_media = |key: &str| [".m4s", ".mp4", ".jpg", ".vtt"].iter().any(|ending| key.ends_with(ending));
    let plain = |key: &str| {
        let parts: Vec<&str> = key.split('/').filter(|part| part.len() != 32).collect();
        parts.join("/")
    };
    let mut essence: Vec<_> =
        objects.iter().filter(|(key, _)| is_media(key)).map(|(key, hash)| (plain(key), hash.clone())).collect();
    essence.sort();
    essence
}

/// A repeatable shuffle.
fn shuffle<T>(items: &mut [T], seed: &mut u64) {
    for at in (1..items.len()).rev() {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (*seed >> 33) as usize % (at + 1));
    }
}

#[tokio::test]
async fn an_upload_becomes_a_proven_film_and_order_and_copies_do_not_matter() {
    let studio = Studio::open().await;
    let (asset, object) = studio.upload(film()).await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    let probe = studio.take().await;
    assert_eq!(probe.len(), 1);
    assert_eq!(studio.deliver(&probe[0]).await, Outcome::Done);
    let planned = studio.expect_state(&asset, "encoding").await;
    assert_eq!(planned["chunks"], json!({ "done": 0, "total": 2 }));
    assert_eq!(planned["source"]["rate"], "25/1");

    studio.work().await;
    let ready = studio.expect_state(&asset, "ready").await;
    assert_eq!(ready["chunks"], json!({ "done": 2, "total": 2 }));
    assert_eq!(ready["proof"]["joints"], 1);
    assert!(ready["proof"]["frames_compared"].as_u64().unwrap() > 0 && ready["error"].is_null(), "{ready:#}");
    assert!((ready["duration_seconds"].as_f64().unwrap() - 12.52).abs() < 0.05);
    assert!(ready["stages"].as_array().unwrap().iter().all(|stage| stage["done"] == stage["total"]), "{ready:#}");
    let objects = studio.objects(&asset).await;
    for key in ["master.m3u8", "manifest.mpd"] {
        assert!(objects.contains_key(key), "{key} is missing: {objects:#?}");
    }
    assert!(objects.iter().any(|(key, sha256)| *key == format!("poster/{sha256}.jpg")), "no poster: {objects:#?}");
    for quality in ready["ladder"].as_array().unwrap() {
        let name = quality["name"].as_str().unwrap();
        assert!(
            objects.contains_key(&format!("{name}/index.m3u8"))
                && objects.contains_key(&format!("{name}/iframes.m3u8"))
        );
        assert!(quality["bandwidth"].as_u64().unwrap() > 0);
    }

    // Every message once more, and one for a job that is long over: nothing happens.
    for message in &probe {
        assert_eq!(studio.deliver(message).await, Outcome::Done);
    }
    studio.notify(&object).await;
    studio.work().await;
    studio.tick(3600).await;
    assert_eq!(studio.take().await, []);
    assert_eq!(studio.objects(&asset).await, objects);
    assert_eq!(studio.asset(&asset).await["updated_at"], ready["updated_at"]);
    let tags =
        studio.uploads.client.get_object_tagging().bucket(&studio.uploads.name).key(&object.key).send().await.unwrap();
    assert_eq!(tags.tag_set()[0].key(), "archive", "the source goes to the archive");

    let shuffled = shuffled_run().await;
    assert_eq!(essence(&shuffled), essence(&objects), "the same film, to the byte");
}

/// The same film with every message delivered twice, at the same time, in random order.
async fn shuffled_run() -> BTreeMap<String, String> {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let mut seed = 42;
    let mut delivered: Vec<Message> = Vec::new();
    loop {
        let fresh = studio.take().await;
        if fresh.is_empty() {
            break;
        }
        // Old messages come again among the new ones.
        let mut batch: Vec<Message> = fresh.iter().chain(&delivered).cloned().collect();
        shuffle(&mut batch, &mut seed);
        for message in &batch {
            let (first, second) = tokio::join!(studio.deliver(message), studio.deliver(message));
            assert_eq!((first, second), (Outcome::Done, Outcome::Done), "{message:?}");
        }
        delivered.extend(fresh);
    }
    studio.expect_state(&asset, "ready").await;
    studio.objects(&asset).await
}

#[tokio::test]
async fn messages_that_are_no_jobs_end_in_the_dead_letter_queue() {
    use events::Consumer;
    let studio = Studio::open().await;
    let consumer = media::operations::consumers::encode_chunk(&studio.service.boot()).unwrap();
    for body in [
        "",
        "{}",
        "null",
        r#"{"asset":"ast_x","job":"chunk-1"}"#,
        r#"{"asset":"ast_01jd3k5m7n9pqrstvwxyz01234","job":"verify"}"#,
    ] {
        let outcome = consumer.consume(sqs(body.into()), &studio.no_deadline()).await;
        assert!(matches!(outcome, Outcome::Poison(_)), "{body}: {outcome:?}");
    }
    let unknown = Message { asset: "ast_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap(), job: Job::Chunk(0) };
    assert_eq!(studio.deliver(&unknown).await, Outcome::Done, "the work of an asset that is gone is nobody's");
}

#[tokio::test]
async fn a_film_that_was_tampered_with_never_becomes_ready() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let verify = loop {
        let mut messages = studio.take().await;
        if let Some(at) = messages.iter().position(|message| message.job == Job::Verify) {
            break messages.remove(at);
        }
        for message in messages {
            assert_eq!(studio.deliver(&message).await, Outcome::Done);
        }
    };
    studio.expect_state(&asset, "verifying").await;
    let key = studio.objects(&asset).await.into_keys().find(|key| key.ends_with("000001.m4s")).unwrap();
    let key = format!("{asset}/{key}");
    let mut bytes = studio.films.get(&key).await.unwrap().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    studio.films.put(&key, bytes, "video/iso.segment", None).await.unwrap();
    assert_eq!(studio.deliver(&verify).await, Outcome::Done);
    let failed = studio.expect_state(&asset, "failed").await;
    assert_eq!(failed["error"]["code"], "verification_failed");
    assert!(failed["error"]["detail"].as_str().unwrap().contains("000001.m4s"), "{failed:#}");
    studio.tick(120).await;
    studio.work().await;
    studio.expect_state(&asset, "failed").await;
}
