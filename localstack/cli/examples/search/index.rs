//! The catalogue's events through `search-index-title`, in batches as SQS delivers them.

use kernel::{EventId, TitleId, World};
use manifest::Plan;
use testkit::{Costs, Engines, Service, films::Film, lambda::pairs, records};

use crate::{Measured, bound::Bounds};

const FUNCTION: &str = "search-index-title";
/// Batches before any is counted: the first one makes the index.
const WARM_UP: usize = 5;
const PER_CPU_SECOND: f64 = 500.0;

/// A searched index of its own.
pub struct Library {
    pub service: Service,
    alias: String,
}

impl Library {
    async fn command(&self, method: reqwest::Method, path: &str) {
        let url = format!("{}/{path}", Engines::from_env().opensearch);
        let answer = reqwest::Client::new().request(method, url).send().await.expect("the engine answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Ends the index.
    pub async fn close(self) {
        self.command(reqwest::Method::DELETE, &format!("{}-*", self.alias)).await;
    }
}

fn batch_size() -> usize {
    let plan = Plan::read(&testkit::root()).expect("the plan");
    let mappings = &plan.functions[FUNCTION].mappings;
    usize::try_from(mappings[0].batch).expect("a number")
}

/// Indexes every film and prints what that cost.
pub async fn fill(measured: &Measured, films: &[Film], bounds: &mut Bounds) -> Library {
    let world = World::system();
    let alias = format!("bench-{}", world.id::<EventId>().to_string().replace('_', "-"));
    let library = Library { service: Service::start("search").await.with("SEARCH_ALIAS", &alias), alias };
    let mut function = measured.start(FUNCTION, &pairs(library.service.vars())).await;
    let batch = batch_size();
    let events = films.iter().enumerate().map(|(number, film)| film.changed(world.id::<TitleId>(), number).json());
    let events: Vec<String> = events.collect();
    let mut costs = Costs::default();
    for (number, events) in events.chunks(batch).enumerate() {
        if number == WARM_UP {
            costs = Costs::default();
        }
        let delivered = costs.call(&mut function, &records::sqs(events.iter().cloned())).await;
        delivered.unwrap_or_else(|error| panic!("{FUNCTION}: {error}"));
    }
    library.command(reqwest::Method::POST, &format!("{}/_refresh", library.alias)).await;
    let per_cpu_second = costs.per_cpu_second() * batch as f64;
    println!(
        "| titles | in a batch | per CPU-second | CPU ms each | p50 ms of a batch | p95 ms |\n|---|---|---|---|---|---|"
    );
    println!(
        "| {} | {batch} | {per_cpu_second:.0} | {:.2} | {:.1} | {:.1} |\n",
        films.len(),
        1000.0 / per_cpu_second,
        costs.percentile_ms(50),
        costs.percentile_ms(95)
    );
    bounds.at_least(FUNCTION, "titles per CPU-second", per_cpu_second, PER_CPU_SECOND);
    library
}
