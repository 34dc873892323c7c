//! The model on the repository's own data, and on small data of which a hand knows the outcome.

use serde_json::{Value, json};

use super::*;
use crate::figures::{Calls, Figures, Measured, budget::Class};
use assumptions::FILE;

fn model() -> Model {
    Model::load(&crate::root().unwrap()).unwrap_or_else(|error| panic!("{error:#}"))
}

fn assumptions_with(change: impl FnOnce(&mut Value)) -> Result<Assumptions> {
    let mut file = entry::document(&crate::root().unwrap(), FILE).unwrap();
    change(&mut file);
    Assumptions::parse(file)
}

/// With `CINEMA_GENERATE` in the environment the files are written first, and what calls cost now is accepted.
#[test]
fn no_call_has_become_dearer_by_a_fifth_and_the_pages_show_the_model() {
    let root = crate::root().unwrap();
    if std::env::var_os("CINEMA_GENERATE").is_some() {
        budget::accept(&root, &model()).unwrap();
        write(&root).unwrap_or_else(|error| panic!("{error:#}"));
    }
    check(&root).unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn groups_sum_up_to_the_bill() {
    let model = model();
    for cinema in model.cinemas().unwrap() {
        let bill = model.month(&cinema).bill().unwrap();
        let sum: u128 = bill.groups.iter().map(|group| group.cost.picodollars()).sum();
        assert_eq!(sum, bill.total.picodollars());
        // Functions share what Lambda costs, but for what is lost in rounding: two picodollars each.
        let lambda: u128 = bill.groups.iter().take(2).map(|group| group.cost.picodollars()).sum();
        let functions: u128 = bill.functions.iter().map(|function| function.cost.picodollars()).sum();
        let lost = lambda - functions;
        assert!(lost <= 2 * bill.functions.len() as u128, "{lost}");
    }
}

#[test]
fn more_viewers_never_cost_less() {
    let model = model();
    for environment in ["dev", "prod"] {
        let mut before: Vec<bill::Group> = Vec::new();
        let mut viewers = 1;
        while viewers < 40_000_000 {
            let size: Size = serde_json::from_value(json!({
                "viewers": viewers, "titles": 1_000, "uploads": 10, "environment": environment, "reason": "a property"
            }))
            .unwrap();
            let cinema = model.cinema(&size).unwrap();
            let bill = model.month(&cinema).bill().unwrap();
            for (now, before) in bill.groups.iter().zip(&before) {
                // Fuller batches make fewer calls of more items: what is paid by calls may become cheaper by that.
                let by_calls = ["SQS", "CloudWatch", "KMS and secrets", "NAT and endpoints"];
                let is_batched = now.name.starts_with("Lambda") || by_calls.contains(&now.name);
                assert!(
                    now.cost >= before.cost || is_batched,
                    "{viewers}: {} {:?} {:?}",
                    now.name,
                    now.cost,
                    before.cost
                );
            }
            let sum = |groups: &[bill::Group]| groups.iter().map(|group| group.cost).sum::<money::Money>();
            assert!(bill.total >= sum(&before), "{viewers}");
            before = bill.groups;
            viewers = viewers * 17 / 10 + 1;
        }
    }
}

#[test]
fn nothing_of_the_data_is_unused() {
    let sources: String = std::fs::read_dir(crate::root().unwrap().join("localstack/cli/src/cost"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let model = model();
    let built = |name: &&str| name.starts_with("wait_");
    for name in model.assumptions.value_names().filter(|name| !built(name)) {
        assert!(sources.contains(&format!("\"{name}\"")), "nobody asks for the value {name}");
    }
    let of_class = ["rds.db", "elasticache.cache", "opensearch.t", "opensearch.r", "clickhouse.8"];
    for name in model.prices.names().filter(|name| !of_class.iter().any(|class| name.starts_with(class))) {
        assert!(sources.contains(&format!("\"{name}\"")), "nobody asks for the price {name}");
    }
}

#[test]
fn each_class_of_a_ladder_has_its_price() {
    let model = model();
    for (engine, class) in [
        ("rds", "db.t4g.small"),
        ("elasticache", "cache.t4g.micro"),
        ("opensearch", "t3.small.search"),
        ("clickhouse", "8-GiB"),
    ] {
        for rung in model.assumptions.ladder(engine, class).unwrap() {
            model.prices.cost(&format!("{engine}.{}", rung.class), 1).unwrap();
        }
    }
}

#[test]
fn what_is_missing_or_without_reason_is_told_with_file_and_name() {
    let told = |change: fn(&mut Value)| format!("{:#}", assumptions_with(change).unwrap_err());
    for (error, name) in [
        (told(|file| file["values"]["peak_factor"]["reason"] = json!(" ")), "peak_factor has no reason"),
        (told(|file| file["values"]["peak_factor"]["value"] = json!(3.5)), "values: peak_factor: invalid type"),
        (told(|file| file["activities"]["visits"]["each"] = json!("moons")), "activities: there is no `moons`"),
        (told(|file| file["activities"]["hours"]["each"] = json!("heartbeats")), "is for each of itself"),
        (told(|file| file["calls"][0]["times"] = json!("often")), "calls: {"),
        (told(|file| drop(file.as_object_mut().unwrap().remove("limits"))), "there is no `limits`"),
    ] {
        assert!(error.starts_with(FILE) && error.contains(name), "{error}");
    }
    let without = assumptions_with(|file| drop(file["values"].as_object_mut().unwrap().remove("poll"))).unwrap();
    assert_eq!(Clock::of(&without).unwrap_err().to_string(), format!("{FILE}: values: there is no `poll`"));
}

#[test]
fn demands_are_of_what_the_plan_has() {
    let model = model();
    for (section, wrong) in [
        ("calls", "auth-log-inn"),
        ("events", "cinema.none.v1"),
        ("messages", "none"),
        ("records", "none"),
        ("stores", "none"),
    ] {
        let assumptions = assumptions_with(|file| file[section][0]["of"] = json!([wrong])).unwrap();
        let size = &model.assumptions.sizes[0];
        let error = Load::of(&model.plan, &assumptions, &model.clock, size).unwrap_err().to_string();
        assert_eq!(error, format!("{FILE}: {section}: there is no `{wrong}`"));
    }
}

fn figures(name: &str, cpu_ms: f64) -> Figures {
    let calls = Calls::Answered { cpu_ms, high_water_mib: 5.0 };
    let measured = Measured { class: Class::HttpOnly, size_bytes: 1, init_cpu_ms: 2.0, calls };
    Figures { profile: "lambda".to_owned(), functions: [(name.to_owned(), measured)].into() }
}

#[test]
fn a_measured_function_is_billed_as_a_hand_reckons() {
    let model = model();
    let assumptions = assumptions_with(|file| {
        file["values"]["cold_share"]["value"] = json!("0");
        file["values"]["memory_of_vcpu"]["value"] = json!("1280");
    })
    .unwrap();
    // 128 MiB are a tenth of that processor: 1.25 ms of CPU take 12.5, and are billed as 13. It asks no engine.
    let durations = duration::reckon(&figures("platform-get-health", 1.25), &model.plan, &assumptions).unwrap();
    let duration = &durations["platform-get-health"];
    assert_eq!(
        (duration.origin, duration.taken_us(1), duration.billed_us(1)),
        (duration::Origin::Measured, 12_500, 13_000)
    );
    // 10⁶ × .125 GB × .013 s × 0.0000133334 USD
    let cost = model.prices.cost("lambda.arm64", duration.memory_time(1_000_000, 1)).unwrap();
    assert_eq!(cost.text(9), "0.021666775");
}

#[test]
fn a_figure_of_an_unknown_function_is_told() {
    let model = model();
    let error = duration::reckon(&figures("platform-get-wealth", 1.0), &model.plan, &model.assumptions).unwrap_err();
    assert_eq!(error.to_string(), "docs/benchmarks/functions.json: there is no function platform-get-wealth");
}

#[test]
fn heartbeats_are_counted_from_hours() {
    let model = model();
    let size = &model.assumptions.sizes[0];
    let load = Load::of(&model.plan, &model.assumptions, &model.clock, size).unwrap();
    // 1,000 viewers × 20 hours × 125.
    assert_eq!(load.functions["streaming-heartbeat"].calls, 2_500_000);
    // Each minute of 730 hours.
    assert_eq!(load.functions["payment-relay-outbox"].calls, 43_800);
    assert!(load.requests > 2_500_000);
}
