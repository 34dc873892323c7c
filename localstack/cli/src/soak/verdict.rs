//! Whether what was seen is ageing.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use engines::{Footprint, Growth, Home};
use manifest::Plan;

use crate::soak::ledger::Ledger;

/// Growth is judged as if so many calls had been made.
const LIFETIME_CALLS: u64 = 100_000;
/// More than noise: heaps breathe, and short soaks are multiplied.
const LIMIT: Growth = Growth { memory_kib: 1 << 20, threads: 500, mappings: 20_000, files: 1_000 };
/// Of one processor, when nobody does anything.
const IDLE_SHARE: f64 = 0.05;
const MEMORY_KIB: u64 = 2_560 << 10;
/// Of one process of a function: their budgets are 15 and 45 MiB, and what works on films reads segments whole.
const FUNCTION_KIB: u64 = 96 << 10;
/// How long environments of functions outlive their last call, with some seconds to end.
const ENVIRONMENTS: Duration = Duration::from_secs(130);
/// Until what the last call caused is done.
const SETTLE: Duration = Duration::from_secs(20);
/// What is due every minute is in it once.
const IDLE: Duration = Duration::from_secs(60);
/// Consumers that keep up have nothing left to do by then.
const CATCH_UP: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_secs(10);
/// Of one processor: more than schedules take, less than a consumer with a full batch.
const BUSY_SHARE: f64 = 0.15;
const FUNCTIONS: &str = "functions";

/// What every process held when so many calls had been made.
pub(super) struct Moment {
    calls: u64,
    held: BTreeMap<String, Footprint>,
    /// The function whose processes are the largest, with the memory of one.
    largest: (String, u64),
}

impl Moment {
    /// After a pause, so that work in progress is not taken for growth.
    pub async fn now(home: &Home, root: &Path, calls: u64) -> Result<Self> {
        tokio::time::sleep(SETTLE).await;
        let plan = Plan::read(root)?;
        let mut held: BTreeMap<String, Vec<Footprint>> = BTreeMap::new();
        let mut largest = (String::new(), 0);
        for (name, footprint) in Footprint::of_platform(home)? {
            let program = name.rsplit('/').next().unwrap_or(&name);
            if !plan.functions.contains_key(program) {
                held.entry(name).or_default().push(footprint);
                continue;
            }
            let each = footprint.memory_kib / footprint.processes.max(1);
            if each > largest.1 {
                largest = (program.to_owned(), each);
            }
            held.entry(FUNCTIONS.to_owned()).or_default().push(footprint);
        }
        let held = held.into_iter().map(|(name, found)| (name, Footprint::sum(&found))).collect();
        Ok(Self { calls, held, largest })
    }
}

/// What the whole platform holds in KiB once the environments that nobody uses have ended.
pub(super) async fn memory_at_rest(home: &Home) -> Result<u64> {
    tokio::time::sleep(ENVIRONMENTS).await;
    Ok(Footprint::sum(Footprint::of_platform(home)?.values()).memory_kib)
}

/// The share of one processor that the whole platform takes while nobody uses it.
pub(super) async fn idle_share(home: &Home) -> Result<f64> {
    tokio::time::sleep(SETTLE).await;
    share(home, IDLE).await
}

/// How long consumers go on with what the calls brought: until the platform has hardly worked for a moment; `None` while it still does.
///
/// Queues tell what waits in them; a consumer that is behind on a stream is seen by its work alone.
pub(crate) async fn caught_up(home: &Home) -> Result<Option<Duration>> {
    let begun = Instant::now();
    while begun.elapsed() < CATCH_UP {
        if share(home, GLANCE).await? < BUSY_SHARE {
            return Ok(Some(begun.elapsed()));
        }
    }
    Ok(None)
}

async fn share(home: &Home, time: Duration) -> Result<f64> {
    let total = || Ok::<_, anyhow::Error>(Footprint::sum(Footprint::of_platform(home)?.values()));
    let (before, begun) = (total()?, Instant::now());
    tokio::time::sleep(time).await;
    Ok(total()?.processor_share(&before, begun.elapsed()))
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} % of a processor", share * 100.0)
}

/// What is printed, and what is wrong.
pub(super) struct Verdict {
    rows: Vec<(String, Footprint, Growth)>,
    summary: String,
    pub faults: Vec<String>,
}

impl Verdict {
    pub fn of(
        first: &Moment,
        last: &Moment,
        idle: (f64, f64),
        caught_up: Option<Duration>,
        memory: u64,
        left: Vec<(String, u64)>,
        ledger: &Ledger,
    ) -> Self {
        let calls = last.calls.saturating_sub(first.calls);
        let mut faults = Vec::new();
        let mut rows = Vec::new();
        for (name, held) in &last.held {
            // A program that came meanwhile is compared with itself: others like it are of the same kind.
            let before = first.held.get(name).copied().unwrap_or(*held);
            let growth = of_as_many(held, before.processes).growth(&before).extrapolated(calls, LIFETIME_CALLS);
            if !growth.is_within(&LIMIT) {
                faults.push(format!("{name} would grow by {growth:?} in {LIFETIME_CALLS} calls"));
            }
            rows.push((name.clone(), *held, growth));
        }
        let (idle_before, idle_after) = idle;
        let (function, largest) = &last.largest;
        if *largest > FUNCTION_KIB {
            faults.push(format!("{function} holds {} MiB, more than {}", largest >> 10, FUNCTION_KIB >> 10));
        }
        if memory > MEMORY_KIB {
            faults.push(format!("{} MiB are held after it, more than {}", memory >> 10, MEMORY_KIB >> 10));
        }
        if idle_after > IDLE_SHARE {
            faults.push(format!("idle it takes {}, more than {}", percent(idle_after), percent(IDLE_SHARE)));
        }
        if caught_up.is_none() {
            faults.push(format!(
                "something still works {} s after the last call: a consumer is behind",
                CATCH_UP.as_secs()
            ));
        }
        faults.extend(left.into_iter().map(|(queue, depth)| format!("{depth} messages are left in {queue}")));
        faults.extend(
            ledger.failures().into_iter().map(|(step, (times, first))| format!("{step} failed {times} ×: {first}")),
        );
        let summary = format!(
            "{} calls, {} failed; idle {} before, {} after; {} MiB at rest; largest function {function}, {} MiB",
            ledger.calls(),
            ledger.failed(),
            percent(idle_before),
            percent(idle_after),
            memory >> 10,
            largest >> 10
        );
        Self { rows, summary, faults }
    }

    /// For people, and for `docs/benchmarks.md`.
    pub fn table(&self) -> Vec<String> {
        let head = "| process | MiB | threads | mappings | files | MiB / 100,000 calls | threads | mappings | files |";
        let mut lines = vec![head.to_owned(), "|---|---|---|---|---|---|---|---|---|".to_owned()];
        for (name, held, growth) in &self.rows {
            let Growth { memory_kib, threads, mappings, files } = growth;
            lines.push(format!(
                "| {name} ({}) | {} | {} | {} | {} | {:+} | {threads:+} | {mappings:+} | {files:+} |",
                held.processes,
                held.memory_kib >> 10,
                held.threads,
                held.mappings,
                held.files,
                memory_kib / 1024,
            ));
        }
        lines.push(format!("\n{}", self.summary));
        lines
    }
}

/// What so many processes of this kind hold: more environments of a function are load, not age.
fn of_as_many(held: &Footprint, processes: u64) -> Footprint {
    let scale = |value: u64| value * processes / held.processes.max(1);
    Footprint {
        processes,
        memory_kib: scale(held.memory_kib),
        threads: scale(held.threads),
        mappings: scale(held.mappings),
        files: scale(held.files),
        processor_ms: held.processor_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(calls: u64, processes: u64, mappings: u64) -> Moment {
        let held = Footprint { processes, mappings, memory_kib: 1 << 10, ..Footprint::default() };
        Moment { calls, held: BTreeMap::from([("localstack".to_owned(), held)]), largest: (String::new(), 0) }
    }

    fn faults(first: &Moment, last: &Moment, idle: f64, left: Vec<(String, u64)>, ledger: &Ledger) -> Vec<String> {
        Verdict::of(first, last, (0.0, idle), Some(GLANCE), 0, left, ledger).faults
    }

    #[test]
    fn what_grows_with_every_call_is_ageing() {
        let none = Ledger::default();
        // Two mappings for each call, as an emulator once kept them.
        let grown = faults(&moment(0, 1, 500), &moment(3_000, 1, 6_500), 0.0, Vec::new(), &none);
        assert_eq!(grown.len(), 1, "{grown:?}");
        assert!(faults(&moment(0, 1, 500), &moment(3_000, 1, 560), 0.0, Vec::new(), &none).is_empty());
    }

    #[test]
    fn more_environments_are_load() {
        let none = Ledger::default();
        assert!(faults(&moment(0, 10, 500), &moment(3_000, 100, 5_000), 0.0, Vec::new(), &none).is_empty());
    }

    #[test]
    fn one_function_that_keeps_what_it_packed_is_named() {
        let last = Moment { largest: ("streaming-get-playlist".to_owned(), 316_064), ..moment(3_000, 1, 1) };
        let found = faults(&moment(0, 1, 1), &last, 0.0, Vec::new(), &Ledger::default());
        assert_eq!(found, ["streaming-get-playlist holds 308 MiB, more than 96"]);
    }

    #[test]
    fn a_consumer_that_is_behind_is_told() {
        let (first, last) = (moment(0, 1, 1), moment(3_000, 1, 1));
        let found = Verdict::of(&first, &last, (0.0, 0.0), None, 0, Vec::new(), &Ledger::default()).faults;
        assert_eq!(found, ["something still works 60 s after the last call: a consumer is behind"]);
    }

    #[test]
    fn work_without_users_failures_and_what_is_left_are_told() {
        let ledger = Ledger::default();
        ledger.outcome("GET /v1/titles", Some("502".to_owned()));
        ledger.outcome("GET /v1/titles", Some("503".to_owned()));
        let left = vec![("email".to_owned(), 3)];
        let found = faults(&moment(0, 1, 1), &moment(100, 1, 1), 0.36, left, &ledger);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[2].contains("2 ×: 502"), "{found:?}");
        assert_eq!((ledger.calls(), ledger.failed()), (2, 2));
    }
}
