//! Crashes: lost messages, killed workers, dead engines. The reconciler ends them all.

use std::{collections::BTreeMap, time::Duration};

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use media::assets::job::{Job, JobKind, Message};

use crate::studio::{Studio, film, sqs};

/// Longer than a lease and than the first wait for a lost message.
const LATER: i64 = 310;

#[tokio::test]
async fn a_film_survives_the_loss_of_every_message() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let mut lost: Vec<Message> = Vec::new();
    for _ in 0..40 {
        for message in studio.take().await {
            if lost.contains(&message) {
                assert_eq!(studio.deliver(&message).await, Outcome::Done);
            } else {
                lost.push(message);
            }
        }
        if studio.asset(&asset).await["state"] == "ready" {
            break;
        }
        studio.tick(LATER).await;
    }
    studio.expect_state(&asset, "ready").await;
    assert_eq!(lost.len(), 8, "each of the jobs was lost once: {lost:?}");
}

#[tokio::test]
async fn killed_workers_lose_their_lease_and_the_film_comes_out_whole() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let mut kills: BTreeMap<Job, u32> = BTreeMap::new();
    for round in 0..60u64 {
        for message in studio.take().await {
            let killed = kills.entry(message.job.clone()).or_default();
            // At another moment of the work each time: before the claim, in the middle, and just before the end.
            let moment = Duration::from_millis([15, 60, 250, 700][(round as usize + *killed as usize) % 4]);
            if *killed < 2 {
                *killed += 1;
                let _ = tokio::time::timeout(moment, studio.deliver(&message)).await;
            } else {
                assert_eq!(studio.deliver(&message).await, Outcome::Done);
            }
        }
        if studio.asset(&asset).await["state"] == "ready" {
            break;
        }
        studio.tick(LATER).await;
    }
    let ready = studio.expect_state(&asset, "ready").await;
    assert_eq!(ready["proof"]["joints"], 1, "{kills:?}");
}

/// Takes the film to its chunks, and returns their messages and the others'.
async fn encoding(studio: &Studio) -> (String, Vec<Message>, Vec<Message>) {
    let asset = studio.drop_file("film.mp4", film()).await;
    for message in studio.take().await {
        assert_eq!(studio.deliver(&message).await, Outcome::Done);
    }
    let (chunks, others) = studio.take().await.into_iter().partition(|message| message.job.kind() == JobKind::Chunk);
    (asset, chunks, others)
}

/// Waits until a chunk has an owner.
async fn somebody_works(studio: &Studio, asset: &str) {
    while studio.asset(asset).await["stages"][1]["working"] != 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_killed_chunk_recovers_within_two_minutes() {
    let studio = Studio::open().await;
    let (asset, chunks, others) = encoding(&studio).await;
    tokio::select! {
        outcome = studio.deliver(&chunks[0]) => panic!("it was to be killed in the middle: {outcome:?}"),
        () = somebody_works(&studio, &asset) => {}
    }
    assert_eq!(studio.deliver(&chunks[0]).await, Outcome::Done, "its lease is alive: a copy does nothing");
    assert_eq!(studio.asset(&asset).await["chunks"]["done"], 0);
    studio.tick(30).await;
    assert_eq!(studio.take().await, []);
    studio.tick(60).await;
    assert_eq!(studio.take().await, [chunks[0].clone()], "90 s later its message is there again");
    for message in chunks.iter().chain(&others) {
        assert_eq!(studio.deliver(message).await, Outcome::Done);
    }
    studio.work().await;
    studio.expect_state(&asset, "ready").await;
}

#[tokio::test]
async fn a_chunk_that_fails_twice_is_encoded_the_third_time_and_one_that_always_fails_ends_the_asset() {
    let studio = Studio::open().await;
    let (asset, chunks, others) = encoding(&studio).await;
    // Without a programme that encodes, every attempt fails; it is not the chunk's fault.
    let toolless = studio.with_path("/nonexistent");
    let consumer = media::operations::consumers::encode_chunk(&toolless).unwrap();
    let body = serde_json::to_string(&chunks[0]).unwrap();
    for _ in 0..2 {
        assert_eq!(consumer.consume(sqs(body.clone()), &studio.no_deadline()).await, Outcome::Done);
        let stages = studio.asset(&asset).await["stages"].clone();
        assert!(stages[1]["trouble"].as_str().is_some_and(|trouble| trouble.contains("ffmpeg")), "{stages:#}");
        assert_eq!(studio.take().await, []);
        studio.tick(60).await;
        assert_eq!(studio.take().await, [chunks[0].clone()], "it is sent again");
    }
    for message in chunks.iter().chain(&others) {
        assert_eq!(studio.deliver(message).await, Outcome::Done);
    }
    studio.work().await;
    studio.expect_state(&asset, "ready").await;

    let (asset, chunks, _) = encoding(&studio).await;
    let body = serde_json::to_string(&chunks[0]).unwrap();
    for _ in 0..6 {
        assert_eq!(consumer.consume(sqs(body.clone()), &studio.no_deadline()).await, Outcome::Done);
    }
    let failed = studio.expect_state(&asset, "failed").await;
    assert_eq!(failed["error"]["code"], "chunk_failed");
    assert!(failed["error"]["detail"].as_str().unwrap().starts_with("chunk-000000 failed 6 times"), "{failed:#}");
    studio.tick(LATER).await;
    assert_eq!(studio.take().await, [], "nobody works on a failed asset");
}

#[tokio::test]
async fn a_worker_that_dies_between_its_row_and_the_next_stage_is_made_up_for() {
    let studio = Studio::open().await;
    let (asset, chunks, others) = encoding(&studio).await;
    for message in chunks.iter().chain(&others) {
        assert_eq!(studio.deliver(message).await, Outcome::Done);
    }
    assert_eq!(studio.take().await.len(), 1, "one message for the packager, although six workers looked");
    studio.forget_package(&asset).await;
    studio.tick(61).await;
    studio.expect_state(&asset, "packaging").await;
    studio.work().await;
    studio.expect_state(&asset, "ready").await;
}

#[tokio::test]
async fn sprites_never_keep_a_film_back() {
    let studio = Studio::open().await;
    let (asset, chunks, others) = encoding(&studio).await;
    let toolless = studio.with_path("/nonexistent");
    let consumer = media::operations::consumers::make_sprites(&toolless).unwrap();
    for message in chunks.iter().chain(others.iter().filter(|message| message.job != Job::Sprites)) {
        assert_eq!(studio.deliver(message).await, Outcome::Done);
    }
    studio.expect_state(&asset, "encoding").await;
    let sprites = Message { asset: chunks[0].asset, job: Job::Sprites };
    for _ in 0..6 {
        consumer.consume(sqs(serde_json::to_string(&sprites).unwrap()), &studio.no_deadline()).await;
    }
    studio.work().await;
    let ready = studio.expect_state(&asset, "ready").await;
    assert!(ready["warnings"][0].as_str().unwrap().starts_with("no seek pictures"), "{ready:#}");
    assert!(!studio.objects(&asset).await.keys().any(|key| key.starts_with("poster/")));
}

#[tokio::test]
async fn an_invocation_without_time_leaves_the_job_to_the_next() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let consumer = media::operations::consumers::probe(&studio.service.boot()).unwrap();
    let message = studio.take().await.remove(0);
    let world = World::system();
    let short = Deadline::new(world.clone(), world.now() + time::Duration::seconds(12));
    let outcome = consumer.consume(sqs(serde_json::to_string(&message).unwrap()), &short).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    studio.expect_state(&asset, "probing").await;
}
