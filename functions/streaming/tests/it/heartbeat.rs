use events::Outcome;
use kernel::{PlaybackId, World};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::hall::{Hall, id, no_entitlements, text};

#[tokio::test]
async fn a_report_renews_the_lease_and_moves_the_position() {
    let hall = Hall::open().await;
    let (film, person) = (hall.film().await, hall.person(1, 1080).await);
    let session = id(&hall.start(&person, &film, "tv").await);
    for n in 1..=6 {
        hall.seconds(30);
        let quality =
            json!({ "height": 720, "bandwidth": 5_000_000, "stalls": 1, "stall_seconds": 0.4, "dropped_frames": 2 });
        let report = json!({ "position": 30.0 * f64::from(n), "state": "playing", "client_time": text(hall.world.now()), "quality": quality });
        let advice = hall.beat(&person, &session, &report).await.expect(200);
        assert_eq!(advice, json!({ "action": "continue", "heartbeat_interval": 30 }));
    }
    let place =
        hall.app.get(&format!("/v1/playback/positions/{}", film.title)).token(&person.token()).send().await.expect(200);
    assert_eq!(place["position"], 180.0);
}

#[tokio::test]
async fn a_late_report_is_gone_and_so_is_every_one_after_it() {
    let hall = Hall::open().await;
    let (film, person) = (hall.film().await, hall.person(1, 1080).await);
    let session = id(&hall.start(&person, &film, "tv").await);
    hall.seconds(90);
    for _ in 0..2 {
        let answer = hall.beat(&person, &session, &json!({ "position": 90.0, "state": "playing" })).await;
        answer.expect_problem(410, "session_expired");
    }
    // Whoever was late starts again, and nothing is in the way.
    hall.start(&person, &film, "phone").await;
    assert_eq!(hall.stop(&person, &session).await.status, 204);
}

#[tokio::test]
async fn a_wrong_clock_neither_blocks_nor_undoes_reports() {
    let hall = Hall::open().await;
    let (film, person) = (hall.film().await, hall.person(1, 1080).await);
    let session = id(&hall.start(&person, &film, "tv").await);
    let position = || async {
        let answer =
            hall.app.get(&format!("/v1/playback/positions/{}", film.title)).token(&person.token()).send().await;
        answer.expect(200)
    };
    hall.seconds(30);
    let far = json!({ "position": 30.0, "state": "playing", "client_time": "2099-01-01T00:00:00Z" });
    hall.beat(&person, &session, &far).await.expect(200);
    let updated_at = position().await["updated_at"].as_str().unwrap().to_owned();
    let updated_at = OffsetDateTime::parse(&updated_at, &time::format_description::well_known::Rfc3339).unwrap();
    assert!((hall.world.now() - updated_at).abs() < Duration::SECOND, "clamped to our time");
    hall.seconds(30);
    let right = json!({ "position": 60.0, "state": "playing", "client_time": text(hall.world.now()) });
    hall.beat(&person, &session, &right).await.expect(200);
    assert_eq!(position().await["position"], 60.0);
    // A report that was overtaken.
    let overtaken =
        json!({ "position": 45.0, "state": "playing", "client_time": text(hall.world.now() - Duration::seconds(15)) });
    hall.beat(&person, &session, &overtaken).await.expect(200);
    assert_eq!(position().await["position"], 60.0);
}

#[tokio::test]
async fn who_stops_paying_stops_watching() {
    let hall = Hall::open().await;
    let (film, person) = (hall.film().await, hall.person(1, 1080).await);
    let session = id(&hall.start(&person, &film, "tv").await);
    assert_eq!(hall.project_grant(no_entitlements(person.account, 2)).await, Outcome::Done);
    hall.seconds(30);
    let report = json!({ "position": 30.0, "state": "playing" });
    let advice = hall.beat(&person, &session, &report).await.expect(200);
    assert_eq!(advice, json!({ "action": "stop", "reason": "subscription_required" }));
    hall.beat(&person, &session, &report).await.expect_problem(410, "session_stopped");
}

#[tokio::test]
async fn sessions_of_others_do_not_exist() {
    let hall = Hall::open().await;
    let (film, person, other) = (hall.film().await, hall.person(1, 1080).await, hall.person(1, 1080).await);
    let session = id(&hall.start(&person, &film, "tv").await);
    let report = json!({ "position": 1.0, "state": "playing" });
    let unknown = World::system().id::<PlaybackId>().to_string();
    for (who, session) in [(&other, &session), (&person, &unknown)] {
        hall.beat(who, session, &report).await.expect_problem(404, "not_found");
        hall.stop(who, session).await.expect_problem(404, "not_found");
    }
    hall.beat(&person, &session, &report).await.expect(200);
}

#[tokio::test]
async fn parallel_reports_of_several_devices_all_arrive() {
    let hall = Hall::open().await;
    let (film, person) = (hall.film().await, hall.person(4, 1080).await);
    let mut sessions = Vec::new();
    for device in ["a", "b", "c", "d"] {
        sessions.push(id(&hall.start(&person, &film, device).await));
    }
    hall.seconds(30);
    let report = json!({ "position": 30.0, "state": "playing" });
    let answers = futures::future::join_all(sessions.iter().map(|session| hall.beat(&person, session, &report))).await;
    for answer in answers {
        assert_eq!(answer.expect(200)["action"], "continue");
    }
}
