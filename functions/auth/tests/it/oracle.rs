//! Whether the time of an answer tells which addresses have an account.
//!
//! Calls for a known and for an unknown address alternate, in an order that is drawn; each pair gives one difference, and the median of the
//! differences decides: whatever else the machine does hits both of a pair alike, and outliers count once. Sampling goes on until the answer
//! is clear: a machine under load takes longer, and does not pass more easily.

use std::time::Instant;

use kernel::World;
use serde_json::json;
use testkit::Answer;
use time::Duration;

use crate::stage::{Stage, fresh_address, fresh_email};

/// The limits allow ten calls for an address in ten minutes, of which nobody averages so small a difference out of a network's noise.
const BOUND_MS: f64 = 1.5;
const LEAST_PAIRS: usize = 40;
const MOST_PAIRS: usize = 400;

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    f64::midpoint(low, high)
}

/// The standard error of the median, from the median of the deviations: for a normal distribution 1.4826 · 1.2533 / √n of it.
fn error_of_median(values: &[f64]) -> f64 {
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    1.858 * median(&deviations) / (values.len() as f64).sqrt()
}

/// Measures `call(pair, is_known)`, in pairs; `before` each of them happens what is not measured.
pub async fn assert_same_time(what: &str, before: impl AsyncFn(), call: impl AsyncFn(usize, bool)) {
    let dice = World::system();
    let timed = async |pair, is_known| {
        before().await;
        let started = Instant::now();
        call(pair, is_known).await;
        started.elapsed().as_secs_f64() * 1e3
    };
    // Connections, caches and the first page of each code path.
    for pair in 0..4 {
        timed(pair, pair % 2 == 0).await;
    }
    let (mut differences, mut times) = (Vec::new(), Vec::new());
    for pair in 4..MOST_PAIRS {
        let (known, unknown) = if dice.below(2) == 0 {
            let known = timed(pair, true).await;
            (known, timed(pair, false).await)
        } else {
            let unknown = timed(pair, false).await;
            (timed(pair, true).await, unknown)
        };
        differences.push(known - unknown);
        times.extend([known, unknown]);
        if differences.len() < LEAST_PAIRS || differences.len() % 10 != 0 {
            continue;
        }
        let (leak, error) = (median(&differences).abs(), error_of_median(&differences));
        if leak + 2.0 * error <= BOUND_MS {
            println!("{what}: {leak:.2} ± {error:.2} ms of {:.1} ms after {} pairs", median(&times), differences.len());
            return;
        }
        assert!(
            leak - 3.0 * error <= BOUND_MS,
            "{what}: {leak:.2} ± {error:.2} ms tell a known address, allowed are {BOUND_MS} ms"
        );
    }
    let leak = median(&differences).abs();
    assert!(leak <= BOUND_MS, "{what}: {leak:.2} ms tell a known address, allowed are {BOUND_MS} ms");
    println!("{what}: {leak:.2} ms of {:.1} ms, not clear after {MOST_PAIRS} pairs", median(&times));
}

/// Everything a client sees but what is drawn for each answer.
pub fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status.as_u16(), headers, body.to_string())
}

#[tokio::test]
async fn signing_in_does_not_tell() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let try_it = async |pair: usize, is_known: bool| {
        let address = if is_known { email.clone() } else { fresh_email() };
        let body = json!({ "email": address, "password": format!("wrong horse {pair} {is_known}") });
        stage.post_from(&fresh_address(), "/v1/auth/login", &body).send().await
    };
    assert_eq!(seen(&try_it(1_000, true).await), seen(&try_it(1_001, false).await));
    // The limit of the account is not what is looked at.
    let wait = async || stage.advance(Duration::minutes(1));
    assert_same_time("login", wait, async |pair, is_known| drop(try_it(pair, is_known).await.expect(401))).await;
}

#[tokio::test]
async fn registering_does_not_tell() {
    let stage = Stage::start().await;
    let verified = stage.account().await;
    let try_it = async |is_known: bool| {
        let address = if is_known { verified.clone() } else { fresh_email() };
        let body = json!({ "email": address, "password": "correct horse battery" });
        stage.post_from(&fresh_address(), "/v1/auth/register", &body).send().await
    };
    assert_eq!(seen(&try_it(true).await), seen(&try_it(false).await));
    let wait = async || stage.advance(Duration::minutes(13));
    assert_same_time("register", wait, async |_, is_known| drop(try_it(is_known).await.expect(202))).await;
}

#[tokio::test]
async fn an_unverified_address_does_not_tell_either() {
    let stage = Stage::start().await;
    let (unverified, _) = stage.registered().await;
    let wait = async || stage.advance(Duration::minutes(1));
    assert_same_time("login of an unverified address", wait, async |pair, is_known| {
        let address = if is_known { unverified.clone() } else { fresh_email() };
        let body = json!({ "email": address, "password": format!("wrong horse {pair} {is_known}") });
        stage.post_from(&fresh_address(), "/v1/auth/login", &body).send().await.expect(401);
    })
    .await;
}

#[test]
fn the_measure_sees_a_difference_and_no_outlier() {
    let quiet: Vec<f64> = (0..100).map(|number| f64::from(number % 7) - 3.0).collect();
    assert!(median(&quiet).abs() < 0.5);
    let mut spiked = quiet.clone();
    spiked[3] = 900.0;
    assert!((median(&spiked) - median(&quiet)).abs() < 0.5);
    let shifted: Vec<f64> = quiet.iter().map(|value| value + 4.0).collect();
    assert!(median(&shifted) - 3.0 * error_of_median(&shifted) > BOUND_MS);
}
