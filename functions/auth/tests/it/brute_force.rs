//! Guessing while Redis dies in the middle. The engine itself belongs to all tests: what dies is the way to it.

use std::sync::Arc;

use serde_json::json;
use stores::redis::cmd;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::stage::{PASSWORD, Stage, fresh_address, fresh_email};

/// A way to Redis that can be cut.
struct Way {
    url: String,
    cut: Arc<watch::Sender<bool>>,
}

impl Way {
    async fn new(redis: &str) -> Self {
        let target = redis.trim_start_matches("redis://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (cut, is_cut) = watch::channel(false);
        tokio::spawn(async move {
            let mut over = is_cut.clone();
            loop {
                let (mut near, _) = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap(),
                    _ = over.wait_for(|cut| *cut) => return,
                };
                let (target, mut over) = (target.clone(), is_cut.clone());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&target).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = over.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { url, cut: Arc::new(cut) }
    }

    fn cut(&self) {
        self.cut.send_replace(true);
    }
}

async fn guess(stage: &Stage, email: &str, at: usize) -> u16 {
    stage.log_in(email, &format!("guess number {at} of {email}")).await.status.as_u16()
}

#[tokio::test]
async fn the_door_stays_shut_when_redis_dies_in_the_middle() {
    let way = Way::new(&testkit::Engines::from_env().redis).await;
    let stage = Stage::with(&[("REDIS_URL", &way.url)]).await;
    let email = stage.account().await;
    for at in 0..10 {
        assert_eq!(guess(&stage, &email, at).await, 401);
    }
    assert_eq!(guess(&stage, &email, 10).await, 429);
    way.cut();
    // Without Redis the environment counts by itself, from the beginning: ten more, and not one beyond them, however long somebody tries.
    let mut let_through = 0;
    for at in 11..60 {
        match guess(&stage, &email, at).await {
            401 => let_through += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert!(let_through <= 10, "{let_through} guesses were let through");
    stage.log_in(&email, PASSWORD).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn addresses_and_sprays_are_shut_as_well_when_redis_dies_in_the_middle() {
    let way = Way::new(&testkit::Engines::from_env().redis).await;
    let stage = Stage { address: fresh_address(), ..Stage::with(&[("REDIS_URL", &way.url)]).await };
    let password = format!("one password for all {}", fresh_email());
    for _ in 0..3 {
        assert_eq!(stage.log_in(&fresh_email(), &password).await.status.as_u16(), 401);
    }
    way.cut();
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(stage.log_in(&fresh_email(), &password).await.status.as_u16());
    }
    let through = statuses.iter().filter(|status| **status == 401).count();
    assert!(through <= 5 && statuses.ends_with(&[429, 429]), "{statuses:?}");
    let mut through = 0;
    for at in 0..80 {
        through += usize::from(guess(&stage, &fresh_email(), at).await == 401);
    }
    assert!(through <= 60, "{through}");
}

#[tokio::test]
async fn a_flood_of_addresses_takes_no_room_and_nothing_that_is_counted_can_be_evicted() {
    let stage = Stage::start().await;
    let redis = stores::Redis::new(&stage.service.var("REDIS_URL")).unwrap();
    for at in 0..70 {
        // From everywhere, on ever other accounts: the last ten of each kind are refused.
        let body = json!({ "email": fresh_email(), "password": format!("guess number {at} of many") });
        stage.post_from(&fresh_address(), "/v1/auth/login", &body).send().await.expect(401);
        guess(&stage, &fresh_email(), at).await;
    }
    let tables: Vec<String> = redis.run(cmd("KEYS").arg("{limit}:*")).await.unwrap();
    assert!((5..40).contains(&tables.len()), "one for each rule: {tables:?}");
    for table in tables {
        let size: usize = redis.run(cmd("STRLEN").arg(&table)).await.unwrap();
        let taken: usize = redis.run(cmd("MEMORY").arg("USAGE").arg(&table)).await.unwrap();
        let lives: i64 = redis.run(cmd("PTTL").arg(&table)).await.unwrap();
        // Redis evicts by its `volatile` policies what has a time to live.
        assert_eq!((size, lives), (4 * 65_536 * 6, -1), "{table}");
        assert!(taken < 1_800_000, "{table}: {taken}");
    }
}
