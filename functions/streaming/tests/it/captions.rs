//! Captions: what a start says of them, how players are offered them, and who may read their files.

use events::Outcome;
use playback::signed_url::PublicKey;
use proto::catalog::{Asset, CaptionTrack, TitleChanged};
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::{
    fixture::{Film, Fixture, Person, id, path},
    start_session::secret,
};

fn track(film: &Film, language: &str, kind: &str, name: &str) -> CaptionTrack {
    let path = format!("captions/{}/{language}{kind}/captions.vtt", film.title);
    CaptionTrack { language: language.into(), kind: kind.into(), name: name.into(), path }
}

fn tracks(film: &Film) -> Vec<CaptionTrack> {
    vec![
        track(film, "en", "captions", "English [CC]"),
        track(film, "ru", "forced", "Русский [!]"),
        track(film, "ru", "subtitles", "Русский"),
    ]
}

async fn tell(fixture: &Fixture, film: &Film, sequence: i64, captions: Vec<CaptionTrack>) {
    let event = film.changed(sequence, &TitleChanged { captions, ..film.published() });
    assert_eq!(fixture.project_title(event).await, Outcome::Done);
}

async fn master(fixture: &Fixture, started: &Value) -> String {
    let answer = fixture.app.get(&path(started["manifest_url"].as_str().unwrap())).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("private, no-store")));
    answer.text()
}

/// Language and address of each track that a master playlist offers.
fn offered(master: &str) -> Vec<(String, String)> {
    let value = |line: &str, name: &str| streaming::master::attribute(line, name).unwrap().to_owned();
    let lines = master.lines().filter(|line| line.starts_with("#EXT-X-MEDIA:TYPE=SUBTITLES,"));
    lines.map(|line| (value(line, "LANGUAGE"), value(line, "URI"))).collect()
}

async fn read(fixture: &Fixture, address: &str) -> Answer {
    fixture.app.get(address).send().await
}

#[tokio::test]
async fn a_start_names_them_and_a_player_finds_them() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let without = fixture.start(&person, &film, "tv").await;
    let plain = master(&fixture, &without).await;
    assert!(offered(&plain).is_empty() && !plain.contains("SUBTITLES"));
    tell(&fixture, &film, 2, tracks(&film)).await;
    assert_eq!(offered(&master(&fixture, &without).await).len(), 3, "a session that runs is offered them as well");

    let started = fixture.start(&person, &film, "tv").await;
    assert_eq!(
        started["tracks"]["captions"],
        json!([
            { "language": "en", "kind": "captions", "name": "English [CC]" },
            { "language": "ru", "kind": "forced", "name": "Русский [!]" },
            { "language": "ru", "kind": "subtitles", "name": "Русский" },
        ])
    );
    let text = master(&fixture, &started).await;
    let (_, parsed) = m3u8_rs::parse_master_playlist(text.as_bytes()).unwrap();
    let subtitles: Vec<_> = parsed
        .alternatives
        .iter()
        .filter(|media| media.media_type == m3u8_rs::AlternativeMediaType::Subtitles)
        .map(|media| {
            (media.name.as_str(), media.forced, media.autoselect, media.default, media.characteristics.is_some())
        })
        .collect();
    assert_eq!(
        subtitles,
        [
            ("English [CC]", false, true, false, true),
            ("Русский [!]", true, true, false, false),
            ("Русский", false, true, false, false)
        ]
    );
    for variant in &parsed.variants {
        assert_eq!(variant.subtitles.as_deref(), Some("captions").filter(|_| !variant.is_i_frame), "{variant:?}");
    }
}

#[tokio::test]
async fn a_track_is_one_signed_file_as_long_as_the_film() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 144).await);
    tell(&fixture, &film, 2, tracks(&film)).await;
    let started = fixture.start(&person, &film, "tv").await;
    let key = PublicKey::from_pkcs8(&secret(&fixture, "SECRET_URL_SIGNING_KEY").await).unwrap();
    for ((language, address), track) in offered(&master(&fixture, &started).await).iter().zip(tracks(&film)) {
        assert_eq!(*language, track.language);
        let answer = read(&fixture, address).await;
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let (_, playlist) = m3u8_rs::parse_media_playlist(answer.text().as_bytes()).unwrap();
        assert!(playlist.end_list && playlist.segments.len() == 1 && playlist.target_duration == 600, "{playlist:?}");
        assert!((playlist.segments[0].duration - 600.0).abs() < 0.001);
        let (place, query) = playlist.segments[0].uri.split_once('?').unwrap();
        assert_eq!(place, format!("/media/{}", track.path));
        let now = fixture.world.now();
        let url = format!("http://localhost:8080{place}");
        assert_eq!(key.verify(&url, query, now), Ok(()));
        let end = now + Duration::seconds(2 * 600 + 3600);
        assert!(key.verify(&url, query, end + Duration::seconds(2)).is_err());
        for elsewhere in
            [format!("http://localhost:8080/media/{}/v1080/init.mp4", film.asset), url.replace(language, "xx")]
        {
            assert!(key.verify(&elsewhere, query, now).is_err(), "{elsewhere}");
        }
    }
}

#[tokio::test]
async fn what_a_title_does_not_have_is_not_read() {
    let fixture = Fixture::new().await;
    let (film, other, person) = (fixture.film().await, fixture.film().await, fixture.person(2, 1080).await);
    tell(&fixture, &film, 2, tracks(&film)).await;
    let started = fixture.start(&person, &film, "tv").await;
    let addresses = offered(&master(&fixture, &started).await);
    let elsewhere = fixture.start(&person, &other, "phone").await;
    let name = addresses[0].1.split(['/', '?']).nth(6).unwrap();
    let of = |started: &Value, name: &str| {
        format!("/v1/playback/sessions/{}/renditions/{name}?token={}", id(started), started["token"].as_str().unwrap())
    };
    assert_eq!(of(&started, name), addresses[0].1);
    assert_eq!(read(&fixture, &of(&started, name)).await.status, 200);
    read(&fixture, &of(&elsewhere, name)).await.expect_problem(404, "not_found");
    for name in ["c0000000000000000", "captions", "c", &format!("{name}-iframes")] {
        read(&fixture, &of(&started, name)).await.expect_problem(404, "not_found");
    }
    let token = started["token"].as_str().unwrap();
    read(&fixture, &addresses[0].1.replace(token, "")).await.expect_problem(403, "token_required");

    // A track that is replaced has another address; one that is deleted has none.
    let mut replaced = track(&film, "en", "captions", "English [CC]");
    replaced.path = format!("captions/{}/another/captions.vtt", film.title);
    tell(&fixture, &film, 3, vec![replaced]).await;
    read(&fixture, &addresses[0].1).await.expect_problem(404, "not_found");
    let now = offered(&master(&fixture, &started).await);
    assert!(now.len() == 1 && now[0].1 != addresses[0].1, "{now:?}");
    tell(&fixture, &film, 2, tracks(&film)).await;
    assert_eq!(offered(&master(&fixture, &started).await), now, "an older event changes nothing");
}

#[tokio::test]
async fn a_session_that_was_stopped_reads_no_more() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    tell(&fixture, &film, 2, tracks(&film)).await;
    let started = fixture.start(&person, &film, "tv").await;
    let address = &offered(&master(&fixture, &started).await)[0].1;
    assert_eq!(read(&fixture, address).await.status, 200);
    assert_eq!(fixture.stop(&person, &id(&started)).await.status, 204);
    read(&fixture, address).await.expect_problem(403, "session_stopped");
}

#[tokio::test]
async fn they_stay_when_the_title_gets_another_film() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let again = Film { asset: Film::new().asset, ..film };
    let asset = Some(Asset { duration_seconds: 90.5, ..again.published().asset.unwrap() });
    let remade = TitleChanged { captions: tracks(&film), asset, ..again.published() };
    assert_eq!(fixture.project_title(film.changed(2, &remade)).await, Outcome::Done);
    for (key, text) in testkit::hls::playlists(again.asset) {
        fixture.bucket().put(&key, text.into_bytes(), testkit::hls::MEDIA_TYPE, None).await.unwrap();
    }
    let started = fixture.start(&person, &again, "tv").await;
    let addresses = offered(&master(&fixture, &started).await);
    let text = read(&fixture, &addresses[2].1).await.text();
    assert!(text.contains("#EXT-X-TARGETDURATION:91\n") && text.contains("#EXTINF:90.500000,\n"), "{text}");
    let nobody = Person::new();
    assert_eq!(fixture.stop(&nobody, &id(&started)).await.status, 404);
}
