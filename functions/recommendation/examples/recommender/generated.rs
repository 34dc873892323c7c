//! Both models on people with planted tastes: how good their lists are, and what they cost.

use std::time::{Duration, Instant};

use kernel::{Id, TitleId, World};
use recommendation::{
    catalogue::Catalogue,
    dataset::{Dataset, Positive},
    limits::Limits,
    model::Model,
    training::train_within,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Titles of a cluster.
const OF_CLUSTER: u32 = 50;
/// Of what somebody watches, in percent: what everybody watches, and of the rest what is of the first of two tastes.
const OF_ANYBODY: u32 = 25;
const OF_FIRST_TASTE: u32 = 65;
/// Titles of a history that is asked about, and how often it is asked.
const HISTORY: usize = 500;
const ASKED: usize = 200;
const SEED: u64 = 1;

/// Prints a table.
pub fn run(titles: u32, people: u32, each: u32) {
    let data = planted(titles, people, each);
    println!("{titles} titles, {people} people who chose {each} times, seed {SEED}\n");
    println!(
        "| model | titles | nDCG@20 | popularity | coverage | CPU s of training | MB | list for {HISTORY} titles, p95 ms | reasons of its 20 titles, p95 ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let usual = Limits::default();
    let titles = data.count_titles();
    if titles <= usual.inverted_titles {
        measure("EASE", usual, &data);
    }
    measure("iALS", Limits { inverted_titles: titles.saturating_sub(1), ..usual }, &data);
}

fn measure(name: &str, limits: Limits, data: &Dataset) {
    let begun = processor_seconds();
    let trained = train_within(&limits, data, &Catalogue::default(), None, |_| (0, 0)).expect("a model");
    let took = processor_seconds() - begun;
    let report = &trained.report;
    let (lists, reasons) = serve(&trained.model);
    println!(
        "| {name} | {} | {:.4} | {:.4} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} |",
        report.titles,
        report.model.ndcg,
        report.popularity.ndcg,
        report.model.coverage,
        took,
        trained.bytes.len() as f64 / 1e6,
        lists.as_secs_f64() * 1e3,
        reasons.as_secs_f64() * 1e3,
    );
    eprintln!("{name}: {:?}", report.parameters);
}

/// What all threads have used so far; not a number where the system does not say it as Linux does.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything: user and system time are the 12th and 13th, in hundredths.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let times: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    if let [user, system] = times.as_slice() { (user + system) / 100.0 } else { f64::NAN }
}

/// How long a list takes, and the reasons of its twenty titles: of many the 95th of a hundred.
fn serve(model: &Model) -> (Duration, Duration) {
    let items = model.items();
    let (mut lists, mut reasons) = (Vec::new(), Vec::new());
    for number in 0..ASKED {
        let history: Vec<(TitleId, f32)> =
            items.iter().cycle().skip(number * 7).step_by(3).take(HISTORY).map(|item| (item.id, 1.0)).collect();
        let begun = Instant::now();
        let fold_in = model.fold_in(&history);
        let ranked = model.ranked(&fold_in.scores(), |_| true, 20);
        lists.push(begun.elapsed());
        let begun = Instant::now();
        let found: usize = ranked.into_iter().map(|place| fold_in.reasons(place, 3).len()).sum();
        assert!(found > 0, "nothing speaks for anything");
        reasons.push(begun.elapsed());
    }
    [lists, reasons]
        .map(|mut all| {
            all.sort_unstable();
            all[ASKED * 95 / 100]
        })
        .into()
}

/// Everybody has two clusters, watches the first titles of each most, and now and then what everybody watches.
fn planted(titles: u32, people: u32, each: u32) -> Dataset {
    let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, SEED);
    let clusters = (titles / OF_CLUSTER).max(1);
    let id = |n: u32| TitleId::from_uuid(Uuid::from_u128(u128::from(n) + 1));
    // The lesser of two numbers: the first titles are watched most.
    let often_first = |most: u32| world.below(most).min(world.below(most));
    let person = |_| -> Vec<Positive> {
        let tastes = [world.below(clusters), world.below(clusters)];
        let positive = |n: u32| {
            let title = if world.below(100) < OF_ANYBODY {
                // The first title of a cluster is the one that everybody may know.
                often_first(clusters) * OF_CLUSTER
            } else {
                tastes[usize::from(world.below(100) >= OF_FIRST_TASTE)] * OF_CLUSTER + often_first(OF_CLUSTER)
            };
            Positive { title: id(title), weight: 1.0, at: i64::from(n) * 1_000_000 + i64::from(world.below(1_000_000)) }
        };
        (0..each).map(positive).collect()
    };
    Dataset::new((0..people).map(person))
}
