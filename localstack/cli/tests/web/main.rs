//! The page in a real browser. Started by `cargo cinema test web`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{process::Command, sync::Mutex};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

const PASSWORD: &str = "a long enough sentence";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test web`"))
}

/// Runs a script of this folder.
fn visit(script: &str) {
    visit_with(script, &[]);
}

/// Runs a script that finds more in its environment.
fn visit_with(script: &str, environment: &[(&str, &str)]) {
    // A film must not stutter because another browser starts.
    static ONE_BROWSER: Mutex<()> = Mutex::new(());
    let _turn = ONE_BROWSER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let done = Command::new(variable("CINEMA_TEST_NODE"))
        .arg(format!("{}/tests/web/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("CINEMA_TEST_EDGE_URL", variable("CINEMA_TEST_EDGE_URL"))
        .env("CINEMA_TEST_STATUS", variable("CINEMA_TEST_STATUS"))
        .env("CINEMA_TEST_BROWSER_DIR", variable("CINEMA_TEST_BROWSER_DIR"))
        .envs(environment.iter().copied())
        .output()
        .expect("node");
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(done.status.success(), "{script} failed: {}\n{said}", done.status);
}

#[test]
fn a_viewer_signs_in_and_watches_a_film_frame_by_frame() {
    visit("play.mjs");
}

#[test]
fn a_viewer_signs_in_through_another_provider_and_with_a_second_factor() {
    visit("sign_in.mjs");
}

#[tokio::test]
async fn a_viewer_links_another_provider_and_signs_in_with_it() {
    let email = new_account("link").await;
    visit_with("link.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[test]
fn a_visitor_signs_up_and_what_goes_wrong_is_a_sentence() {
    visit("sign_up.mjs");
}

#[test]
fn a_visitor_subscribes_and_what_is_paid_for_plays() {
    visit("pay.mjs");
}

#[tokio::test]
async fn a_subscriber_changes_the_plan_and_sees_what_is_charged() {
    let email = new_account("plan").await;
    visit_with("plan.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[test]
fn a_visitor_rents_one_film_and_another_does_not_play() {
    visit("rent.mjs");
}

#[test]
fn a_viewer_reads_the_subtitles_that_an_editor_sent() {
    visit("captions.mjs");
}

#[test]
fn somebody_reads_the_documents_and_tries_an_operation() {
    visit("docs.mjs");
}

#[test]
fn a_list_goes_on_after_its_first_page() {
    visit("list.mjs");
}

#[tokio::test]
async fn what_a_new_account_was_told_is_read_and_put_away() {
    let email = new_account("bell").await;
    visit_with("notifications.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[tokio::test]
async fn a_film_is_hidden_from_what_is_watched_on_and_comes_back() {
    let email = new_account("continue").await;
    let profile =
        visitor().sign_in(&email, PASSWORD).await.expect("signed in").claims().expect("claims")["pid"].clone();
    // The films of the platform are shorter than what is offered to watch on.
    let begun = "insert into \"user\".progress (profile_id, title_id, account_id, position_ms, duration_ms, watched_ms, watched_at, played_at) \
                 select p.id, t.id, p.account_id, 600000, 1200000, 600000, now(), now() from \"user\".profiles p, \"user\".titles t \
                 where p.id = $1 and t.publication = 'published' and t.kind = 'film' and t.windows = '[]' order by t.id limit 2";
    let mut server = server().await;
    let begun = sqlx::query(begun).bind(profile.as_str()).execute(&mut server).await.expect("progress");
    assert_eq!(begun.rows_affected(), 2);
    visit_with("continue.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[tokio::test]
async fn a_history_of_another_service_is_looked_at_confirmed_and_taken_back() {
    let email = new_account("import").await;
    visit_with("imports.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[tokio::test]
async fn what_was_watched_is_rated_and_removed_from_the_history() {
    let email = new_account("history").await;
    visit_with("history.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD)]);
}

#[tokio::test]
async fn a_session_with_an_old_proof_confirms_who_it_is() {
    let (email, refresh) = old_session().await;
    visit_with("step_up.mjs", &[("EMAIL", &email), ("PASSWORD", PASSWORD), ("REFRESH", &refresh)]);
}

fn visitor() -> cli::Cinema {
    cli::Cinema::new(&variable("CINEMA_TEST_EDGE_URL")).expect("a client")
}

/// An account of its own with its first profile; its address.
async fn new_account(name: &str) -> String {
    let visitor = visitor();
    let email = format!("{name}-{}@example.com", kernel::World::system().id::<kernel::AccountId>());
    visitor.new_account(&variable("CINEMA_TEST_AWS_URL"), &email, PASSWORD, "en").await.expect("an account");
    wait_for_profile(&visitor, &email).await;
    email
}

/// The platform's database.
async fn server() -> PgConnection {
    let server: PgConnectOptions = variable("CINEMA_TEST_POSTGRES_URL").parse().expect("a URL");
    PgConnection::connect_with(&server.database(deploy::DATABASE)).await.expect("Postgres")
}

/// An account of its own with a browser's session whose proof is twenty minutes old, and the refresh token of that session.
async fn old_session() -> (String, String) {
    let (edge, visitor) = (variable("CINEMA_TEST_EDGE_URL"), visitor());
    let email = new_account("step-up").await;
    let credentials = json!({ "email": email, "password": PASSWORD, "transport": "cookie" });
    let call = visitor.http().post(format!("{edge}/v1/auth/login")).header("origin", &edge).json(&credentials);
    let answer = call.send().await.expect("an answer").error_for_status().expect("signed in");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    let refresh = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie").1.to_owned();
    let token: Value = answer.json().await.expect("JSON");
    let session = session_of(token["access_token"].as_str().expect("a token"));

    let mut server = server().await;
    let older = "update auth.sessions set authenticated_at = authenticated_at - interval '20 minutes' where id = $1";
    let aged = sqlx::query(older).bind(session).execute(&mut server).await.expect("the session");
    assert_eq!(aged.rows_affected(), 1);
    (email, refresh)
}

/// Without a profile a token may see what the youngest may, and everything asks for a proof.
async fn wait_for_profile(visitor: &cli::Cinema, email: &str) {
    for _ in 0..60 {
        let viewer = visitor.sign_in(email, PASSWORD).await.expect("signed in");
        if viewer.claims().expect("claims")["pid"].is_string() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the profile does not arrive; see `cargo cinema logs auth-project-profiles`");
}

fn session_of(token: &str) -> kernel::SessionId {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("a JWT")).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    claims["sid"].as_str().expect("a session").parse().expect("an id")
}
