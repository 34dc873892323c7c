//! Captions of a title: from an editor's file to what viewers are offered, and everything that can go wrong between.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{Id, TitleId, World};
use proto::types;
use runtime::S3Object;
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::{
    relay::relay,
    studio::{Studio, film, put_url, title_changed},
};

const FILE: &str = "1\n00:00:01,500 --> 00:00:04,000\nHello\n";
const LATE: i64 = 14 * 3600;

fn path(title: TitleId) -> String {
    format!("/v1/admin/titles/{title}/captions")
}

async fn announce(studio: &Studio, title: TitleId, language: &str, kind: &str, size: usize) -> Answer {
    let order = json!({ "language": language, "kind": kind, "size": size });
    studio.app.post(&path(title), &order).token(&studio.editor).send().await
}

/// The key of the file that an answer asks for.
fn key(announced: &Value) -> String {
    let url = announced["url"].as_str().unwrap();
    let target = url.strip_prefix("http://localhost:8080/storage/").unwrap().split('?').next().unwrap();
    target.split_once('/').unwrap().1.to_owned()
}

/// Sends a file to where it was asked for; what S3 tells of it.
async fn send(studio: &Studio, announced: &Value, bytes: &[u8]) -> S3Object {
    assert_eq!(put_url(announced["url"].as_str().unwrap(), bytes).await, 200);
    let key = key(announced);
    let head = studio.uploads.head(&key).await.unwrap().expect("the file");
    let (bucket, size) = (studio.uploads.name.clone(), bytes.len() as u64);
    S3Object { bucket, key, version: head.version_id, sequencer: Some("1".into()), size }
}

/// Announces, sends and converts a file.
async fn add(studio: &Studio, title: TitleId, (language, kind): (&str, &str), file: &str) -> S3Object {
    let announced = announce(studio, title, language, kind, file.len()).await.expect(201);
    let object = send(studio, &announced, file.as_bytes()).await;
    assert_eq!(studio.convert(&object).await, Outcome::Done);
    object
}

async fn tracks(studio: &Studio, title: TitleId) -> Vec<Value> {
    let mut list = studio.app.get(&path(title)).token(&studio.editor).send().await.expect(200);
    serde_json::from_value(list["items"].take()).unwrap()
}

/// What others would hear of the title's captions by now.
async fn told(studio: &Studio, title: TitleId) -> Event {
    let now = studio.image(&title.to_string(), "captions").await;
    relay(studio, &[(Value::Null, now)]).await;
    let events = studio.service.events("domain-events", title, 1).await;
    events.into_iter().max_by_key(|event| event.sequence).unwrap()
}

/// The keys in bucket `media`.
async fn stored(studio: &Studio) -> Vec<String> {
    let listed =
        studio.films.client.list_objects_v2().bucket(&studio.films.name).prefix("captions/").send().await.unwrap();
    listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
}

/// Every version of every file in bucket `uploads`.
async fn sources(studio: &Studio) -> usize {
    let list = studio.uploads.client.list_object_versions().bucket(&studio.uploads.name).prefix("captions/");
    list.send().await.unwrap().versions().len()
}

#[tokio::test]
async fn a_file_becomes_captions_that_others_hear_of() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    assert_eq!(tracks(&studio, title).await, Vec::<Value>::new());
    let announced = announce(&studio, title, "eng", "captions", FILE.len()).await.expect(201);
    assert_eq!((&announced["language"], &announced["kind"]), (&json!("en"), &json!("captions")));
    let url = announced["url"].as_str().unwrap();
    assert!(url.contains("X-Amz-SignedHeaders=content-length%3Bhost") && url.contains("X-Amz-Expires=900"), "{url}");
    assert!(!url.contains("checksum"), "of no bytes: {url}");
    let waiting = tracks(&studio, title).await;
    assert_eq!((&waiting[0]["state"], waiting[0].get("captions_offered")), (&json!("waiting"), None));

    let object = send(&studio, &announced, FILE.as_bytes()).await;
    let converted = futures::future::join_all((0..4).map(|_| studio.convert(&object))).await;
    assert!(converted.iter().all(|outcome| *outcome == Outcome::Done), "{converted:?}");
    let ready = tracks(&studio, title).await;
    assert_eq!(ready.len(), 1);
    assert_eq!((&ready[0]["state"], &ready[0]["captions_offered"]), (&json!("ready"), &json!(1)));
    assert_eq!(ready[0]["name"], "English [CC]");

    let event = told(&studio, title).await;
    assert_eq!(event.kind, types::CAPTIONS_CHANGED);
    let told = events::Captions::read(&event).unwrap();
    assert_eq!((told.title, told.tracks.len()), (title, 1));
    let track = &told.tracks[0];
    assert_eq!((track.language.as_str(), track.kind.as_str(), track.name.as_str()), ("en", "captions", "English [CC]"));
    assert_eq!(stored(&studio).await, std::slice::from_ref(&track.path));
    let text = String::from_utf8(studio.films.get(&track.path).await.unwrap().unwrap()).unwrap();
    assert_eq!(text, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:01.500 --> 00:00:04.000\nHello\n");
    let head = studio.films.head(&track.path).await.unwrap().unwrap();
    assert_eq!(head.content_type(), Some("text/vtt"));
    assert_eq!(head.cache_control(), Some("public, max-age=31536000, immutable"));

    // A copy of the change is a copy of the event, and repeating a notification changes nothing.
    let before = studio.image(&title.to_string(), "captions").await;
    assert_eq!(studio.convert(&object).await, Outcome::Done);
    assert_eq!(studio.image(&title.to_string(), "captions").await, before);
    relay(&studio, &[(Value::Null, before.clone()), (before.clone(), before)]).await;
    let events = studio.service.events("domain-events", title, 2).await;
    assert!(events.len() == 2 && events[0] == events[1], "{events:?}");

    // The editor's own file is needed once.
    assert_eq!(sources(&studio).await, 1);
    studio.tick(31 * 60).await;
    assert_eq!((sources(&studio).await, stored(&studio).await.len()), (0, 1));
    assert_eq!(studio.convert(&object).await, Outcome::Done, "told once more, long after");
    assert_eq!(tracks(&studio, title).await, ready);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_with_its_line_and_takes_nothing_away() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    add(&studio, title, ("ru", "subtitles"), "1\n00:00:01,500 --> 00:00:01,000\nHello\n").await;
    let refused = tracks(&studio, title).await;
    assert_eq!((&refused[0]["state"], refused[0].get("captions_offered")), (&json!("refused"), None));
    assert_eq!(
        refused[0]["refusal"],
        json!({ "code": "ends_before_it_begins", "line": 2,
            "detail": "Line 2: the caption ends before or when it begins; correct one of its times." })
    );
    add(&studio, title, ("ru", "subtitles"), FILE).await;
    let ready = tracks(&studio, title).await;
    assert_eq!((&ready[0]["state"], ready[0].get("refusal")), (&json!("ready"), None));
    add(&studio, title, ("ru", "subtitles"), "no captions").await;
    let kept = tracks(&studio, title).await;
    assert_eq!(
        (&kept[0]["state"], &kept[0]["captions_offered"]),
        (&json!("refused"), &json!(1)),
        "the older file is offered on"
    );
    let told = events::Captions::read(&told(&studio, title).await).unwrap();
    assert!(studio.films.head(&told.tracks[0].path).await.unwrap().is_some());
    // Somebody who gets round the signature sends more than was announced.
    let announced = announce(&studio, title, "fr", "subtitles", 9).await.expect(201);
    let object = studio.put(&key(&announced), &vec![b'a'; (2 << 20) + 1]).await;
    assert_eq!(studio.convert(&object).await, Outcome::Done);
    assert_eq!(tracks(&studio, title).await[0]["refusal"]["code"], "too_large");
}

#[tokio::test]
async fn the_next_file_takes_the_place_of_the_last_and_whoever_watches_reads_on() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    let first = add(&studio, title, ("ru", "subtitles"), FILE).await;
    let old = events::Captions::read(&told(&studio, title).await).unwrap().tracks[0].path.clone();
    let announced = announce(&studio, title, "ru", "subtitles", FILE.len() * 2).await.expect(201);
    assert_eq!(tracks(&studio, title).await[0]["captions_offered"], 1, "meanwhile the last one is offered");
    assert_eq!(studio.convert(&first).await, Outcome::Done, "it counts no more");
    assert_eq!(tracks(&studio, title).await[0]["state"], "waiting");
    let object = send(&studio, &announced, format!("{FILE}\n{FILE}").as_bytes()).await;
    assert_eq!(studio.convert(&object).await, Outcome::Done);
    let new = tracks(&studio, title).await;
    assert_eq!((new.len(), &new[0]["captions_offered"]), (1, &json!(2)));
    assert_eq!(stored(&studio).await.len(), 2);
    studio.tick(LATE).await;
    let left = stored(&studio).await;
    assert!(left.len() == 1 && left[0] != old, "{left:?}");

    let before = studio.image(&title.to_string(), "captions").await;
    for _ in 0..2 {
        let delete = format!("{}/rus/subtitles", path(title));
        assert_eq!(studio.app.delete(&delete).token(&studio.editor).send().await.status, 204);
        assert_eq!(tracks(&studio, title).await, Vec::<Value>::new());
    }
    relay(&studio, &[(before, studio.image(&title.to_string(), "captions").await)]).await;
    let last = studio.service.events("domain-events", title, 2).await.pop().unwrap();
    assert_eq!(events::Captions::read(&last).unwrap().tracks, []);
    assert_eq!(stored(&studio).await.len(), 1, "somebody may be watching");
    studio.tick(LATE).await;
    assert_eq!((stored(&studio).await.len(), sources(&studio).await), (0, 0));
    assert_eq!(studio.convert(&object).await, Outcome::Done, "a late notification brings nothing back");
    assert_eq!(tracks(&studio, title).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_newest_version_of_a_file_counts_in_whatever_order_s3_tells() {
    let studio = Studio::open().await;
    let world = World::system();
    let mut expected = None;
    for _ in 0..4 {
        let title = studio.title().await;
        let mut objects = Vec::new();
        // Three tracks; of one the file is announced twice, of another sent twice to one address.
        for (language, files) in
            [("ru", vec!["A"]), ("en", vec!["B", "C"]), ("de", vec!["D"]), ("ru", vec!["E"]), ("fr", vec!["no"])]
        {
            let announced = announce(&studio, title, language, "subtitles", 45).await.expect(201);
            for text in files {
                let file = if text == "no" { "nothing --> at all".to_owned() } else { FILE.replace("Hello", text) };
                objects.push(send(&studio, &announced, file.as_bytes()).await);
            }
        }
        let mut order: Vec<S3Object> = objects.iter().chain(&objects).cloned().collect();
        for at in (1..order.len()).rev() {
            order.swap(at, world.below(at as u32 + 1) as usize);
        }
        let at_once = futures::future::join_all(order.iter().map(|object| studio.convert(object))).await;
        assert!(at_once.iter().all(|outcome| *outcome == Outcome::Done), "{at_once:?}");
        let mut state = Vec::new();
        for track in events::Captions::read(&told(&studio, title).await).unwrap().tracks {
            let text = studio.films.get(&track.path).await.unwrap().unwrap();
            state.push((track.language, String::from_utf8(text).unwrap().lines().last().unwrap().to_owned()));
        }
        let named = |language: &str, text: &str| (language.to_owned(), text.to_owned());
        assert_eq!(state, [named("de", "D"), named("en", "C"), named("ru", "E")]);
        let shown: Vec<Value> = tracks(&studio, title)
            .await
            .into_iter()
            .map(|mut track| {
                track["announced_at"].take();
                track
            })
            .collect();
        assert_eq!(expected.get_or_insert(shown.clone()), &shown);
    }
}

#[tokio::test]
async fn what_cannot_be_announced_is_said() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    for size in [0, (2 << 20) + 1] {
        let problem = announce(&studio, title, "en", "subtitles", size).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/size");
    }
    for (language, kind) in [("english", "subtitles"), ("", "subtitles"), ("und", "subtitles"), ("en", "songs")] {
        let answer = announce(&studio, title, language, kind, 9).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{language} {kind}: {}", answer.text());
    }
    let old = TitleId::from_parts(World::system().now() - Duration::hours(1), World::system().bytes());
    announce(&studio, old, "en", "subtitles", 9).await.expect_problem(404, "not_found");
    studio.app.get(&path(old)).token(&studio.editor).send().await.expect_problem(404, "not_found");
    let delete = format!("{}/en/subtitles", path(old));
    studio.app.delete(&delete).token(&studio.editor).send().await.expect_problem(404, "not_found");
    let new: TitleId = World::system().id();
    let early = announce(&studio, new, "en", "subtitles", 9).await;
    early.expect_problem(409, "title_not_here_yet");
    assert_eq!(early.header("retry-after"), Some("1"));
    for wrong in ["en/songs", "english/subtitles"] {
        let answer = studio.app.delete(&format!("{}/{wrong}", path(title))).token(&studio.editor).send().await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn a_title_has_so_many_tracks_and_no_more() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    let languages: Vec<String> =
        ('a'..='z').flat_map(|a| ('a'..='d').map(move |b| format!("q{a}{b}"))).take(101).collect();
    for language in &languages[..100] {
        announce(&studio, title, language, "subtitles", 9).await.expect(201);
    }
    announce(&studio, title, &languages[100], "subtitles", 9).await.expect_problem(409, "too_many_tracks");
    announce(&studio, title, &languages[0], "subtitles", 9).await.expect(201);
    assert_eq!(tracks(&studio, title).await.len(), 100);
}

#[tokio::test]
async fn captions_go_with_their_title_and_stay_with_another_film() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    add(&studio, title, ("en", "subtitles"), FILE).await;
    let before = studio.image(&title.to_string(), "captions").await;
    let (asset, object) = studio.upload_for(title, film()).await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    studio.work().await;
    studio.expect_state(&asset, "ready").await;
    assert_eq!(studio.image(&title.to_string(), "captions").await, before, "a film changes nothing about them");
    assert!(!studio.objects(&asset).await.contains_key("captions.vtt"));

    let other = studio.title().await;
    add(&studio, other, ("en", "subtitles"), FILE).await;
    let late = announce(&studio, title, "ru", "forced", FILE.len()).await.expect(201);
    let object = send(&studio, &late, FILE.as_bytes()).await;
    for _ in 0..2 {
        assert_eq!(studio.hear(title_changed(title, 3, true)).await, Outcome::Done);
        assert!(studio.item(&title.to_string(), "captions").await.is_none());
        assert_eq!((stored(&studio).await.len(), sources(&studio).await), (1, 1), "the other title's");
    }
    studio.app.get(&path(title)).token(&studio.editor).send().await.expect_problem(404, "not_found");
    announce(&studio, title, "ru", "forced", 9).await.expect_problem(404, "not_found");
    // The address is good for some minutes more.
    let late = send(&studio, &late, FILE.as_bytes()).await;
    for object in [&object, &late] {
        assert_eq!(studio.convert(object).await, Outcome::Done);
    }
    assert_eq!((stored(&studio).await.len(), sources(&studio).await), (1, 1));
}

#[tokio::test]
async fn what_nobody_announced_is_left_and_an_engine_that_is_down_is_tried_again() {
    let studio = Studio::open().await;
    let title = studio.title().await;
    for key in ["captions/film.srt", "captions/ttl_x/upl_x", "captions//"] {
        let object = studio.put(key, b"x").await;
        assert_eq!(studio.convert(&object).await, Outcome::Done, "{key}");
    }
    let announced = announce(&studio, title, "en", "subtitles", FILE.len()).await.expect(201);
    let object = send(&studio, &announced, FILE.as_bytes()).await;
    for (name, value) in [
        ("TABLE_ASSETS", "there-is-none"),
        ("BUCKET_UPLOADS", "there-is-none-at-all"),
        ("BUCKET_MEDIA", "there-is-none-at-all"),
    ] {
        let boot = runtime::Boot::new(studio.service.vars().clone().set(name, value));
        let consumer = media::operations::consumers::convert_captions(&boot).unwrap();
        let outcome = consumer.consume(object.clone(), &Deadline::unlimited(World::system())).await;
        assert!(matches!(outcome, Outcome::Retry(_)), "{name}: {outcome:?}");
        assert_eq!(tracks(&studio, title).await[0]["state"], "waiting", "{name}");
    }
    assert_eq!(studio.convert(&object).await, Outcome::Done);
    assert_eq!(tracks(&studio, title).await[0]["state"], "ready");
}
