//! Titles as the pipeline knows them: no upload without one, and no film is left of a deleted one.

use events::{Event, Outcome};
use kernel::{Id, TitleId, World};
use media::assets::job::{Job, JobKind};
use serde_json::{Value, json};
use time::Duration;

use crate::studio::{Studio, film, title_changed};

async fn order(studio: &Studio, title: TitleId) -> testkit::Answer {
    let order = json!({ "title_id": title, "filename": "film.mp4", "size": 9 });
    studio.app.post("/v1/admin/uploads", &order).token(&studio.editor).send().await
}

/// A title that was made an hour ago.
fn old() -> TitleId {
    TitleId::from_parts(World::system().now() - Duration::hours(1), World::system().bytes())
}

#[tokio::test]
async fn an_upload_for_no_title_is_refused_and_one_for_a_new_title_asked_for_again() {
    let studio = Studio::open().await;
    let unknown = old();
    let problem = order(&studio, unknown).await.expect_problem(404, "not_found");
    assert!(problem["detail"].as_str().unwrap().contains(&unknown.to_string()), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/title_id");
    let new: TitleId = World::system().id();
    let early = order(&studio, new).await;
    early.expect_problem(409, "title_not_here_yet");
    assert_eq!(early.header("retry-after"), Some("1"));
    assert_eq!(studio.hear(title_changed(new, 1, false)).await, Outcome::Done);
    order(&studio, new).await.expect(201);
    let listed = studio.uploads.client.list_multipart_uploads().bucket(&studio.uploads.name).send().await.unwrap();
    assert_eq!(listed.uploads().len(), 1, "a refusal opens nothing");
}

#[tokio::test]
async fn what_is_known_of_a_title_does_not_depend_on_the_order_of_events() {
    let studio = Studio::open().await;
    let world = World::system();
    for ends_deleted in [true, false] {
        for _ in 0..12 {
            let title = old();
            let told = |sequence| title_changed(title, sequence, ends_deleted && sequence == 4);
            let mut events: Vec<Event> = (1..5).chain(1..5).map(told).collect();
            for at in (1..events.len()).rev() {
                events.swap(at, world.below(at as u32 + 1) as usize);
            }
            let order_told: Vec<i64> = events.iter().map(|event| event.sequence).collect();
            for event in events {
                assert_eq!(studio.hear(event).await, Outcome::Done);
            }
            let known = studio.image(&title.to_string(), "title").await;
            let expected = json!({ "sequence": { "N": "4" }, "is_deleted": { "BOOL": ends_deleted } });
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(&known[name], value, "{order_told:?}");
            }
            order(&studio, title).await.expect(if ends_deleted { 404 } else { 201 });
        }
    }
}

#[tokio::test]
async fn what_names_no_title_is_poison_and_an_engine_that_is_down_is_not() {
    use events::{Consumer, Deadline};
    let studio = Studio::open().await;
    let mut wrong = title_changed(old(), 1, false);
    wrong.data["title_id"] = json!("film");
    assert!(matches!(studio.hear(wrong).await, Outcome::Poison(_)));
    let boot = runtime::Boot::new(studio.service.vars().clone().set("TABLE_ASSETS", "there-is-none"));
    let consumer = media::operations::consumers::project_titles(&boot).unwrap();
    let outcome = consumer.consume(title_changed(old(), 1, false), &Deadline::unlimited(World::system())).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
}

fn title_of(asset: &Value) -> TitleId {
    asset["title_id"].as_str().unwrap().parse().unwrap()
}

async fn gone(studio: &Studio, asset: &str) {
    let path = format!("/v1/admin/assets/{asset}");
    studio.app.get(&path).token(&studio.editor).send().await.expect_problem(404, "not_found");
}

/// Every version of every source that is left.
async fn sources(studio: &Studio) -> Vec<String> {
    let listed = studio.uploads.client.list_object_versions().bucket(&studio.uploads.name).send().await.unwrap();
    listed.versions().iter().map(|version| version.key().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_draft_of_the_inbox_takes_another_film_and_is_deleted_with_all_of_them() {
    let studio = Studio::open().await;
    let object = studio.put("inbox/film.mp4", film()).await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    let dropped = crate::studio::asset_of(&object);
    let title = title_of(&studio.asset(&dropped).await);
    // The catalogue has not told of its draft yet.
    let (second, _) = studio.upload_for(title, b"no film").await;
    let waiting = order(&studio, title).await.expect(201);
    studio.work().await;
    studio.expect_state(&dropped, "ready").await;
    let (other, _) = studio.upload(b"another title's").await;

    for _ in 0..2 {
        assert_eq!(studio.hear(title_changed(title, 3, true)).await, Outcome::Done);
        for asset in [&dropped, &second, waiting["asset_id"].as_str().unwrap()] {
            gone(&studio, asset).await;
            assert!(studio.objects(asset).await.is_empty(), "{asset}");
        }
    }
    assert_eq!(sources(&studio).await.len(), 1, "the other title's");
    studio.expect_state(&other, "uploading").await;
    let parts = studio.uploads.client.list_multipart_uploads().bucket(&studio.uploads.name).send().await.unwrap();
    assert!(parts.uploads().is_empty());
    order(&studio, title).await.expect_problem(404, "not_found");
    // S3 may tell of the file once more, and the catalogue of an older state.
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    assert_eq!(studio.hear(title_changed(title, 2, false)).await, Outcome::Done);
    gone(&studio, &dropped).await;
    order(&studio, title).await.expect_problem(404, "not_found");
    assert_eq!(studio.take().await, []);
}

#[tokio::test]
async fn a_film_that_is_being_made_ends_quietly_and_leaves_nothing() {
    let studio = Studio::open().await;
    let asset = studio.drop_file("film.mp4", film()).await;
    let title = title_of(&studio.asset(&asset).await);
    for message in studio.take().await {
        assert_eq!(studio.deliver(&message).await, Outcome::Done);
    }
    let jobs = studio.take().await;
    let (chunks, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|message| message.job.kind() == JobKind::Chunk);
    assert_eq!(studio.deliver(&chunks[0]).await, Outcome::Done);
    let deletion = async {
        // In the middle of the other chunk.
        while studio.asset(&asset).await["stages"][1]["working"] != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(studio.hear(title_changed(title, 2, true)).await, Outcome::Done);
    };
    let (outcome, ()) = tokio::join!(studio.deliver(&chunks[1]), deletion);
    assert_eq!(outcome, Outcome::Done);
    for message in others {
        assert_eq!(studio.deliver(&message).await, Outcome::Done);
    }
    assert_eq!(studio.take().await, [], "nobody goes on");
    gone(&studio, &asset).await;
    let left = studio.objects(&asset).await;
    assert!(!left.keys().any(|key| key.contains("playlist") || key.ends_with(".m3u8")), "{left:?}");
    studio.tick(120).await;
    studio.tick(20 * 60).await;
    assert!(studio.objects(&asset).await.is_empty(), "what the worker had stored goes as well");
    assert_eq!(studio.take().await, []);
    assert!(
        studio.item(&asset, "removal").await.is_none()
            && studio.item(&asset, &format!("job#{}", Job::Probe)).await.is_none()
    );
}
