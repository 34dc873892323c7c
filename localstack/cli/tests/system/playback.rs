use reqwest::Method;
use serde_json::{Value, json};

use crate::{new_viewer, signed_in, title, visitor};

/// A started session and the text of its master playlist.
pub async fn start(viewer: &cli::Cinema, title: &str, device: &str) -> (Value, String) {
    let body = json!({ "title_id": title, "device_id": device, "device_name": "test" });
    let mut session = viewer.post("/v1/playback/sessions", &body).await;
    // A new plan or title arrives at playback by its own way, a moment later than anywhere else.
    for _ in 0..60 {
        if session.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        session = viewer.post("/v1/playback/sessions", &body).await;
    }
    let session = session.unwrap();
    let url = session["manifest_url"].as_str().expect("a manifest").to_owned();
    (session, text(&url).await)
}

pub async fn text(url: &str) -> String {
    let client = visitor();
    let answer = client.http().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.text().await.unwrap()
}

/// The address of a playlist's line, seen from the playlist.
pub fn resolve(base: &str, line: &str) -> String {
    reqwest::Url::parse(base).unwrap().join(line).unwrap().to_string()
}

/// The lines of a playlist that are addresses.
pub fn addresses(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[tokio::test]
async fn every_rendition_of_a_film_plays_and_only_with_its_signatures() {
    let viewer = new_viewer("plays").await;
    let film = title("clockwork").await;
    let (session, master) = start(&viewer, &film, "device-1").await;
    let manifest = session["manifest_url"].as_str().unwrap();
    let variants = addresses(&master);
    assert!(variants.len() >= 2, "{master}");
    for variant in variants {
        let url = resolve(manifest, variant);
        let playlist = text(&url).await;
        assert!(playlist.contains("#EXT-X-ENDLIST"), "{playlist}");
        for segment in addresses(&playlist) {
            let segment = resolve(&url, segment);
            let answer = visitor().http().get(&segment).header("range", "bytes=0-99").send().await.unwrap();
            assert_eq!(answer.status(), 206, "{segment}");
            assert_eq!(answer.bytes().await.unwrap().len(), 100);
            let bare = segment.split('?').next().unwrap();
            assert_eq!(visitor().http().get(bare).send().await.unwrap().status(), 403, "{bare}");
        }
    }
    let path = format!("/v1/playback/sessions/{}", session["session_id"].as_str().unwrap());
    let beat =
        viewer.post(&format!("{path}/heartbeat"), &json!({ "position": 3.5, "state": "playing" })).await.unwrap();
    assert!(beat["action"].as_str().is_none_or(|action| action != "stop"), "{beat}");
    let (status, _) = viewer.raw(Method::DELETE, &format!("{path}?position=4.0"), None, &[]).await.unwrap();
    assert!((200..300).contains(&status), "{status}");
    let position = viewer.get(&format!("/v1/playback/positions/{film}")).await.unwrap();
    assert_eq!(position["position"].as_f64(), Some(4.0), "{position}");
}

#[tokio::test]
async fn a_third_stream_is_refused_with_the_devices_that_watch() {
    let viewer = new_viewer("slots").await;
    let film = title("clockwork").await;
    for device in ["one", "two"] {
        start(&viewer, &film, device).await;
    }
    let body = json!({ "title_id": film, "device_id": "three" });
    let (status, problem) = viewer.raw(Method::POST, "/v1/playback/sessions", Some(&body), &[]).await.unwrap();
    assert_eq!((status, problem["code"].as_str()), (409, Some("too_many_streams")), "{problem}");
}

#[tokio::test]
async fn without_a_plan_there_is_no_session() {
    let world = kernel::World::system();
    let email = format!("free-{}@example.com", world.id::<kernel::AccountId>());
    let account = visitor().new_account(&crate::aws_url(), &email, "a long enough sentence", "en").await.unwrap();
    let body = json!({ "title_id": title("clockwork").await, "device_id": "one" });
    let (status, problem) = account.raw(Method::POST, "/v1/playback/sessions", Some(&body), &[]).await.unwrap();
    assert_eq!((status, problem["code"].as_str()), (402, Some("subscription_required")), "{problem}");
    let editor = signed_in("editor").await;
    assert!(editor.get("/v1/admin/assets/ast_01jd3k5m7n9pqrstvwxyz01234").await.is_err());
}
