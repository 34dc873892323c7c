use kernel::World;
use testkit::{Engines, Service, golden_anew};

use crate::workload::{Stage, Workload, request};

const TITLES: usize = 30;

pub async fn stage() -> Stage {
    let alias = format!("bench-{}", World::system().id::<kernel::EventId>().to_string().replace('_', "-"));
    let mut stage = Stage::new(Service::start("search").await.with("SEARCH_ALIAS", &alias));
    for _ in 0..TITLES {
        stage.ask("search-index-title", &golden_anew("search-index-title")).await;
    }
    let refresh = format!("{}/{alias}/_refresh", Engines::from_env().opensearch);
    let refreshed = reqwest::Client::new().post(refresh).send().await.expect("the engine answers");
    assert!(refreshed.status().is_success(), "{}", refreshed.status());
    let find = request("GET /v1/search?q=sintel&limit=20", None, None);
    // The first question to a new index may outlast the patience of a search, and Postgres answers it.
    for _ in 0..20 {
        if stage.ask("search-titles", &find).await["degraded"] == false {
            break;
        }
    }
    // What Postgres answers for a slow engine is another search.
    let found = |page: &serde_json::Value| {
        page["degraded"] == false && page["items"].as_array().is_some_and(|items| items.len() == 20)
    };
    stage.measure("search-titles", Workload::same(find).answering(found));
    stage.measure_golden_anew(&["search-index-title"]);
    stage
}
