//! Leaked passwords, with a list of the test's own.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use ring::digest;
use serde_json::json;

use crate::stage::{PASSWORD, Stage, fresh_email};

const LEAKED: &str = "hunter2hunter2";

/// A range API that knows [`LEAKED`] and answers after `delay`; it insists on padding and on seeing five digits only.
fn list(delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hash = hex::encode_upper(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, LEAKED.as_bytes()).as_ref());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let hash = hash.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                let read = connection.read(&mut buffer).unwrap_or_default();
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let path = request.split_whitespace().nth(1).unwrap_or_default();
                let prefix = path.strip_prefix("/range/").unwrap_or_default();
                let is_proper = prefix.len() == 5 && request.to_lowercase().contains("add-padding: true");
                std::thread::sleep(delay);
                let padding = "0018A45C4D1DEF81644B54AB7F969B88D65:0";
                let body = match hash.strip_prefix(prefix) {
                    Some(rest) => format!("{padding}\r\n{rest}:3071\r\n"),
                    None => format!("{padding}\r\n"),
                };
                let status = if is_proper { "200 OK" } else { "400 Bad Request" };
                let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = connection.write_all((head + &body).as_bytes());
            });
        }
    });
    url
}

async fn unchecked(stage: &Stage, email: &str) -> bool {
    let query = "select c.leak_unchecked from credentials c join accounts a on a.id = c.account_id where a.email = $1";
    sqlx::query_scalar(query).bind(email).fetch_one(&stage.service.pool()).await.unwrap()
}

#[tokio::test]
async fn a_leaked_password_can_be_chosen_nowhere() {
    let url = list(Duration::ZERO);
    let stage = Stage::with(&[("BREACHED_PASSWORDS_URL", &url)]).await;
    let problem = stage.register(&fresh_email(), LEAKED).await.expect_problem(422, "weak_password");
    assert_eq!(problem["errors"][0]["pointer"], "/password");
    let viewer = stage.signed_in().await;
    assert!(!unchecked(&stage, &viewer.email).await);
    let code = stage.reset_code(&viewer.email).await;
    stage.reset(&viewer.email, &code, LEAKED).await.expect_problem(422, "weak_password");
    let body = json!({ "current": PASSWORD, "new": LEAKED });
    let call = stage.post("/v1/auth/password/change", &body).bearer(&viewer.access);
    let problem = call.send().await.expect_problem(422, "weak_password");
    assert_eq!(problem["errors"][0]["pointer"], "/new");
    stage.log_in(&viewer.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn while_the_list_is_down_or_slow_it_is_asked_again_at_the_next_sign_in() {
    let slow = list(Duration::from_secs(5));
    for url in ["http://127.0.0.1:1", &slow] {
        let mut stage = Stage::with(&[("BREACHED_PASSWORDS_URL", url)]).await;
        let mut made = Vec::new();
        for password in [PASSWORD, LEAKED] {
            let email = fresh_email();
            let started = std::time::Instant::now();
            stage.register(&email, password).await.expect(202);
            assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
            let code = stage.code(&email).await;
            stage.verify_with(&email, &code, password).await.expect(204);
            assert!(unchecked(&stage, &email).await);
            made.push(email);
        }
        // Still down: both get in, and both stay marked.
        stage.log_in(&made[1], LEAKED).await.expect(200);
        assert!(unchecked(&stage, &made[1]).await);

        stage.app = stage.app_with("BREACHED_PASSWORDS_URL", &list(Duration::ZERO));
        stage.log_in(&made[0], PASSWORD).await.expect(200);
        assert!(!unchecked(&stage, &made[0]).await);
        stage.log_in(&made[1], LEAKED).await.expect_problem(403, "password_leaked");
        // Only whoever knows it hears that.
        stage.log_in(&made[1], "wrong horse battery").await.expect_problem(401, "invalid_credentials");
        let code = stage.reset_code(&made[1]).await;
        stage.reset(&made[1], &code, "another horse battery").await.expect(204);
        stage.log_in(&made[1], "another horse battery").await.expect(200);
        assert!(!unchecked(&stage, &made[1]).await);
    }
}
