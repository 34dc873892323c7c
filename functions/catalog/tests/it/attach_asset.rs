use std::collections::BTreeMap;

use events::{Event, Outcome};
use kernel::{AssetId, Id, TitleId, World};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use crate::studio::{Studio, captions, draft, dropped, failed, id_of, ready};

/// What must not depend on the order of events: everything but versions.
async fn state(studio: &Studio) -> BTreeMap<String, Value> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as("select id, document from titles").fetch_all(&studio.service.pool()).await.unwrap();
    let plain = |(id, mut document): (String, Value)| {
        document.as_object_mut().unwrap().remove("version");
        (id, document)
    };
    rows.into_iter().map(plain).collect()
}

fn at(mut event: Event, minute: i64) -> Event {
    event.time = datetime!(2026-01-01 12:00 UTC) + Duration::minutes(minute);
    event
}

#[tokio::test]
async fn a_ready_film_is_attached_once_and_an_older_version_ignored() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    let asset: AssetId = World::system().id();
    let newer = ready(&id, asset, 5);
    let mut older = ready(&id, asset, 4);
    older.data["duration_seconds"] = json!(1.0);
    assert_eq!(studio.deliver(vec![newer.clone(), older, newer]).await, [Outcome::Done, Outcome::Done, Outcome::Done]);
    let title = studio.patch(&id, &json!({})).await.expect(200);
    assert_eq!((&title["version"], &title["asset"]["duration_seconds"]), (&json!(2), &json!(61.5)));
    let events = studio.service.events("domain-events", &id, 2).await;
    assert_eq!(events.len(), 2, "a duplicate is no event");
    assert_eq!(events[1].data["asset"]["max_height"], 720);
    assert_eq!(events[1].data["poster"], json!(format!("{asset}/poster/0a1b.jpg")));
}

#[tokio::test]
async fn a_failure_is_shown_to_the_editor_and_takes_no_film_away() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    studio.deliver(vec![failed(&id, World::system().id(), 3)]).await;
    let title = studio.patch(&id, &json!({})).await.expect(200);
    assert_eq!(title["failure"]["code"], "not_a_video");
    assert_eq!(studio.app.get(&format!("/v1/titles/{id}")).send().await.expect(200)["playable"], true);
}

#[tokio::test]
async fn a_dropped_file_becomes_a_draft_with_its_film() {
    let studio = Studio::open().await;
    let (title, asset): (TitleId, AssetId) = (World::system().id(), World::system().id());
    let events = vec![ready(&title.to_string(), asset, 9), dropped(title, asset, "inbox/My Holiday.mp4")];
    assert_eq!(studio.deliver(events).await, [Outcome::Done, Outcome::Done]);
    let draft = studio.patch(&title.to_string(), &json!({})).await.expect(200);
    assert_eq!((&draft["original_title"], &draft["publication"]), (&json!("My Holiday"), &json!("draft")));
    assert_eq!(draft["asset"]["asset_id"], json!(asset));
    assert_eq!(draft["unmet"], json!(["/rating"]));
}

#[tokio::test]
async fn captions_belong_to_the_title_whichever_film_it_has() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    let mut signs = captions(&id, 3, &["ru", "en"]);
    signs.data["tracks"][1]["kind"] = json!("forced");
    assert_eq!(
        studio.deliver(vec![signs.clone(), captions(&id, 2, &["de"]), signs]).await,
        [Outcome::Done, Outcome::Done, Outcome::Done]
    );
    let told = async |count| studio.service.events("domain-events", &id, count).await.pop().unwrap();
    let event = told(2).await;
    let offered = |event: &Event| {
        let read = events::Title::read(event).unwrap();
        read.captions.into_iter().map(|track| (track.language, track.kind.to_string())).collect::<Vec<_>>()
    };
    let both = [("ru".to_owned(), "subtitles".to_owned()), ("en".to_owned(), "forced".to_owned())];
    assert_eq!((event.sequence, offered(&event)), (2, both.to_vec()), "before there is a film; once");
    for (count, minute) in [(3, 1), (4, 2)] {
        studio.deliver(vec![at(ready(&id, World::system().id(), 1), minute)]).await;
        let event = told(count).await;
        assert_eq!(offered(&event), both, "with each film");
        assert_eq!(event.data["asset"]["caption_languages"], json!(["ru"]), "forced ones are not all that is said");
    }
    studio.publish(&id, &json!({"rating": 12})).await.expect(200);
    let page = studio.app.get(&format!("/v1/titles/{id}")).send().await;
    assert_eq!(page.expect(200)["film"]["caption_languages"], json!(["ru"]));
    assert!(!page.text().contains("captions.vtt"), "where they lie is told to nobody");
    studio.deliver(vec![captions(&id, 4, &[])]).await;
    let page = studio.app.get(&format!("/v1/titles/{id}")).send().await;
    assert_eq!(page.expect(200)["film"]["caption_languages"], json!([]));

    let other = id_of(&studio.create(&draft("B")).await);
    studio.deliver(vec![captions(&other, 1, &["ru"])]).await;
    let delete =
        studio.app.delete(&format!("/v1/admin/titles/{other}")).token(&studio.editor).header("if-match", "\"2\"");
    assert_eq!(delete.send().await.status, 204);
    studio.deliver(vec![captions(&other, 2, &["ru", "en"])]).await;
    let left: i64 = sqlx::query_scalar("select count(*) from caption_reports where title_id = $1")
        .bind(&other)
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(left, 0, "what comes late about a deleted title is not kept");
}

#[tokio::test]
async fn what_names_nothing_is_poison_and_harms_no_other() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    let outcomes =
        studio.deliver(vec![ready("film", World::system().id(), 1), ready(&id, World::system().id(), 1)]).await;
    assert!(matches!(&outcomes[..], [Outcome::Poison(_), Outcome::Done]), "{outcomes:?}");
}

#[tokio::test]
async fn order_and_number_of_events_do_not_matter() {
    let studio = Studio::open().await;
    let (world, _) = World::replay(datetime!(2026-01-01 0:00 UTC), 7);
    let (kept, inbox): (TitleId, TitleId) = (world.id(), world.id());
    let assets: Vec<AssetId> = (0..3).map(|number| AssetId::from_parts(world.now(), [number; 10])).collect();
    let events = [
        at(ready(&kept.to_string(), assets[0], 3), 1),
        at(failed(&kept.to_string(), assets[1], 2), 2),
        at(ready(&kept.to_string(), assets[1], 6), 3),
        at(dropped(kept, assets[0], "kept.mp4"), 0),
        at(dropped(inbox, assets[2], "inbox.mp4"), 4),
        at(failed(&inbox.to_string(), assets[2], 3), 5),
        at(ready(&inbox.to_string(), assets[2], 2), 4),
        captions(&kept.to_string(), 1, &["ru"]),
        captions(&kept.to_string(), 3, &["en", "ru"]),
        captions(&inbox.to_string(), 2, &[]),
        captions(&inbox.to_string(), 1, &["de"]),
    ];
    let expected = {
        studio.deliver(events.to_vec()).await;
        state(&studio).await
    };
    assert_eq!(expected[&kept.to_string()]["asset"]["asset_id"], json!(assets[1]));
    assert_eq!(expected[&inbox.to_string()]["failure"]["asset_id"], json!(assets[2]));
    assert_eq!(expected[&kept.to_string()]["asset"]["caption_languages"], json!(["en", "ru"]));
    assert_eq!(expected[&inbox.to_string()]["captions"], json!([]));
    let doubled: Vec<Event> = events.iter().chain(&events).cloned().collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..24 {
        let order = Just(doubled.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
        let tables = "truncate titles, artwork_uploads, collection_titles, asset_reports, caption_reports, persons, audit, outbox";
        sqlx::query(tables).execute(&studio.service.pool()).await.unwrap();
        let outcomes = studio.deliver(order.clone()).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        let kinds: Vec<_> = order.iter().map(|event| (&event.kind, event.sequence)).collect();
        assert_eq!(state(&studio).await, expected, "{kinds:?}");
    }
}

#[tokio::test]
async fn parallel_deliveries_agree() {
    let studio = Studio::open().await;
    for _ in 0..5 {
        let (title, asset): (TitleId, AssetId) = (World::system().id(), World::system().id());
        let (film, file) = (ready(&title.to_string(), asset, 2), dropped(title, asset, "a.mp4"));
        futures::join!(studio.deliver(vec![film.clone()]), studio.deliver(vec![file]), studio.deliver(vec![film]));
        let draft = studio.patch(&title.to_string(), &json!({})).await.expect(200);
        assert_eq!(draft["asset"]["asset_id"], json!(asset));
    }
}
