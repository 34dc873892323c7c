//! Lists and single titles of a catalogue of the same films, made by its own programs.

use serde_json::{Value, json};
use testkit::{
    Costs, Function, Programs, Service, Token,
    films::{Film, asset_ready},
    gateway::request,
    lambda::pairs,
    records,
};

use crate::{Measured, bound::Bounds};

const LIST: &str = "catalog-list-titles";
const GET: &str = "catalog-get-title";
/// As SQS delivers them.
const BATCH: usize = 10;
/// Calls before any is counted, which also fill the database's cache.
const WARM_UP: usize = 50;
const CALLS: usize = 500;
const PAGE: usize = 20;
const P95_MS: f64 = 10.0;
const CPU_MS: f64 = 0.15;
/// What people look through.
const LISTS: [&str; 5] = ["", "&sort=title", "&sort=year", "&genre=drama", "&sort=title&genre=comedy"];

/// Makes and publishes every film; their ids.
async fn fill(programs: &mut Programs, films: &[Film]) -> Vec<String> {
    let editor = Token::role("editor").sign();
    let mut titles = Vec::with_capacity(films.len());
    for (number, film) in films.iter().enumerate() {
        let create = request("POST /v1/admin/titles", Some(&editor), Some(&film.draft(number)));
        let created = programs.ask("catalog-create-title", &create).await;
        titles.push(created["id"].as_str().expect("an id").to_owned());
    }
    for titles in titles.chunks(BATCH) {
        let ready = records::sqs(titles.iter().map(|title| asset_ready(title).json()));
        programs.ask("catalog-attach-asset", &ready).await;
    }
    for title in &titles {
        let route = format!("POST /v1/admin/titles/{title}/publish");
        programs.ask("catalog-publish-title", &request(&route, Some(&editor), Some(&json!({ "rating": 12 })))).await;
    }
    titles
}

/// Asks a function for each path; every answer must fit.
async fn ask(
    mut function: Function,
    paths: impl Iterator<Item = String>,
    fits: impl Fn(&str, &Value) -> bool,
) -> Costs {
    let mut costs = Costs::default();
    for (number, path) in paths.enumerate() {
        if number == WARM_UP {
            costs = Costs::default();
        }
        let answer = costs.call(&mut function, &request(&format!("GET {path}"), None, None)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(fits(&path, &answer), "{path}: {answer}");
    }
    costs
}

/// Fills a catalogue and prints what reading it costs.
pub async fn measure(measured: &Measured, films: &[Film], bounds: &mut Bounds) {
    let service = Service::start("catalog").await;
    let mut programs = Programs::of(&service);
    let titles = fill(&mut programs, films).await;
    let variables = pairs(service.vars());
    println!("| function | calls | p50 ms | p95 ms | CPU ms |\n|---|---|---|---|---|");
    let calls = 0..WARM_UP + CALLS;
    let lists = calls.clone().map(|call| format!("/v1/titles?limit={PAGE}{}", LISTS[call % LISTS.len()]));
    let is_full = |_: &str, page: &Value| page["items"].as_array().is_some_and(|items| items.len() == PAGE);
    let listed = ask(measured.start(LIST, &variables).await, lists, is_full).await;
    // Steps that meet every part of the catalogue.
    let details = calls.map(|call| format!("/v1/titles/{}", titles[call * 37 % titles.len()]));
    let is_it = |path: &str, title: &Value| title["id"].as_str().is_some_and(|id| path.ends_with(id));
    let got = ask(measured.start(GET, &variables).await, details, is_it).await;
    for (name, costs) in [(LIST, &listed), (GET, &got)] {
        let (p95, cpu) = (costs.percentile_ms(95), costs.cpu_ms());
        println!("| {name} | {} | {:.2} | {p95:.2} | {cpu:.3} |", costs.calls(), costs.percentile_ms(50));
        bounds.at_most(name, "ms, p95", p95, P95_MS);
        bounds.at_most(name, "ms of CPU", cpu, CPU_MS);
    }
}
