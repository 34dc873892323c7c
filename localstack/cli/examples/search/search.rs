//! Searches and suggestions, each beside what its function sent to the engine.

use manifest::env;
use serde_json::Value;
use testkit::{Costs, Function, films::Film, gateway, lambda::pairs};

use crate::{
    Measured,
    bound::Bounds,
    engine::{Recorder, Sent, bare},
    index::Library,
    questions::{self, Group},
};

/// Calls of each kind before any is counted.
const WARM_UP: usize = 10;
/// The CPU time of a function, as a multiple of what the bare call takes.
const TIMES_BARE: f64 = 2.0;

/// A function that is asked for a text.
struct Asked {
    function: &'static str,
    /// Up to the text.
    route: &'static str,
    /// Whether an answer has what was looked for.
    finds: fn(&Value) -> bool,
    p95_ms: f64,
}

const SEARCH: Asked = Asked {
    function: "search-titles",
    route: "GET /v1/search?limit=20&q=",
    finds: |page| page["degraded"] == false && is_filled(&page["items"]),
    p95_ms: 30.0,
};
const SUGGEST: Asked = Asked {
    function: "search-suggest",
    route: "GET /v1/search/suggest?q=",
    finds: |found| is_filled(&found["titles"]) || is_filled(&found["people"]),
    p95_ms: 15.0,
};

fn is_filled(list: &Value) -> bool {
    list.as_array().is_some_and(|items| !items.is_empty())
}

impl Asked {
    /// The gateway gives functions what it has decoded.
    async fn ask(&self, function: &mut Function, text: &str, costs: &mut Costs) -> Result<Value, String> {
        let mut request = gateway::request(self.route, None, None);
        request["queryStringParameters"]["q"] = text.into();
        request["multiValueQueryStringParameters"]["q"] = vec![text].into();
        costs.call(function, &request).await
    }

    async fn expect(&self, function: &mut Function, text: &str, costs: &mut Costs) {
        let answer = self.ask(function, text, costs).await;
        let answer = answer.unwrap_or_else(|error| panic!("{} {text}: {error}", self.function));
        assert!((self.finds)(&answer), "{} finds nothing for “{text}”: {answer}", self.function);
    }

    /// What the function sends for each text of a group. The engine has then answered everything once.
    async fn recorded(&self, measured: &Measured, library: &Library, groups: &[Group]) -> Vec<Vec<Vec<Sent>>> {
        let recorder = Recorder::start().await;
        let variables = pairs(&library.service.vars().clone().set(env::OPENSEARCH_URL, &recorder.url));
        let mut function = measured.start(self.function, &variables).await;
        let mut all = Vec::with_capacity(groups.len());
        let mut uncounted = Costs::default();
        for group in groups {
            let mut sent = Vec::with_capacity(group.texts.len());
            for text in &group.texts {
                // The first questions to a new index may outlast the patience of a search, and nothing is found in time.
                for _ in 0..20 {
                    recorder.take();
                    let answer = self.ask(&mut function, text, &mut uncounted).await;
                    if answer.is_ok_and(|answer| (self.finds)(&answer)) {
                        break;
                    }
                }
                sent.push(recorder.take());
            }
            all.push(sent);
        }
        all
    }

    async fn measure(&self, measured: &Measured, library: &Library, groups: &[Group], bounds: &mut Bounds) {
        let recorded = self.recorded(measured, library, groups).await;
        let mut function = measured.start(self.function, &pairs(library.service.vars())).await;
        let (mut all, mut all_bare) = (Costs::default(), Costs::default());
        let mut requests = 0;
        for (group, sent) in groups.iter().zip(recorded) {
            for text in group.texts.iter().cycle().take(WARM_UP) {
                self.expect(&mut function, text, &mut Costs::default()).await;
            }
            let mut costs = Costs::default();
            for text in &group.texts {
                self.expect(&mut function, text, &mut costs).await;
            }
            let of_group: usize = sent.iter().map(Vec::len).sum();
            requests += of_group;
            let warmed = sent.iter().cycle().take(WARM_UP).chain(&sent).cloned().collect();
            let alone = bare(warmed, WARM_UP);
            self.row(group.name, of_group, &costs, &alone);
            all.extend(&costs);
            all_bare.extend(&alone);
        }
        self.row("all", requests, &all, &all_bare);
        bounds.at_most(self.function, "ms, p95", all.percentile_ms(95), self.p95_ms);
        let name = format!("{}, CPU of the bare calls", self.function);
        bounds.at_most(&name, "times", all.cpu_ms() / all_bare.cpu_ms(), TIMES_BARE);
    }

    fn row(&self, group: &str, requests: usize, costs: &Costs, bare: &Costs) {
        println!(
            "| {}: {group} | {} | {:.2} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.2} | {:.1} |",
            self.function,
            costs.calls(),
            requests as f64 / costs.calls() as f64,
            costs.percentile_ms(50),
            costs.percentile_ms(95),
            costs.cpu_ms(),
            bare.percentile_ms(50),
            bare.percentile_ms(95),
            bare.cpu_ms(),
            costs.cpu_ms() / bare.cpu_ms()
        );
    }
}

/// Asks both functions and prints what that cost.
pub async fn measure(measured: &Measured, library: &Library, films: &[Film], bounds: &mut Bounds) {
    println!(
        "| what is typed | calls | requests each | p50 ms | p95 ms | CPU ms | bare p50 ms | bare p95 ms | bare CPU ms | times the CPU |\n\
         |---|---|---|---|---|---|---|---|---|---|"
    );
    let real = &films[..testkit::films::real().len()];
    SEARCH.measure(measured, library, &questions::searched(real), bounds).await;
    SUGGEST.measure(measured, library, &questions::typed(real), bounds).await;
    println!();
}
