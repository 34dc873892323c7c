//! How often the hot path asks the table.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::fixture::{Fixture, Person, id, path};

/// Forwards to the AWS emulator and counts calls of DynamoDB.
async fn counting_proxy(target: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let counted = counted.clone();
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                    // A request's head arrives in one piece: it is written in one piece.
                    let text = String::from_utf8_lossy(&buffer[..read]);
                    counted.fetch_add(text.matches("DynamoDB_20120810.").count(), Ordering::SeqCst);
                    if to_server.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_start_and_the_master_need_three_calls_together() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let target = fixture.service.var("AWS_ENDPOINT_URL").replace("http://", "");
    let (url, count) = counting_proxy(target).await;
    let app = fixture.app_with(|vars| vars.set("AWS_ENDPOINT_URL", &url), streaming::operations::routes);
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let start =
        app.post("/v1/playback/sessions", &body).token(&person.token()).header("idempotency-key", "k").send().await;
    let started = start.expect(201);
    assert_eq!(count.load(Ordering::SeqCst), 2, "one read, one transaction");
    assert_eq!(app.get(&path(started["manifest_url"].as_str().unwrap())).send().await.status, 200);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    // Replacing the device's own session and clearing expired ones costs nothing more.
    fixture.seconds(20);
    let again = app.post("/v1/playback/sessions", &body).token(&person.token()).send().await.expect(201);
    assert_eq!(count.load(Ordering::SeqCst), 5);
    let report = json!({ "position": 1.0, "state": "playing" });
    let beat = app.post(&format!("/v1/playback/sessions/{}/heartbeat", id(&again)), &report).token(&person.token());
    fixture.seconds(20);
    beat.send().await.expect(200);
    assert_eq!(count.load(Ordering::SeqCst), 9, "a report: one read, title and position together, one transaction");
    let refused = app.post("/v1/playback/sessions", &json!({ "title_id": film.title, "device_id": "phone" }));
    refused.token(&person.token()).send().await.expect_problem(409, "too_many_streams");
    assert_eq!(count.load(Ordering::SeqCst), 11, "no slot: one read, and one of what takes them");
    app.get("/v1/playback/active").token(&person.token()).send().await.expect(200);
    assert_eq!(count.load(Ordering::SeqCst), 13, "what runs: the slots, then sessions and titles together");
    let child = Person { profile: Person::new().profile, ..person };
    app.get("/v1/playback/active").token(&child.token().max_rating(6)).send().await.expect(200);
    assert_eq!(count.load(Ordering::SeqCst), 14, "what is not told is not read");
    let kick = app.delete(&format!("/v1/playback/active/{}", id(&again))).token(&person.token());
    kick.send().await.expect(204);
    assert_eq!(count.load(Ordering::SeqCst), 16, "a kick: one read, one transaction");
}
