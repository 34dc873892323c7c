//! A failed film is tried again: what is missing is done, what was done stays.

use events::{Consumer, Outcome};
use media::assets::job::{Job, JobKind, Message};
use testkit::Token;

use crate::studio::{Studio, film, sqs};

async fn retry(studio: &Studio, asset: &str) -> testkit::Answer {
    let path = format!("/v1/admin/assets/{asset}/retry");
    studio.app.post(&path, &serde_json::json!({})).token(&studio.editor).send().await
}

/// Delivers messages until this job's has come, and returns it.
async fn until(studio: &Studio, wanted: impl Fn(&Job) -> bool) -> Message {
    loop {
        let messages = studio.take().await;
        assert!(!messages.is_empty(), "it never comes");
        let (found, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| wanted(&message.job));
        for message in others {
            assert_eq!(studio.deliver(&message).await, Outcome::Done);
        }
        if let Some(message) = found.into_iter().next() {
            return message;
        }
    }
}

/// Every attempt at a job fails, for want of the programs.
async fn fail(studio: &Studio, message: &Message) {
    let toolless = studio.with_path("/nonexistent");
    let body = serde_json::to_string(message).unwrap();
    for _ in 0..6 {
        let (sqs, deadline) = (sqs(body.clone()), studio.no_deadline());
        let outcome = match message.job.kind() {
            JobKind::Chunk => {
                media::operations::consumers::encode_chunk(&toolless).unwrap().consume(sqs, &deadline).await
            }
            _ => media::operations::consumers::verify(&toolless).unwrap().consume(sqs, &deadline).await,
        };
        assert_eq!(outcome, Outcome::Done);
    }
}

#[tokio::test]
async fn only_a_failed_film_is_tried_again() {
    let studio = Studio::open().await;
    let (uploading, _) = studio.upload(film()).await;
    retry(&studio, &uploading).await.expect_problem(409, "asset_not_failed");
    studio.tick(26 * 3600).await;
    let unknown = kernel::World::system().id::<kernel::AssetId>().to_string();
    retry(&studio, &unknown).await.expect_problem(404, "not_found");
    let path = format!("/v1/admin/assets/{unknown}/retry");
    let nobody = studio.app.post(&path, &serde_json::json!({})).token(&Token::viewer()).send().await;
    nobody.expect_problem(403, "role_required");
    let abandoned = studio.title().await;
    let order = serde_json::json!({ "title_id": abandoned, "filename": "film.mp4", "size": 9 });
    let created = studio.app.post("/v1/admin/uploads", &order).token(&studio.editor).send().await.expect(201);
    studio.tick(26 * 3600).await;
    let asset = created["asset_id"].as_str().unwrap();
    studio.expect_state(asset, "failed").await;
    retry(&studio, asset).await.expect_problem(409, "source_missing");
}

#[tokio::test]
async fn a_chunk_that_failed_is_done_again_and_the_others_are_not() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let chunk = until(&studio, |job| *job == Job::Chunk(1)).await;
    fail(&studio, &chunk).await;
    studio.expect_state(&asset, "failed").await;
    studio.work().await;
    // The row of the failed attempt is due all the same when the retry begins.
    let (first, second) = tokio::join!(retry(&studio, &asset), retry(&studio, &asset));
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (202, 202));
    assert_eq!(retry(&studio, &asset).await.expect(202)["state"], "probing");
    studio.tick(61).await;
    studio.expect_state(&asset, "probing").await;
    let mut done = Vec::new();
    loop {
        let messages = studio.take().await;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            assert_eq!(studio.deliver(&message).await, Outcome::Done);
            done.push(message.job);
        }
    }
    done.dedup();
    assert!(!done.contains(&Job::Chunk(0)) && done.contains(&Job::Chunk(1)), "{done:?}");
    let ready = studio.expect_state(&asset, "ready").await;
    assert!(ready["error"].is_null() && ready["warnings"].as_array().unwrap().is_empty(), "{ready:#}");
    retry(&studio, &asset).await.expect_problem(409, "asset_not_failed");
}

#[tokio::test]
async fn a_check_that_could_not_be_made_is_made_and_a_film_that_failed_it_is_encoded_anew() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let verify = until(&studio, |job| *job == Job::Verify).await;
    let objects = studio.objects(&asset).await;
    fail(&studio, &verify).await;
    assert_eq!(studio.expect_state(&asset, "failed").await["error"]["code"], "verification_unfinished");
    retry(&studio, &asset).await.expect(202);
    let verify = until(&studio, |job| {
        assert!(!matches!(job.kind(), JobKind::Chunk | JobKind::Audio), "{job} was done before");
        *job == Job::Verify
    });
    let verify = verify.await;

    let key = objects.keys().find(|key| key.ends_with("000001.m4s")).unwrap();
    let key = format!("{asset}/{key}");
    let mut bytes = studio.films.get(&key).await.unwrap().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    studio.films.put(&key, bytes, "video/iso.segment", None).await.unwrap();
    assert_eq!(studio.deliver(&verify).await, Outcome::Done);
    assert_eq!(studio.expect_state(&asset, "failed").await["error"]["code"], "verification_failed");
    retry(&studio, &asset).await.expect(202);
    studio.work().await;
    let ready = studio.expect_state(&asset, "ready").await;
    assert_eq!(ready["stages"].as_array().unwrap().iter().filter(|stage| stage["done"] != stage["total"]).count(), 0);
    let media = |objects: &std::collections::BTreeMap<String, String>| {
        objects.iter().filter(|(key, _)| key.ends_with(".m4s")).map(|(_, hash)| hash.clone()).collect::<Vec<_>>()
    };
    assert_eq!(media(&studio.objects(&asset).await), media(&objects), "the same bytes as at first");
}

/// The message of a retry is lost: the reconciler sends it.
#[tokio::test]
async fn a_retry_survives_the_loss_of_its_message() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let chunk = until(&studio, |job| *job == Job::Chunk(0)).await;
    fail(&studio, &chunk).await;
    studio.take().await;
    retry(&studio, &asset).await.expect(202);
    let mut lost = studio.take().await;
    assert_eq!(lost.pop().map(|message| message.job), Some(Job::Probe));
    studio.tick(61).await;
    studio.work().await;
    studio.tick(310).await;
    studio.work().await;
    studio.expect_state(&asset, "ready").await;
}
