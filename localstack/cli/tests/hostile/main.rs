//! Requests that nobody thought of, drawn from the OpenAPI documents by schemathesis, against the deployed platform through its edge. Started by
//! `cargo cinema test hostile`. What is left out, and why, is in `schemathesis.toml`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use cli::Cinema;
use serde_json::{Value, json};
use tokio::process::Command;

/// Random requests per operation and caller, besides those at every limit of its document. The whole ring takes some minutes.
const EXAMPLES: &str = "8";
/// The same requests every time.
const SEED: &str = "20260101";
/// They end the session or the account that calls them: each is called last, by an account of its own.
const LAST: [&str; 3] = ["log_out", "log_out_everywhere", "delete_account"];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test hostile`"))
}

/// Somebody who calls.
struct Person {
    name: &'static str,
    email: String,
    password: String,
}

/// The same with a token that was just made: it lives for ten minutes, and every document takes one or two.
struct Caller {
    cinema: Cinema,
    /// Of a playback session, if they may watch.
    url_token: String,
}

impl Person {
    /// An account that nobody else uses, with a plan.
    async fn viewer(name: &'static str) -> Self {
        let aws = variable("CINEMA_TEST_AWS_URL");
        let email = format!("hostile-{name}-{}@example.com", kernel::World::system().id::<kernel::AccountId>());
        let password = "a long enough sentence".to_owned();
        let viewer = visitor().new_account(&aws, &email, &password, "en").await.expect("an account");
        cli::grant_plan(&aws, &viewer).await.expect("a plan");
        Self { name, email, password }
    }

    fn editor() -> Self {
        let text = std::fs::read_to_string(variable("CINEMA_TEST_STATUS")).expect("the status document");
        let status: Value = serde_json::from_str(&text).expect("JSON");
        let accounts = status["accounts"].as_array().expect("accounts");
        let account = accounts.iter().find(|account| account["role"] == "editor").expect("an editor");
        let text = |name: &str| account[name].as_str().expect("text").to_owned();
        Self { name: "editor", email: text("email"), password: text("password") }
    }

    async fn sign_in(&self, service: &str) -> Caller {
        let cinema = visitor().sign_in(&self.email, &self.password).await.expect("signed in");
        let url_token = if service == "streaming" { url_token(&cinema).await } else { "nothing".to_owned() };
        Caller { cinema, url_token }
    }
}

fn visitor() -> Cinema {
    Cinema::new(&variable("CINEMA_TEST_EDGE_URL")).expect("a client")
}

/// The token of a playback session of the first title that plays; of nothing, when none does.
async fn url_token(viewer: &Cinema) -> String {
    let titles = viewer.get("/v1/titles?limit=100").await.expect("titles");
    for title in titles["items"].as_array().expect("items").iter().filter(|title| title["playable"] == true) {
        let order = json!({ "title_id": title["id"], "device_id": "hostile" });
        let Ok(session) = viewer.post("/v1/playback/sessions", &order).await else { continue };
        let manifest = session["manifest_url"].as_str().expect("a manifest");
        return manifest.split_once("token=").expect("a token").1.to_owned();
    }
    "nothing".to_owned()
}

/// The documents that have operations, by service; not the one that is made of them.
fn documents() -> Vec<(String, PathBuf)> {
    let folder = cli::root().expect("the repository").join("docs/api");
    let files = std::fs::read_dir(folder).expect("documents").map(|entry| entry.expect("a file").path());
    let mut documents: Vec<_> = files
        .filter(|file| service(file) != "openapi" && !paths(file).is_empty())
        .map(|file| (service(&file), file))
        .collect();
    // Strangers who try to sign in are counted, and with them whoever signs in behind them: the document that has that goes last.
    documents.sort_by_key(|(service, _)| (service == "auth", service.clone()));
    documents
}

fn service(file: &Path) -> String {
    file.file_stem().expect("a name").to_string_lossy().into_owned()
}

fn paths(file: &Path) -> serde_json::Map<String, Value> {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("text")).expect("JSON");
    document["paths"].as_object().cloned().unwrap_or_default()
}

/// Whether every answer was one that the document describes.
async fn holds(document: &Path, caller: &Caller, selection: &[&str]) -> bool {
    let packages = variable("CINEMA_TEST_SCHEMATHESIS_PACKAGES");
    let run = Command::new(format!("{packages}/bin/schemathesis"))
        .arg("--config-file")
        .arg(format!("{}/tests/hostile/schemathesis.toml", env!("CARGO_MANIFEST_DIR")))
        .arg("run")
        .arg(document)
        .args(["--url", &variable("CINEMA_TEST_EDGE_URL"), "--no-color", "--continue-on-failure"])
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--no-shrink", "--generation-database", "none"])
        .args(selection)
        // What it keeps for itself belongs into no checkout.
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env("PYTHONPATH", &packages)
        .env("NO_PROXY", "*")
        .env("CINEMA_HOSTILE_TOKEN", caller.cinema.access_token().expect("signed in"))
        .env("CINEMA_HOSTILE_URL_TOKEN", &caller.url_token)
        .output()
        .await
        .expect("schemathesis");
    println!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    run.status.success()
}

/// What one caller finds in a document, as sentences.
async fn look(service: &str, document: &Path, person: &Person) -> Vec<String> {
    let exclusions: Vec<&str> = LAST.iter().flat_map(|operation| ["--exclude-operation-id", operation]).collect();
    let caller = person.sign_in(service).await;
    let mut broken = Vec::new();
    if !holds(document, &caller, &exclusions).await {
        broken.push(format!("{service} as {}", person.name));
    }
    // Whoever was signed out meanwhile has tested nothing but that.
    if let Err(error) = caller.cinema.get("/v1/users/me").await {
        broken.push(format!("{service} as {}: the token did not last: {error:#}", person.name));
    }
    broken
}

#[tokio::test]
async fn every_answer_to_anything_is_one_that_the_documents_describe() {
    let (viewer, editor) = (Person::viewer("viewer").await, Person::editor());
    let mut last = Vec::new();
    for operation in LAST {
        last.push(Person::viewer(operation).await);
    }
    let mut broken = Vec::new();
    for (service, document) in documents() {
        // Before anybody tries to guess a password.
        let mut enders = Vec::new();
        for person in last.iter().filter(|_| service == "auth") {
            enders.push((person.name, person.sign_in(&service).await));
        }
        let (by_viewer, by_editor) =
            tokio::join!(look(&service, &document, &viewer), look(&service, &document, &editor));
        broken.extend([by_viewer, by_editor].concat());
        for (operation, caller) in &enders {
            if !holds(&document, caller, &["--include-operation-id", operation]).await {
                broken.push(format!("{service} {operation} as {operation}"));
            }
        }
    }
    assert!(broken.is_empty(), "not as documented: {broken:?}");
}
