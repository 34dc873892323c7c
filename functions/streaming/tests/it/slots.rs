use std::collections::BTreeSet;

use serde_json::json;

use crate::fixture::{Fixture, id};

#[tokio::test]
async fn two_hundred_parallel_starts_at_a_limit_of_two_are_exactly_two() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(2, 1080).await);
    let devices: Vec<_> = (0..200).map(|n| format!("device-{n}")).collect();
    let starts = devices.iter().map(|device| fixture.try_start(&person, &film, device));
    let answers = futures::future::join_all(starts).await;
    let started: Vec<_> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| id(&answer.json())).collect();
    assert_eq!(started.len(), 2);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let problem = answer.expect_problem(409, "too_many_streams");
        let devices = problem["devices"].as_array().unwrap();
        let sessions: BTreeSet<_> = devices.iter().map(|device| device["session_id"].as_str().unwrap()).collect();
        assert!(devices.len() == 2 && sessions.iter().all(|session| started.iter().any(|known| known == session)));
    }
    // Both play on.
    for session in &started {
        let answer = fixture.beat(&person, session, &json!({ "position": 1.0, "state": "playing" })).await;
        assert_eq!(answer.expect(200)["action"], "continue");
    }
}

#[tokio::test]
async fn the_refusal_lists_the_devices() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let started = fixture.start(&person, &film, "tv").await;
    let problem = fixture.try_start(&person, &film, "phone").await.expect_problem(409, "too_many_streams");
    let device = &problem["devices"][0];
    assert_eq!(device["session_id"], started["session_id"]);
    assert_eq!((&device["is_own"], &device["device_name"]), (&json!(true), &json!("Name of tv")));
    assert_eq!(device["title_id"], json!(film.title));
    assert!(device["started_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_device_replaces_its_own_session_and_the_old_one_is_told() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let first = fixture.start(&person, &film, "tv").await;
    let second = fixture.start(&person, &film, "tv").await;
    let report = json!({ "position": 1.0, "state": "playing" });
    let told = fixture.beat(&person, &id(&first), &report).await.expect(200);
    assert_eq!(told, json!({ "action": "stop", "reason": "session_replaced" }));
    let told = fixture.beat(&person, &id(&second), &report).await.expect(200);
    assert_eq!(told, json!({ "action": "continue", "heartbeat_interval": 30 }));
    // Stopping the old one does not free the slot of the new one.
    assert_eq!(fixture.stop(&person, &id(&first)).await.status, 204);
    fixture.try_start(&person, &film, "phone").await.expect_problem(409, "too_many_streams");
}

#[tokio::test]
async fn a_lease_past_its_end_does_not_block_and_a_renewed_one_does() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let first = fixture.start(&person, &film, "tv").await;
    fixture.seconds(60);
    fixture.beat(&person, &id(&first), &json!({ "position": 60.0, "state": "playing" })).await.expect(200);
    fixture.seconds(60);
    fixture.try_start(&person, &film, "phone").await.expect_problem(409, "too_many_streams");
    fixture.seconds(30);
    fixture.start(&person, &film, "phone").await;
    let late = fixture.beat(&person, &id(&first), &json!({ "position": 150.0, "state": "playing" })).await;
    late.expect_problem(410, "session_expired");
}

#[tokio::test]
async fn a_stopped_session_frees_its_slot_at_once_and_stopping_repeats() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let first = fixture.start(&person, &film, "tv").await;
    for _ in 0..2 {
        let answer = fixture.stop(&person, &id(&first)).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    }
    fixture.start(&person, &film, "phone").await;
    let answer = fixture.beat(&person, &id(&first), &json!({ "position": 1.0, "state": "playing" })).await;
    answer.expect_problem(410, "session_stopped");
}

#[tokio::test]
async fn starts_stops_and_reports_in_any_mixture_never_oversell() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(3, 1080).await);
    let mut live: Vec<(String, String)> = Vec::new();
    for round in 0..6 {
        let devices: Vec<_> = (0..8).map(|n| format!("device-{}", (n * 5 + round) % 11)).collect();
        let starts =
            devices.iter().map(|device| async { (device.clone(), fixture.try_start(&person, &film, device).await) });
        let stops = live.iter().take(2).map(|(_, session)| fixture.stop(&person, session));
        let (started, _) = futures::join!(futures::future::join_all(starts), futures::future::join_all(stops));
        live = live.split_off(live.len().min(2));
        for (device, answer) in started {
            if answer.status == 201 {
                live.retain(|(known, _)| *known != device);
                live.push((device, id(&answer.json())));
            } else {
                answer.expect_problem(409, "too_many_streams");
            }
        }
        let report = json!({ "position": 1.0, "state": "playing" });
        let mut playing = 0;
        for (_, session) in &live {
            let answer = fixture.beat(&person, session, &report).await;
            playing += usize::from(answer.status == 200 && answer.json()["action"] == "continue");
        }
        assert!(playing <= 3, "{playing} sessions in round {round}");
        fixture.seconds(1);
    }
}
