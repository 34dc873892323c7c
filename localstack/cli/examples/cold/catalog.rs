use serde_json::{Value, json};
use testkit::{Service, Token, films::asset_ready, records};

use crate::workload::{Stage, Workload, request};

/// More than one page.
const TITLES: usize = 30;

fn draft(number: usize) -> Value {
    let name = format!("The Quiet Harbour, part {number}");
    let synopsis = "A lighthouse keeper's daughter finds a map in a bottle and a boat that nobody misses. \
                    What begins as a summer's outing becomes a search for the man who drew it.";
    let people = ["Nina Hartwell", "Oskar Lind", "Marie Duval", "Teodor Brandt"];
    let credits =
        people.map(|name| json!({ "name": name, "role": "actor", "character": format!("{name} as herself") }));
    json!({
        "kind": "film", "original_title": name, "year": 2010 + number % 15, "countries": ["NL", "DE"],
        "genres": ["animation", "drama"], "credits": credits,
        "localisations": {
            "en": { "name": name, "synopsis": synopsis },
            "ru": { "name": format!("Тихая гавань, часть {number}"), "synopsis": "Дочь смотрителя маяка находит карту в бутылке." },
        },
    })
}

fn ready(title: &str) -> Value {
    records::sqs([asset_ready(title).json()])
}

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("catalog").await);
    let editor = Token::role("editor").sign();
    let create = move |number| request("POST /v1/admin/titles", Some(&editor), Some(&draft(number)));
    let editor = Token::role("editor").sign();
    let publish = move |title: &str, rating: u8| {
        request(&format!("POST /v1/admin/titles/{title}/publish"), Some(&editor), Some(&json!({ "rating": rating })))
    };
    let mut titles = Vec::new();
    for number in 0..TITLES {
        let created = stage.ask("catalog-create-title", &create(number)).await;
        let title = created["id"].as_str().expect("an id").to_owned();
        stage.ask("catalog-attach-asset", &ready(&title)).await;
        stage.ask("catalog-publish-title", &publish(&title, 12)).await;
        titles.push(title);
    }
    let title = titles[0].clone();
    let get = |path: &str| Workload::same(request(&format!("GET {path}"), None, None));
    stage.measure("catalog-list-titles", get("/v1/titles?limit=20"));
    stage.measure("catalog-get-title", get(&format!("/v1/titles/{title}")));
    stage.measure("catalog-get-cast", get(&format!("/v1/titles/{title}/cast")));
    stage.measure("catalog-list-genres", get("/v1/genres"));
    stage.measure("catalog-create-title", Workload::each(move |number| create(TITLES + number)));
    let (editor, route) = (Token::role("editor").sign(), format!("PATCH /v1/admin/titles/{title}"));
    let year = move |number| json!({ "year": 1950 + number % 50 });
    stage.measure(
        "catalog-update-title",
        Workload::each(move |number| request(&route, Some(&editor), Some(&year(number)))),
    );
    let rating = |number: usize| if number.is_multiple_of(2) { 12 } else { 16 };
    stage.measure("catalog-publish-title", Workload::each(move |number| publish(&title, rating(number))));
    stage.measure("catalog-attach-asset", Workload::each(move |number| ready(&titles[number % TITLES])));
    stage.measure_golden(&["catalog-relay-outbox"]);
    stage.measure_golden_anew(&["catalog-erase-account"]);
    stage
}
