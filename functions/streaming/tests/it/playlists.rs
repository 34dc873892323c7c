use std::io::Read;

use kernel::World;
use playback::signed_url::PublicKey;
use serde_json::json;
use testkit::Answer;
use time::Duration;

use crate::{
    fixture::{Fixture, Person, id, path},
    start_session::secret,
};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";

async fn read(fixture: &Fixture, url: &str) -> Answer {
    fixture.app.get(url).send().await
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[tokio::test]
async fn from_the_manifest_to_a_signed_segment() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 2160).await);
    let started = fixture.start(&person, &film, "tv").await;
    let master = read(&fixture, &path(started["manifest_url"].as_str().unwrap())).await;
    assert_eq!((master.status.as_u16(), master.header("content-type")), (200, Some(PLAYLIST)));
    assert_eq!(master.header("cache-control"), Some("private, no-store"));
    let text = master.text();
    let (session, token) = (id(&started), started["token"].as_str().unwrap());
    let own = |name: &str| format!("/v1/playback/sessions/{session}/renditions/{name}?token={token}");
    assert_eq!(lines(&text), [own("v720"), own("v1080"), own("v240")]);
    for name in ["a0", "a0low", "v1080-iframes", "v720-iframes", "v240-iframes"] {
        assert!(text.contains(&format!("URI=\"{}\"", own(name))), "{name}: {text}");
    }

    let key = PublicKey::from_pkcs8(&secret(&fixture, "SECRET_URL_SIGNING_KEY").await).unwrap();
    for name in ["v720", "v720-iframes", "a0"] {
        let answer = read(&fixture, &own(name)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(PLAYLIST)), "{}", answer.text());
        let text = answer.text();
        let folder = name.trim_end_matches("-iframes");
        let map = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")?.strip_suffix('"')).unwrap();
        let mut addresses = lines(&text);
        assert_eq!(addresses.len(), 100);
        addresses.push(map);
        for address in addresses {
            let (place, query) = address.split_once('?').unwrap();
            assert!(place.starts_with(&format!("/media/{}/{folder}/", film.asset)), "{place}");
            let url = format!("http://localhost:8080{place}");
            assert_eq!(key.verify(&url, query, fixture.world.now()), Ok(()));
            // Twice the film and an hour.
            let end = fixture.world.now() + Duration::seconds(2 * 600 + 3600);
            assert!(key.verify(&url, query, end - Duration::seconds(2)).is_ok());
            assert!(key.verify(&url, query, end + Duration::seconds(2)).is_err());
            let elsewhere = url.replace(folder, "v1080");
            assert!(folder == "v1080" || key.verify(&elsewhere, query, fixture.world.now()).is_err());
        }
    }
}

#[tokio::test]
async fn plan_and_device_cap_the_picture() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let body = json!({ "title_id": film.title, "device_id": "phone", "max_height": 480 });
    let started = fixture.app.post("/v1/playback/sessions", &body).token(&person.token()).send().await.expect(201);
    assert_eq!(started["tracks"]["video"].as_array().unwrap().len(), 1);
    let text = read(&fixture, &path(started["manifest_url"].as_str().unwrap())).await.text();
    assert!(lines(&text).len() == 1 && text.contains("RESOLUTION=426x240") && !text.contains("1280x720"), "{text}");
    let rendition = |name: &str| {
        format!("/v1/playback/sessions/{}/renditions/{name}?token={}", id(&started), started["token"].as_str().unwrap())
    };
    assert_eq!(read(&fixture, &rendition("v240")).await.status, 200);
    // Knowing the name of a larger one does not help.
    for name in ["v1080", "v720-iframes", "v999", "a0"] {
        read(&fixture, &rendition(name)).await.expect_problem(404, "not_found");
    }
    let small = fixture.person(1, 144).await;
    let started = fixture.start(&small, &film, "tv").await;
    let text = read(&fixture, &path(started["manifest_url"].as_str().unwrap())).await.text();
    assert_eq!(lines(&text).len(), 1, "the lowest picture is there in any case");
}

#[tokio::test]
async fn playlists_are_packed_for_who_can_unpack() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let started = fixture.start(&person, &film, "tv").await;
    let url =
        format!("/v1/playback/sessions/{}/renditions/v720?token={}", id(&started), started["token"].as_str().unwrap());
    let plain = read(&fixture, &url).await;
    assert_eq!(plain.header("content-encoding"), None);
    let packed = fixture.app.get(&url).header("accept-encoding", "gzip, br").send().await;
    assert_eq!((packed.header("content-encoding"), packed.header("content-type")), (Some("gzip"), Some(PLAYLIST)));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(lines(&text).len(), 100);
    assert!(packed.body.len() * 10 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
}

#[tokio::test]
async fn kicked_expired_and_stopped_sessions_get_no_more_playlists() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(3, 1080).await);
    let urls = |started: &serde_json::Value| {
        let (session, token) = (id(started), started["token"].as_str().unwrap().to_owned());
        [
            format!("/v1/playback/sessions/{session}/master.m3u8?token={token}"),
            format!("/v1/playback/sessions/{session}/renditions/v720?token={token}"),
        ]
    };
    let kicked = fixture.start(&person, &film, "tv").await;
    fixture.start(&person, &film, "tv").await;
    let stopped = fixture.start(&person, &film, "phone").await;
    fixture.stop(&person, &id(&stopped)).await;
    let silent = fixture.start(&person, &film, "tablet").await;
    for url in urls(&silent) {
        assert_eq!(read(&fixture, &url).await.status, 200);
    }
    fixture.seconds(90);
    for (started, code) in [(kicked, "session_replaced"), (stopped, "session_stopped"), (silent, "session_expired")] {
        for url in urls(&started) {
            read(&fixture, &url).await.expect_problem(403, code);
        }
    }
}

#[tokio::test]
async fn a_token_opens_only_its_own_session_and_only_for_its_time() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let (one, two) = (fixture.start(&person, &film, "tv").await, fixture.start(&person, &film, "phone").await);
    let token = one["token"].as_str().unwrap();
    let forged = format!("{}A{}", &token[..40], &token[41..]);
    for file in ["master.m3u8", "renditions/v720"] {
        let at = |session: &str, token: &str| {
            read_owned(&fixture, format!("/v1/playback/sessions/{session}/{file}?token={token}"))
        };
        at(&id(&two), token).await.expect_problem(404, "not_found");
        at(&id(&one), "").await.expect_problem(403, "token_required");
        at(&id(&one), "%00%FF").await.expect_problem(403, "invalid_token");
        if forged != token {
            at(&id(&one), &forged).await.expect_problem(403, "invalid_token");
        }
        at(&World::system().id::<kernel::PlaybackId>().to_string(), token).await.expect_problem(404, "not_found");
        at("pbs_x", token).await.expect_problem(404, "not_found");
        assert_eq!(at(&id(&one), &format!("{token}&_HLS_skip=YES")).await.status, 200, "players add parameters");
    }
    let bare = read(&fixture, &format!("/v1/playback/sessions/{}/master.m3u8", id(&one))).await;
    bare.expect_problem(403, "token_required");
    fixture.seconds(2 * 600 + 3601);
    let late = read(&fixture, &format!("/v1/playback/sessions/{}/master.m3u8?token={token}", id(&one))).await;
    late.expect_problem(403, "token_expired");
}

async fn read_owned(fixture: &Fixture, url: String) -> Answer {
    read(fixture, &url).await
}

#[tokio::test]
async fn a_session_whose_item_is_gone_is_unknown() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let started = fixture.start(&person, &film, "tv").await;
    let table = stores::Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"));
    let text = |text: String| stores::aws_sdk_dynamodb::types::AttributeValue::S(text);
    table
        .client
        .delete_item()
        .table_name(&table.name)
        .key("pk", text(format!("session#{}", id(&started))))
        .key("sk", text("session".to_owned()))
        .send()
        .await
        .unwrap();
    read(&fixture, &path(started["manifest_url"].as_str().unwrap())).await.expect_problem(404, "not_found");
    let answer = fixture.beat(&person, &id(&started), &json!({ "position": 1.0, "state": "playing" })).await;
    answer.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_film_without_files_is_unknown_and_a_bucket_that_is_down_is_503() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let empty = crate::fixture::Film::new();
    fixture.project_title(empty.changed(1, &empty.published())).await;
    let started = fixture.start(&person, &empty, "tv").await;
    read(&fixture, &path(started["manifest_url"].as_str().unwrap())).await.expect_problem(404, "not_found");

    let started = fixture.start(&person, &film, "tv").await;
    let down =
        fixture.app_with(|vars| vars.set("BUCKET_MEDIA", "no-such-bucket-at-all"), streaming::operations::routes);
    let answer = down.get(&path(started["manifest_url"].as_str().unwrap())).send().await;
    answer.expect_problem(503, "temporarily_unavailable");
    let stranger = Person::new();
    assert_eq!(fixture.stop(&stranger, &id(&started)).await.status, 404);
}
