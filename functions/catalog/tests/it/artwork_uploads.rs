//! Pictures that editors upload, on a real S3, a real queue and a real database.

use std::io::Cursor;

use events::{Consumer, Deadline, Outcome};
use kernel::{ArtworkId, World};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use runtime::{Boot, S3Object, SqsMessage, Tick};
use serde_json::{Value, json};
use stores::{Bucket, aws_sdk_s3::primitives::ByteStream};
use testkit::{Answer, Service};
use time::Duration;

use crate::studio::{Studio, draft, id_of};

/// A studio with buckets and a queue of its own.
struct Gallery {
    studio: Studio,
    boot: Boot,
    uploads: Bucket,
    media: Bucket,
}

impl Gallery {
    async fn open() -> Self {
        let service = Service::start_alone("catalog").await;
        let app = service.app(catalog::operations::routes);
        let bucket = |name| Bucket::new(service.aws(), service.var(name));
        let (uploads, media) = (bucket("BUCKET_ARTWORK_UPLOADS"), bucket("BUCKET_MEDIA"));
        let boot = service.boot();
        Self { studio: Studio { service, app, editor: testkit::Token::role("editor") }, boot, uploads, media }
    }

    async fn title(&self, name: &str) -> String {
        id_of(&self.studio.create(&draft(name)).await)
    }

    async fn get(&self, title: &str) -> Value {
        let path = format!("/v1/admin/titles/{title}");
        self.studio.app.get(&path).token(&self.studio.editor).send().await.expect(200)
    }

    async fn ask(&self, title: &str, body: &Value) -> Answer {
        let path = format!("/v1/admin/titles/{title}/artwork");
        self.studio.app.post(&path, body).token(&self.studio.editor).send().await
    }

    async fn take_back(&self, title: &str, kind: &str) -> Answer {
        let path = format!("/v1/admin/titles/{title}/artwork/{kind}");
        self.studio.app.delete(&path).token(&self.studio.editor).send().await
    }

    /// Begins an upload and sends its file; what S3 tells of it.
    async fn send(&self, title: &str, kind: &str, bytes: &[u8]) -> S3Object {
        let begun = self.ask(title, &json!({"kind": kind, "size": bytes.len()})).await.expect(201);
        let (id, url) = (begun["upload_id"].as_str().unwrap(), begun["url"].as_str().unwrap());
        let (key, query) = url.split_once('?').unwrap();
        assert!(key.ends_with(&format!("/pictures/{kind}/{id}")), "{url}");
        assert!(
            query.contains("X-Amz-Expires=900") && query.contains("X-Amz-SignedHeaders=content-length%3Bhost"),
            "{url}"
        );
        self.put(&format!("pictures/{kind}/{id}"), bytes, "1").await
    }

    async fn put(&self, key: &str, bytes: &[u8], sequencer: &str) -> S3Object {
        let body = ByteStream::from(bytes.to_vec());
        let put = self.uploads.client.put_object().bucket(&self.uploads.name).key(key).body(body).send().await.unwrap();
        let (bucket, size) = (self.uploads.name.clone(), bytes.len() as u64);
        S3Object { bucket, key: key.to_owned(), version: put.version_id, sequencer: Some(sequencer.into()), size }
    }

    async fn resize(&self, object: &S3Object) -> Outcome {
        let consumer = catalog::operations::consumers::resize_artwork(&self.boot).unwrap();
        consumer.consume(object.clone(), &Deadline::unlimited(World::system())).await
    }

    /// What the function told of it.
    async fn report(&self, object: &S3Object) -> String {
        assert_eq!(self.resize(object).await, Outcome::Done);
        let reports = self.studio.service.take_messages("artwork").await;
        assert_eq!(reports.len(), 1);
        reports[0].to_string()
    }

    async fn attach(&self, report: &str) -> Outcome {
        let consumer = catalog::operations::consumers::attach_artwork(&self.boot).unwrap();
        let message = SqsMessage { id: "1".into(), body: report.into(), receive_count: 1, trace: None };
        consumer.consume(message, &Deadline::unlimited(World::system())).await
    }

    /// The whole way of a picture.
    async fn show(&self, title: &str, kind: &str, bytes: &[u8]) {
        let object = self.send(title, kind, bytes).await;
        let report = self.report(&object).await;
        assert_eq!(self.attach(&report).await, Outcome::Done);
    }

    async fn sweep(&self, later: Duration) -> Outcome {
        let world = World::replay(World::system().now() + later, 1).0;
        let boot = self.studio.service.boot().with_world(world);
        let consumer = catalog::operations::consumers::remove_artwork(&boot).unwrap();
        consumer.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await
    }

    /// Keys of pictures.
    async fn pictures(&self) -> Vec<String> {
        keys(&self.media, "artwork/").await
    }
}

async fn keys(bucket: &Bucket, prefix: &str) -> Vec<String> {
    let list = bucket.client.list_objects_v2().bucket(&bucket.name).prefix(prefix).send().await.unwrap();
    list.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
}

/// A picture of one colour.
fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let image = image::RgbImage::from_pixel(width, height, image::Rgb(colour));
    image.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

#[tokio::test]
async fn a_picture_goes_from_an_editor_to_everybody() {
    let gallery = Gallery::open().await;
    let id = gallery.studio.film(draft("Film")).await;
    let page = format!("/v1/titles/{id}");
    let public = async || gallery.studio.app.get(&page).send().await.expect(200)["artwork"].clone();
    let of_film = public().await;
    let object = gallery.send(&id, "poster", &png(800, 1200, [200, 30, 30])).await;
    let waiting = gallery.get(&id).await;
    assert_eq!(waiting["artwork"]["uploads"]["poster"]["state"], "waiting");
    assert_eq!(public().await, of_film, "what waits is no picture");
    let report = gallery.report(&object).await;
    assert_eq!(gallery.attach(&report).await, Outcome::Done);

    let shown = public().await;
    let sources = shown["poster"]["sources"].as_array().unwrap();
    let widths: Vec<u64> = sources.iter().map(|source| source["width"].as_u64().unwrap()).collect();
    assert_eq!(widths, [240, 240, 480, 480, 800, 800]);
    assert_eq!((&shown["poster"]["width"], &shown["poster"]["height"]), (&json!(800), &json!(1200)));
    assert_eq!(shown["poster_url"], sources[3]["url"], "lists show a JPEG of middle size");
    assert_eq!(gallery.get(&id).await["artwork"]["uploads"]["poster"]["state"], "ready");
    let card = &gallery.studio.app.get("/v1/titles?limit=100").send().await.expect(200)["items"][0];
    assert_eq!(card["poster_url"], shown["poster_url"]);
    for source in sources {
        let key = source["url"].as_str().unwrap().strip_prefix("http://localhost:8080/media/").unwrap();
        let head = gallery.media.head(key).await.unwrap().unwrap();
        assert_eq!(head.content_type(), source["type"].as_str());
        assert_eq!(head.cache_control(), Some("public, max-age=31536000, immutable"));
        let bytes = gallery.media.get(key).await.unwrap().unwrap();
        assert!(key.contains(&hex::encode(kernel::sha256(&bytes))), "{key}");
        let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let pixel = picture.get_pixel(100, 100).0;
        assert!(pixel[0].abs_diff(200) < 8 && pixel[1].abs_diff(30) < 8, "{pixel:?}");
    }
    assert!(keys(&gallery.uploads, "").await.is_empty(), "the file is gone");

    let told = gallery.studio.service.events("domain-events", &id, 5).await;
    let poster = told.last().unwrap().data["poster"].as_str().unwrap();
    assert!(shown["poster_url"].as_str().unwrap().ends_with(poster) && poster.starts_with("artwork/art_"), "{poster}");
    let audit =
        gallery.studio.app.get(&format!("/v1/admin/titles/{id}/audit")).token(&gallery.studio.editor).send().await;
    let entries = audit.expect(200);
    let actions: Vec<_> = entries["items"].as_array().unwrap()[..2].iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["artwork_changed", "artwork_requested"]);
    assert_eq!(entries["items"][0]["actor"], "catalog-attach-artwork");

    let again = gallery.take_back(&id, "poster").await.expect(200);
    assert_eq!(again["artwork"], json!({"poster_url": of_film["poster_url"]}), "the film's own is there again");
    assert_eq!(public().await, of_film);
    let version = &again["version"];
    assert_eq!(&gallery.take_back(&id, "poster").await.expect(200)["version"], version, "repeating it changes nothing");
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_its_reason_and_goes() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Refused").await;
    gallery.show(&id, "poster", &png(100, 150, [1, 2, 3])).await;
    let before = gallery.get(&id).await["artwork"]["poster"].clone();
    let bomb =
        [&png(64, 64, [0; 3])[..16], &60_000u32.to_be_bytes(), &60_000u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let half = png(200, 200, [9, 9, 9]);
    let archive = [half.as_slice(), b"PK\x03\x04"].concat();
    for (bytes, reason) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "not_a_picture"),
        (bomb, "too_many_pixels"),
        (half[..half.len() / 2].to_vec(), "truncated"),
        (archive, "trailing_data"),
        (png(1, 1, [0; 3]), "too_small"),
    ] {
        let object = gallery.send(&id, "poster", &bytes).await;
        let report = gallery.report(&object).await;
        assert_eq!(gallery.attach(&report).await, Outcome::Done);
        let artwork = gallery.get(&id).await["artwork"].clone();
        let upload = &artwork["uploads"]["poster"];
        assert_eq!((&upload["state"], &upload["reason"]), (&json!("refused"), &json!(reason)));
        assert!(upload["detail"].as_str().unwrap().ends_with('.'), "{upload}");
        assert_eq!(artwork["poster"], before, "the one before stays");
        assert!(keys(&gallery.uploads, "").await.is_empty(), "{reason}: the file is gone");
    }
    // Longer than was announced: it is not even read.
    let object = S3Object { size: 20 * 1024 * 1024 + 1, ..gallery.send(&id, "poster", b"x").await };
    assert_eq!(
        serde_json::from_str::<Value>(&gallery.report(&object).await).unwrap()["finding"]["reason"],
        "too_large"
    );
}

#[tokio::test]
async fn duplicates_change_nothing_and_what_is_gone_is_done() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Twice").await;
    let object = gallery.send(&id, "logo", &png(300, 100, [5, 5, 5])).await;
    let report = gallery.report(&object).await;
    assert_eq!(gallery.resize(&object).await, Outcome::Done, "S3 tells twice; the file is gone");
    assert!(gallery.studio.service.take_messages("artwork").await.is_empty());
    for _ in 0..3 {
        assert_eq!(gallery.attach(&report).await, Outcome::Done);
    }
    assert_eq!(gallery.get(&id).await["version"], 3, "made, asked for, shown");
}

#[tokio::test]
async fn the_latest_upload_wins_in_whatever_order_reports_come() {
    let gallery = Gallery::open().await;
    let mut expected = None;
    let mut runner = TestRunner::deterministic();
    for round in 0..12u8 {
        let id = gallery.title("Order").await;
        let mut reports = Vec::new();
        for shade in [10, 120, 230] {
            let object = gallery.send(&id, "poster", &png(90, 120, [shade; 3])).await;
            reports.push(gallery.report(&object).await);
        }
        let object = gallery.send(&id, "poster", b"no picture").await;
        reports.push(gallery.report(&object).await);
        let newest = object.key.rsplit('/').next().unwrap().to_owned();
        let third = serde_json::from_str::<Value>(&reports[2]).unwrap()["upload_id"].clone();
        let doubled: Vec<String> = reports.iter().chain(&reports).cloned().collect();
        let order =
            if round == 0 { doubled } else { Just(doubled).prop_shuffle().new_tree(&mut runner).unwrap().current() };
        for report in &order {
            assert_eq!(gallery.attach(report).await, Outcome::Done);
        }
        let artwork = gallery.get(&id).await["artwork"].clone();
        assert!(artwork["poster_url"].as_str().unwrap().contains(third.as_str().unwrap()), "{artwork}");
        assert_eq!(artwork["uploads"]["poster"]["upload_id"], json!(newest));
        assert_eq!(artwork["uploads"]["poster"]["reason"], "not_a_picture");
        let placeholder = artwork["poster"]["placeholder"].clone();
        assert_eq!(expected.get_or_insert_with(|| placeholder.clone()), &placeholder);
        // What lost is removed, what won stays.
        assert_eq!(gallery.sweep(Duration::days(2)).await, Outcome::Done);
        let left = gallery.pictures().await;
        let prefix = format!("artwork/{}/", third.as_str().unwrap());
        assert_eq!(left.iter().filter(|key| key.starts_with(&prefix)).count(), 2);
        assert_eq!(left.len(), 2 * (usize::from(round) + 1), "{left:?}");
    }
}

#[tokio::test]
async fn what_is_taken_back_does_not_come_back_and_a_deleted_title_has_no_pictures() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Gone").await;
    gallery.show(&id, "backdrop", &png(700, 400, [40, 80, 120])).await;
    let late = gallery.send(&id, "backdrop", &png(800, 400, [1, 1, 1])).await;
    let late = gallery.report(&late).await;
    assert_eq!(gallery.take_back(&id, "backdrop").await.expect(200)["artwork"], json!({}));
    assert_eq!(gallery.attach(&late).await, Outcome::Done);
    assert_eq!(gallery.get(&id).await["artwork"], json!({}));
    gallery.show(&id, "logo", &png(100, 100, [4, 5, 6])).await;
    assert_eq!(gallery.sweep(Duration::hours(1)).await, Outcome::Done);
    assert_eq!(gallery.pictures().await.len(), 4 + 4 + 2, "caches and other services still name them");
    let path = format!("/v1/admin/titles/{id}");
    assert_eq!(gallery.studio.app.delete(&path).token(&gallery.studio.editor).send().await.status, 204);
    assert_eq!(gallery.sweep(Duration::days(2)).await, Outcome::Done);
    assert!(gallery.pictures().await.is_empty());
    assert_eq!(gallery.attach(&late).await, Outcome::Done);
    gallery.ask(&id, &json!({"kind": "logo", "size": 1})).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_public_film_keeps_a_poster() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Bare").await;
    let mut ready = crate::studio::ready(&id, World::system().id(), 1);
    ready.data.as_object_mut().unwrap().remove("poster");
    gallery.studio.deliver(vec![ready]).await;
    let problem = gallery.studio.publish(&id, &json!({"rating": 6})).await.expect_problem(409, "not_publishable");
    assert_eq!(problem["errors"][0]["pointer"], "/artwork");
    gallery.show(&id, "backdrop", &png(640, 360, [7; 3])).await;
    gallery.studio.publish(&id, &json!({"rating": 6})).await.expect_problem(409, "not_publishable");
    gallery.show(&id, "poster", &png(240, 360, [7; 3])).await;
    gallery.studio.publish(&id, &json!({"rating": 6})).await.expect(200);
    gallery.take_back(&id, "poster").await.expect_problem(409, "not_publishable");
    gallery.take_back(&id, "backdrop").await.expect(200);
}

#[tokio::test]
async fn two_files_at_one_address_are_told_apart() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Again").await;
    let first = gallery.send(&id, "poster", &png(90, 90, [10; 3])).await;
    let second = gallery.put(&first.key, &png(180, 90, [20; 3]), "2").await;
    assert_eq!(gallery.resize(&second).await, Outcome::Done);
    assert_eq!(gallery.resize(&first).await, Outcome::Done, "the later one does not hide the earlier");
    let mut reports = gallery.studio.service.take_messages("artwork").await;
    reports.extend(gallery.studio.service.take_messages("artwork").await);
    assert_eq!(reports.len(), 2);
    for report in &reports {
        assert_eq!(gallery.attach(&report.to_string()).await, Outcome::Done);
    }
    assert_eq!(gallery.get(&id).await["artwork"]["poster"]["width"], 180);
}

#[tokio::test]
async fn bad_requests_reports_and_objects_are_refused() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Bad").await;
    for (body, pointer) in [
        (json!({"kind": "poster", "size": 0}), "/size"),
        (json!({"kind": "poster", "size": 20971521}), "/size"),
        (json!({"kind": "poster", "size": -1}), "/size"),
        (json!({"kind": "cover", "size": 1}), "/kind"),
        (json!({"kind": "poster", "size": 1, "url": "http://x"}), "/url"),
    ] {
        let problem = gallery.ask(&id, &body).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let unknown = "ttl_01jd3k5m7n9pqrstvwxyz01234";
    gallery.ask(unknown, &json!({"kind": "poster", "size": 1})).await.expect_problem(404, "not_found");
    gallery.take_back(&id, "cover").await.expect_problem(404, "not_found");
    gallery.take_back(unknown, "logo").await.expect_problem(404, "not_found");

    let key = "pictures/cover/art_1".to_owned();
    let foreign = S3Object { bucket: gallery.uploads.name.clone(), key, version: None, sequencer: None, size: 1 };
    assert!(matches!(gallery.resize(&foreign).await, Outcome::Poison(_)));
    for report in
        ["", "{}", r#"{"upload_id": "x", "rank": "1", "finding": {"outcome": "refused", "reason": "truncated"}}"#]
    {
        assert!(matches!(gallery.attach(report).await, Outcome::Poison(_)), "{report}");
    }
    let begun = gallery.ask(&id, &json!({"kind": "poster", "size": 1})).await.expect(201);
    let lie = json!({"upload_id": begun["upload_id"], "rank": "1", "finding": {
        "outcome": "ready", "upload_id": begun["upload_id"], "width": 10, "height": 10, "placeholder": "", "colour": "unprofiled",
        "card": "ast_1/master.m3u8", "files": [{"path": "ast_1/master.m3u8", "width": 10, "height": 10, "encoding": "jpeg"}],
    }});
    assert!(matches!(gallery.attach(&lie.to_string()).await, Outcome::Poison(_)));
    assert_eq!(gallery.get(&id).await["artwork"].get("poster"), None);
    let nobody: ArtworkId = World::system().id();
    let stray = json!({"upload_id": nobody, "rank": "1", "finding": {"outcome": "refused", "reason": "truncated"}});
    assert_eq!(gallery.attach(&stray.to_string()).await, Outcome::Done);
}

#[tokio::test]
async fn uploads_that_come_to_nothing_are_bounded() {
    let gallery = Gallery::open().await;
    let id = gallery.title("Many").await;
    for _ in 0..catalog::pictures::MOST_UPLOADS {
        gallery.ask(&id, &json!({"kind": "poster", "size": 1})).await.expect(201);
    }
    gallery.ask(&id, &json!({"kind": "logo", "size": 1})).await.expect_problem(409, "too_many_uploads");
    sqlx::query("update artwork_uploads set expires_at = expires_at - interval '2 days'")
        .execute(&gallery.studio.service.pool())
        .await
        .unwrap();
    gallery.ask(&id, &json!({"kind": "logo", "size": 1})).await.expect(201);
    let left: i64 = sqlx::query_scalar("select count(*) from artwork_uploads")
        .fetch_one(&gallery.studio.service.pool())
        .await
        .unwrap();
    assert_eq!(left, 2, "the latest of each kind");
}
