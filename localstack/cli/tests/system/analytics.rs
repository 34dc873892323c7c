use reqwest::Method;
use serde_json::json;

use crate::{invoke, new_viewer, playback, signed_in, title};

#[tokio::test]
async fn a_film_that_was_watched_shows_up_in_its_overview() {
    let viewer = new_viewer("counts").await;
    let editor = signed_in("editor").await;
    let film = title("big-buck-bunny").await;
    let path = format!("/v1/analytics/titles/{film}/overview");
    let before = editor.get(&path).await.unwrap();
    let (session, _) = playback::start(&viewer, &film, "counting").await;
    let beats = format!("/v1/playback/sessions/{}", session["session_id"].as_str().unwrap());
    let sample = json!({ "token": session["token"], "events": [
        { "id": uuid(), "type": "startup", "value": 0.8, "position": 0, "at": "2026-01-01T00:00:00Z" },
        { "id": "no id", "type": "startup" },
    ] });
    let (status, accepted) = viewer.raw(Method::POST, "/v1/events", Some(&sample), &[]).await.unwrap();
    assert_eq!((status, &accepted["accepted"]), (202, &json!(1)), "{accepted}");
    for position in 1..5 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let beat = json!({ "position": f64::from(position), "state": "playing" });
        viewer.post(&format!("{beats}/heartbeat"), &beat).await.unwrap();
    }
    let (status, _) = viewer.raw(Method::DELETE, &format!("{beats}?position=5.0"), None, &[]).await.unwrap();
    assert_eq!(status, 204);
    for _ in 0..60 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        invoke("analytics-roll-up-hour", &json!({})).await;
        let after = editor.get(&path).await.unwrap();
        let seconds = |overview: &serde_json::Value| overview["watch_time_seconds"].as_f64().unwrap_or(0.0);
        if seconds(&after) > seconds(&before) {
            assert!(after["unique_viewers"].as_u64() >= before["unique_viewers"].as_u64(), "{before} {after}");
            return;
        }
    }
    panic!("the view is not counted: {before} {}", editor.get(&path).await.unwrap());
}

fn uuid() -> String {
    kernel::World::system().id::<kernel::EventId>().to_string()
}
