//! How long a call of a function is billed, and how much of that was measured.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use manifest::{
    Plan,
    plan::{Endpoint, Function, Permission, Resource},
};
use serde::Serialize;

use super::{
    assumptions::{Assumptions, FILE},
    decimal::ONE,
    kind::Kind,
};
use crate::figures::{Calls, Figures};

/// Lambda bills whole milliseconds.
const MILLISECOND_US: u128 = 1_000;

/// From where the CPU of a call is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// `cargo cinema bench cold`, as it is shipped.
    Measured,
    /// Another bench or profile.
    OtherBench,
    /// The median of its kind.
    MedianOfKind,
    /// Nothing of its kind was measured.
    Assumed,
}

/// How long calls of a function take.
#[derive(Debug, Clone)]
pub(super) struct Duration {
    pub(super) origin: Origin,
    memory_mib: u128,
    /// What an item needs at the speed that comes with the memory.
    cpu_us: u128,
    /// What engines take for as many items as are asked for side by side.
    wait_us: u128,
    side_by_side: u128,
    /// Of the share of calls that begin an environment, spread over all.
    cold_us: u128,
}

impl Duration {
    /// Of a call with some items, as it is billed.
    pub(super) fn billed_us(&self, items: u128) -> u128 {
        self.taken_us(items).div_ceil(MILLISECOND_US) * MILLISECOND_US
    }

    /// Of a call with some items, as it takes.
    pub(super) fn taken_us(&self, items: u128) -> u128 {
        let items = items.max(1);
        items * self.cpu_us + items.div_ceil(self.side_by_side) * self.wait_us + self.cold_us
    }

    /// MiB times microseconds of so many calls with so many items each.
    pub(super) fn memory_time(&self, calls: u128, items: u128) -> u128 {
        calls * self.memory_mib * self.billed_us(items)
    }
}

/// CPU of functions in microseconds on one whole processor.
struct Known {
    cpu_us: u128,
    origin: Origin,
    is_parallel: bool,
}

/// Durations of all functions.
pub(super) fn durations(root: &Path, plan: &Plan, assumptions: &Assumptions) -> Result<BTreeMap<String, Duration>> {
    reckon(&Figures::read(root)?, plan, assumptions)
}

pub(super) fn reckon(figures: &Figures, plan: &Plan, assumptions: &Assumptions) -> Result<BTreeMap<String, Duration>> {
    let known = known(figures, plan, assumptions)?;
    let mut by_kind: BTreeMap<Kind, Vec<u128>> = BTreeMap::new();
    for (name, known) in known.iter().filter(|(_, known)| !known.is_parallel) {
        by_kind.entry(Kind::of(&plan.functions[*name])).or_default().push(known.cpu_us);
    }
    let medians: BTreeMap<Kind, u128> = by_kind.into_iter().map(|(kind, all)| (kind, median(all))).collect();
    let assumed: BTreeMap<Kind, u128> =
        assumptions.kinds.iter().map(|of| (of.kind, of.cpu_ms.times(MILLISECOND_US))).collect();
    let duration = |(name, function): (&String, &Function)| {
        let kind = Kind::of(function);
        let is_film = kind == Kind::Film;
        let (cpu_us, origin, is_parallel) = match (known.get(name.as_str()), medians.get(&kind), assumed.get(&kind)) {
            (Some(known), ..) => (known.cpu_us, known.origin, known.is_parallel),
            (None, Some(median), _) => (*median, Origin::MedianOfKind, is_film),
            (None, None, Some(assumed)) => (*assumed, Origin::Assumed, is_film),
            (None, None, None) => anyhow::bail!("{FILE}: kinds: there is no `{kind:?}`, as {name} is one"),
        };
        let init_us = match figures.functions.get(name) {
            Some(measured) => microseconds(measured.init_cpu_ms),
            None => assumptions.value("init_cpu")?.times(MILLISECOND_US),
        };
        let speed = Speed::of(function, assumptions)?;
        let cold = init_us + assumptions.value("cold_wait")?.times(MILLISECOND_US);
        let duration = Duration {
            origin,
            memory_mib: u128::from(function.memory_mib),
            cpu_us: speed.slowed(cpu_us, is_parallel),
            wait_us: wait_us(function, assumptions)?,
            // What is not said to take whole batches does one item after the other.
            side_by_side: assumptions.asked(name).and_then(|asked| asked.side_by_side).unwrap_or(1).max(1),
            cold_us: assumptions.value("cold_share")?.times(cold),
        };
        Ok((name.clone(), duration))
    };
    plan.functions.iter().map(duration).collect()
}

/// What was measured, by name.
fn known<'a>(figures: &'a Figures, plan: &Plan, assumptions: &'a Assumptions) -> Result<BTreeMap<&'a str, Known>> {
    let mut known = BTreeMap::new();
    for found in &assumptions.processor {
        let name = found.function.as_str();
        ensure!(plan.functions.contains_key(name), "{FILE}: processor: there is no function {name}");
        let cpu_us = found.cpu_ms.times(MILLISECOND_US);
        known.insert(name, Known { cpu_us, origin: Origin::OtherBench, is_parallel: found.is_parallel });
    }
    for (name, measured) in &figures.functions {
        ensure!(plan.functions.contains_key(name), "{}: there is no function {name}", Figures::FILE);
        if let Calls::Answered { cpu_ms, .. } = measured.calls {
            let cpu_us = microseconds(cpu_ms);
            known.insert(
                name,
                Known { cpu_us, origin: Origin::Measured, is_parallel: Kind::of(&plan.functions[name]) == Kind::Film },
            );
        }
    }
    Ok(known)
}

/// A measured time; the file has hundredths of a millisecond.
fn microseconds(milliseconds: f64) -> u128 {
    (milliseconds * 1_000.0).round() as u128
}

/// The upper of the two in the middle.
fn median(mut all: Vec<u128>) -> u128 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// How much processor comes with a memory.
struct Speed {
    memory_mib: u128,
    vcpu_mib: u128,
    /// In millionths.
    factor: u128,
}

impl Speed {
    fn of(function: &Function, assumptions: &Assumptions) -> Result<Self> {
        let vcpu_mib = assumptions.value("memory_of_vcpu")?.whole();
        ensure!(vcpu_mib > 0, "{FILE}: values: memory_of_vcpu is nothing");
        let factor = assumptions.value("processor_factor")?.millionths();
        Ok(Self { memory_mib: u128::from(function.memory_mib), vcpu_mib, factor })
    }

    /// What CPU takes: below a whole processor each call waits for its part of time; above only what is parallel is faster.
    fn slowed(&self, cpu_us: u128, is_parallel: bool) -> u128 {
        let memory = if is_parallel { self.memory_mib } else { self.memory_mib.min(self.vcpu_mib) };
        (cpu_us * self.factor * self.vcpu_mib).div_ceil(memory.max(1) * ONE)
    }
}

/// What engines take that a function may use, one after the other.
fn wait_us(function: &Function, assumptions: &Assumptions) -> Result<u128> {
    let networks = function.network.iter().map(|engine| match engine {
        Endpoint::Postgres => "postgres",
        Endpoint::Redis => "redis",
        Endpoint::Opensearch => "opensearch",
        Endpoint::Clickhouse => "clickhouse",
        Endpoint::Aws => "aws",
    });
    let services = ["dynamodb", "kinesis", "s3", "ses", "sqs"].into_iter().filter(|service| uses(function, service));
    let pays = |permission: &Permission| permission.resource == Resource::Secret("payment-keys".to_owned());
    let provider = function.permissions.iter().any(pays).then_some("provider");
    let waits = networks.filter(|engine| *engine != "aws").chain(services).chain(provider);
    waits
        .map(|engine| Ok(assumptions.value(&format!("wait_{engine}"))?.times(MILLISECOND_US)))
        .sum::<Result<u128>>()
        .context("what engines take")
}

/// Whether a function asks a service of AWS in a call that goes well: what failed too often is written elsewhere.
pub(super) fn uses(function: &Function, service: &str) -> bool {
    let actions: &[&str] = match service {
        "dynamodb" => &["dynamodb:GetItem", "dynamodb:PutItem"],
        "kinesis" => &["kinesis:PutRecords"],
        "s3" => &["s3:GetObject", "s3:PutObject"],
        "ses" => &["ses:SendRawEmail"],
        "sqs" => &["sqs:SendMessage"],
        _ => &[],
    };
    let permissions = function.permissions.iter().filter(|permission| !is_for_failures(&permission.resource));
    permissions.flat_map(|permission| &permission.actions).any(|action| actions.contains(&action.as_str()))
}

fn is_for_failures(resource: &Resource) -> bool {
    match resource {
        Resource::Queue(name) => name.ends_with("-dlq"),
        Resource::Objects(name) | Resource::Bucket(name) => name == "events-dead",
        _ => false,
    }
}
