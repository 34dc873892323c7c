//! The busiest hour of the largest cinema against what stands there and what AWS allows.

use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    assumption::Limit,
    bill::Month,
    duration::Duration,
    engine::{at_work_milli, readers},
    peak::MILLI,
};

const BITS: u128 = 8;
/// Times as many viewers.
const WORRY: u128 = 10;
const GIGA: u128 = 1_000_000_000;

/// What is used up, and by how many viewers.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bound {
    pub(super) what: String,
    pub(super) unit: String,
    /// In thousandths.
    pub(super) load_milli: u128,
    /// In thousandths.
    pub(super) limit_milli: u128,
    /// Monthly viewers with whom it is used up, all else being equal.
    pub(super) viewers: u128,
    pub(super) next_step: String,
}

/// Calls at work at once.
#[derive(Debug, Serialize)]
pub(super) struct AtOnce {
    pub(super) name: String,
    /// A second, in thousandths.
    pub(super) calls_milli: u128,
    /// In thousandths.
    pub(super) at_once_milli: u128,
}

impl Month<'_> {
    /// Every function, the busiest first.
    pub(super) fn at_once(&self) -> Vec<AtOnce> {
        let of = |(name, work): (&String, &super::load::Work)| {
            let duration = self.durations.get(name)?;
            let taken = duration.taken_us(work.items_of_call());
            Some(AtOnce {
                name: name.clone(),
                calls_milli: self.clock.peak_milli(work.calls),
                at_once_milli: self.clock.at_once_milli(work.calls, taken),
            })
        };
        let mut all: Vec<AtOnce> = self.load.functions.iter().filter_map(of).collect();
        all.sort_by(|one, other| other.at_once_milli.cmp(&one.at_once_milli).then_with(|| one.name.cmp(&other.name)));
        all
    }

    /// What is used up, first what breaks first.
    ///
    /// # Errors
    /// When a limit or a class is not known.
    pub(super) fn bounds(&self) -> Result<Vec<Bound>> {
        let mut bounds = self.account()?;
        bounds.extend(self.stream_bounds()?);
        bounds.extend(self.table_bounds()?);
        bounds.extend(self.reserved());
        bounds.extend(self.runs()?);
        // What holds ten times as many is no worry of this size; engines are told whatever they hold.
        bounds.retain(|bound| bound.viewers < WORRY * self.size.viewers);
        bounds.extend(self.engine_bounds()?);
        bounds.sort_by(|one, other| one.viewers.cmp(&other.viewers).then_with(|| one.what.cmp(&other.what)));
        Ok(bounds)
    }

    fn bound(&self, what: &str, unit: &str, load_milli: u128, limit_milli: u128, next_step: &str) -> Bound {
        Bound {
            what: what.to_owned(),
            unit: unit.to_owned(),
            load_milli,
            limit_milli,
            viewers: limit_milli * self.size.viewers / load_milli.max(1),
            next_step: next_step.to_owned(),
        }
    }

    fn limit(&self, what: &str, load_milli: u128, limit: &Limit, times: u128) -> Bound {
        let most = limit.value.times(MILLI) * times;
        self.bound(what, &limit.unit, load_milli, most, &limit.next_step)
    }

    /// What an account may do.
    fn account(&self) -> Result<Vec<Bound>> {
        let limit = |name| self.assumptions.limit(name);
        let peak = |of_month| self.clock.peak_milli(of_month);
        let at_once = self.at_once().iter().map(|function| function.at_once_milli).sum();
        let requests = peak(self.load.requests);
        let throttle = self.provision.requests_per_second * MILLI;
        let mails = peak(self.assumptions.count("mails", self.size)?);
        Ok(vec![
            self.limit("Lambda, all functions", at_once, limit("lambda_concurrency")?, 1),
            self.bound("Gateway: size.tf", "requests/s", requests, throttle, "Raise requests_per_second"),
            self.limit("Gateway: AWS", requests, limit("gateway_requests")?, 1),
            self.limit("CloudFront: bits", peak(self.egress_bytes()? * BITS) / GIGA, limit("edge_throughput")?, 1),
            self.limit("CloudFront: requests", peak(self.edge_requests()?), limit("edge_requests")?, 1),
            self.limit("SES", mails, limit("mails")?, 1),
        ])
    }

    /// Streams with the shards of the plan.
    fn stream_bounds(&self) -> Result<Vec<Bound>> {
        let mut bounds = Vec::new();
        for (name, stream) in &self.plan.streams {
            let shards = u128::from(stream.shards);
            let records = self.load.records.get(name).copied().unwrap_or_default();
            let bytes = records * super::engine::record_bytes(name, self.assumptions)?;
            let read = bytes * readers(self.plan, name).count() as u128;
            for (what, count, limit) in [
                ("records", records, "shard_records"),
                ("bytes in", bytes, "shard_bytes_in"),
                ("bytes out", read, "shard_bytes_out"),
            ] {
                let limit = self.assumptions.limit(limit)?;
                let what = format!("Kinesis {name}: {what}");
                bounds.push(self.limit(&what, self.clock.peak_milli(count), limit, shards));
            }
            let slowest = readers(self.plan, name).filter_map(|(reader, function)| {
                let duration = self.durations.get(reader)?;
                Some((at_work_milli(name, function, duration, self.clock, records), reader))
            });
            if let Some((at_work, reader)) = slowest.max() {
                let what = format!("Kinesis {name}: {reader}");
                let step =
                    "More shards, or parallelization_factor of its mapping (10 at most); more memory is a faster call";
                bounds.push(self.bound(&what, "batches at once", at_work, shards * MILLI, step));
            }
        }
        Ok(bounds)
    }

    fn table_bounds(&self) -> Result<Vec<Bound>> {
        let (writes, reads) = (self.assumptions.limit("table_writes")?, self.assumptions.limit("table_reads")?);
        let of = |(name, units): (&String, &super::usage::Units)| {
            [("writes", units.writes, writes), ("reads", units.reads, reads)].map(|(what, count, limit)| {
                self.limit(&format!("DynamoDB {name}: {what}"), self.clock.peak_milli(count), limit, 1)
            })
        };
        Ok(self.usage.tables.iter().flat_map(of).collect())
    }

    /// Engines of `size.tf`.
    fn engine_bounds(&self) -> Result<Vec<Bound>> {
        let capacity = |engine: &str, class: &str| -> Result<u128> {
            let rung = self.assumptions.ladder(engine, class)?.first().context("an empty ladder")?;
            Ok(rung.capacity.times(MILLI))
        };
        let peak = |of_month| self.clock.peak_milli(of_month);
        let (provision, needed) = (self.provision, self.engines);
        let transactions = peak(self.usage.transactions);
        let held = self.assumptions.value("transaction_held")?.times(MILLI);
        let connections = self.assumptions.limit("max_connections")?;
        let share = self.assumptions.limit("connections_share")?.value;
        let redis = &provision.redis.class;
        let search = &provision.search;
        let database = &provision.database.class;
        let larger = |machines: &super::engine::Machines, more: &str| {
            format!("{} × {}; {more}", machines.number, machines.class)
        };
        Ok(vec![
            self.bound(
                &format!("Postgres {database}"),
                "transactions/s",
                transactions,
                capacity("rds", database)?,
                &larger(&needed.postgres, "first a database of its own for the history of playback"),
            ),
            self.bound(
                "Postgres: connections behind the proxy",
                "connections",
                (transactions * held).div_ceil(MILLI * MILLI),
                share.times(connections.value.times(MILLI)),
                &connections.next_step,
            ),
            self.bound(
                &format!("Redis {redis}"),
                "operations/s",
                peak(self.usage.redis_operations),
                capacity("elasticache", redis)?,
                &larger(&needed.redis, "its one writer grows"),
            ),
            self.bound(
                &format!("OpenSearch {} × {}", search.nodes, search.class),
                "searches/s",
                peak(self.usage.searches),
                capacity("opensearch", &search.class)? * search.nodes,
                &larger(&needed.search, "a replica of the index on each node"),
            ),
            self.bound(
                "ClickHouse 1 × 8-GiB",
                "rows/s",
                peak(self.usage.rows),
                capacity("clickhouse", "8-GiB")?,
                &larger(&needed.clickhouse, "it grows by itself within its bounds"),
            ),
        ])
    }

    /// Consumers that may not use more than some environments.
    fn reserved(&self) -> Vec<Bound> {
        let of = |(name, function): (&String, &manifest::plan::Function)| {
            let of_mapping = function.mappings.iter().filter_map(|mapping| mapping.max_concurrency).min();
            let most = function.concurrency.into_iter().chain(of_mapping).min()?;
            let work = self.load.functions.get(name).filter(|_| function.schedules.is_empty())?;
            let taken = self.durations.get(name)?.taken_us(work.items_of_call());
            let at_once = self.clock.at_once_milli(work.calls, taken);
            let step = "Raise its concurrency in the yaml";
            Some(self.bound(&format!("{name}: concurrency"), "calls at once", at_once, u128::from(most) * MILLI, step))
        };
        self.plan.functions.iter().filter_map(of).collect()
    }

    /// Runs of schedules that do what has gathered, one after the other.
    fn runs(&self) -> Result<Vec<Bound>> {
        let mut bounds = Vec::new();
        for name in self.assumptions.work.iter().flat_map(|demand| &demand.of) {
            let (function, work) = (self.plan.functions.get(name), self.load.functions.get(name));
            let (Some(function), Some(work), Some(duration)) = (function, work, self.durations.get(name)) else {
                continue;
            };
            let taken = Duration::taken_us(duration, self.clock.at_peak(work.items_of_call()));
            let most = u128::from(function.timeout_seconds) * MILLI;
            let step = "A queue of what is due instead of one run";
            bounds.push(self.bound(&format!("{name}: a run"), "seconds", taken.div_ceil(MILLI), most, step));
        }
        Ok(bounds)
    }
}
