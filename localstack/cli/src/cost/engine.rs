//! Which engines the busiest hour needs: at least those of `size.tf` and of the plan.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use manifest::{
    Plan,
    plan::{Function, Source},
};

use super::{
    assumption::Rung,
    assumptions::{Assumptions, FILE},
    duration::Duration,
    load::Load,
    peak::{Clock, MILLI},
    provision::Provision,
    usage::Usage,
};

/// Machines of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machines {
    pub(super) class: String,
    pub(super) number: u128,
    pub(super) vcpus: u128,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Engines {
    /// More than one is a database that was divided.
    pub(super) postgres: Machines,
    pub(super) redis: Machines,
    pub(super) search: Machines,
    pub(super) clickhouse: Machines,
    /// By stream.
    pub(super) shards: BTreeMap<String, u128>,
}

impl Engines {
    /// Chooses them.
    ///
    /// # Errors
    /// When a class of `size.tf` is on no ladder.
    pub(super) fn of(
        plan: &Plan,
        assumptions: &Assumptions,
        clock: &Clock,
        provision: &Provision,
        durations: &BTreeMap<String, Duration>,
        (load, usage): (&Load, &Usage),
    ) -> Result<Self> {
        let ladder = |engine, class: &str| assumptions.ladder(engine, class);
        let search = ladder("opensearch", &provision.search.class)?;
        // Nodes of one class are added, others grow: Redis has one thread, Postgres one writer.
        let mut search = choose(search.get(..1).unwrap_or_default(), clock.peak_milli(usage.searches))?;
        search.number = search.number.max(provision.search.nodes);
        let mut redis =
            choose(ladder("elasticache", &provision.redis.class)?, clock.peak_milli(usage.redis_operations))?;
        redis.number *= provision.redis.nodes;
        let shards = plan.streams.iter().map(|(name, stream)| {
            let needed = shards(name, plan, assumptions, clock, durations, load)?;
            Ok((name.clone(), needed.max(u128::from(stream.shards))))
        });
        Ok(Self {
            postgres: choose(ladder("rds", &provision.database.class)?, clock.peak_milli(usage.transactions))?,
            redis,
            search,
            clickhouse: choose(ladder("clickhouse", "8-GiB")?, clock.peak_milli(usage.rows))?,
            shards: shards.collect::<Result<_>>()?,
        })
    }
}

/// The smallest that is enough, or as many of the largest.
fn choose(rungs: &[Rung], peak_milli: u128) -> Result<Machines> {
    let enough = rungs.iter().find(|rung| rung.capacity.times(MILLI) >= peak_milli);
    let rung = enough.or(rungs.last()).with_context(|| format!("{FILE}: ladders: an empty one"))?;
    let number = peak_milli.div_ceil(rung.capacity.times(MILLI).max(1)).max(1);
    Ok(Machines { class: rung.class.clone(), number, vcpus: rung.vcpus })
}

/// For records, their bytes, those that read them, and the slowest of these: a shard is read by one call of each at a time.
fn shards(
    stream: &str,
    plan: &Plan,
    assumptions: &Assumptions,
    clock: &Clock,
    durations: &BTreeMap<String, Duration>,
    load: &Load,
) -> Result<u128> {
    let records = load.records.get(stream).copied().unwrap_or_default();
    let bytes = records * record_bytes(stream, assumptions)?;
    let readers: Vec<(&String, &Function)> = readers(plan, stream).collect();
    let of = |count: u128, limit: &str| -> Result<u128> {
        Ok(clock.peak_milli(count).div_ceil(assumptions.limit(limit)?.value.times(MILLI).max(1)))
    };
    let by_work = readers.iter().map(|(name, function)| {
        let duration = durations.get(*name);
        duration.map_or(0, |duration| at_work_milli(stream, function, duration, clock, records).div_ceil(MILLI))
    });
    let by_work = by_work.max().unwrap_or_default();
    let by_bytes = of(bytes, "shard_bytes_in")?.max(of(bytes * readers.len() as u128, "shard_bytes_out")?);
    Ok(of(records, "shard_records")?.max(by_bytes).max(by_work))
}

/// Who reads a stream.
pub(super) fn readers<'a>(plan: &'a Plan, stream: &'a str) -> impl Iterator<Item = (&'a String, &'a Function)> {
    plan.functions.iter().filter(move |(_, function)| batch(function, stream).is_some())
}

fn batch(function: &Function, stream: &str) -> Option<u128> {
    let is_source = |source: &Source| matches!(source, Source::Stream(name) if name == stream);
    let mapping = function.mappings.iter().find(|mapping| is_source(&mapping.source))?;
    Some(u128::from(mapping.batch))
}

/// How many full batches of a stream a reader works on at once in the busiest hour, in thousandths.
pub(super) fn at_work_milli(
    stream: &str,
    function: &Function,
    duration: &Duration,
    clock: &Clock,
    records: u128,
) -> u128 {
    let batch = batch(function, stream).unwrap_or(1).max(1);
    clock.at_once_milli(records.div_ceil(batch), duration.taken_us(batch))
}

/// Of a stream.
pub(super) fn record_bytes(stream: &str, assumptions: &Assumptions) -> Result<u128> {
    let name = if stream == "playback-events" { "record_bytes" } else { "event_bytes" };
    Ok(assumptions.value(name)?.whole())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_smallest_class_that_is_enough_is_taken_and_then_more_of_the_largest() {
        let rungs: Vec<Rung> = serde_json::from_value(json!([
            {"class": "small", "capacity": "100", "reason": "a"},
            {"class": "large", "capacity": "400", "vcpus": 4, "reason": "b"},
        ]))
        .unwrap();
        let chosen = |a_second: u128| {
            let machines = choose(&rungs, a_second * MILLI).unwrap();
            (machines.class, machines.number)
        };
        for (a_second, class, number) in [(0, "small", 1), (100, "small", 1), (101, "large", 1), (401, "large", 2)] {
            assert_eq!(chosen(a_second), (class.to_owned(), number), "{a_second}");
        }
        assert!(choose(&[], 1).is_err());
    }
}
