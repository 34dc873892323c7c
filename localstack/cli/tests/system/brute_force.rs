//! Guessing passwords through the edge. Each test comes from an address of its own, so that none uses up what the others may.
//!
//! What happens when Redis dies in the middle is tested in the ring of services (`functions/auth/tests/it/brute_force.rs`): the Redis of the
//! deployed platform belongs to every other test as well.

use std::net::{IpAddr, Ipv4Addr};

use kernel::{AccountId, World};
use serde_json::{Value, json};

use crate::{address_of, identity::PASSWORD, new_viewer, visitor};

/// A client behind one of the loopback's many addresses.
struct Guesser(reqwest::Client);

impl Guesser {
    fn at(last: u8) -> Self {
        // Its provider of cryptography.
        drop(edge::http_client());
        let [network, ..] = World::system().bytes::<4>();
        let address = IpAddr::V4(Ipv4Addr::new(127, 77, network, last));
        Self(reqwest::Client::builder().no_proxy().local_address(address).build().expect("a client"))
    }

    async fn log_in(&self, email: &str, password: &str) -> (u16, Value, Option<String>) {
        let body = json!({ "email": email, "password": password });
        let url = format!("{}/v1/auth/login", visitor().base().replace("localhost", "127.0.0.1"));
        let answer = self.0.post(url).json(&body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap_or_default().to_owned());
        (status, answer.json().await.unwrap_or_default(), wait)
    }
}

fn nobody() -> String {
    format!("nobody-{}@example.com", World::system().id::<AccountId>())
}

fn guess() -> String {
    format!("a guess at {}", World::system().id::<AccountId>())
}

/// The first refusal among so many guesses.
async fn refused_after(most: usize, mut guesses: impl AsyncFnMut() -> u16) -> Option<usize> {
    for count in 0..most {
        match guesses().await {
            429 => return Some(count),
            401 => {}
            other => panic!("{other}"),
        }
    }
    None
}

#[tokio::test]
async fn an_account_is_shut_after_ten_guesses_from_wherever_they_come() {
    let viewer = new_viewer("guessed").await;
    let email = address_of(&viewer).await;
    let guessers: Vec<Guesser> = (10..14).map(Guesser::at).collect();
    let mut turn = 0;
    let refused = refused_after(12, async || {
        turn += 1;
        guessers[turn % guessers.len()].log_in(&email, &guess()).await.0
    });
    assert_eq!(refused.await, Some(10));
    let (status, problem, wait) = guessers[0].log_in(&email, PASSWORD).await;
    assert_eq!((status, problem["code"].as_str()), (429, Some("rate_limited")), "the right password waits as well");
    assert!(wait.is_some_and(|wait| wait.parse::<u32>().is_ok_and(|seconds| seconds > 0)));
    // Others are not shut out with it.
    let other = new_viewer("not-guessed").await;
    address_of(&other).await;
}

#[tokio::test]
async fn an_address_is_shut_after_sixty_guesses_at_whatever_accounts() {
    let guesser = Guesser::at(20);
    let refused = refused_after(75, async || guesser.log_in(&nobody(), &guess()).await.0).await;
    // A few come back while the others are being refused.
    assert!(refused.is_some_and(|count| (60..=70).contains(&count)), "{refused:?}");
    assert_eq!(Guesser::at(21).log_in(&nobody(), &guess()).await.0, 401);
}

#[tokio::test]
async fn one_password_over_many_accounts_is_shut_after_five() {
    let (guesser, password) = (Guesser::at(30), guess());
    let refused = refused_after(8, async || guesser.log_in(&nobody(), &password).await.0).await;
    assert_eq!(refused, Some(5));
    assert_eq!(guesser.log_in(&nobody(), &guess()).await.0, 401, "another password is another matter");
}
